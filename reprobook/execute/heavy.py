"""Import nbformat and papermill without what they load and never use."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# jsonschema tries to import it for the formats `iri` and `iri-reference`, and does without when it is missing.
# It compiles its grammar on import, which takes longer than all else that papermill imports; no schema of a
# notebook has such a format.
_UNUSED_GRAMMAR = "rfc3987_syntax"
# papermill does without when it is missing: for addresses of Hadoop, and a run has none.
_UNUSED_FILES = "pyarrow"


@contextmanager
def uncollected() -> Iterator[None]:
    """Import much: the collector would look through it time and again, and find no garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def import_nbformat() -> Any:
    """Return the module nbformat; papermill and nbclient find it imported then."""
    with _missing(_UNUSED_GRAMMAR):
        import nbformat  # noqa: PLC0415 - slow even so
    return nbformat


def import_papermill() -> Any:
    """Return the module papermill."""
    with uncollected(), _missing(_UNUSED_FILES):
        import_nbformat()
        import papermill  # noqa: PLC0415 - slow even so
    return papermill


@contextmanager
def _missing(module: str) -> Iterator[None]:
    """Let an import find that a module is not installed, unless it is imported already."""
    ours = module not in sys.modules
    if ours:
        sys.modules[module] = None  # type: ignore[assignment]  # what Python reads as "not importable"
    try:
        yield
    finally:
        if ours:
            sys.modules.pop(module, None)
