"""Experiments: replays with one thing changed, in folders that are thrown away afterwards."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

import psutil

from reprobook.ambient import NO_PINS, Pins
from reprobook.execute import OnEvent, ReplayOptions, RunEvent, ignore, replay_run
from reprobook.execute.inputs import files_read, lay_out_modules
from reprobook.execute.journal import trace_of
from reprobook.execute.session import VALUES
from reprobook.execute.workplace import lay_out, put_back
from reprobook.runs import RunFolder, Store
from reprobook.trace import MISSING, Trace
from reprobook.verify.causes.scene import Knowledge
from reprobook.verify.suspect import Experiment, Remedy
from reprobook.verify.untouched import OnCells, ignore_cells

# A cell by its code index, and names of it.
Where = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What is held still in a replay: pins, and remedies of the folder and the modules."""

    pins: Pins = NO_PINS
    remedies: frozenset[Remedy] = frozenset()

    def with_experiment(self, experiment: Experiment) -> Conditions:
        """Return these conditions and the experiment's."""
        return Conditions(pins=self.pins.joined(experiment.pins), remedies=self.remedies | {experiment.remedy})


@dataclass(frozen=True)
class Outcome:
    """One replay: what it did, and the folder with the numbers that were asked for."""

    trace: Trace
    values: Path


class Laboratory:
    """Replays one recorded run under changed conditions; to be used in a ``with`` statement.

    Args:
        run: The recorded run.
        notebook: Bytes of the notebook that is executed.
        cwd: Working folder of the replays.
        recorded: Working folder of the recorded run.
        on_event: Told of the progress.
        on_cells: Told of what the replays did.
    """

    def __init__(  # noqa: PLR0913  # where, and who is told, by keyword
        self,
        run: RunFolder,
        notebook: bytes,
        *,
        cwd: Path,
        recorded: Path,
        on_event: OnEvent = ignore,
        on_cells: OnCells = ignore_cells,
    ) -> None:
        self._run, self._notebook, self._cwd, self._on_event = run, notebook, cwd, on_event
        self._recorded, self._on_cells = recorded, on_cells
        self._scratch = tempfile.TemporaryDirectory(prefix="reprobook-")
        self._count = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.cleanup()

    @property
    def has_moved(self) -> bool:
        """Whether the recorded run had another working folder, which is still there."""
        return self._recorded != self._cwd and self._recorded.is_dir()

    def in_both_folders(self, conditions: Conditions, known: Knowledge, title: str) -> tuple[Outcome, ...] | None:
        """Run the notebook in the folder of the recorded run, and in that of its replay."""
        self._on_event(RunEvent("note", None, 0, f"experiment: {title}"))
        there = self._replay(conditions, known, None, cwd=self._recorded)
        here = self._replay(conditions, known, None)
        return (there, here) if there and here else None

    def replays(
        self, conditions: Conditions, known: Knowledge, title: str, *, times: int, measured: Where | None = None
    ) -> tuple[Outcome, ...] | None:
        """Run the notebook some times at once; None if the conditions cannot be had: bytes that were not kept, say.

        ``measured`` names variables whose numbers are kept as they are after a cell.
        """
        self._on_event(RunEvent("note", None, 0, f"experiment: {title}"))
        before = set(psutil.Process().children())
        with ThreadPoolExecutor(1 if _one_by_one(conditions, known) else times) as pool:
            try:
                outcomes = list(pool.map(lambda _: self._replay(conditions, known, measured), range(times)))
            except KeyboardInterrupt:
                # The signal came to this thread: without their kernels the others end at once.
                for process in set(psutil.Process().children()) - before:
                    process.kill()
                raise
        made = tuple(each for each in outcomes if each is not None)
        return made if len(made) == times else None

    def _replay(
        self, conditions: Conditions, known: Knowledge, measured: Where | None, cwd: Path | None = None
    ) -> Outcome | None:
        """Run the notebook once, with a store of its own."""
        folder = Path(self._scratch.name).resolve() / str(next(self._count))
        cwd = cwd or self._folder(conditions, known, folder / "work")
        pins = self._modules(conditions, folder / "modules")
        if cwd is None or pins is None:
            return None
        how = ReplayOptions(cwd=cwd, notebook=self._notebook, pins=pins, measured=measured)
        run = replay_run(self._run, Store(folder / "store"), how)
        trace = trace_of(run)
        # A folder of links leads to the same files.
        self._on_cells(self._cwd if cwd == folder / "work" else cwd, trace.cells)
        return Outcome(trace, run.path / VALUES)

    def _folder(self, conditions: Conditions, known: Knowledge, into: Path) -> Path | None:
        """Return the working folder that the conditions ask for."""
        without: set[str] = set()
        back: dict[str, str] = {}
        if "clean_folder" in conditions.remedies:
            recorded = files_read(known.original)
            found = {path for path in files_read(known.replay) if recorded.get(path, MISSING) == MISSING}
            without |= {path for path in known.made | found if not Path(path).is_absolute()}
        if "recorded_files" in conditions.remedies:
            changed = self._changed(known)
            without |= changed.keys()
            back = {path: digest for path, digest in changed.items() if digest != MISSING}
        if not without and not back:
            return self._cwd
        folder = lay_out(self._cwd, without, into)
        return folder if put_back(back, self._run.blobs, folder) else None

    def _changed(self, known: Knowledge) -> dict[str, str]:
        """Return the files below the working folder that the replay found otherwise, as they were recorded."""
        recorded, found = files_read(known.original), files_read(known.replay)
        gone = {path for path in recorded.keys() - found.keys() if not (self._cwd / path).exists()}
        return {
            path: recorded.get(path, MISSING)
            for path in found.keys() | gone
            if not Path(path).is_absolute() and recorded.get(path, MISSING) != found.get(path, MISSING)
        }

    def _modules(self, conditions: Conditions, into: Path) -> Pins | None:
        """Return the pins, with the local modules as they were recorded if the conditions ask for them."""
        if "recorded_modules" not in conditions.remedies:
            return conditions.pins
        if not lay_out_modules(self._run, into):
            return None
        return conditions.pins.joined(Pins(import_path=str(into)))


def _one_by_one(conditions: Conditions, known: Knowledge) -> bool:
    """Tell whether replays at the same time would be more, or less, alike than those of two days.

    Temporary names that are held still are only free one after the other; and whoever asks for the time in the same
    second is told the same.
    """
    asks_time = any(each.certain and each.cause.startswith("wall_clock.") for each in known.hazards)
    return conditions.pins.identity or (asks_time and not conditions.pins.clock)
