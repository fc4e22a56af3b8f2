"""``%reprotrain sweep``, ``panel`` and ``spec``: one panel of each kind at a time."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from IPython.display import display

from reprobook.execute.journal import trace_of
from reprobook.header import OWN_MIME_TYPES
from reprobook.notebook import read_notebook
from reprobook.runs import Store
from reprobook.spec import Proposal, proposals, read_document, spec_standing
from reprobook.spec.text import spec_text
from reprobook.trace.files import unrecorded
from reprobook.verify.recorded import runs_of_notebook

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
    _put(kind, made)


def show_spec(notebook: Path, store: Store, photo: Path | None) -> None:
    """Show the form of a notebook's training spec, with what a photo says of it; without ipywidgets, as text.

    Raises:
        InputError: If the file is no spec, or the photo cannot be read.
    """
    proposed: tuple[Proposal, ...] = ()
    with unrecorded():
        if photo is not None:
            from reprobook.spec.photo import read_photo  # noqa: PLC0415  # an optional extra

            proposed = proposals(read_photo(photo))
        if find_spec("ipywidgets") is None:
            standing = spec_standing(read_document(notebook), store, runs_of_notebook(notebook, store), trace_of)
            lines = [f"  read off the photo: {each.key}={each.text} {each.problem}".rstrip() for each in proposed]
            _say("\n".join([spec_text(notebook, standing), *lines]))
            return
        from reprobook.widgets.spec_panel import SpecPanel  # noqa: PLC0415  # ipywidgets only when asked for

        made = SpecPanel(notebook, store, proposed)
    _put("spec", made)


def _put(kind: str, made: Any) -> None:
    """Show a panel in the place of the one before."""
    if before := _open.pop(kind, None):
        before.close()
    _open[kind] = made
    display(made)


def _say(text: str) -> None:
    display({"text/plain": text, f"{OWN_MIME_TYPES}message+json": {"text": text}}, raw=True)


def _show_text(notebook: Path, store: Store) -> None:
    """Show what the panel would ask, and the command line that does the same."""
    from reprobook.widgets.form import form_of  # noqa: PLC0415  # only when asked for
    from reprobook.widgets.metrics import known_metrics  # noqa: PLC0415
    from reprobook.widgets.panel_text import panel_text  # noqa: PLC0415

    parsed = read_notebook(notebook.read_bytes(), notebook.name)
    text = panel_text(form_of(parsed, known_metrics(parsed, store)), None)
    text += "\nFor the panel itself: pip install 'reprobook[lab]', then restart the kernel."
    _say(text)
