"""Settings that a run was recorded with, put back at the start or at the import of their library."""

from __future__ import annotations

import ctypes
import decimal
import locale
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from reprobook.ambient.pinned.asker import asker, notebook
from reprobook.ambient.stand_in import Replacements


def pin_settings(replacements: Replacements, recorded: dict[str, str]) -> None:
    """Put settings back, by the names of ``settings()``; those that have no way back are left alone.

    ``matplotlib.changed`` with an empty text gives the library's own defaults.
    """
    for name, text in recorded.items():
        if restore := _AT_ONCE.get(name):
            with suppress(ValueError, locale.Error):
                restore(text)
        elif name in _AT_IMPORT:
            library = "torch" if name == "fp.denormals" else name.partition(".")[0]
            replacements.after_import({library: partial(_restore, replacements, name, text)})


def _restore(replacements: Replacements, name: str, text: str, module: Any) -> None:
    """Put a setting back, and keep it against modules that set it as they are imported; the notebook itself may."""
    with suppress(ValueError, RuntimeError, AttributeError):
        _AT_IMPORT[name](module, text)
    if setter := _SETTERS.get(name):
        replacements.stand_in(module, setter, _for_notebook)


def _for_notebook(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    frame = asker()
    return original(*args, **kwargs) if frame is not None and frame.f_globals is notebook() else None


def _locale(text: str) -> None:
    for category, name in zip((locale.LC_NUMERIC, locale.LC_COLLATE, locale.LC_TIME), text.split("/"), strict=False):
        locale.setlocale(category, name)


def _decimal(text: str) -> None:
    precision, rounding = text.split()
    decimal.getcontext().prec = int(precision)
    decimal.getcontext().rounding = rounding


def _numpy_errors(numpy: Any, text: str) -> None:
    numpy.seterr(**dict(re.findall(r"(divide|over|under|invalid)=(\w+)", text)))


def _default_dtype(torch: Any, text: str) -> None:
    torch.set_default_dtype(getattr(torch, text.removeprefix("torch.")))


def _rcparams(matplotlib: Any, text: str) -> None:
    if not text:
        backend = matplotlib.rcParams["backend"]
        matplotlib.rcdefaults()
        matplotlib.rcParams["backend"] = backend


def _rounding(text: str) -> None:
    if text == "nearest":
        ctypes.CDLL(None).fesetround(0)  # FE_TONEAREST of every platform's fenv.h that Python runs on


_AT_ONCE: dict[str, Callable[[str], None]] = {
    "python.locale": _locale,
    "python.decimal": _decimal,
    "fp.rounding": _rounding,
}
_SETTERS = {
    "torch.default_dtype": "set_default_dtype",
    "torch.default_device": "set_default_device",
    "torch.matmul_precision": "set_float32_matmul_precision",
    "fp.denormals": "set_flush_denormal",
}
_AT_IMPORT: dict[str, Callable[[Any, str], None]] = {
    "numpy.errors": _numpy_errors,
    "torch.default_dtype": _default_dtype,
    "torch.default_device": lambda torch, text: torch.set_default_device(text),
    "torch.num_threads": lambda torch, text: torch.set_num_threads(int(text)),
    "torch.grad": lambda torch, text: torch.set_grad_enabled(text == "True"),
    "torch.matmul_precision": lambda torch, text: torch.set_float32_matmul_precision(text),
    "torch.mkldnn": lambda torch, text: torch._C._set_mkldnn_enabled(text == "True"),  # noqa: SLF001  # see settings
    "matplotlib.changed": _rcparams,
    "fp.denormals": lambda torch, text: torch.set_flush_denormal(text == "flushed"),
}
