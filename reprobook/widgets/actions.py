"""What can be done with a trial: open its notebook, promote it to a script."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from reprobook.errors import ReprobookError
from reprobook.runs import Store
from reprobook.sweep.model import SweepRecord, Trial
from reprobook.widgets.child import Child
from reprobook.widgets.form import in_words
from reprobook.widgets.links import executed_copy, link
from reprobook.widgets.style import html, message, row, show

_BEST = -1
_VERDICTS: dict[bool | None, tuple[str, str]] = {
    True: ("✓ equivalent: true. The script gives the results of the run, bit by bit.", "good"),
    False: ("✗ equivalent: false. The script does not give the results of the run.", "error"),
    None: ("The script was written; that it gives the same results is not proved.", ""),
}


class TrialActions:
    """Chooses a trial, and does something with it.

    Args:
        notebook: The notebook; what is made goes beside it.
        store: The store of the runs.

    Attributes:
        box: The widget.
    """

    def __init__(self, notebook: Path, store: Store) -> None:
        self._notebook = notebook
        self._store = store
        self._record: SweepRecord | None = None
        self._trial = widgets.Dropdown(options=[("best", _BEST)], layout=widgets.Layout(width="230px"))
        self._open = widgets.Button(
            description="Open run", icon="external-link", tooltip="a copy of its executed notebook, beside this one"
        )
        self._promote = widgets.Button(
            description="Promote best", icon="rocket", tooltip="make a script of it that proves the same results"
        )
        self._said = html()
        self._link = widgets.Output()  # see links
        self._open.on_click(lambda _: self._open_run())
        self._promote.on_click(lambda _: self._promote_run())
        self._trial.observe(lambda _: self._name_promotion(), "value")
        self.box = widgets.VBox([row(self._trial, self._open, self._promote, margin="8px 0 0"), self._said, self._link])
        show(self.box, visible=False)

    def show(self, record: SweepRecord) -> None:
        """Offer the trials of a record."""
        self._record = record
        offered = [("best", _BEST)] + [(_label(trial), trial.number) for trial in record.trials if trial.run_id]
        if tuple(offered) != self._trial.options:
            chosen = self._trial.value
            with self._trial.hold_trait_notifications():
                self._trial.options = offered
                self._trial.value = chosen if chosen in dict(offered).values() else _BEST
        trial = self._chosen()
        self._open.disabled = trial is None or not trial.finished
        self._promote.disabled = trial is None or trial.state != "complete" or self._promote.icon == "spinner"
        self._promote.button_style = "primary" if record.status == "succeeded" else ""
        show(self.box, visible=len(offered) > 1)

    def _chosen(self) -> Trial | None:
        """Return the chosen trial."""
        record = self._record
        if record is None:
            return None
        if self._trial.value == _BEST:
            return record.best
        return next((trial for trial in record.trials if trial.number == self._trial.value), None)

    def _name_promotion(self) -> None:
        self._promote.description = "Promote best" if self._trial.value == _BEST else "Promote trial"
        if self._record is not None:
            self.show(self._record)

    def _open_run(self) -> None:
        """Put a copy of the executed notebook beside this one, where Jupyter can open it, and show the link."""
        trial = self._chosen()
        if trial is None or trial.run_id is None:
            return
        try:
            copy = executed_copy(self._notebook, self._store, trial.run_id)
        except (ReprobookError, OSError) as error:
            self._said.value = message(f"The executed notebook cannot be read: {in_words(error)}", "error")
            return
        self._said.value = ""
        self._link.outputs = link(f"Executed notebook of trial #{trial.number}: ", copy)

    def _promote_run(self) -> None:
        """Promote the run of a trial, in a process of its own."""
        trial = self._chosen()
        if trial is None or trial.run_id is None:
            return
        folder = f"{self._notebook.stem}-job-{trial.run_id.rpartition('-')[2]}"
        words = ["promote", trial.run_id, "-o", folder, "--store", str(self._store.root)]
        self._said.value = message(f"Promoting trial #{trial.number}: the script is written, run, and compared …")
        self._link.outputs = ()
        self._promote.disabled, self._promote.icon = True, "spinner"
        Child(words, self._notebook.parent, self._promoted)

    def _promoted(self, answer: dict[str, Any] | None, reason: str) -> None:
        """Show what came of it."""
        self._promote.disabled, self._promote.icon = False, "rocket"
        if answer is None:
            self._said.value = message(f"Not promoted. {reason}", "error")
            return
        folder = Path(str(answer["dir"])).name
        words, kind = _VERDICTS[answer["equivalent"]]
        self._said.value = message(words, kind)
        self._link.outputs = link("The job: ", f"{folder}/train.py")


def _label(trial: Trial) -> str:
    """Return how a trial is called in the list."""
    value = trial.value
    known = value is not None and math.isfinite(value)
    return f"trial {trial.number}  ·  {value:.5g}" if known else f"trial {trial.number}  ·  {trial.state}"
