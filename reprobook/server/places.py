"""The one place where what a client names becomes a path: inside of the server's root, or refused."""

from __future__ import annotations

from pathlib import Path

from jupyter_core.paths import is_hidden
from tornado.web import HTTPError

from reprobook.errors import InputError, IntegrityError
from reprobook.runs import RunFolder, Store

_LONGEST = 4096


class Places:
    """Finds notebooks, folders, stores and runs below the root folder of a server.

    Args:
        root: Root folder of the server's contents.
        allow_hidden: Whether the server serves hidden files.
    """

    def __init__(self, root: Path, *, allow_hidden: bool = False) -> None:
        self.root = root.resolve()
        self._allow_hidden = allow_hidden

    def notebook(self, text: str) -> Path:
        """Return the notebook at a path below the root, ``/`` between its parts.

        Raises:
            HTTPError: 400 for what is no such path, 404 for what is not there or leads out of the root.
        """
        path = self.inside(text)
        if path.suffix != ".ipynb" or not path.is_file():
            raise HTTPError(404, "no notebook is there")
        return path

    def inside(self, text: str) -> Path:
        """Return the path below the root, links resolved; it need not exist.

        Raises:
            HTTPError: 400 for what is no such path, 404 for what leads out of the root or is hidden.
        """
        if not text or len(text) > _LONGEST or "\0" in text:
            raise HTTPError(400, "a path below the server's root is needed")
        parts = text.strip("/").split("/")
        if text.startswith("/") or {"", ".", ".."} & set(parts):
            raise HTTPError(404, "the path leads out of the server's root")
        try:
            path = self.root.joinpath(*parts).resolve()
        except (OSError, ValueError, RuntimeError):
            raise HTTPError(400, "a path below the server's root is needed") from None
        if path == self.root or not path.is_relative_to(self.root):
            raise HTTPError(404, "the path leads out of the server's root")
        if not self._allow_hidden and (any(part.startswith(".") for part in parts) or _is_hidden(path, self.root)):
            raise HTTPError(404, "the path is hidden")
        return path

    def relative(self, path: Path) -> str:
        """Return how a client names a path below the root."""
        return path.relative_to(self.root).as_posix()


def store_of(notebook: Path) -> Store:
    """Return the store that the command line would use for a notebook."""
    return Store.open(None, notebook)


def run_of(store: Store, run_id: str) -> RunFolder:
    """Return a run of the store.

    Raises:
        HTTPError: 404 if there is none, or if its folder is a link.
    """
    try:
        return store.folder(run_id)
    except (InputError, IntegrityError) as error:
        raise HTTPError(404, str(error)) from error


def _is_hidden(path: Path, root: Path) -> bool:
    """Ask Jupyter, which knows of the flags of other systems; what is not there is not hidden.

    Raises:
        HTTPError: If the system has no such path: a name may be too long for it.
    """
    try:
        return path.exists() and bool(is_hidden(str(path), str(root)))
    except OSError:
        raise HTTPError(400, "a path below the server's root is needed") from None
