"""matplotlib's figures as outputs of the cells that drew them; the one place that knows its inline backend."""

from __future__ import annotations

import os
import sys
from typing import Any

_BACKEND = "module://matplotlib_inline.backend_inline"


def prepare_figures(shell: Any) -> None:
    """Let matplotlib draw into the notebook, whether it is imported later or was before.

    Its backend ties itself to the shell that is there when it is first used; one that had another shell is tied anew.
    """
    if not os.environ.get("MPLBACKEND"):
        os.environ["MPLBACKEND"] = _BACKEND
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is None or os.environ["MPLBACKEND"] != _BACKEND:
        return
    forget_figures()
    matplotlib.use(_BACKEND)
    if backend := sys.modules.get("matplotlib_inline.backend_inline"):
        backend.configure_inline_support.current_backend = "unset"
        backend.configure_inline_support(shell, _BACKEND)


def forget_figures() -> None:
    """Close the figures that are open, and let the next shell have a configuration of its own."""
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
    if backend := sys.modules.get("matplotlib_inline.backend_inline"):
        backend.InlineBackend.clear_instance()
        backend.show._to_draw, backend.show._draw_called = [], False  # noqa: SLF001  # the backend's own marks
