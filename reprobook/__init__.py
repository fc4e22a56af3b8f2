"""Reproducible training runs as the default way to work in a Jupyter notebook.

``%load_ext reprobook`` adds the magic ``%reprotrain``; ``import reprobook as rb`` gives a notebook or script
``rb.log`` and ``rb.save``. Names are loaded when first used, so that the import stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reprobook import runs, sweep
    from reprobook.comparison import compare
    from reprobook.execute.active import device, log, save
    from reprobook.execute.checkpoint import Checkpoint
    from reprobook.execute.datasets import data
    from reprobook.execute.job import job, show
    from reprobook.execute.loading import load
    from reprobook.execute.splits import split
    from reprobook.magics import load_ipython_extension, unload_ipython_extension
    from reprobook.space import Choice, Float, Int

__all__ = [
    "Checkpoint",
    "Choice",
    "Float",
    "Int",
    "compare",
    "data",
    "device",
    "job",
    "load",
    "load_ipython_extension",
    "log",
    "runs",
    "save",
    "show",
    "split",
    "sweep",
    "unload_ipython_extension",
]

_HOMES = {
    "Checkpoint": "reprobook.execute.checkpoint",
    "Choice": "reprobook.space",
    "Float": "reprobook.space",
    "Int": "reprobook.space",
    "compare": "reprobook.comparison",
    "data": "reprobook.execute.datasets",
    "device": "reprobook.execute.active",
    "job": "reprobook.execute.job",
    "load": "reprobook.execute.loading",
    "load_ipython_extension": "reprobook.magics",
    "log": "reprobook.execute.active",
    "save": "reprobook.execute.active",
    "show": "reprobook.execute.job",
    "split": "reprobook.execute.splits",
    "unload_ipython_extension": "reprobook.magics",
}
# Modules that can be called: ``rb.sweep(...)`` is ``reprobook.sweep`` itself, whichever of the two is imported first.
_MODULES = {"runs", "sweep"}


def __getattr__(name: str) -> Any:
    """Load a public name from where it lives (PEP 562)."""
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        msg = f"module 'reprobook' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built extension lies in a development install."""
    return [{"src": "labextension", "dest": "reprobook-labextension"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter Server which module is the extension; it is imported by the server only."""
    return [{"module": "reprobook.server"}]
