"""What a fork of a server does first: it becomes the process of whoever asked for it."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import weakref
from collections.abc import Sequence

from reprobook.execute.warm.circumstances import LIMITS, Circumstances
from reprobook.execute.warm.shelf import Shelf

_PR_SET_PDEATHSIG = 1
_RESET = (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def become(circumstances: Circumstances, descriptors: Sequence[int], server: int, shelf: Shelf) -> None:
    """Make this fork the process that a requester asked for.

    Args:
        circumstances: Its circumstances.
        descriptors: What it has as standard output and error.
        server: Process id of the server, with which it dies.
        shelf: Where the imported modules are.
    """
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != server:
        os._exit(1)  # it died in between
    signal.set_wakeup_fd(-1)
    for number in _RESET:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.umask(circumstances.umask)
    for name, (soft, hard) in circumstances.limits.items():
        if name in LIMITS and resource.getrlimit(LIMITS[name]) != (soft, hard):
            resource.setrlimit(LIMITS[name], (soft, hard))
    os.environ.clear()
    os.environ.update(circumstances.environment)
    os.chdir(circumstances.cwd)
    reseed(shelf)
    _leave_finalizers()


def _leave_finalizers() -> None:
    """Leave it to the server to take apart, at its end, what its imports made: files of theirs are for all forks."""
    for each in list(weakref.finalize._registry):  # type: ignore[attr-defined]  # noqa: SLF001  # there is no other list
        each.atexit = False


def reseed(shelf: Shelf) -> None:
    """Give the global generators chance states of their own, as those of a fresh process have."""
    random.seed()
    if mtrand := shelf.module("numpy.random.mtrand"):
        mtrand._rand.seed(None)  # noqa: SLF001  # the generator behind numpy.random, whatever watches its functions
    if torch := shelf.module("torch"):
        # Those of GPUs begin at a fixed seed in every process.
        torch.default_generator.seed()
