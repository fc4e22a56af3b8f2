"""What one part of a split tells about another: the same rows, nearly the same rows, entities, and times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from reprobook.dataset.assign import Rows, shares_by_stratum
from reprobook.dataset.content import Content, read_content
from reprobook.dataset.identity import digest
from reprobook.dataset.near_numbers import near_numbers
from reprobook.dataset.near_texts import near_texts

Kind = Literal["ids", "duplicates", "near duplicates", "entities", "times"]
Pairs = Iterable[tuple[int, int]]
_EXAMPLES = 5
# Where more rows than this have a twin, as in a table of few categories, twins say nothing.
_USUAL = 0.5


@dataclass(frozen=True)
class Leak:
    """Something that two parts share.

    Attributes:
        kind: What it is.
        parts: The two parts, in the order of the plan.
        count: How many rows of the second are concerned.
        examples: Some pairs of row numbers, one of each part.
        text: The same in words.
    """

    kind: Kind
    parts: tuple[str, str]
    count: int
    examples: tuple[tuple[int, int], ...]
    text: str


@dataclass(frozen=True)
class LeakageReport:
    """What was looked for, how, and what was found.

    Attributes:
        found: What leaks.
        checked: What was looked for, and how.
        notes: What was not looked for and why, and strata that a part lacks.
    """

    found: tuple[Leak, ...] = ()
    checked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return it as a list, for people."""
        lines = [f"leak: {leak.text}" for leak in self.found] or ["no leakage found"]
        return "\n".join([*lines, *(f"checked: {text}" for text in self.checked), *(f"note: {n}" for n in self.notes)])

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "found": [
                {
                    "kind": leak.kind,
                    "parts": list(leak.parts),
                    "count": leak.count,
                    "examples": [list(pair) for pair in leak.examples],
                    "text": leak.text,
                }
                for leak in self.found
            ],
            "checked": list(self.checked),
            "notes": list(self.notes),
        }


@dataclass
class _Findings:
    """Collects a report."""

    parts: Sequence[str]
    order: list[str]
    found: list[Leak] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, kind: Kind, pairs: Pairs, what: str) -> None:
        """Add pairs of rows as one leak for each two parts; rows of one part are no leak."""
        between: dict[tuple[str, str], dict[int, int]] = {}
        for pair in pairs:
            first, second = sorted(pair, key=lambda row: self.order.index(self.parts[row]))
            if self.parts[first] != self.parts[second]:
                between.setdefault((self.parts[first], self.parts[second]), {}).setdefault(second, first)
        for (a, b), rows in sorted(between.items()):
            examples = tuple((first, second) for second, first in sorted(rows.items())[:_EXAMPLES])
            text = f"{len(rows)} rows of {b} {what} {a}, such as rows {examples[0][1]} and {examples[0][0]}"
            self.found.append(Leak(kind, (a, b), len(rows), examples, text))


def find_leakage(parts: Sequence[str], order: Sequence[str], rows: Rows, content: Any = None) -> LeakageReport:
    """Look for what leaks between the parts of a split.

    Args:
        parts: The part of each row.
        order: The names of the parts, that of training first.
        rows: Ids, entities and times, as far as they are known.
        content: What the rows hold: an array of numbers, a frame, or texts.

    Raises:
        InputError: If the content has another number of rows, or is of no such kind.
    """
    findings = _Findings(parts, list(order))
    findings.add("ids", _alike([digest(value) for value in rows.ids], parts), "have the id of a row of")
    findings.checked.append("ids")
    if rows.entities is not None:
        findings.add(
            "entities", _alike([digest(each) for each in rows.entities], parts), "belong to an entity that is also in"
        )
        findings.checked.append("entities on both sides")
    if rows.times is not None:
        _add_times(findings, rows.times)
    if rows.strata is not None:
        _note_strata(findings, rows.strata)
    if content is None:
        findings.notes.append("duplicates were not looked for: rows= gives what the rows hold")
    else:
        _add_twins(findings, read_content(content, len(parts)))
    return LeakageReport(tuple(findings.found), tuple(findings.checked), tuple(findings.notes))


def _alike(keys: Sequence[bytes], parts: Sequence[str]) -> Pairs:
    """Yield each row with the first row of every part that is like it."""
    first: dict[bytes, dict[str, int]] = {}
    for row, (key, part) in enumerate(zip(keys, parts, strict=True)):
        first.setdefault(key, {}).setdefault(part, row)
    return ((other, row) for row, key in enumerate(keys) for other in first[key].values())


def _add_twins(findings: _Findings, content: Content) -> None:
    """Look for rows that hold the same, or nearly."""
    keys = content.digests()
    twins = len(keys) - len(set(keys))
    if twins > _USUAL * len(keys):
        findings.notes.append(f"{twins} of {len(keys)} rows repeat another one: equal rows tell nothing here")
        return
    findings.add("duplicates", _alike(keys, findings.parts), "are equal to a row of")
    findings.checked.append("duplicates: equal rows")
    first = {key: row for row, key in reversed(list(enumerate(keys)))}
    distinct = sorted(first.values())
    look = near_numbers if content.numbers is not None else near_texts
    near = look(content, distinct)
    findings.add("near duplicates", near.pairs, "are nearly equal to a row of")
    (findings.checked if near.looked else findings.notes).append(f"near duplicates: {near.how}")


def _add_times(findings: _Findings, times: Sequence[Any]) -> None:
    """Look for rows of a later part that were observed before the end of an earlier one."""
    findings.checked.append("times: no part begins before the one before it has ended")
    members = {name: [row for row, part in enumerate(findings.parts) if part == name] for name in findings.order}
    filled = [name for name in findings.order if members[name]]
    for a, b in pairwise(filled):
        last = max(members[a], key=lambda row: times[row])
        early = [row for row in members[b] if times[row] < times[last]]
        if early:
            text = f"{len(early)} rows of {b} are earlier than the last of {a} ({times[last]})"
            findings.found.append(Leak("times", (a, b), len(early), tuple((last, r) for r in early[:_EXAMPLES]), text))


def _note_strata(findings: _Findings, strata: Sequence[Any]) -> None:
    """Note strata that a part lacks."""
    for stratum, counts in sorted(shares_by_stratum(findings.parts, strata).items()):
        if lacking := [name for name in findings.order if not counts[name]]:
            findings.notes.append(f"stratum {stratum} ({counts.total()} rows) is not in {', '.join(lacking)}")
