"""The run panel: one set of parameters, run headless, with its progress and its metrics."""

from __future__ import annotations

import shlex
import threading
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from reprobook.errors import ReprobookError
from reprobook.header import OWN_MIME_TYPES
from reprobook.notebook import read_notebook
from reprobook.runs import RunFolder, Store
from reprobook.space import declared_parameters
from reprobook.widgets.child import Child
from reprobook.widgets.field import Field
from reprobook.widgets.form import in_words
from reprobook.widgets.links import executed_copy, link
from reprobook.widgets.refresh import Refresher
from reprobook.widgets.standing import duration_words
from reprobook.widgets.style import close, command_html, heading, html, message, panel, row, show, title
from reprobook.widgets.value_row import ValueRow, fixed_field

MIME_TYPE = f"{OWN_MIME_TYPES}run+json"
_MOST_SEED = 2**32 - 1
_NEWEST = 5


class RunPanel:
    """One value a parameter, a button, and what became of it.

    Args:
        notebook: The notebook as it is saved.
        store: The store that the run goes to.

    Attributes:
        box: The widget.

    Raises:
        InputError: If the notebook cannot be read, or its parameters cell is wrong.
    """

    def __init__(self, notebook: Path, store: Store) -> None:
        self._notebook = notebook
        self._store = store
        parsed = read_notebook(notebook.read_bytes(), notebook.name)
        self._cells = len(parsed.code_cells)
        self._fields = {each.name: fixed_field(each) for each in declared_parameters(parsed)}
        self._child: Child | None = None
        self._run: RunFolder | None = None
        self._ended_run = ""
        self._lock = threading.RLock()
        self._refresher = Refresher(self._refresh, lambda error: self._say(in_words(error), "error"))
        self._make()
        self._check()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        shown = self.box._repr_mimebundle_()  # the protocol of IPython
        lines = [f"reprobook run of {self._notebook.name}"]
        lines += [f"  {name} = {field.value}" for name, field in self._fields.items()]
        text = "\n".join([*lines, "The same from a terminal:", f"  {self.command()}"])
        return {**shown, "text/plain": text, MIME_TYPE: {"command": self.command()}}

    def close(self) -> None:
        """End the panel; a run goes on without it."""
        self._refresher.close()
        close(self.box)

    def command(self) -> str:
        """Return the command line that does the same, in the notebook's folder."""
        return shlex.join(["reprobook", *self._words()])

    def _words(self) -> list[str]:
        changed = [
            word
            for name, field in self._fields.items()
            if field.value != fixed_field(field.parameter).value
            for word in ("-p", name, field.text())
        ]
        seed = ["--seed", str(self._seed.value)] if self._seeded.value else []
        return ["run", self._notebook.name, *changed, *seed, *(["--lite"] if self._lite.value else [])]

    def _make(self) -> None:
        """Make the widgets."""
        self._rows = {name: ValueRow(field, self._changed) for name, field in self._fields.items()}
        self._seeded = widgets.Checkbox(
            value=True, description="seed", indent=False, layout=widgets.Layout(width="70px")
        )
        self._seed = widgets.BoundedIntText(0, min=0, max=_MOST_SEED, layout=widgets.Layout(width="120px"))
        self._lite = widgets.Checkbox(
            value=False,
            description="lite",
            indent=False,
            tooltip="the laptop mode",
            layout=widgets.Layout(width="70px"),
        )
        for control in (self._seeded, self._seed, self._lite):
            control.observe(lambda _: self._check(), "value")
        self._start = widgets.Button(
            description="Run headless", icon="play", button_style="primary", layout=widgets.Layout(width="130px")
        )
        self._stop = widgets.Button(description="Stop", icon="stop", disabled=True, layout=widgets.Layout(width="96px"))
        self._start.on_click(lambda _: self._begin())
        self._stop.on_click(lambda _: self._child.stop() if self._child else None)
        self._open = widgets.Button(
            description="Open run", icon="external-link", disabled=True, layout=widgets.Layout(width="110px")
        )
        self._open.on_click(lambda _: self._open_run())
        self._bar = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="100%", margin="2px 0"))
        self._said, self._result, self._command, self._link = html(), html(), html(), widgets.Output()
        show(self._bar, visible=False)
        self._head = html(heading("Run", self._notebook))
        options = row(self._seeded, self._seed, self._lite, margin="6px 0 0")
        buttons = row(self._start, self._stop, self._open, margin="6px 0 2px")
        rows = [each.box for each in self._rows.values()]
        below = [self._bar, self._said, self._result, self._link, self._command]
        self.box = panel(self._head, *([title("Parameters"), *rows] if rows else []), options, buttons, *below)

    def _changed(self, field: Field) -> None:
        with self._lock:
            self._fields[field.name] = field
            self._check()

    def _check(self) -> None:
        """Say what is wrong with the values, and let them run only if nothing is."""
        problems = {name: field.problem() for name, field in self._fields.items()}
        for name, problem in problems.items():
            self._rows[name].say(problem)
        self._start.disabled = self._child is not None or any(problems.values())
        self._command.value = command_html(self.command())

    def _begin(self) -> None:
        with self._lock:
            self._run, self._link.outputs, self._result.value = None, (), ""
            self._bar.value, self._bar.bar_style = 0.0, "info"
            show(self._bar, visible=True)
            self._say("Starting …")
            self._head.value = heading("Run", self._notebook)
            words = [*self._words(), "--store", str(self._store.root)]
            self._child = Child(words, self._notebook.parent, self._ended)
            self._stop.disabled, self._open.disabled = False, True
            self._check()
            self._refresher.wake()

    def _refresh(self) -> bool:
        """Show how far the run is; called in the refresher's thread."""
        child = self._child
        if child is None:
            return False
        self._run = self._run or self._found(child.pid)
        if self._run is not None:
            done = _lines(self._run.trace_journal)
            with self._lock:
                if self._child is child:
                    self._bar.value = min(done / max(self._cells, 1), 1.0)
                    self._say(f"cell {min(done + 1, self._cells)} of {self._cells}")
                    self._result.value = _metrics_html(self._run.last_metrics())
        return True

    def _found(self, pid: int) -> RunFolder | None:
        """Return the run that a process drives."""
        records = self._store.records(limit=_NEWEST)
        run_id = next((each.run_id for each in records if each.owner and each.owner.pid == pid), None)
        return self._store.folder(run_id) if run_id else None

    def _ended(self, answer: dict[str, Any] | None, reason: str) -> None:
        """Show what came of it; called in the thread that waits for the process."""
        with self._lock:
            self._child = None
            self._stop.disabled = True
            self._check()
            if answer is None:
                self._bar.bar_style = "danger"
                self._say(f"The run ended without a result. {reason}", "error")
                return
            self._show(answer)

    def _show(self, answer: dict[str, Any]) -> None:
        """Show a run that has ended."""
        succeeded = answer["status"] == "succeeded"
        self._bar.bar_style = "success" if succeeded else "danger"
        error = answer.get("error") or {}
        took = duration_words(answer["duration_s"])
        where = f" in cell [{error['cell']}]" if error.get("cell") is not None else ""
        words = f"✓ succeeded in {took}" if succeeded else f"{answer['status']}{where}: {error.get('evalue', '')}"
        self._say(f"{words}  ·  run {answer['run_id']}", "good" if succeeded else "error")
        self._bar.value = 1.0 if succeeded else self._bar.value
        self._result.value = _metrics_html(answer["metrics"])
        self._ended_run = str(answer["run_id"])
        self._open.disabled = False

    def _open_run(self) -> None:
        """Put a copy of the executed notebook beside this one, and show the link."""
        try:
            self._link.outputs = link(
                "Executed notebook: ", executed_copy(self._notebook, self._store, self._ended_run)
            )
        except (ReprobookError, OSError) as error:
            self._say(f"The executed notebook cannot be read: {in_words(error)}", "error")

    def _say(self, text: str, kind: str = "") -> None:
        self._said.value = message(text, kind)


def _lines(path: Path) -> int:
    """Count the lines of a journal: one a cell that has ended."""
    try:
        return path.read_bytes().count(b"\n")
    except OSError:
        return 0


def _metrics_html(metrics: dict[str, Any]) -> str:
    """Return metrics as a table."""
    texts = {name: f"{value:.6g}" if isinstance(value, float) else str(value) for name, value in metrics.items()}
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class='rb-value'>{escape(text)}</td></tr>" for name, text in texts.items()
    )
    return f"<table class='rb-trials' style='width:auto'><tbody>{rows}</tbody></table>" if rows else ""
