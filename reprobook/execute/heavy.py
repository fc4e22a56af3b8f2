"""Import nbformat without a second of grammar that it never uses."""

from __future__ import annotations

import sys
from typing import Any

# jsonschema tries to import it for the formats `iri` and `iri-reference`, and does without when it is missing.
# It compiles its grammar on import, which takes longer than all else that papermill imports; no schema of a
# notebook has such a format.
_UNUSED_GRAMMAR = "rfc3987_syntax"


def import_nbformat() -> Any:
    """Return the module nbformat; papermill and nbclient find it imported then."""
    ours = _UNUSED_GRAMMAR not in sys.modules
    if ours:
        sys.modules[_UNUSED_GRAMMAR] = None  # type: ignore[assignment]  # what Python reads as "not importable"
    try:
        import nbformat  # noqa: PLC0415 - slow even so
    finally:
        if ours:
            sys.modules.pop(_UNUSED_GRAMMAR, None)
    return nbformat
