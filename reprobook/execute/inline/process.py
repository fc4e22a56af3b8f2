"""A process lent to a notebook: as a new kernel finds its own, and afterwards as it was before.

Put back are the working folder, the environment, ``sys.path``, ``sys.argv``, ``__main__``, hooks, warnings, the root
logger, signal handlers, the position of the global generators, the settings of libraries that ``ambient.settings``
knows, and what the notebook replaced in those modules of the standard library that records are written with. Modules
beside the notebook are forgotten, so that the next run imports them anew.

What stays behind, because Python has no way back: installed packages that were imported, with whatever state they
keep (registries, caches, compiled kernels, patches of their attributes), threads that still run, CUDA contexts, and
memory that their allocators keep. A process for one run each leaves nothing.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import logging
import os
import random
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from reprobook.ambient.import_hook import Action, AfterImport, is_imported
from reprobook.ambient.settings import LIBRARIES, Settings, library_settings, settings
from reprobook.capture.seeding import stop_seeding
from reprobook.execute.early_kernel import ARGUMENTS, HISTORY
from reprobook.execute.inline.once import is_for_one_run
from reprobook.execute.inline.threads import limit_threads
from reprobook.trace.content.anatomy import is_local_module

_WRITES_RECORDS = ("io", "json", "os", "os.path", "pathlib", "hashlib", "shutil", "time")


@contextmanager
def lent_process(env: Mapping[str, str], cwd: str) -> Iterator[None]:
    """Give the process to a notebook, with this environment and working folder."""
    ends = is_for_one_run()
    with ExitStack() as back:
        for keep in _FOR_RECORDS if ends else _KEEPERS:
            back.callback(keep())
        back.callback(stop_seeding)
        back.callback(_keep_place())
        # Who asks first where temporary files go makes one to try it out.
        tempfile.gettempdir()
        os.environ.clear()
        os.environ.update(env)
        # Set for every kernel, by jupyter_client and by ipykernel.
        os.environ.update(JPY_PARENT_PID=str(os.getppid()), PYDEVD_USE_FRAME_EVAL="NO")
        os.chdir(cwd)
        sys.path[:] = _kernel_path()
        sys.argv[:] = _kernel_arguments()
        _choose_start_method(None)
        back.callback(limit_threads())
        yield
    if not ends:
        gc.collect()


def _kernel_path() -> list[str]:
    """Return the module search path without the folder of the program that runs, which a kernel does not have."""
    first = sys.path[0] if sys.path else ""
    program = {"", str(Path.cwd()), str(Path(sys.argv[0] or ".").resolve().parent)}
    return sys.path[1:] if first in program else list(sys.path)


def _kernel_arguments() -> list[str]:
    """Return the arguments that a kernel finds: parsers that stumble over them in Jupyter do so here."""
    launcher = Path(importlib.import_module("ipykernel").__file__ or "").parent.with_name("ipykernel_launcher.py")
    return [str(launcher), "-f", str(Path("kernel.json").absolute()), *ARGUMENTS, HISTORY]


def _keep_place() -> Callable[[], None]:
    """Keep where the process stands."""
    folder = os.open(".", os.O_RDONLY)
    environment, path, arguments = dict(os.environ), list(sys.path), list(sys.argv)

    def put_back() -> None:
        os.fchdir(folder)
        os.close(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:], sys.argv[:] = path, arguments

    return put_back


def _keep_hooks() -> Callable[[], None]:
    """Keep the interpreter's hooks and limits."""
    names = ("displayhook", "excepthook", "unraisablehook", "stdin", "stdout", "stderr", "breakpointhook")
    hooks = {name: getattr(sys, name) for name in names}
    limit, thread_hook = sys.getrecursionlimit(), threading.excepthook
    filters, show, names_of_all = list(warnings.filters), warnings.showwarning, dict(vars(builtins))
    start_method = _start_method()

    def put_back() -> None:
        for name, hook in hooks.items():
            setattr(sys, name, hook)
        # Those of libraries stay, as their modules do.
        sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "__main__"]
        sys.setrecursionlimit(limit)
        sys.settrace(None)
        threading.excepthook, warnings.showwarning = thread_hook, show
        warnings.resetwarnings()
        warnings.filters[:] = filters  # type: ignore[index]  # typeshed has it as a sequence; it is a list
        for name in vars(builtins).keys() - names_of_all.keys():
            delattr(builtins, name)
        vars(builtins).update(names_of_all)
        _choose_start_method(start_method)

    return put_back


def _default_context() -> Any:
    """Return where ``multiprocessing`` keeps how it starts processes, if it was imported."""
    return getattr(sys.modules.get("multiprocessing.context"), "_default_context", None)


def _start_method() -> Any:
    """Return how processes are started, None where nobody chose."""
    return getattr(_default_context(), "_actual_context", None)


def _choose_start_method(method: Any) -> None:
    """Set how processes are started; None leaves the choice open, as in a process that has just begun."""
    if context := _default_context():
        context._actual_context = method  # noqa: SLF001  # set_start_method refuses to forget one


def _keep_signals() -> Callable[[], None]:
    """Keep the signal handlers; only the main thread can set them."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}

    def put_back() -> None:
        for number, handler in handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)

    return put_back


def _keep_logging() -> Callable[[], None]:
    """Keep the root logger: its handlers would hold on to the notebook's streams."""
    root = logging.getLogger()
    handlers, level, disabled = list(root.handlers), root.level, root.manager.disable

    def put_back() -> None:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.disable(disabled)

    return put_back


def _keep_modules() -> Callable[[], None]:
    """Keep ``__main__`` and forget the local modules that the notebook imports."""
    main, before = sys.modules["__main__"], set(sys.modules)

    def put_back() -> None:
        sys.modules["__main__"] = main
        local = [name for name in set(sys.modules) - before if is_local_module(sys.modules[name])]
        for name in local:
            del sys.modules[name]
        importlib.invalidate_caches()

    return put_back


def _keep_standard_library() -> Callable[[], None]:
    """Keep what a record is written with, whatever a cell replaces in it."""
    kept = {name: dict(vars(importlib.import_module(name))) for name in _WRITES_RECORDS}

    def put_back() -> None:
        for name, content in kept.items():
            vars(sys.modules[name]).update(content)

    return put_back


def _keep_generators() -> Callable[[], None]:
    """Keep the positions of the global generators of what is imported now, and begin with fresh ones."""
    back: list[Callable[[], object]] = []
    state = random.getstate()
    back.append(lambda: random.setstate(state))
    random.seed()
    if is_imported("numpy.random"):
        numpy_random: Any = sys.modules["numpy.random"]
        legacy = numpy_random.get_state()
        back.append(lambda: numpy_random.set_state(legacy))
        numpy_random.seed()
    if is_imported("torch"):
        torch: Any = sys.modules["torch"]
        position = torch.get_rng_state()
        back.append(lambda: torch.set_rng_state(position))
        torch.seed()

    def put_back() -> None:
        for each in back:
            each()

    return put_back


def _keep_libraries() -> Callable[[], None]:
    """Keep the settings of libraries; of one that the notebook imports, those that it has at its import."""
    found: Settings = settings()

    def noting(library: str) -> Action:
        return lambda module: found.update(library_settings(library, module))

    waiting = AfterImport({library: noting(library) for library in LIBRARIES if not is_imported(library)})
    waiting.install()

    def put_back() -> None:
        waiting.remove()
        now = settings()
        changed = {name: text for name, text in found.items() if now.get(name, text) != text}
        if changed:
            _restore(changed)

    return put_back


def _restore(changed: Settings) -> None:
    """Set settings as they were."""
    # Rarely needed, and it brings what pins experiments.
    from reprobook.ambient.pinned.restored import pin_settings  # noqa: PLC0415
    from reprobook.ambient.stand_in import Replacements  # noqa: PLC0415

    replacements = Replacements()
    pin_settings(replacements, changed)
    replacements.undo()
    torch: Any = sys.modules.get("torch")
    for name, put in _TORCH_SWITCHES.items():
        if name in changed:
            with suppress(AttributeError, RuntimeError):
                put(torch, changed[name] == "True")
    if "pandas.options" in changed:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sys.modules["pandas"].reset_option("all")


_TORCH_SWITCHES: dict[str, Callable[[Any, bool], object]] = {
    "torch.deterministic": lambda torch, on: torch._C._set_deterministic_algorithms(on, warn_only=False),  # noqa: SLF001  # the public one imports inductor
    "torch.cudnn_benchmark": lambda torch, on: setattr(torch.backends.cudnn, "benchmark", on),
    "torch.cudnn_deterministic": lambda torch, on: setattr(torch.backends.cudnn, "deterministic", on),
}

_FOR_RECORDS = (_keep_hooks, _keep_signals, _keep_logging, _keep_standard_library)
_KEEPERS = (_keep_libraries, _keep_generators, _keep_modules, *_FOR_RECORDS)
