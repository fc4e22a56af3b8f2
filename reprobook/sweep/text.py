"""A sweep in words: the sentences that say how it stands, and its best trials as a table."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence

from reprobook.sweep.model import SweepRecord, Trial

_MOST_ROWS = 10
_HEAD = ("trial", "state")


def headline(record: SweepRecord) -> str:
    """Say how far a sweep is."""
    counts = Counter(trial.state for trial in record.trials)
    parts = [f"{count} {state}" for state, count in counts.items()]
    cached = sum(trial.cached for trial in record.trials)
    parts += [f"{cached} of them cached"] if cached else []
    finished = sum(trial.finished for trial in record.trials)
    return f"{record.status}: {finished} of {record.options.trials} trials ({', '.join(parts) or 'none begun'})"


def verdict(record: SweepRecord) -> str:
    """Say what is known of the best trial: how sure its value is, and which others may be as good."""
    best, options = record.best, record.options
    if best is None or best.value is None:
        return "no trial has given a value yet"
    text = f"best: trial {best.number}, {options.metric} {best.value:.6g}"
    if options.seeds == 1:
        return f"{text} (one seed a trial: nothing can be told about noise; --seeds 5 would)"
    if record.interval is not None:
        text += f", 95 % interval {record.interval[0]:.6g} to {record.interval[1]:.6g} over {len(best.values)} seeds"
    others = sum(trial.state == "complete" for trial in record.trials) - 1
    if record.tied:
        return f"{text}; not to be told apart from it: {', '.join(f'trial {number}' for number in record.tied)}"
    return f"{text}; better than each of the {others} others beyond seed noise" if others > 0 else text


def ranked(record: SweepRecord) -> list[Trial]:
    """Return the trials with a result, the best first, then the others by number."""
    sign = -1 if record.options.direction == "max" else 1
    complete = [trial for trial in record.trials if trial.state == "complete"]
    rest = [trial for trial in record.trials if trial.state != "complete"]
    return sorted(complete, key=lambda trial: (sign * (trial.value or 0.0), trial.number)) + rest


def row(record: SweepRecord, trial: Trial) -> list[str]:
    """Return a trial as the texts of a table: number, state, value, parameters."""
    value = "" if trial.value is None else f"{trial.value:.6g}"
    if trial.deviation is not None:
        value += f" ± {trial.deviation:.2g}"
    state = f"{trial.state} (cached)" if trial.cached else trial.state
    state += f" at step {trial.step}" if trial.step is not None else ""
    return [str(trial.number), state, value, *(_value(trial, name) for name in record.options.spaces)]


def columns(record: SweepRecord) -> list[str]:
    """Return the headings of the same table."""
    return [*_HEAD, record.options.metric, *record.options.spaces]


def sweep_text(record: SweepRecord) -> str:
    """Return a sweep as plain text, for a console or a notebook without widgets."""
    rows = [columns(record), *(row(record, trial) for trial in ranked(record)[:_MOST_ROWS])]
    widths = [max(len(each[place]) for each in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(each, widths, strict=True)).rstrip() for each in rows]
    return "\n".join([f"sweep {record.sweep_id}  {headline(record)}", verdict(record), "", *lines])


def sweep_html(record: SweepRecord) -> str:
    """Return a sweep as HTML; whatever a notebook put into names and values is shown as text."""
    body = "".join(_html_row(row(record, trial), "td") for trial in ranked(record)[:_MOST_ROWS])
    head = _html_row(columns(record), "th")
    title = html.escape(f"sweep {record.sweep_id}: {headline(record)}")
    table = f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
    return f"<p><b>{title}</b><br>{html.escape(verdict(record))}</p>{table}"


def _html_row(texts: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts) + "</tr>"


def _value(trial: Trial, name: str) -> str:
    """Return the value of a parameter; a dash where it was not varied."""
    if name not in trial.parameters:
        return "—"
    value = trial.parameters[name]
    return f"{value:.6g}" if isinstance(value, float) else str(value)
