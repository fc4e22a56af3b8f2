"""Files beside the notebook, and links to them: the store is a hidden folder, which Jupyter does not serve."""

from __future__ import annotations

import shutil
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reprobook.runs import Store
from reprobook.trace.files import unrecorded


def executed_copy(notebook: Path, store: Store, run_id: str) -> str:
    """Copy the executed notebook of a run beside its notebook, and return the copy's name.

    Raises:
        ReprobookError: If there is no such run.
        OSError: If it cannot be copied.
    """
    copy = notebook.with_name(f"{notebook.stem}.{run_id}.ipynb")
    with unrecorded():
        shutil.copyfile(store.folder(run_id).executed, copy)
    return copy.name


def link(words: str, path: str) -> tuple[dict[str, Any], ...]:
    """Return, for an ``Output`` widget, a link to a path relative to the notebook: Jupyter opens it itself."""
    shown = f'{escape(words)}<a href="{quote(path)}" target="_blank">{escape(path)}</a>'
    data = {"text/html": shown, "text/plain": f"{words}{path}"}
    return ({"output_type": "display_data", "data": data, "metadata": {}},)
