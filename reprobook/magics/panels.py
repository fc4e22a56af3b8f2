"""``%reprotrain sweep`` and ``%reprotrain panel``: one panel of each kind at a time."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from IPython.display import display

from reprobook.header import OWN_MIME_TYPES
from reprobook.notebook import read_notebook
from reprobook.runs import Store
from reprobook.trace.files import unrecorded

_open: dict[str, Any] = {}


def show_panel(kind: str, notebook: Path, store: Store) -> None:
    """Show the panel ``sweep`` or ``run`` of a notebook; without ipywidgets, as text.

    Raises:
        InputError: If the notebook cannot be read, or its parameters cell is wrong.
    """
    if find_spec("ipywidgets") is None:
        _show_text(notebook, store)
        return
    from reprobook.widgets.run_panel import RunPanel  # noqa: PLC0415  # ipywidgets only when asked for
    from reprobook.widgets.sweep_panel import SweepPanel  # noqa: PLC0415

    with unrecorded():
        made = (SweepPanel if kind == "sweep" else RunPanel)(notebook, store)
    if before := _open.pop(kind, None):
        before.close()
    _open[kind] = made
    display(made)


def _show_text(notebook: Path, store: Store) -> None:
    """Show what the panel would ask, and the command line that does the same."""
    from reprobook.widgets.form import form_of  # noqa: PLC0415  # only when asked for
    from reprobook.widgets.metrics import known_metrics  # noqa: PLC0415
    from reprobook.widgets.panel_text import panel_text  # noqa: PLC0415

    parsed = read_notebook(notebook.read_bytes(), notebook.name)
    text = panel_text(form_of(parsed, known_metrics(parsed, store)), None)
    text += "\nFor the panel itself: pip install 'reprobook[lab]', then restart the kernel."
    display({"text/plain": text, f"{OWN_MIME_TYPES}message+json": {"text": text}}, raw=True)
