"""Where the spec of a notebook is; read before every run, so this knows nothing of what a spec holds."""

from __future__ import annotations

import os
from pathlib import Path

from reprobook.runs.files import naming


def spec_path(notebook: Path) -> Path:
    """Return where the spec of a notebook is: ``train.spec.yaml`` beside ``train.ipynb``."""
    return notebook.with_suffix(".spec.yaml")


def read_spec(notebook: Path) -> bytes | None:
    """Return the bytes of a notebook's spec, None if it has none.

    Raises:
        StorageError: If it cannot be read.
    """
    path = spec_path(notebook)
    if not os.path.isfile(path):  # noqa: PTH113 - false, and no error, for a name that is too long to be one
        return None
    with naming("read", path):
        return path.read_bytes()
