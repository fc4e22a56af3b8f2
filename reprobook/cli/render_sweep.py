"""A sweep as people and programs read it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from reprobook.cli.console import cell_text, json_value, table
from reprobook.cli.messages import plain
from reprobook.runs.model import json_number
from reprobook.sweep.model import SweepRecord, Trial
from reprobook.sweep.text import columns, headline, ranked, row, verdict

_STYLES = {"complete": "", "pruned": "dim", "failed": "red", "interrupted": "yellow"}
_MOST_ROWS = 20
_MOST_ERRORS = 3


def show_sweep(out: Console, record: SweepRecord) -> None:
    """Show how a sweep ended: its trials, the best first, what went wrong, and what is known of the best."""
    out.print(Text.assemble((headline(record), "bold"), f"  sweep {record.sweep_id}"))
    trials = ranked(record)
    rows = table(*columns(record), "run", right=("trial", record.options.metric))
    for trial in trials[:_MOST_ROWS]:
        style = "bold" if record.best and trial.number == record.best.number else _STYLES.get(trial.state, "")
        rows.add_row(*(cell_text(text, style) for text in row(record, trial)), trial.run_id or "")
    if trials:
        out.print(rows)
    if len(trials) > _MOST_ROWS:
        out.print(Text(f"… and {len(trials) - _MOST_ROWS} more", style="dim"))
    for trial in [trial for trial in trials if trial.error][:_MOST_ERRORS]:
        out.print(Text(f"trial {trial.number} failed: {plain(trial.error)}", style="red"))
    out.print(Text(verdict(record)))
    if record.best is not None and record.best.run_id:
        out.print(Text(f"hint: reprobook promote {record.best.run_id}", style="dim"))


def sweep_json(record: SweepRecord) -> dict[str, Any]:
    """Return a sweep as the JSON of `sweep`."""
    return {
        "sweep_id": record.sweep_id,
        "status": record.status,
        "metric": record.options.metric,
        "direction": record.options.direction,
        "trials": [_trial_json(trial) for trial in record.trials],
        "best": None if record.best is None else _trial_json(record.best),
        "tied": list(record.tied),
        "interval": None if record.interval is None else [json_number(end) for end in record.interval],
    }


def _trial_json(trial: Trial) -> dict[str, Any]:
    return {
        "run_id": trial.run_id,
        "number": trial.number,
        "parameters": json_value(dict(trial.parameters)),
        "value": trial.value,
        "state": trial.state,
        "values": list(trial.values),
        "deviation": trial.deviation,
        "run_ids": list(trial.run_ids),
        "cached": trial.cached,
        "step": trial.step,
        "duration_s": trial.duration_s,
        "error": trial.error,
    }
