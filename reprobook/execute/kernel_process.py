"""The process of a cold kernel, which loads before it is told where its driver listens.

    python kernel_process.py < ARGUMENTS

``ARGUMENTS`` are those of ``ipykernel_launcher``, as JSON. Where there are none, nobody has use for the kernel. What it
becomes is what ``python -m ipykernel_launcher`` is; only the debugger, whose import takes a third of the time, waits
until somebody asks for it.
"""

import sys

# The folder of this file: no place to import from.
if not sys.flags.safe_path:
    del sys.path[0]

import builtins
import gc
import json
import os
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_LAUNCHER = "ipykernel_launcher"
_DEBUGGER = "debugpy"


def main() -> None:
    """Load, and be a kernel if one is wanted."""
    gc.disable()  # until it has something to find
    kernelapp = _kernelapp()
    too_early = _load_recorder()
    gc.enable()
    if not (text := sys.stdin.buffer.read()):
        return
    arguments = json.loads(text)
    if too_early:
        os.execv(sys.executable, [sys.executable, "-m", _LAUNCHER, *arguments])  # noqa: S606 - what it stands in for
    sys.argv = [str(import_module(_LAUNCHER).__file__), *arguments]
    kernelapp.launch_new_instance()


def _kernelapp() -> Any:
    """Import what every kernel does; what its debugger does to a process is done here, or when it is needed."""
    has_debugger = find_spec(_DEBUGGER) is not None
    sys.modules[_DEBUGGER] = None  # type: ignore[assignment]  # what Python reads as "not importable"
    for name in ("ipykernel.zmqshell", "ipykernel.ipkernel", "ipykernel.debugger"):
        import_module(name)
    kernelapp = import_module("ipykernel.kernelapp")
    del sys.modules[_DEBUGGER]
    if has_debugger:
        os.environ.setdefault("PYDEVD_USE_FRAME_EVAL", "NO")
        sys.breakpointhook = _breakpoint
        vars(builtins).update(execfile=_execfile, runfile=_runfile)
    return kernelapp


def _load_recorder() -> bool:
    """Import what records; True if a kernel would have found a module of it in its working folder."""
    before = set(sys.modules)
    # One that is in the working folder alone is found by the request to record.
    with suppress(ImportError):
        import_module("reprobook.execute.session")
        shadowing = import_module("reprobook.execute.shadowing")
        found = {name: module for name, module in sys.modules.items() if name not in before}
        return bool(shadowing.shadowed(str(Path.cwd()), found))
    return False


def _breakpoint(*arguments: Any, **options: Any) -> Any:
    _import_debugger()
    return sys.breakpointhook(*arguments, **options)  # noqa: T100  # a notebook's own call


def _execfile(file: Any, glob: Any = None, loc: Any = None) -> Any:
    _import_debugger()
    return vars(builtins)["execfile"](file, sys._getframe(1).f_globals if glob is None else glob, loc)  # noqa: SLF001


def _runfile(*arguments: Any, **options: Any) -> Any:
    _import_debugger()
    return vars(builtins)["runfile"](*arguments, **options)


def _import_debugger() -> None:
    """Import what replaces the three functions that stand in for it."""
    import_module("debugpy.server.api")


if __name__ == "__main__":
    main()
