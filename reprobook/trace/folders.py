"""Which files of a few folders changed while a cell ran: a library that writes in C raises no event."""

# Paths are text here, as in ``files``.
# ruff: noqa: PTH109, PTH118

from __future__ import annotations

import os
from collections.abc import Iterator

_MOST_FOLDERS = 16
# A folder of more entries is not looked at: that would cost more than the cell.
_MOST_ENTRIES = 500
# Jupyter saves the notebook itself, with its checkpoints, whenever it likes.
_NOTEBOOKS = ".ipynb"

_State = tuple[int, int, int]


class FolderWatch:
    """Looks at the working folder, and at those where something was written before."""

    def __init__(self) -> None:
        self._others: dict[str, None] = {}
        self._before: dict[str, dict[str, _State]] = {}
        self._inside = os.devnull

    def add(self, folder: str) -> None:
        """Look at this folder too, if it lies below the working folder: as it is now, before it is written to."""
        if folder in self._others or len(self._others) == _MOST_FOLDERS or not folder.startswith(self._inside):
            return
        self._others[folder] = None
        self._before.setdefault(folder, _files(folder))

    def look(self) -> None:
        """Note how the folders are."""
        self._inside = os.path.join(_working_folder() or os.devnull, "")
        self._before = {folder: _files(folder) for folder in self._folders()}

    def changed(self) -> Iterator[str]:
        """Yield the files that are new or other than when the folder was last looked at."""
        for folder in self._folders():
            before = self._before.get(folder, {})
            yield from (path for path, state in _files(folder).items() if before.get(path) != state)

    def _folders(self) -> list[str]:
        working = _working_folder()
        return list(dict.fromkeys((*((working,) if working else ()), *self._others)))


def _working_folder() -> str | None:
    """Return the working folder; None if it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return None


def _files(folder: str) -> dict[str, _State]:
    """Return the regular files of a folder with what changes when they are written; none of a large folder."""
    found: dict[str, _State] = {}
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= _MOST_ENTRIES:
                    return {}
                if entry.is_file(follow_symlinks=False) and not entry.name.endswith(_NOTEBOOKS):
                    status = entry.stat(follow_symlinks=False)
                    found[entry.path] = (status.st_mtime_ns, status.st_size, status.st_ino)
    except OSError:
        pass
    return found
