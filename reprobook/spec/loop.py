"""Whether a run trained as its spec says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reprobook.spec.finding import Finding, judged, unobserved
from reprobook.spec.model import Loop
from reprobook.spec.observed import Observed
from reprobook.spec.parts import part_of

_BATCH = re.compile(r"batches of (\d+)")
_NONE = {"none", "no", "constant"}
# Optimizers that are imported by name: `from torch.optim import AdamW` leaves no `optim` at the call.
_OPTIMIZER_NAMES = """
    adadelta adafactor adagrad adam adamax adamw asgd lbfgs lion muon nadam radam rmsprop rprop sgd sparseadam
"""
_OPTIMIZERS = frozenset(_OPTIMIZER_NAMES.split())


def check_loop(loop: Loop, run: Observed) -> Iterator[Finding]:
    """Yield a finding for each entry that is declared."""
    if loop.optimizer:
        yield _class("loop.optimizer", loop.optimizer, _optimizers(run))
    if loop.schedule:
        yield _class("loop.schedule", loop.schedule, _schedules(run))
    if loop.batch_size:
        yield _batch_size(loop.batch_size, run)
    if loop.epochs:
        yield _number("loop.epochs", loop.epochs, run.epochs, run)
    if loop.steps:
        found = run.parameter("steps", "max_steps", "num_steps", "n_steps", "total_steps")
        yield _number("loop.steps", loop.steps, found if found and _is_count(found[1]) else None, run)
    if loop.early_stopping:
        yield _early(loop.early_stopping, run)


def _class(entry: str, declared: str, seen: dict[str, str]) -> Finding:
    """Compare a class with those that were seen; ``seen`` says of each where."""
    what = entry.partition(".")[2]
    if declared.lower() in _NONE:
        if not seen:
            return unobserved(entry, f"no {what} was seen, as declared; one inside a function would not show.")
        return judged(entry, f"No {what} is declared, but the run used {_places(seen)}.", kept=False)
    if not seen:
        return unobserved(entry, f"{declared} is declared; neither variables nor source of the run show any {what}.")
    kept = _plain(declared) in map(_plain, seen)
    said = _places({name: place for name, place in seen.items() if not kept or _plain(name) == _plain(declared)})
    return judged(entry, f"The {what} is {said}, {'as' if kept else f'not {declared} as'} declared.", kept=kept)


def _places(seen: dict[str, str]) -> str:
    return ", ".join(f"{name} ({place})" for name, place in seen.items())


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())


def _optimizers(run: Observed) -> dict[str, str]:
    """Return the optimizers of a run, with where each was seen; variables tell more than source."""
    values = {
        value.kind.rpartition(".")[2]: f"variable {value.name}"
        for value in run.values
        if re.search(r"(^|\.)optim(izers?)?\.", value.kind) and "lr_scheduler" not in value.kind
    }
    sources = {
        call.short: f"code cell [{call.cell}]"
        for call in run.calls
        if _plain(call.name) in _OPTIMIZERS or re.search(r"(^|\.)optim\.[A-Z]", call.name)
    }
    return values or sources


def _schedules(run: Observed) -> dict[str, str]:
    """Return the schedules of the learning rate, with where each was seen.

    Functions that make one (transformers' ``get_linear_schedule_with_warmup``) count beside the ``LambdaLR`` they make.
    """
    values = {
        value.kind.rpartition(".")[2]: f"variable {value.name}" for value in run.values if "lr_scheduler." in value.kind
    }
    makers, classes = (
        {call.short: f"code cell [{call.cell}]" for call in run.calls if re.fullmatch(pattern, call.name)}
        for pattern in (r"(.*\.)?get_\w*schedule\w*", r".*lr_scheduler\.\w+|(.*\.)?[A-Z]\w*LR")
    )
    return {**makers, **(values or classes)}


def _batch_size(declared: tuple[int, ...], run: Observed) -> Finding:
    """Compare the batch size with that of loaders, of calls, or of a parameter; what is nearest to training counts."""
    entry, wanted = "loop.batch_size", " or ".join(map(str, declared))
    seen = _batches(run)
    if not seen:
        return unobserved(entry, f"{wanted} is declared; no loader, call or parameter of the run shows a batch size.")
    said = ", ".join(f"{size} ({place})" for place, size in seen.items())
    kept = all(size in declared for size in seen.values())
    return judged(entry, f"The batch size is {said}, {'as' if kept else f'not {wanted} as'} declared.", kept=kept)


def _batches(run: Observed) -> dict[str, int]:
    """Return batch sizes by where they were seen."""
    matches = {value.name: _BATCH.search(value.summary) for value in run.values}
    loaders = {name: int(match[1]) for name, match in matches.items() if match}
    training = {name: size for name, size in loaders.items() if part_of(name) in {"train", None}}
    if loaders:
        return {f"variable {name}": size for name, size in (training or loaders).items()}
    parameter = run.parameter("batch_size", "train_batch_size", "batch", "per_device_train_batch_size")
    if parameter and _is_count(parameter[1]):
        return {f"parameter {parameter[0]}": parameter[1]}
    return {
        f"{call.short} in code cell [{call.cell}]": size
        for call in run.calls
        for name, size in call.options.items()
        if name in {"batch_size", "per_device_train_batch_size"} and _is_count(size)
    }


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(entry: str, declared: int, seen: tuple[str, int] | None, run: Observed) -> Finding:
    """Compare how long the training was with the parameter that says so; a lite run is meant to be shorter."""
    what = entry.rpartition(".")[2]
    if seen is None:
        return unobserved(entry, f"{declared} {what} are declared; no parameter of the run names their number.")
    name, number = seen
    if number == declared:
        return judged(entry, f"The run had {number} {what} (parameter {name}), as declared.", kept=True)
    if run.lite.get(name) == number:
        text = f"The run had {number} {what}, the lite value of {name}; {declared} are declared."
        return Finding(entry=entry, state="risk", text=text)
    return judged(entry, f"The run had {number} {what} (parameter {name}); {declared} are declared.", kept=False)


def _early(metric: str, run: Observed) -> Finding:
    """Check what may end the training early; that it did shows where something is logged each epoch."""
    entry, is_none = "loop.early_stopping", metric.lower() in _NONE
    if not is_none and metric not in run.logged:
        return judged(entry, f"{metric} is to end the training early, but was never logged.", kept=False)
    passes = run.epochs[1] if run.epochs else None
    logged = run.logged.values() if is_none else [run.logged[metric]]
    most = max((len([step for step in steps if step is not None]) for steps in logged), default=0)
    if passes and passes <= most <= passes + 1:
        return judged(entry, f"All {passes} epochs ran: nothing ended the training early.", kept=True)
    if is_none:
        return unobserved(entry, "none is declared; no metric was logged each epoch, so that nobody can tell.")
    return unobserved(entry, f"{metric} was logged {most} times; whether it ended the training does not show.")
