"""Which part a row belongs to.

By hash, a row's part follows from its id alone, so it stays whatever rows are added, removed or put in another order.
The price is that shares hold up to chance: no rule that looks at more than the row itself could keep its promise when
others come. ``stratified`` therefore is the same rule, held against every stratum afterwards.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from reprobook.dataset.identity import column, place
from reprobook.errors import InputError

By = Literal["hash", "stratified", "entity", "time"]
BY: tuple[str, ...] = get_args(By)
_ROUNDING = 1e-9


@dataclass(frozen=True)
class SplitPlan:
    """How rows are divided.

    Attributes:
        parts: Name and share of each part; by time, the earliest first.
        by: The rule.
        seed: Another one gives another division.
    """

    parts: Mapping[str, float]
    by: By = "hash"
    seed: int = 0


@dataclass(frozen=True)
class Rows:
    """The columns that rows are divided by and checked with; all are as long as ``ids``.

    Attributes:
        ids: What identifies a row.
        strata: What is to be found in every part, as a class.
        entities: What must be in one part only, as a patient.
        times: When the row was observed; anything that has an order.
    """

    ids: list[Any]
    strata: list[Any] | None = None
    entities: list[Any] | None = None
    times: list[Any] | None = None

    @classmethod
    def of(
        cls,
        ids: Iterable[Any],
        strata: Iterable[Any] | None = None,
        entities: Iterable[Any] | None = None,
        times: Iterable[Any] | None = None,
    ) -> Rows:
        """Read columns of any kind.

        Raises:
            InputError: If one has another length.
        """
        known = column(ids)
        others = {"strata": strata, "entities": entities, "times": times}
        read = {name: None if values is None else column(values) for name, values in others.items()}
        for name, values in read.items():
            if values is not None and len(values) != len(known):
                msg = f"{name} has {len(values)} values for {len(known)} ids"
                raise InputError(msg, hint="Give one value a row.")
        return cls(known, **read)


def assign(rows: Rows, plan: SplitPlan) -> list[str]:
    """Return the part of each row.

    Raises:
        InputError: If shares do not add up to 1, the rule is not known, or a column that it needs is missing.
    """
    check_plan(plan)
    names = list(plan.parts)
    bounds = list(itertools.accumulate(plan.parts.values()))[:-1]
    if plan.by == "time":
        cuts = time_cuts(_needed(rows.times, "times", plan.by), bounds)
        return [names[bisect.bisect_right(cuts, moment)] for moment in rows.times or ()]
    keys = _needed(rows.entities, "entities", plan.by) if plan.by == "entity" else rows.ids
    if plan.by == "stratified":
        _needed(rows.strata, "strata", plan.by)
    return [names[bisect.bisect_right(bounds, place(key, plan.seed))] for key in keys]


def check_plan(plan: SplitPlan) -> None:
    """Refuse a plan that makes no sense.

    Raises:
        InputError: If it makes none.
    """
    if plan.by not in BY:
        msg = f"by={plan.by!r} is no rule to split by"
        raise InputError(msg, hint=f"There are {', '.join(BY)}.")
    shares = list(plan.parts.values())
    if not shares or any(not 0 < share <= 1 for share in shares) or abs(math.fsum(shares) - 1) > _ROUNDING:
        msg = f"shares {dict(plan.parts)} do not add up to 1"
        raise InputError(msg, hint='For example {"train": 0.8, "val": 0.1, "test": 0.1}.')


def time_cuts(times: Sequence[Any], bounds: Sequence[float]) -> list[Any]:
    """Return the moments at which the next part begins; rows of one moment stay together.

    Raises:
        InputError: If the times have no order: missing ones, or of several kinds.
    """
    if any(moment is None or moment != moment for moment in times):  # noqa: PLR0124  # what NaN is
        msg = "some rows have no time"
        raise InputError(msg, hint="Leave them out, or split by hash.")
    try:
        ordered = sorted(times)
    except TypeError as error:
        msg = f"the times have no order: {error}"
        raise InputError(msg, hint="Give numbers, dates or texts such as 2026-11-29, all of one kind.") from error
    return [ordered[min(round(bound * len(ordered)), len(ordered) - 1)] for bound in bounds] if ordered else []


def shares_by_stratum(parts: Sequence[str], strata: Sequence[Any]) -> dict[str, Counter[str]]:
    """Return how many rows of each stratum are in each part."""
    found: dict[str, Counter[str]] = {}
    for part, stratum in zip(parts, strata, strict=True):
        found.setdefault(str(stratum), Counter())[part] += 1
    return found


def _needed(values: list[Any] | None, name: str, by: str) -> list[Any]:
    if values is None:
        msg = f"by={by!r} needs {name}="
        raise InputError(msg, hint=f"Give {name}, one value a row.")
    return values
