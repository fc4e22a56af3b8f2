"""The sweep panel: a form made of the parameters cell, and the sweep that it starts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from reprobook.header import OWN_MIME_TYPES
from reprobook.notebook import read_notebook
from reprobook.runs import Store
from reprobook.sweep.handle import SweepHandle, start_sweep
from reprobook.sweep.model import SweepRecord, SweepStatus
from reprobook.trace.files import unrecorded
from reprobook.widgets.actions import TrialActions
from reprobook.widgets.drawing import Drawing
from reprobook.widgets.field import Field
from reprobook.widgets.field_row import FieldRow
from reprobook.widgets.form import SweepForm, form_of, in_words
from reprobook.widgets.metrics import known_metrics
from reprobook.widgets.monitor import Monitor
from reprobook.widgets.newest import newest_sweep
from reprobook.widgets.panel_text import panel_text
from reprobook.widgets.refresh import Refresher
from reprobook.widgets.search_entries import SearchEntries
from reprobook.widgets.style import close, command_html, heading, html, message, panel, row, show, title

MIME_TYPE = f"{OWN_MIME_TYPES}sweep+json"
_RESUMABLE = {"stopped", "interrupted", "failed", "paused"}


class SweepPanel:
    """Form, buttons, and what became of it.

    Args:
        notebook: The notebook as it is saved.
        store: The store that runs go to.

    Attributes:
        box: The widget.
        form: The entries as they are now.

    Raises:
        InputError: If the notebook cannot be read, or its parameters cell is wrong.
    """

    def __init__(self, notebook: Path, store: Store) -> None:
        self._notebook = notebook
        self._store = store
        parsed = read_notebook(notebook.read_bytes(), notebook.name)
        metrics = known_metrics(parsed, store)
        self.form: SweepForm = form_of(parsed, metrics)
        self._handle: SweepHandle | None = None
        self._status: SweepStatus | None = None
        self._drawn: dict[str, tuple[object, ...]] = {}
        # Clicks come in the thread of the kernel or, in a newer Jupyter, in one of their own.
        self._lock = threading.RLock()
        self._drawing = Drawing(store)
        self._refresher = Refresher(self._refresh, self._refused)
        self._make(metrics)
        self._monitor.on_figure(self._refresher.wake)
        self._check()
        if found := newest_sweep(store, notebook):
            self._attach(found)

    def close(self) -> None:
        """End the panel; a sweep goes on without it."""
        self._refresher.close()
        self._drawing.close()
        close(self.box)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Return it by MIME type: the widget, and what stands as text, for where there are no widgets."""
        shown = self.box._repr_mimebundle_()  # the protocol of IPython
        return {**shown, "text/plain": self.text(), MIME_TYPE: {"command": self.form.command()}}

    def text(self) -> str:
        """Return what the panel shows, as text."""
        return panel_text(self.form, self._handle.record() if self._handle else None)

    # --- what it is made of

    def _make(self, metrics: tuple[str, ...]) -> None:
        """Make the widgets."""
        self._rows = {field.name: FieldRow(field, self._field_changed) for field in self.form.fields}
        self._search = SearchEntries(self.form, metrics, self._changed)
        self._buttons = {
            "start": self._button("Start", "play", self._start, "begin a sweep with these entries"),
            "pause": self._button("Pause", "pause", self._pause, "start no further trial; those that run go on"),
            "resume": self._button("Resume", "step-forward", self._resume, "go on; no finished trial runs again"),
            "stop": self._button("Stop", "stop", self._stop, "end the trials that run; Resume goes on later"),
        }
        self._said, self._command = html(), html()
        self._monitor = Monitor()
        self._actions = TrialActions(self._notebook, self._store)
        self._head = html(heading("Sweep", self._notebook))
        fields = [title("Parameters"), *(each.box for each in self._rows.values())] if self._rows else []
        self._settings = widgets.VBox([*fields, title("Search"), self._search.box])
        self._toggle = widgets.Button(description="Settings", icon="sliders", layout=widgets.Layout(width="110px"))
        self._toggle.on_click(lambda _: show(self._settings, visible=self._settings.layout.display == "none"))
        buttons = row(*self._buttons.values(), self._toggle, margin="6px 0 2px")
        self.box = panel(
            self._head, self._settings, buttons, self._said, self._monitor.box, self._actions.box, self._command
        )

    def _button(self, name: str, icon: str, action: Callable[[], None], help_text: str) -> Any:
        """Return a button whose errors are shown in the panel."""

        def clicked(_: Any) -> None:
            with self._lock, unrecorded():
                try:
                    action()
                # The boundary to the page: what a click raised would be seen by nobody.
                except Exception as error:  # noqa: BLE001
                    self._say(in_words(error), "error")

        button = widgets.Button(description=name, icon=icon, tooltip=help_text, layout=widgets.Layout(width="96px"))
        button.on_click(clicked)
        return button

    # --- the form

    def _field_changed(self, field: Field) -> None:
        with self._lock:
            self.form = self.form.with_field(field)
            self._check()

    def _changed(self) -> None:
        with self._lock:
            self.form = self._search.applied_to(self.form)
            self._check()

    def _check(self) -> None:
        """Say what is wrong with the entries, and let them start only if nothing is."""
        problems = self.form.problems()
        for name, line in self._rows.items():
            line.say(problems.get(name, ""))
        if not self._busy:
            problem = problems.get("", "")
            self._say(problem or self.form.note(), "error" if problem else "")
        self._command.value = command_html(self.form.command())
        self._enable()

    # --- the buttons

    def _start(self) -> None:
        self._say("Starting …")
        self._head.value = heading("Sweep", self._notebook)
        self._attach(start_sweep(self._notebook, self._store, self.form.options()))
        self._say("")

    def _pause(self) -> None:
        if self._handle:
            self._handle.pause()
            self._say("Pausing: the trials that run go on to their end.")
            self._refresher.wake()

    def _resume(self) -> None:
        if self._handle:
            self._handle.resume()
            self._say("")
            self._refresher.wake()

    def _stop(self) -> None:
        if self._handle:
            self._say("Stopping …")
            self._handle.stop()
            self._refresher.wake()

    def _attach(self, handle: SweepHandle) -> None:
        """Show a sweep from here on."""
        self._handle = handle
        self._drawn = {}
        self._show(handle.record())
        show(self._settings, visible=not self._busy)
        self._refresher.wake()

    # --- the sweep

    def _refresh(self) -> bool:
        """Show where the sweep stands; called in the refresher's thread."""
        handle = self._handle
        if handle is None:
            return False
        record, alive = handle.record(), handle.alive
        with self._lock:
            if handle is not self._handle:
                return True
            self._show(record)
        goes_on = alive or record.status in {"running", "paused"}
        for name in self._monitor.figures[: 1 if goes_on else None]:
            self._draw(name, record)
        if not goes_on:
            self._drawing.rest()
        return goes_on

    def _draw(self, name: str, record: SweepRecord) -> None:
        """Draw a figure if it would be another one; curves also grow between two states of a record."""
        growing = name == "curves" and any(trial.state == "running" for trial in record.trials)
        state = (record.sweep_id, record.status, record.trials)
        if growing or self._drawn.get(name) != state:
            self._monitor.show_figure(name, self._drawing.draw(name, record.sweep_id))
            self._drawn[name] = state

    def _show(self, record: SweepRecord) -> None:
        """Show a record, and what can be done about it."""
        before, self._status = self._status, record.status
        self._monitor.show(record)
        self._actions.show(record)
        if before != record.status:
            self._say("")
        self._enable()

    def _enable(self) -> None:
        """Enable the buttons that mean something now."""
        status = self._status
        enabled = {
            "start": not self._busy and not self.form.problems(),
            "pause": status == "running",
            "resume": status in _RESUMABLE,
            "stop": self._busy,
        }
        for name, button in self._buttons.items():
            button.disabled = not enabled[name]
        # One button stands out: what is most likely wanted next. Of a finished sweep that is to promote its best.
        likely = "resume" if enabled["resume"] else "promote" if status == "succeeded" else "start"
        for name in ("start", "resume"):
            self._buttons[name].button_style = "primary" if name == likely else ""
        self._search.disable(disabled=self._busy)
        for line in self._rows.values():
            line.disable(disabled=self._busy)

    @property
    def _busy(self) -> bool:
        """Whether the sweep shown is driven."""
        return self._status in {"running", "paused"}

    def _refused(self, error: Exception) -> None:
        with self._lock:
            self._say(in_words(error), "error")

    def _say(self, text: str, kind: str = "") -> None:
        self._said.value = message(text, kind)
        show(self._said, visible=bool(text))
