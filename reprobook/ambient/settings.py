"""Process-wide settings that change results, of the libraries that are loaded: only read, and never imported."""

from __future__ import annotations

import copy
import decimal
import locale
import os
import sys
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from blake3 import blake3

from reprobook.ambient.import_hook import is_imported

Settings = dict[str, str]
_Facts = dict[str, Callable[[], object]]

_FLAGS = ("optimize", "dev_mode", "utf8_mode", "safe_path", "hash_randomization")
_MOST_CHANGED = 20
_SMALLEST = 5e-324
_HALF_STEP = 2.0**-53
# Set by the shell or the screen, or objects without a text of their own.
_RC_IGNORED = frozenset({"backend", "backend_fallback", "interactive", "webagg.port"})

_last_options: list[tuple[dict[str, Any], str]] = []
_last_rc: list[tuple[list[Any], str, str]] = []


def settings() -> Settings:
    """Return the settings in force, by dotted name such as ``torch.default_dtype``; a few microseconds a library."""
    found = _python()
    for library, read in _LIBRARIES.items():
        if library in sys.modules and is_imported(library):
            found |= read(sys.modules[library])
    return found


def library_settings(library: str, module: Any) -> Settings:
    """Return the settings of one library, which may still be on its way into ``sys.modules``."""
    return _LIBRARIES[library](module)


def _python() -> Settings:
    """Return the settings of Python and of the process."""
    context = decimal.getcontext()
    try:
        folder = os.getcwd()  # noqa: PTH109  # read twice a cell
    except OSError:
        folder = ""  # it is gone
    return {
        "python.cwd": folder,
        "python.path": _path_digest(folder, tuple(each for each in sys.path if type(each) is str)),
        "python.flags": _flags(),
        "python.recursion_limit": str(sys.getrecursionlimit()),
        "python.timezone": f"{'/'.join(time.tzname)} {-time.timezone}",
        "python.locale": "/".join(map(locale.setlocale, (locale.LC_NUMERIC, locale.LC_COLLATE, locale.LC_TIME))),
        "python.decimal": f"{context.prec} {context.rounding}",
        "python.multiprocessing": _start_method(),
        "fp.denormals": "kept" if _times_one(_SMALLEST) > 0 else "flushed",
        "fp.rounding": "nearest" if 1 + _plus_zero(_HALF_STEP) == 1 and -1 - _plus_zero(_HALF_STEP) == -1 else "other",
    }


def _times_one(value: float) -> float:
    """Multiply at run time: constants are folded by the compiler, under the settings of that moment."""
    return value * len("1")


_plus_zero = _times_one


@lru_cache(maxsize=1)
def _flags() -> str:
    """Return the interpreter's flags, which hold for its life."""
    return " ".join(f"{name}={getattr(sys.flags, name, '')}" for name in _FLAGS)


@lru_cache(maxsize=32)
def _path_digest(folder: str, path: tuple[str, ...]) -> str:
    """Return a digest of where modules are looked for; the working folder is where it is."""
    return _digest(each.replace(folder, ".", 1) if folder and each.startswith(folder) else each for each in path)


def _start_method() -> str:
    """Return how processes are started, if that was chosen."""
    module: Any = sys.modules.get("multiprocessing.context")
    chosen = getattr(getattr(module, "_default_context", None), "_actual_context", None)
    return getattr(chosen, "_name", None) or "default"


def _numpy(numpy: Any) -> Settings:
    return _read(
        {
            "numpy.errors": lambda: _joined(numpy.geterr().items()),
            "numpy.print_options": lambda: _joined(numpy.get_printoptions().items()),
            "numpy.cpu_features": lambda: _cpu_features(numpy),
        }
    )


@lru_cache(maxsize=1)
def _cpu_features(numpy: Any) -> str:
    """Return the instruction sets that NumPy's loops use, fixed at its import."""
    core = numpy._core if hasattr(numpy, "_core") else numpy.core  # noqa: SLF001  # there is no other name
    return " ".join(sorted(name for name, used in core._multiarray_umath.__cpu_features__.items() if used))  # noqa: SLF001


def _torch(torch: Any) -> Settings:
    cudnn, native = torch.backends.cudnn, torch._C  # noqa: SLF001  # the public getters of some import inductor
    return _read(
        {
            "torch.default_dtype": torch.get_default_dtype,
            "torch.default_device": torch.get_default_device,
            "torch.num_threads": torch.get_num_threads,
            "torch.num_interop_threads": torch.get_num_interop_threads,
            "torch.grad": torch.is_grad_enabled,
            "torch.inference_mode": torch.is_inference_mode_enabled,
            "torch.deterministic": native._get_deterministic_algorithms,  # noqa: SLF001
            "torch.fill_uninitialized_memory": lambda: torch.utils.deterministic.fill_uninitialized_memory,
            "torch.matmul_precision": torch.get_float32_matmul_precision,
            "torch.cuda_precision": lambda: native._get_fp32_precision_getter("cuda", "matmul"),  # noqa: SLF001
            "torch.cudnn_precision": lambda: native._get_fp32_precision_getter("cuda", "conv"),  # noqa: SLF001
            "torch.cudnn_benchmark": lambda: cudnn.benchmark,
            "torch.cudnn_deterministic": lambda: cudnn.deterministic,
            "torch.mkldnn": native._get_mkldnn_enabled,  # noqa: SLF001
            "torch.cpu_capability": native._get_cpu_capability,  # noqa: SLF001
            "torch.print_options": lambda: _joined(sorted(vars(torch._tensor_str.PRINT_OPTS).items())),  # noqa: SLF001
        }
    )


def _pandas(pandas: Any) -> Settings:
    options = pandas._config.config._global_config  # noqa: SLF001  # it has no public name
    # Nested dicts of plain values compare in C; their text is 20 times as dear.
    if not _last_options or _last_options[0][0] != options:
        _last_options[:] = [(copy.deepcopy(options), _digest([repr(options)]))]
    return {"pandas.options": _last_options[0][1]}


def _sklearn(sklearn: Any) -> Settings:
    return _read({"sklearn.config": lambda: _joined(sklearn.get_config().items())})


def _matplotlib(matplotlib: Any) -> Settings:
    """Return a digest of the parameters, and which of them are not the library's own."""
    values = list(dict.values(matplotlib.rcParams))
    # Equal lists of the same objects compare in C, by identity.
    if not _last_rc or _last_rc[0][0] != values:
        texts = {name: repr(dict.get(matplotlib.rcParams, name)) for name in matplotlib.rcParams}
        kept = {name: text for name, text in texts.items() if name not in _RC_IGNORED}
        default = {name: repr(dict.get(matplotlib.rcParamsDefault, name)) for name in kept}
        changed = sorted(name for name, text in kept.items() if text != default[name])
        _last_rc[:] = [(values, _digest(_joined(kept.items()).split("\n")), " ".join(changed[:_MOST_CHANGED]))]
    return {"matplotlib.rcparams": _last_rc[0][1], "matplotlib.changed": _last_rc[0][2]}


_LIBRARIES: dict[str, Callable[[Any], Settings]] = {
    "numpy": _numpy,
    "torch": _torch,
    "pandas": _pandas,
    "sklearn": _sklearn,
    "matplotlib": _matplotlib,
}


# Libraries whose settings are known.
LIBRARIES = tuple(_LIBRARIES)


def _read(facts: _Facts) -> Settings:
    """Read what this release of a library has."""
    found = {}
    for name, read in facts.items():
        try:
            found[name] = str(read())
        except (AttributeError, RuntimeError):
            continue  # a private name of another release; or torch refuses where its old and new names were mixed
    return found


def _joined(items: Iterable[tuple[str, object]]) -> str:
    return " ".join(f"{name}={value}" for name, value in items)


def _digest(texts: Iterable[str]) -> str:
    return blake3("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
