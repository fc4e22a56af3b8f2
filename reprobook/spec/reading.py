"""What the lines of a whiteboard say of a training spec: ``Batch size: 32`` is an entry, ``ask Ana`` is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reprobook.errors import InputError
from reprobook.spec.entries import with_entries
from reprobook.spec.model import Spec

# What people write before a value; the first that fits counts.
_LABELS = (
    (r"hypothesis|hyp|claim|h[01]", "hypothesis"),
    (r"leak(age)?( risks?)?|risks?", "split.leakage_risks"),
    (r"(data )?split( by| strategy)?", "split.strategy"),
    (r"optimi[sz]er|optim|opt", "loop.optimizer"),
    (r"(lr |learning rate )?schedule(r)?", "loop.schedule"),
    (r"batch( ?size)?|bs", "loop.batch_size"),
    (r"epochs?", "loop.epochs"),
    (r"(max |training )?steps", "loop.steps"),
    (r"early stop(ping)?( on)?|stop(ping)?( on)?", "loop.early_stopping"),
    (r"metrics?", "evaluation.metrics"),
    (r"select(ion)? (set|on)|chosen on", "evaluation.selection_set"),
    (r"select(ion)?( metric| by)?|choose by|best by", "evaluation.selection_metric"),
    (r"(checkpoint|save) every", "checkpoints.every"),
    (r"(checkpoint|save) (to|where)", "checkpoints.where"),
    (r"checkpoints?|save", "checkpoints.what"),
    (r"track(ing|ers?)?|log(ging)? to", "tracking"),
    (r"(compute |time )?budget|(max )?time|minutes", "budget.minutes"),
    (r"device|hardware", "budget.device"),
)
_LINE = re.compile(r"^\W*(?P<label>[A-Za-z][A-Za-z0-9 ]*?)\s*(?:[:=\uff1a]|->|\u2192|\s-\s)\s*(?P<value>\S.*)$")
_SHARES = re.compile(r"\d+(?:\.\d+)?(?:\s*/\s*\d+(?:\.\d+)?){1,2}")
_PARTS = {2: ("train", "test"), 3: ("train", "val", "test")}
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(h(?:ours?)?|m(?:in(?:utes?)?)?|s(?:ec(?:onds?)?)?)?", re.IGNORECASE)
_MINUTES = {"h": 60.0, "m": 1.0, "s": 1 / 60}


@dataclass(frozen=True)
class Written:
    """A line as it was read; ``score`` is how sure the reader is of it, 0 to 1."""

    text: str
    score: float = 1.0


@dataclass(frozen=True)
class Proposal:
    """An entry as a line seems to say it, to be confirmed before it is taken.

    Attributes:
        key: Of the entry.
        text: Its value, as ``with_entries`` takes it.
        line: The line that says so.
        problem: Why the value makes no sense there; empty if it does.
    """

    key: str
    text: str
    line: Written
    problem: str = ""


def proposals(lines: Iterable[Written]) -> tuple[Proposal, ...]:
    """Return what lines say, in their order; those that say nothing of a spec are left out."""
    return tuple(each for line in lines for each in _of_line(line))


def _of_line(line: Written) -> Iterator[Proposal]:
    found = _LINE.match(line.text)
    if not found:
        return
    label = " ".join(found["label"].lower().split())
    key = next((key for pattern, key in _LABELS if re.fullmatch(pattern, label)), None)
    if key is None:
        return
    for name, text in _values(key, found["value"].strip()):
        yield Proposal(name, text, line, _problem(name, text))


def _values(key: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield the entries that a value is for: ``stratified 80/10/10`` is a strategy and shares."""
    if key == "split.strategy":
        if shares := _SHARES.search(value):
            yield "split.parts", _parts(shares[0])
        if words := re.sub(r"^by\s+|[\s,;]+$", "", _SHARES.sub("", value).strip(" ,;()")):
            yield key, words.lower()
    elif key == "budget.minutes" and (time := _TIME.fullmatch(value)):
        yield key, f"{float(time[1]) * _MINUTES[(time[2] or 'm')[0].lower()]:g}"
    elif key in {"budget.device", "tracking"}:
        yield key, value.lower()
    else:
        yield key, value


def _parts(shares: str) -> str:
    """Return ``80/10/10`` as shares by name."""
    numbers = [float(each) for each in shares.split("/")]
    names, whole = _PARTS[len(numbers)], sum(numbers) or 1.0
    return ", ".join(f"{name} {number / whole:g}" for name, number in zip(names, numbers, strict=True))


def _problem(key: str, text: str) -> str:
    try:
        with_entries(Spec(), {key: text})
    except InputError as error:
        return str(error)
    return ""
