"""The form of a training spec over its file: entries, the reason of a change, and whether the newest run kept to it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from reprobook.errors import InputError, ReprobookError
from reprobook.execute.journal import trace_of
from reprobook.header import OWN_MIME_TYPES
from reprobook.runs import Store
from reprobook.spec import (
    ENTRIES,
    Entry,
    Proposal,
    Spec,
    SpecStanding,
    entry_text,
    frozen_before,
    read_document,
    revised,
    spec_path,
    spec_standing,
    with_entries,
    write_document,
)
from reprobook.spec.text import MARKS, spec_text
from reprobook.trace.files import unrecorded
from reprobook.verify.recorded import runs_of_notebook
from reprobook.widgets.form import in_words
from reprobook.widgets.style import close, heading, html, message, panel, row, show, title

MIME_TYPE = f"{OWN_MIME_TYPES}spec+json"
_SECTIONS = {
    "": "Claim",
    "split": "Split",
    "loop": "Loop",
    "evaluation": "Evaluation",
    "checkpoints": "Checkpoints",
    "budget": "Budget",
}
_COLOURS = {"kept": "#1a7f37", "broken": "#cf222e", "risk": "#b35900", "unobserved": "inherit"}


class SpecPanel:
    """One entry a line, a reason, a button; below, a sentence for each entry about the newest run.

    Args:
        notebook: The notebook as it is saved.
        store: Where its runs are.
        proposed: What a photo says; each value is shown, and taken by a click.

    Attributes:
        box: The widget.

    Raises:
        InputError: If the file is no spec.
    """

    def __init__(self, notebook: Path, store: Store, proposed: Sequence[Proposal] = ()) -> None:
        self._notebook = notebook
        self._store = store
        self._where = runs_of_notebook(notebook, store)
        self._document = read_document(notebook)
        spec = self._document.spec if self._document else Spec()
        self._controls = {each.key: _control(each, entry_text(spec, each.key)) for each in ENTRIES}
        self._why = widgets.Text(
            placeholder="needed once a run was made with it",
            tooltip="reason",
            continuous_update=False,
            layout=widgets.Layout(flex="1 1 240px"),
        )
        self._save = widgets.Button(description="Save", icon="check", button_style="primary")
        self._save.on_click(lambda _: self._write())
        self._said, self._findings = html(), html()
        self._head = html(heading("Training spec", notebook))
        below = [row(html("reason", width="170px"), self._why, self._save, margin="6px 0"), self._said, self._findings]
        self.box = panel(self._head, *self._photo(proposed), *self._rows(), *below)
        for control in self._controls.values():
            control.observe(lambda _: self._check(), "value")
        self._show_findings()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        shown = self.box._repr_mimebundle_()  # the protocol of IPython
        text = spec_text(self._notebook, self._standing())
        return {**shown, "text/plain": text, MIME_TYPE: {"file": spec_path(self._notebook).name}}

    def close(self) -> None:
        """End the panel."""
        close(self.box)

    def _rows(self) -> list[Any]:
        """Return the entries, section by section."""
        parts: list[Any] = []
        for section, name in _SECTIONS.items():
            keys = [each for each in ENTRIES if each.key.rpartition(".")[0] == section]
            parts += [title(name), *(self._row(each) for each in keys)]
        return parts

    def _row(self, entry: Entry) -> Any:
        name = entry.key.rpartition(".")[2].replace("_", " ")
        label = f"<div class='rb-name' title='{escape(entry.about, quote=True)}'>{escape(name)}</div>"
        return row(html(label, "rb-name-box", width="170px"), self._controls[entry.key])

    def _photo(self, proposed: Sequence[Proposal]) -> list[Any]:
        """Return what was read off a photo, a button each: nothing is taken before it was seen."""
        if not proposed:
            return []
        return [title("Read off the photo"), *(self._proposal(each) for each in proposed)]

    def _proposal(self, each: Proposal) -> Any:
        take = widgets.Button(
            description="Take",
            disabled=bool(each.problem),
            tooltip=f"take {each.key}",
            layout=widgets.Layout(width="70px"),
        )

        def taken(_: Any) -> None:
            self._controls[each.key].value = each.text
            take.disabled, take.description = True, "Taken"

        take.on_click(taken)
        said = f"<b>{escape(each.key)}</b> = {escape(each.text)}"
        about = each.problem or f"line: {each.line.text} ({each.line.score:.0%} sure)"
        return row(take, html(f"{said} <span class='rb-dim'>{escape(about)}</span>"))

    def _wanted(self) -> Spec:
        """Return the spec as the form has it."""
        return with_entries(Spec(), {key: control.value for key, control in self._controls.items()})

    def _check(self) -> None:
        """Say what is wrong with an entry, and let the form be saved only if nothing is."""
        try:
            self._wanted()
        except InputError as error:
            self._say(in_words(error), "error")
            self._save.disabled = True
            return
        self._say("not saved yet")
        self._save.disabled = False

    def _write(self) -> None:
        """Write the file; a change after a run is refused without a reason."""
        try:
            with unrecorded():
                frozen = frozen_before(self._store, self._where)
                # Read again: the file may have been edited since the form was opened.
                before = read_document(self._notebook)
                if before != self._document:
                    msg = f"{spec_path(self._notebook).name} was changed meanwhile"
                    raise InputError(msg, hint="Run %reprotrain spec again.")  # said like the others
                reference = (frozen[0].spec, frozen[1].run_id) if frozen else None
                self._document = revised(before, self._wanted(), self._why.value, frozen=reference)
                path = write_document(self._notebook, self._document)
        except ReprobookError as error:
            self._say(in_words(error), "error")
            return
        self._why.value = ""
        self._say(f"saved {path.name}; the next run freezes it", "good")
        self._show_findings()

    def _standing(self) -> SpecStanding:
        with unrecorded():
            return spec_standing(self._document, self._store, self._where, trace_of)

    def _show_findings(self) -> None:
        """Show what the newest run made of its spec."""
        standing = self._standing()
        if standing.review is None:
            self._findings.value = "<div class='rb-dim'>No run was made with a spec yet.</div>"
            return
        rows = "".join(
            f"<tr><td style='color:{_COLOURS[each.state]}'>{MARKS[each.state]}</td><td>{escape(each.entry)}</td>"
            f"<td style='white-space:normal'>{escape(each.text)}</td></tr>"
            for each in standing.review.findings
        )
        head = f"<div class='rb-title'>Run {escape(standing.run_id or '')}</div>"
        self._findings.value = f"{head}<table class='rb-trials'><tbody>{rows}</tbody></table>"

    def _say(self, text: str, kind: str = "") -> None:
        self._said.value = message(text, kind)
        show(self._said, visible=bool(text))


def _control(entry: Entry, text: str) -> Any:
    """Return the control of an entry."""
    layout = widgets.Layout(flex="1 1 320px", max_width="640px")
    if entry.options:
        options = [("(open)", ""), *((each, each) for each in entry.options)]
        return widgets.Dropdown(options=options, value=text, tooltip=entry.key, layout=layout)
    return widgets.Text(text, placeholder=entry.about, tooltip=entry.key, continuous_update=False, layout=layout)
