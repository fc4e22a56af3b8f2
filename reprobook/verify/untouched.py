"""The folder of the user, which a replay leaves as it was: nothing overwritten, removed, or added.

The replay sees the folder as it is, since what an earlier run left there may be what decides its results. So it works
there, and afterwards the files are put back: those that it may write are copied before, as the recorded run wrote them
or the notebook names them, and those that it made are removed.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from reprobook.execute import OnEvent, RunEvent
from reprobook.execute.signals import sigterm_interrupts
from reprobook.notebook.syntax import parse_cell
from reprobook.runs import Store
from reprobook.runs.aside import Aside, asides, set_aside
from reprobook.trace import CellTrace
from reprobook.trace.files import unrecorded
from reprobook.verify.model import Verification

# Folders beyond these are not looked at: files that are new there stay.
_MOST_ENTRIES = 50_000
_NOT_LOOKED_AT = frozenset({"__pycache__", "node_modules"})


# Told of a working folder, and of the cells that a replay ran there.
OnCells = Callable[[Path, Iterable[CellTrace]], None]


def ignore_cells(folder: Path, cells: Iterable[CellTrace]) -> None:
    """Do nothing with what a replay did."""


class Folders:
    """The working folders of replays, and what is known of the files there.

    Attributes:
        notes: What could not be left as it was, in sentences.
    """

    def __init__(self, aside: Aside, store: Store, on_event: OnEvent) -> None:
        self._aside, self._store, self._on_event = aside, store, on_event
        self._before: dict[str, frozenset[str]] = {}
        self._expected: set[Path] = set()
        self._wrote: set[Path] = set()
        self.notes: list[str] = []

    def enter(self, folder: Path, cells: Iterable[CellTrace], sources: Sequence[str] = ()) -> None:
        """Keep the files that a replay in a folder may write: those that the cells wrote, or that sources name."""
        folder = folder.resolve()
        written = [path for cell in cells for path in cell.files_written]
        if str(folder) not in self._before:
            self._look(folder)
        outer = {path.parent for path in map(Path, written) if path.is_absolute()}
        for place in map(str, outer):
            if place not in self._before and (names := _names(place)) is not None:
                self._before[place] = names
        self._expected |= {folder / path for path in written}
        paths = [*self._expected, *self._ending(folder, {*written, *_files_named(sources)})]
        with unrecorded():
            refused = self._aside.keep(
                (path for path in paths if path not in self._wrote), asides(self._store, living=True)
            )
        for path in refused:
            self._note(f"{path} may be written by the replay, and is too large, or not readable, to keep a copy of")

    def wrote(self, folder: Path, cells: Iterable[CellTrace]) -> None:
        """Note what a run in a folder has written."""
        self._wrote |= {folder.resolve() / path for cell in cells for path in cell.files_written}

    def clean(self) -> None:
        """Remove the files that are new, and say which others were written without a copy."""
        kept = set(self._aside.paths)
        others = []
        # Of a replay that was interrupted only what it was to write is known.
        for path in sorted(self._wrote | self._expected):
            with unrecorded(), suppress(OSError):
                if self._is_new(path):
                    self._remove(path)
                elif path in self._wrote and os.path.realpath(path) not in kept and path.exists():
                    others.append(str(path))
        if others:
            self._note(f"written by the replay, unlike the recorded run, and without a copy: {', '.join(others)}")

    def _remove(self, path: Path) -> None:
        """Remove a file that a replay made, with the folders that it made for it.

        In a folder that was there, somebody else may have made it while a cell ran: it is moved into the store then,
        unless the recorded run had made it, too.
        """
        if not path.is_file() or path.is_symlink():
            return
        if path in self._expected or self._is_new(path.parent):
            path.unlink()
        else:
            self._note(f"{path} is new: it was moved to {self._aside.take(path)}")
        for parent in path.parents:
            if not self._is_new(parent):
                break
            parent.rmdir()

    def _is_new(self, path: Path) -> bool:
        """Tell whether something was not there before; of places that were not looked at nothing is said to be new."""
        child = path
        for parent in path.parents:
            if (names := self._before.get(str(parent))) is not None:
                return child.name not in names
            child = parent
        return False

    def _look(self, folder: Path) -> None:
        """Note the names in a folder and below."""
        seen = 0
        for place, folders, files in os.walk(folder):
            if seen > _MOST_ENTRIES:
                break
            seen += len(folders) + len(files)
            self._before[place] = frozenset((*folders, *files))
            folders[:] = [each for each in folders if not each.startswith(".") and each not in _NOT_LOOKED_AT]

    def _ending(self, folder: Path, ends: set[str]) -> Iterator[Path]:
        """Yield the files below a folder whose path ends so: a cell may have changed the working folder."""
        by_name: dict[str, list[str]] = {}
        for end in ends:
            by_name.setdefault(end.rpartition(os.sep)[2], []).append(os.sep + end)
        for place, names in self._before.items():
            if place == str(folder) or place.startswith(f"{folder}{os.sep}"):
                for name in by_name.keys() & names:
                    if any(f"{place}{os.sep}{name}".endswith(end) for end in by_name[name]):
                        yield Path(place, name)

    def _note(self, text: str) -> None:
        self.notes.append(text)
        self._on_event(RunEvent("note", None, 0, text))

    def warn(self) -> None:
        """Say what verifications that were killed have left."""
        for left in asides(self._store, living=False):
            if left.paths:
                names = ", ".join(left.paths)
                self._note(f"a verification was killed; `reprobook fsck --repair` puts back what it may have: {names}")


@contextmanager
def untouched(store: Store, on_event: OnEvent) -> Iterator[Folders]:
    """Leave the folders that are entered as they were, whatever ends the block.

    Raises:
        StorageError: If the disk refuses; copies of what could not be put back are kept, and named.
    """
    with sigterm_interrupts(), set_aside(store) as aside:
        folders = Folders(aside, store, on_event)
        folders.warn()
        try:
            yield folders
        finally:
            folders.clean()
            with unrecorded():
                aside.put_back()


def with_notes(found: Verification, notes: Sequence[str]) -> Verification:
    """Return a verification with what is to be said of the folders."""
    return found.model_copy(update={"notes": (*found.notes, *notes)}) if notes else found


def _names(folder: str) -> frozenset[str] | None:
    """Return the names in a folder; None if it cannot be looked at."""
    try:
        return frozenset(each.name for each in Path(folder).iterdir())
    except OSError:
        return None


def _files_named(sources: Sequence[str]) -> Iterator[str]:
    """Yield the last part of each path that may stand in some sources."""
    for tree in filter(None, map(parse_cell, sources)):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                name = node.value.rpartition("/")[2]
                if "." in name and "\0" not in name and name.strip(". "):
                    yield name
