"""What was really executed in an open notebook: the source of every cell, in order, kept as it is sent.

``history.jsonl`` has a line for each execution, written before the cell runs, so that one that kills its kernel is
there too. The text of a source stands in the first line that has its digest; a cell run a thousand times costs a
thousand short lines.
"""

from __future__ import annotations

import importlib.machinery
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from reprobook.header import sha256_hex
from reprobook.runs import JsonLines, RunFolder
from reprobook.runs.files import StorageError

HISTORY = "history.jsonl"
_LARGEST_MODULE = 1 << 20
# A large package that is installed in place is no helper module of a notebook.
_MOST_MODULES = 200
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


@dataclass(frozen=True)
class Execution:
    """One execution of a cell.

    Attributes:
        source: What was sent to the kernel.
        count: The kernel's counter: the number in ``In[ ]``.
        cell_id: The cell's id, where the front end sends it.
        recorded: Whether there is a trace of it; False for what was executed before ``%reprotrain init``.
    """

    source: str
    count: int
    cell_id: str | None = None
    recorded: bool = True


@dataclass(frozen=True)
class LoadedModule:
    """A module beside the notebook as it was when the kernel loaded it.

    Attributes:
        name: Its dotted name.
        path: Its file.
        digest: SHA-256 of the file; the store's blobs hold its content.
        after: How many executions had begun when it was noticed.
    """

    name: str
    path: str
    digest: str
    after: int


@dataclass(frozen=True)
class History:
    """Everything that a kernel executed, in order, and the local modules that it loaded."""

    executions: tuple[Execution, ...] = ()
    modules: tuple[LoadedModule, ...] = ()


class LiveHistory:
    """Writes the history of a shell, from ``attach`` to ``detach``.

    Args:
        run: The live run.
        shell: The IPython shell; what it executed before is noted as not recorded.
    """

    def __init__(self, run: RunFolder, shell: Any) -> None:
        self._run = run
        self._shell = shell
        self._lines = JsonLines(run.path / HISTORY, durable=False)
        self._known: set[str] = set()
        self._open: Any = None
        self._specs: dict[str, int] = {}
        self._foreign: set[str] = set()

    def attach(self) -> None:
        """Note what was executed so far, and follow from the next cell on."""
        for count, source in enumerate(self._shell.history_manager.input_hist_raw):
            if source.strip():
                self._note(Execution(source, count, recorded=False))
        self._note_modules()
        self._shell.events.register("pre_run_cell", self._before)
        self._shell.events.register("post_run_cell", self._after)

    def detach(self) -> None:
        """Stop."""
        for event, callback in (("pre_run_cell", self._before), ("post_run_cell", self._after)):
            with suppress(ValueError):
                self._shell.events.unregister(event, callback)
        self._lines.close()

    def _before(self, info: Any) -> None:
        """Note a cell that begins; code that a cell itself runs through the shell is none."""
        if info.silent or not info.store_history or self._open is not None:
            return
        self._open = info
        count = self._shell.execution_count - 1
        # A full disk costs the history, not the user's cell.
        with suppress(StorageError):
            self._note(Execution(info.raw_cell, count, getattr(info, "cell_id", None)))

    def _after(self, result: Any) -> None:
        """Note the modules that a cell loaded."""
        # IPython passes no result where an interrupt came between.
        if self._open is None or (result is not None and result.info is not self._open):
            return
        self._open = None
        with suppress(StorageError):
            self._note_modules()

    def _note(self, execution: Execution) -> None:
        """Write the line of an execution."""
        text = execution.source.encode("utf-8", "surrogatepass")
        digest = sha256_hex(text)
        line: dict[str, Any] = {"count": execution.count, "cell_id": execution.cell_id, "digest": digest}
        if not execution.recorded:
            line["recorded"] = False
        if digest not in self._known:
            self._known.add(digest)
            line["source"] = text.decode("utf-8", "backslashreplace")
        self._lines.append(line)

    def _note_modules(self) -> None:
        """Write a line for each local module that was loaded, or loaded anew, since the last time."""
        for name in sys.modules.keys() - self._foreign:
            found = _local(name)
            if found is None or len(self._specs) >= _MOST_MODULES:
                self._foreign.add(name)
                continue
            path, spec = found
            # `importlib.reload` gives a module another spec.
            if self._specs.get(name) != id(spec):
                self._specs[name] = id(spec)
                self._note_module(name, path)

    def _note_module(self, name: str, path: Path) -> None:
        """Write the line of a module, and keep its content."""
        with suppress(OSError):
            data = path.read_bytes()
            if len(data) <= _LARGEST_MODULE:
                self._lines.append({"module": name, "path": str(path), "digest": self._run.blobs.put(data)})


def _local(name: str) -> tuple[Path, object] | None:
    """Return file and spec of a module that was loaded from outside of the interpreter's own folders."""
    module = sys.modules.get(name)
    # An object that a library puts there in place of a module may run code at any attribute.
    if type(module) is not ModuleType or name == "__main__" or _is_ours(name):
        return None
    spec = vars(module).get("__spec__")
    if type(spec) is not importlib.machinery.ModuleSpec or type(spec.origin) is not str:
        return None
    is_own = spec.origin.endswith(".py") and not spec.origin.startswith(_INSTALLED)
    return (Path(spec.origin), spec) if is_own else None


def _is_ours(name: str) -> bool:
    """Tell whether a module is reprobook's own, which may be installed in place."""
    return name.partition(".")[0] == "reprobook"


def read_history(run: RunFolder) -> History | None:
    """Return the history of a live run, also while it goes on; None if the run has none."""
    path = run.path / HISTORY
    if not path.exists():
        return None
    sources: dict[str, str] = {}
    executions: list[Execution] = []
    modules: list[LoadedModule] = []
    for line in JsonLines(path).read().records:
        if "module" in line:
            modules.append(LoadedModule(line["module"], line["path"], line["digest"], len(executions)))
        else:
            executions.append(_execution(line, sources))
    return History(tuple(executions), tuple(modules))


def _execution(line: Mapping[str, Any], sources: dict[str, str]) -> Execution:
    """Read the line of an execution; ``sources`` are the texts seen so far, by digest."""
    source = sources.setdefault(line["digest"], line.get("source", ""))
    return Execution(source, int(line["count"]), line.get("cell_id"), bool(line.get("recorded", True)))
