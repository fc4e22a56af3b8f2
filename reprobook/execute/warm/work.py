"""What a fork does: a whole run, or a kernel for a client that speaks Jupyter's protocol."""

from __future__ import annotations

import atexit
import os
import pickle
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobook.errors import ReprobookError
from reprobook.execute.heavy import import_nbformat
from reprobook.execute.kernels import other_environment
from reprobook.execute.options import RunEvent, RunOptions
from reprobook.execute.preparation import prepare
from reprobook.execute.run import run_prepared
from reprobook.execute.warm.refusal import ColdOnlyError
from reprobook.execute.warm.wire import Message, packed
from reprobook.runs import Store

if TYPE_CHECKING:
    from reprobook.execute.warm.server import Job

_MACHINERY = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "jupyter_client.kernelspec",
    "reprobook.execute.inline.execution",
)


@dataclass(frozen=True)
class RunTask:
    """A run to be done: the notebook as bytes, where it lies, and the root of the store."""

    path: Path
    source: bytes
    store: Path
    options: RunOptions


def load() -> None:
    """Import, in the server, what every fork needs."""
    import_nbformat()
    for name in _MACHINERY:
        import_module(name)


def do(job: Job) -> None:
    """Do the job of a fork."""
    if job.message["kind"] == "kernel":
        _be_kernel(job.message["arguments"])
    else:
        _do_run(job)
        _exit()


def _exit() -> None:
    """End this process as an interpreter ends, but for the taking apart of modules, which takes longer than a run."""
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  # the interpreter's own steps
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _be_kernel(arguments: list[str]) -> None:
    """Be an ipykernel, as ``python -m ipykernel_launcher`` is."""
    kernelapp = import_module("ipykernel.kernelapp")
    launcher = import_module("ipykernel").__path__[0]
    sys.argv = [str(Path(launcher).with_name("ipykernel_launcher.py")), *arguments]
    # Its parent is the server, which ends it with its requester; it need not look for itself.
    kernelapp.IPKernelApp.launch_instance([*arguments, "--IPKernelApp.parent_handle=1"])


def _do_run(job: Job) -> None:
    """Run the notebook, and report to the requester."""
    reports = _Reports(job.reports)
    try:
        # From the requester, through a socket that only this user can open.
        task: RunTask = pickle.loads(job.body)  # noqa: S301
        prepared = prepare(task.path, task.options, task.source)
        if name := other_environment(prepared):
            reason = f"{name} is another environment"
            raise ColdOnlyError(reason)  # noqa: TRY301  # it goes the way of all errors
        options = replace(task.options, kernel="inline")
        run = run_prepared(prepared, Store(task.store), options, reports.event)
        reports.send({"done": run.run_id})
    except KeyboardInterrupt:
        reports.send({"interrupted": True})
    except ReprobookError as error:
        reports.send(error_message(error))
    # The process boundary: whatever went wrong here must reach the requester, who waits for an answer.
    except Exception as error:  # noqa: BLE001
        traceback.print_exc()
        reports.send({"error": ["ExecutionError"], "message": f"{type(error).__name__}: {error}", "hint": ""})


class _Reports:
    """What the requester is told."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # Metrics are reported by a thread of their own.
        self._lock = threading.Lock()

    def event(self, event: RunEvent) -> None:
        """Tell it of an event of the run."""
        self.send({"event": asdict(event)})

    def send(self, message: Message) -> None:
        """Tell it anything."""
        data = packed(message)
        # One that is gone ends this process by way of the server.
        with self._lock, suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._descriptor, data) :]


def error_message(error: ReprobookError) -> Message:
    """Return an error as it travels: its classes, the nearest first, and its texts."""
    kinds = [each.__name__ for each in type(error).__mro__ if issubclass(each, ReprobookError)]
    reason = error.reason if isinstance(error, ColdOnlyError) else ""
    return {"error": kinds, "message": str(error), "hint": error.hint, "reason": reason}


def error_of(message: Message) -> ReprobookError:
    """Return the error of such a message, as the nearest class that is known here."""
    if message.get("reason"):
        return ColdOnlyError(message["reason"])
    known: dict[str, type[Any]] = {each.__name__: each for each in _classes(ReprobookError)}
    kind = next((known[name] for name in message["error"] if name in known), ReprobookError)
    return kind(message["message"], hint=message["hint"])


def _classes(base: type[Any]) -> list[type[Any]]:
    return [base, *(each for child in base.__subclasses__() for each in _classes(child))]
