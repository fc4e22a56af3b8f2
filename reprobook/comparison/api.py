"""``rb.compare`` as notebooks and scripts call it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reprobook.comparison.assess import assess
from reprobook.comparison.model import CompareOptions, ComparisonReport
from reprobook.comparison.select import select
from reprobook.errors import InputError
from reprobook.runs import Store
from reprobook.statistics import Direction


def compare(
    *runs: Any,
    metric: str,
    direction: Direction | None = None,
    confidence: float = 0.95,
    store: Path | str | None = None,
) -> ComparisonReport:
    """Compare sets of runs in a metric: ``rb.compare("lr == 0.1", "lr == 0.01", metric="accuracy")``.

    Each argument is a set: an expression, a run, a list of runs (ids, records or folders, or the column ``run_id`` of
    a frame), or a sweep. A single set is divided by the parameters that its runs differ in. Each set is compared with
    the first, by pairs of runs with the same seed where there are any.

    Args:
        runs: The sets.
        metric: Name of the metric; the last value of each run counts.
        direction: ``max`` or ``min``; default: told by the name of the metric.
        confidence: Of intervals and verdicts.
        store: The run store; default: that of the project.

    Raises:
        InputError: If a set is empty, no run has the metric, or a set has fewer than two runs.
    """
    if not runs:
        msg = "there is nothing to compare"
        raise InputError(msg, hint='For example rb.compare("lr == 0.1", "lr == 0.01", metric="accuracy").')
    if direction not in {None, "max", "min"}:
        msg = f"direction {direction!r} is neither max nor min"
        raise InputError(msg, hint="max: higher is better; min: lower is better.")
    opened = Store.open(Path(store) if store is not None else None, Path.cwd())
    options = CompareOptions(metric=metric, direction=direction, confidence=confidence)
    return assess(select(opened, [_text(each) for each in runs]), options)


def _text(runs: Any) -> str:
    """Return a set as an argument of the command line names it."""
    named = getattr(runs, "sweep_id", getattr(runs, "run_id", runs))
    if isinstance(named, str | Path):
        return str(named)
    if isinstance(named, Iterable):
        return ",".join(map(_text, named))
    msg = f"{type(runs).__name__} is no set of runs"
    raise InputError(msg, hint="Give run ids, a list of them, a sweep, or an expression such as 'lr == 0.1'.")
