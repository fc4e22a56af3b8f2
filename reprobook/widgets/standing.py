"""Where a sweep stands, in words and as a table: pure text of its record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from reprobook.sweep.model import SweepRecord, Trial, TrialState

_STATES: dict[TrialState, tuple[str, str]] = {
    "waiting": ("○", "waiting"),
    "running": ("◐", "running"),
    "complete": ("●", "complete"),
    "pruned": ("◌", "pruned"),
    "failed": ("✕", "failed"),
    "interrupted": ("◍", "interrupted"),
}
_STATUSES = {
    "running": "running",
    "paused": "paused: no further trial starts",
    "stopped": "stopped: Resume goes on from here",
    "succeeded": "finished",
    "interrupted": "interrupted: its driver is gone; Resume goes on, no finished trial is lost",
    "failed": "failed",
}
_MOST_ROWS = 200
_LONGEST = 28
_MINUTE = 60


def status_words(record: SweepRecord) -> str:
    """Return the status as a sentence; of a sweep that failed, why."""
    return f"failed: {record.error}" if record.status == "failed" and record.error else _STATUSES[record.status]


def counts_words(record: SweepRecord) -> str:
    """Return how many trials there are of each state: ``7 of 12 trials · 2 running · 1 failed``."""
    finished = sum(trial.finished for trial in record.trials)
    parts = [f"{finished} of {record.options.trials or len(record.trials)} trials"]
    for state in ("running", "pruned", "failed", "interrupted"):
        count = sum(trial.state == state for trial in record.trials)
        parts += [f"{count} {state}"] if count else []
    cached = sum(trial.cached for trial in record.trials)
    return " · ".join([*parts, *([f"{cached} reused"] if cached else [])])


def best_words(record: SweepRecord) -> str:
    """Return what is best so far, and who cannot be told apart from it."""
    best = record.best
    if best is None or best.value is None:
        return ""
    interval = f" [{record.interval[0]:.4g}, {record.interval[1]:.4g}]" if record.interval else ""
    others = [number for number in record.tied if number != best.number]
    tied = f", not to be told apart from {', '.join(f'#{number}' for number in others[:5])}" if others else ""
    return f"best {record.options.metric} {best.value:.5g}{interval} in trial #{best.number}{tied}"


def seconds_left(record: SweepRecord) -> float | None:
    """Estimate the seconds that a running sweep still takes; None while no trial that ran has finished."""
    ran = [trial.duration_s for trial in record.trials if trial.finished and not trial.cached and trial.duration_s > 0]
    if record.status != "running" or not ran:
        return None
    finished = sum(trial.finished for trial in record.trials)
    running = sum(trial.state == "running" for trial in record.trials)
    # Those that run are, on average, half done.
    left = (record.options.trials or 0) - finished - running / 2
    return max(left, 0.0) * (sum(ran) / len(ran)) / max(record.options.jobs, 1)


def duration_words(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest:02d} s" if minutes < _MINUTE else f"{minutes // _MINUTE} h {minutes % _MINUTE:02d} min"


def sorted_trials(record: SweepRecord, *, by_number: bool = False) -> list[Trial]:
    """Return the trials by number, or those that run first and then by value, the best first."""
    if by_number:
        return list(record.trials)
    sign = -1 if record.options.direction == "max" else 1
    groups = {"running": 0, "complete": 1, "pruned": 2, "interrupted": 3, "failed": 4, "waiting": 5}

    def key(trial: Trial) -> tuple[float, float, int]:
        value = trial.value if trial.value is not None and math.isfinite(trial.value) else math.inf * sign
        return groups[trial.state], sign * value, trial.number

    return sorted(record.trials, key=key)


def table_html(record: SweepRecord, *, by_number: bool = False) -> str:
    """Return the table of trials as HTML; everything that came from a notebook is escaped."""
    names = list(record.options.spaces)
    trials = sorted_trials(record, by_number=by_number)
    head = "".join(f"<th title='{_safe(name)}'>{_short(name)}</th>" for name in names)
    heads = f"<th>#</th><th>state</th><th title='{_safe(record.options.metric)}'>{_short(record.options.metric)}</th>"
    rows = "".join(_row(trial, names, record) for trial in trials[:_MOST_ROWS])
    rows = rows or f"<tr><td colspan='{len(names) + 4}' class='rb-dim'>The first trial is being prepared …</td></tr>"
    more = len(trials) - _MOST_ROWS
    rows += f"<tr><td colspan='{len(names) + 4}' class='rb-dim'>… and {more} more</td></tr>" if more > 0 else ""
    return f"<table class='rb-trials'><thead><tr>{heads}{head}<th>time</th></tr></thead><tbody>{rows}</tbody></table>"


def _row(trial: Trial, names: Sequence[str], record: SweepRecord) -> str:
    """Return the row of one trial."""
    best = record.best is not None and record.best.number == trial.number
    mark, word = _STATES[trial.state]
    detail = f"{word} at step {trial.step}" if trial.state == "pruned" and trial.step is not None else word
    detail += " (reused)" if trial.cached else ""
    title = f" title='{_safe(trial.error)}'" if trial.error else ""
    kinds = f"rb-{trial.state}{' rb-best' if best else ''}{' rb-tied' if trial.number in record.tied else ''}"
    values = "".join(f"<td>{_value(trial, name)}</td>" for name in names)
    time = duration_words(trial.duration_s) if trial.duration_s else ""
    return (
        f"<tr class='{kinds}'{title}><td>{trial.number}</td>"
        f"<td class='rb-state'><span>{mark}</span> {escape(detail)}{_reason(trial)}</td>"
        f"<td class='rb-value'>{'★ ' if best else ''}{_measured(trial)}</td>{values}<td class='rb-dim'>{time}</td></tr>"
    )


def _measured(trial: Trial) -> str:
    """Return value and deviation."""
    if trial.value is None:
        return ""
    spread = trial.deviation
    return f"{trial.value:.5g}" + (f" <span class='rb-dim'>± {spread:.2g}</span>" if spread is not None else "")


def _reason(trial: Trial) -> str:
    """Return why a trial failed, beside its state."""
    return f" <span class='rb-dim'>{_short(trial.error, 60)}</span>" if trial.error else ""


def _value(trial: Trial, name: str) -> str:
    """Return the value of a parameter; of one that was not varied in this trial, a dash."""
    if name not in trial.parameters:
        return "<span class='rb-dim'>-</span>"
    value = trial.parameters[name]
    return _short(f"{value:.4g}" if isinstance(value, float) else str(value))


def _short(text: str, longest: int = _LONGEST) -> str:
    """Return a text, cut where it is too long, for HTML."""
    return _safe(text if len(text) <= longest else f"{text[: longest - 1]}…")


def _safe(text: str) -> str:
    return escape(text, quote=True)
