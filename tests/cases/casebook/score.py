"""Score what `verify --diagnose` says about a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from casebook.model import Case, Expected

RATES = ("detected", "cell", "variable", "cause", "general", "confirmed")


@dataclass(frozen=True, kw_only=True)
class Score:
    """How one case was judged.

    Attributes:
        pinned: The divergence was neutralised and is listed as such, with the right cause.
        variable: A right name is among the names; `leading`: it is the first of them.
        preferred: The cause is the first of those that are accepted.
        alarm: A notebook without a cause was said to diverge.
        said: What was said, for the eye.
    """

    id: str
    family: str
    fixed: bool = False
    detected: bool = False
    pinned: bool = False
    cell: bool = False
    variable: bool = False
    leading: bool = False
    cause: bool = False
    preferred: bool = False
    general: bool = False
    confirmed: bool = False
    alarm: bool = False
    error: str = ""
    wanted: str = ""
    said: str = ""
    evidence: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def score(case: Case, found: Mapping[str, Any], *, fixed: bool = False) -> Score:
    """Score the document of `verify`."""
    first = found["first"] or {}
    common = {"id": case.id, "family": case.family, "seconds": found["seconds"], "said": said(found)}
    common["evidence"] = first.get("evidence", "")
    if fixed or not case.expected:
        return Score(**common, fixed=True, alarm=_is_alarm(found), wanted="reproduced")
    pinned = any(_names_cause(pin["cause"], case.expected[0]) for pin in found.get("pinned", ()))
    judged = [_judge(each, found, first_one=number == 0) for number, each in enumerate(case.expected)]
    each = {name: all(row[name] for row in judged) for name in judged[0]}
    if pinned:
        each |= {"cause": True, "preferred": True, "general": True}
    return Score(
        **common,
        **each,
        detected=found["verdict"] == "diverged" or pinned,
        pinned=pinned,
        wanted="; ".join(f"[{e.cell}] {e.variable} {e.label}" for e in case.expected),
    )


def _judge(expected: Expected, found: Mapping[str, Any], *, first_one: bool) -> dict[str, bool]:
    """Judge one expected divergence: the first by `first`, the others by the best of `all`."""
    candidates: Sequence[Mapping[str, Any]] = [found["first"]] if first_one and found["first"] else found["all"]
    rows = [
        {
            "cell": each["cell"] in expected.cells,
            "variable": bool(expected.variables & set(each["names"])),
            "leading": bool(each["names"]) and each["names"][0] in expected.variables,
            "cause": _names_cause(each["cause"], expected),
            "preferred": each["cause"] == expected.label,
            "general": each["cause"].partition(".")[0] in {label.partition(".")[0] for label in expected.labels},
            "confirmed": bool(each["confirmed"]),
        }
        for each in candidates
    ]
    nothing = dict.fromkeys(("cell", "variable", "leading", "cause", "preferred", "general", "confirmed"), False)
    return max(rows, key=lambda row: (row["cell"], sum(row.values())), default=nothing)


def _names_cause(cause: str, expected: Expected) -> bool:
    return cause in expected.labels


def _is_alarm(found: Mapping[str, Any]) -> bool:
    return bool(found["verdict"] != "reproduced")


def said(found: Mapping[str, Any]) -> str:
    """Return the gist of a verification in one line."""
    parts = [found["verdict"]]
    others = [each for each in found["all"] if each != found["first"] and each["cause"] not in {"", "unknown"}]
    for each in [found["first"], *others] if found["first"] else []:
        names = ",".join(each["names"][:4])
        parts.append(f"[{each['cell']}] {names} {each['cause']}{'!' if each['confirmed'] else ''}")
    parts += [f"pinned {pin['cause']}:{pin['setting']}" for pin in found.get("pinned", ())]
    return " | ".join(parts)
