"""From selected runs to verdicts: values by seed, pairs where seeds match, correction for many."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import replace

from reprobook.comparison.model import CompareOptions, ComparisonReport, Pairing, Side
from reprobook.comparison.select import Selection, differing_parameters
from reprobook.errors import InputError
from reprobook.runs import RunRecord
from reprobook.statistics import Direction, bootstrap_interval, compare_paired, compare_unpaired, corrected

_LOWER_IS_BETTER = re.compile(
    r"(?:^|[^a-z])(?:\w*loss|err|error|errors|rmse|mse|mae|mape|nll|perplexity|ppl|wer|cer|fid|regret|cost|brier|"
    r"latency|seconds|time|duration)(?:$|[^a-z])"
)
_TWO = 2


def assess(selection: Selection, options: CompareOptions) -> ComparisonReport:
    """Compare every side with the first one.

    Raises:
        InputError: If no run has the metric (with the closest name), or a side has fewer than two runs that count.
    """
    _check_metric(selection, options.metric)
    notes = list(selection.notes)
    varying = differing_parameters([records[0] for _, records in selection.sides])
    sides = [_side(label, records, varying, options, notes) for label, records in selection.sides]
    pairings = [_pairing(sides, number, options, notes) for number in range(1, len(sides))]
    fixed = corrected([each.comparison for each in pairings])
    if len(pairings) > 1:
        notes.append(f"p values are corrected for {len(pairings)} comparisons (Holm)")
    return ComparisonReport(
        metric=options.metric,
        direction=_direction(options),
        guessed=options.direction is None,
        confidence=options.confidence,
        sides=tuple(sides),
        pairings=tuple(replace(each, comparison=c) for each, c in zip(pairings, fixed, strict=True)),
        notes=tuple(notes),
    )


def guessed_direction(metric: str) -> Direction:
    """Tell by its name whether a metric is one of those that should be low: losses, errors, times."""
    # accLoss and acc_loss and acc/loss are words apart.
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", metric).replace("_", " ").lower()
    return "min" if _LOWER_IS_BETTER.search(words) else "max"


def _direction(options: CompareOptions) -> Direction:
    return options.direction or guessed_direction(options.metric)


def _check_metric(selection: Selection, metric: str) -> None:
    names = dict.fromkeys(name for _, records in selection.sides for record in records for name in record.metrics)
    if metric in names:
        return
    close = difflib.get_close_matches(metric, names, n=3, cutoff=0.5)
    listed = ", ".join(names) or "none at all"
    hint = f"Did you mean {' or '.join(close)}?" if close else f"They logged: {listed}."
    msg = f"no run of these has a metric {metric!r}"
    raise InputError(msg, hint=hint)


def _side(
    label: str, records: Sequence[RunRecord], varying: Sequence[str], options: CompareOptions, notes: list[str]
) -> Side:
    """Take the runs of a side that count, one a seed, and say which do not."""
    succeeded = [record for record in records if record.status == "succeeded"]
    having = [record for record in succeeded if options.metric in record.metrics]
    finite = [record for record in having if math.isfinite(record.metrics[options.metric])]
    counted = _one_a_seed(finite)
    for number, what in (
        (len(records) - len(succeeded), "they did not succeed"),
        (len(succeeded) - len(having), f"they did not log {options.metric}"),
        (len(having) - len(finite), f"their {options.metric} is NaN or infinite"),
        (len(finite) - len(counted), "they repeat a seed (the newest counts)"),
    ):
        if number:
            notes.append(f"{label}: {number} of {len(records)} runs left out, as {what}")
    if len(counted) < _TWO:
        msg = f"{label}: {len(counted)} run that counts is too few; the noise of seeds shows from two on"
        raise InputError(msg, hint=_more_seeds(records, notes))
    values = tuple(record.metrics[options.metric] for record in counted)
    if len(set(values)) == 1:
        notes.append(f"{label}: all {len(values)} runs have the same {options.metric}: does the seed change anything?")
    first = records[0].parameters
    return Side(
        label,
        tuple(counted),
        values,
        bootstrap_interval(values, options.confidence),
        {name: first[name] for name in varying if name in first},
    )


def _more_seeds(records: Sequence[RunRecord], notes: Sequence[str]) -> str:
    """Say how to get more runs, with the reasons why some do not count."""
    notebook = next((record.source for record in records if record.source), None) or "NOTEBOOK"
    left_out = "".join(f" ({note})" for note in notes if "left out" in note)
    return f"Run more seeds: reprobook run {notebook} --seeds 0-4.{left_out}"


def _one_a_seed(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Keep the newest run of each seed, by seed; a repetition of a seed is no new evidence."""
    newest: dict[object, RunRecord] = {}
    for record in sorted(records, key=lambda record: record.sequence):
        newest[record.run_id if record.seed is None else record.seed] = record
    return sorted(newest.values(), key=lambda record: (-1 if record.seed is None else record.seed, record.sequence))


def _pairing(sides: Sequence[Side], number: int, options: CompareOptions, notes: list[str]) -> Pairing:
    """Compare a side with the first: by seed where at least half of the runs of either share theirs."""
    a, b = sides[0], sides[number]
    left, right = _by_seed(a), _by_seed(b)
    seeds = tuple(seed for seed in left if seed in right)
    if len(seeds) >= max(_TWO, len(a.values) / 2, len(b.values) / 2):
        notes += [
            f"{side.label}: {len(side.values) - len(seeds)} of {len(side.values)} runs left out, as no run of the "
            "other side has their seed"
            for side in (a, b)
            if len(side.values) > len(seeds)
        ]
        found = compare_paired(
            [left[seed] for seed in seeds],
            [right[seed] for seed in seeds],
            direction=_direction(options),
            confidence=options.confidence,
        )
        return Pairing(0, number, seeds, found)
    notes.append(f"{b.label} and {a.label} share {len(seeds)} seeds: compared unpaired, which takes more runs")
    found = compare_unpaired(a.values, b.values, direction=_direction(options), confidence=options.confidence)
    return Pairing(0, number, (), found)


def _by_seed(side: Side) -> dict[int, float]:
    return {record.seed: value for record, value in zip(side.runs, side.values, strict=True) if record.seed is not None}
