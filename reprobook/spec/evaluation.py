"""Whether a run measured and chose as its spec says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from reprobook.spec.finding import Finding, judged, unobserved
from reprobook.spec.model import Evaluation
from reprobook.spec.observed import Observed
from reprobook.spec.parts import part_of

_NONE = {"none", "no"}
_FEW = 2


def check_evaluation(evaluation: Evaluation, run: Observed) -> Iterator[Finding]:
    """Yield findings for each metric that is declared, and for what the best was chosen by."""
    for name, often in evaluation.metrics.items():
        yield _metric(name, often, run)
    if evaluation.selection_set:
        yield from _selection_set(evaluation, run)
    if evaluation.selection_metric and evaluation.selection_metric.lower() not in _NONE:
        yield from _selection_metric(evaluation.selection_metric, run)
    if evaluation.selection_set or evaluation.selection_metric:
        yield from _looks_at_test(run)


def _metric(name: str, often: str | None, run: Observed) -> Finding:
    """Check that a metric was logged, and as often as declared."""
    entry = "evaluation.metrics"
    steps = run.logged.get(name)
    if not steps:
        return judged(entry, f"{name} was never logged.", kept=False)
    times = "once" if len(steps) == 1 else f"{len(steps)} times"
    said = f"{name} was logged {times}"
    if often is None or often == "best":
        return judged(entry, f"{said}.", kept=True)
    if often == "end":
        kept = len(steps) == 1
        return judged(entry, f"{said}{', at the end as' if kept else '; the end alone is'} declared.", kept=kept)
    return rhythm(entry, said, often, steps, run)


def rhythm(entry: str, said: str, often: str, steps: Sequence[int | None], run: Observed) -> Finding:
    """Compare how often something was done with ``epoch`` or ``N steps``."""
    if often == "epoch":
        if run.epochs is None:
            return unobserved(entry, f"{said}; it is declared for each epoch, and nothing says how many there were.")
        passes = run.epochs[1]
        # Some measure before the first epoch too.
        kept = len(steps) == passes or (len(steps) == passes + 1 and steps[0] == 0)
        ending = "once an epoch as declared" if kept else f"but there were {passes} epochs, and it is declared for each"
        return judged(entry, f"{said}, {ending}.", kept=kept)
    every = int(often.split(maxsplit=1)[0])
    known = [step for step in steps if step is not None]
    if len(known) < _FEW:
        return unobserved(entry, f"{said}; it is declared {_each(every)}, and its steps are not known.")
    # The last one may come early: training ends when it ends.
    gaps = [later - earlier for earlier, later in pairwise(known)]
    inner = gaps[:-1] or gaps
    kept = all(gap == every for gap in inner)
    found = " or ".join(map(_each, sorted(set(inner))[:3]))
    ending = "as declared" if kept else f"not {_each(every)} as declared"
    return judged(entry, f"{said}, {found}, {ending}.", kept=kept)


def _each(steps: int) -> str:
    return "each step" if steps == 1 else f"each {steps} steps"


def _selection_set(evaluation: Evaluation, run: Observed) -> Iterator[Finding]:
    """Check which part the best is chosen on."""
    entry, declared = "evaluation.selection_set", evaluation.selection_set or ""
    part = part_of(declared)
    if part == "test":
        text = f"The spec itself chooses the best on {declared!r}: what the test rows then say of it is too good."
        yield judged(entry, text, kept=False)
        return
    metric = evaluation.selection_metric
    if metric and part_of(metric) not in {part, None}:
        yield judged(entry, f"The best is to be chosen on {declared!r}, but by {metric}.", kept=False)
    used = _used(run)
    known = {name: part_of(name) for name in used if part_of(name)}
    if not known:
        text = f"{declared!r} is declared; the source does not show on what the best is chosen."
        yield unobserved(entry, text)
        return
    for name, found in known.items():
        said = f"{used[name]} chooses the best by {name}"
        kept = found == part if part else found != "test"
        ending = f"on {declared!r} as declared" if kept else f"which is of the {found} rows, not of {declared!r}"
        yield judged(entry, f"{said}, {ending}.", kept=kept)


def _selection_metric(declared: str, run: Observed) -> Iterator[Finding]:
    """Check what the best is chosen by."""
    entry = "evaluation.selection_metric"
    used = _used(run)
    if not used:
        yield unobserved(entry, f"{declared} is declared; the source does not show what the best is chosen by.")
    for name, where in used.items():
        # `best_loss` in the source may well stand for val_loss; a sweep names its metric.
        in_short = name != run.sweep_metric and part_of(name) is None and declared.endswith(f"_{name}")
        kept = in_short or _same(name, declared)
        ending = "as declared" if kept else f"not by {declared} as declared"
        yield judged(entry, f"{where} chooses the best by {name}, {ending}.", kept=kept)


def _same(name: str, metric: str) -> bool:
    """Tell whether a name is that of a metric, or of a list of its values."""
    return name in {metric, f"{metric}s", f"{metric}es"}


def _used(run: Observed) -> dict[str, str]:
    """Return what the best is chosen by, with who does so."""
    used = dict.fromkeys(run.chosen_by, "The source")
    return used | ({run.sweep_metric: "The sweep"} if run.sweep_metric else {})


def _looks_at_test(run: Observed) -> Iterator[Finding]:
    """Say where the test rows were looked at again and again."""
    for name, steps in run.logged.items():
        if part_of(name) == "test" and len(steps) > 1:
            text = f"{name} was logged {len(steps)} times: whoever looks at it while training chooses by the test rows."
            yield Finding(entry="evaluation.selection_set", state="risk", text=text)
