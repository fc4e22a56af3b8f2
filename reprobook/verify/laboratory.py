"""Experiments: replays with one thing changed, in folders that are thrown away afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reprobook.ambient import NO_PINS, Pins
from reprobook.execute import OnEvent, ReplayOptions, RunEvent, ignore, replay_run
from reprobook.execute.inputs import files_read, lay_out_modules
from reprobook.execute.journal import trace_of
from reprobook.execute.session import VALUES
from reprobook.execute.workplace import lay_out, put_back
from reprobook.runs import RunFolder, Store
from reprobook.trace import MISSING, Trace
from reprobook.verify.causes.scene import Knowledge
from reprobook.verify.distance import distances
from reprobook.verify.model import Distance
from reprobook.verify.suspect import Experiment, Remedy

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


@dataclass
class Laboratory:
    """Replays one recorded run under changed conditions; ``count`` says how often it did.

    Attributes:
        run: The recorded run.
        notebook: Bytes of the notebook that is executed.
        cwd: Working folder of the replays.
        on_event: Told of the progress.
    """

    run: RunFolder
    notebook: bytes
    cwd: Path
    on_event: OnEvent = ignore
    count: int = field(default=0, init=False)

    def replays(self, conditions: Conditions, known: Knowledge, title: str, *, count: int) -> tuple[Trace, ...] | None:
        """Run the notebook some times at once; None if the conditions cannot be had: bytes that were not kept, say."""
        self.count += count
        self.on_event(RunEvent("note", None, 0, f"experiment: {title}"))

        def trace(_: int) -> Trace | None:
            with self._replayed(conditions, known) as run:
                return trace_of(run) if run else None

        with ThreadPoolExecutor(count) as pool:
            traces = [each for each in pool.map(trace, range(count)) if each is not None]
        return tuple(traces) if len(traces) == count else None

    def distances(self, one: Conditions, other: Conditions, known: Knowledge, where: Where) -> tuple[Distance, ...]:
        """Measure how far two replays lie apart after a cell, in some of its names."""
        self.on_event(RunEvent("note", None, 0, f"measure: {', '.join(where[1])}"))
        with ExitStack() as stack:
            both = [stack.enter_context(self._replayed(each, known, where)) for each in (one, other)]
            left, right = (run.path / VALUES if run else None for run in both)
            return distances(where[1], left, right) if left and right else ()

    @contextmanager
    def _replayed(
        self, conditions: Conditions, known: Knowledge, where: Where | None = None
    ) -> Iterator[RunFolder | None]:
        """Run the notebook once, up to a cell whose names are to be measured if there is one."""
        with tempfile.TemporaryDirectory(prefix="reprobook-") as scratch:
            folder = Path(scratch).resolve()
            cwd = self._folder(conditions, known, folder / "work")
            pins = self._modules(conditions, folder / "modules")
            if cwd is None or pins is None:
                yield None
                return
            how = ReplayOptions(
                cwd=cwd, notebook=self.notebook, pins=pins, measured=where, stop_after=where[0] if where else None
            )
            yield replay_run(self.run, Store(folder / "store"), how, self._progress)

    def _progress(self, event: RunEvent) -> None:
        """Pass on only which cell runs: experiments have no beginning and end of their own."""
        if event.kind == "cell":
            self.on_event(event)

    def _folder(self, conditions: Conditions, known: Knowledge, into: Path) -> Path | None:
        """Return the working folder that the conditions ask for."""
        without: set[str] = set()
        back: dict[str, str] = {}
        if "clean_folder" in conditions.remedies:
            without |= {path for path in known.made if not Path(path).is_absolute()}
        if "recorded_files" in conditions.remedies:
            changed = self._changed(known)
            without |= changed.keys()
            back = {path: digest for path, digest in changed.items() if digest != MISSING}
        if not without and not back:
            return self.cwd
        folder = lay_out(self.cwd, without, into)
        return folder if put_back(back, self.run.blobs, folder) else None

    def _changed(self, known: Knowledge) -> dict[str, str]:
        """Return the files below the working folder that the replay found otherwise, as they were recorded."""
        recorded, found = files_read(known.original), files_read(known.replay)
        gone = {path for path in recorded.keys() - found.keys() if not (self.cwd / path).exists()}
        return {
            path: recorded.get(path, MISSING)
            for path in found.keys() | gone
            if not Path(path).is_absolute() and recorded.get(path, MISSING) != found.get(path, MISSING)
        }

    def _modules(self, conditions: Conditions, into: Path) -> Pins | None:
        """Return the pins, with the local modules as they were recorded if the conditions ask for them."""
        if "recorded_modules" not in conditions.remedies:
            return conditions.pins
        if not lay_out_modules(self.run, into):
            return None
        return conditions.pins.joined(Pins(import_path=str(into)))
