"""What papermill finds as its engine ``reprobook``: a stand-in that loads the engine when it is first used.

papermill loads every engine while it is itself being imported; an engine that imports papermill would be circular.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LazyEngine:
    """Passes every attribute on to ``ReprobookEngine``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("reprobook.execute.engine").ReprobookEngine, name)


engine = LazyEngine()
