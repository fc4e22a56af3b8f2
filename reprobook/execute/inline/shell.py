"""The shell that runs the cells: ipykernel's own, with a wire that ends in the notebook."""

from __future__ import annotations

import atexit
import builtins
import getpass
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.kernelbase import Kernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.application import BaseIPythonApplication
from IPython.core.shellapp import InteractiveShellApp
from traitlets.config import Config

from reprobook.execute.inline.figures import forget_figures, prepare_figures
from reprobook.execute.inline.wire import Wire


class InlineApplication(BaseIPythonApplication, InteractiveShellApp):  # type: ignore[misc]  # IPython is not followed
    """Reads the profile of the user, its configuration and startup files, as ipykernel's application does."""

    name = "ipython-kernel"

    def _configure_logging(self) -> None:
        """Leave logging alone: traitlets would close all handlers that this process has."""

    def read_profile(self) -> None:
        """Find the profile and read its configuration."""
        self.init_profile_dir()
        self.init_config_files()
        self.load_config_file(suppress_errors=True)
        # No history file, as for the kernels of headless runs, and no thread that writes it.
        self.update_config(Config({"HistoryManager": {"enabled": False}}))


class AbsentKernel:
    """Where ipykernel's shell looks for its kernel; ``needs_kernel`` says who would miss more.

    It refuses to ask for input, with ipykernel's own words, as for a front end that has no keyboard.
    """

    eventloop = None
    _allow_stdin = False
    raw_input = Kernel.raw_input
    getpass = Kernel.getpass


@contextmanager
def notebook_shell(wire: Wire) -> Iterator[Any]:
    """Make the shell, with the names, hooks and streams that it has in a kernel; it is gone afterwards."""
    singletons = {each: each._instance for each in ZMQInteractiveShell._walk_mro()}  # noqa: SLF001  # traitlets' own
    for each in singletons:
        each._instance = None  # noqa: SLF001
    kept = getpass.getpass
    shell = _make_shell(wire)
    try:
        builtins.input, getpass.getpass = shell.kernel.raw_input, shell.kernel.getpass
        yield shell
    finally:
        forget_figures()
        _close(shell)
        getpass.getpass = kept
        for each, instance in singletons.items():
            each._instance = instance  # noqa: SLF001


def _make_shell(wire: Wire) -> Any:
    """Start the shell as ``IPKernelApp`` and its kernel do, in their order."""
    application = InlineApplication(log=logging.getLogger(__name__))
    application.read_profile()
    shell = ZMQInteractiveShell.instance(
        parent=application,
        profile_dir=application.profile_dir,
        kernel=AbsentKernel(),
        compiler_class=XCachingCompiler,
    )
    for sender in (shell.displayhook, shell.display_pub):
        # Without a session nothing is sent; which socket it goes to is none of the wire's business.
        sender.session, sender.pub_socket = wire, None
    shell.displayhook.topic = b"execute_result"
    shell.enable_gui = lambda gui=None: setattr(shell, "active_eventloop", gui)
    application.shell = shell
    application.init_path()
    prepare_figures(shell)
    application.init_gui_pylab()
    application.init_extensions()
    application.init_code()
    return shell


def _close(shell: Any) -> None:
    """Let go of the shell and of what the notebook holds."""
    atexit.unregister(shell.atexit_operations)
    with suppress(OSError):
        shell.atexit_operations()
    shell.restore_sys_module_state()
    shell.user_ns.clear()
    shell.events.callbacks.clear()
    if sys.modules.get("__main__") is shell.user_module:
        sys.modules.pop("__main__")
