"""What a fork does: a whole run, or a kernel for a client that speaks Jupyter's protocol."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pydantic import BaseModel

from reprobook.capture import implementation, import_drawers, installed_distributions, python_version, write_lock
from reprobook.errors import ReprobookError
from reprobook.execute.descendants import descendants, end_descendants
from reprobook.execute.heavy import import_nbformat
from reprobook.execute.inline import be_for_one_run
from reprobook.execute.kernels import other_environment
from reprobook.execute.leaving import leave
from reprobook.execute.options import RunEvent
from reprobook.execute.run import run_prepared
from reprobook.execute.warm.refusal import ColdOnlyError
from reprobook.execute.warm.task import RunTask, error_message
from reprobook.execute.warm.wire import Message, packed
from reprobook.header import Environment
from reprobook.runs import Store

if TYPE_CHECKING:
    from reprobook.execute.warm.server import Job

_LEAVE_S = 5
_MACHINERY = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "jupyter_client.kernelspec",
    "reprobook.execute.inline.execution",
    # What a shell imports as it is made.
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    # What waits for its first use.
    "bdb",
    "encodings.utf_8_sig",
    "filelock",
    "pydantic.dataclasses",
)
_OWN = "reprobook."


def load() -> None:
    """Do, in the server, what is the same in every fork: imports, schemas, installed packages and their lock."""
    nbformat = import_nbformat()
    for name in _MACHINERY:
        import_module(name)
    import_drawers()  # as a seed does, so they are no part of what a notebook's import brings
    nbformat.validate(nbformat.v4.new_notebook())
    _build_models(BaseModel)
    # By path, time and size: a fork reads only those that were changed.
    found = installed_distributions(sys.path)
    write_lock(Environment(python=python_version(), implementation=implementation(), distributions=found))


def _build_models(base: type[BaseModel]) -> None:
    """Build the validators of our models, which wait for their first use."""
    for model in base.__subclasses__():
        if model.__module__.startswith(_OWN):
            model.model_rebuild()
        _build_models(model)


def do(job: Job) -> None:
    """Do the job of a fork."""
    if job.message["kind"] == "kernel":
        _be_kernel(job.message["arguments"])
    else:
        _do_run(job)
        _exit()


def _exit() -> NoReturn:
    """End this process; threads that go on are waited for as long as Jupyter waits for a kernel to leave."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_LEAVE_S)
    leave()


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
    be_for_one_run()
    try:
        # From the requester, through a socket that only this user can open.
        task: RunTask = pickle.loads(job.body)  # noqa: S301
        if name := other_environment(task.prepared):
            reason = f"{name} is another environment"
            raise ColdOnlyError(reason)  # noqa: TRY301  # it goes the way of all errors
        options = replace(task.options, kernel="inline")
        try:
            run = run_prepared(task.prepared, Store(task.store), options, reports.event)
        finally:
            end_descendants(0, descendants(os.getpid()))  # of a process that is made for one run, all are the cells'
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
