"""``rb.split``: divide rows, look for what leaks, and keep both with the run."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from reprobook.dataset import LeakageReport, Rows, SplitPlan, assign, find_leakage, membership
from reprobook.dataset.assign import By
from reprobook.errors import InputError
from reprobook.execute.active import keep

SCHEMA = "reprobook.split/1"
_FOLDER = "splits"


class LeakageWarning(UserWarning):
    """One part of a split tells about another."""


class Split(dict[str, Any]):
    """The row numbers of each part, as arrays of integers, by its name; ``report`` says what leaks."""

    report: LeakageReport


def split(  # noqa: PLR0913  # columns and rules, by name
    ids: Iterable[Any],
    parts: Mapping[str, float],
    *,
    by: By = "hash",
    strata: Iterable[Any] | None = None,
    entities: Iterable[Any] | None = None,
    times: Iterable[Any] | None = None,
    rows: Any = None,
    seed: int = 0,
    name: str = "split",
    leakage: Literal["warn", "error", "ignore"] = "warn",
) -> Split:
    """Divide rows: ``parts = rb.split(ids, {"train": 0.8, "test": 0.2}, rows=X)``, then ``X[parts["train"]]``.

    By ``hash``, a row's part follows from its id alone: it stays when rows are added or come in another order. By
    ``entity``, all rows of one (``entities``) are in one part. ``stratified`` is by hash as well, and says where a
    stratum is missing in a part: shares hold up to chance, as no rule that looks at other rows could keep a row in its
    part when others come. By ``time``, the first part has the earliest rows (``times``). In a recorded run, row
    numbers, a digest of the ids of each part and the report are kept in its folder, under ``splits``.

    Args:
        ids: What identifies each row: numbers, texts, dates or tuples.
        parts: The share of each part, by name, that of training first.
        by: ``hash``, ``stratified``, ``entity`` or ``time``.
        strata: The class of each row.
        entities: Whom each row is about, such as a patient; looked at for leakage whatever ``by`` is.
        times: When each row was observed; looked at for leakage whatever ``by`` is.
        rows: What the rows hold (an array, a frame or texts): equal and nearly equal rows are looked for.
        seed: Another one gives another division.
        name: Of the file in the run's folder.
        leakage: Whether to warn of it, to raise, or to say nothing.

    Raises:
        InputError: If an argument makes no sense, or with ``leakage="error"`` something leaks.
    """
    import numpy as np  # noqa: PLC0415  # takes a while to import

    plan, columns = SplitPlan(parts, by, seed), Rows.of(ids, strata, entities, times)
    placed = assign(columns, plan)
    labels = np.asarray(placed)
    found = Split({part: np.flatnonzero(labels == part) for part in parts})
    found.report = find_leakage(placed, list(parts), columns, rows)
    document = {
        "schema": SCHEMA,
        "by": by,
        "seed": seed,
        "parts": {part: {"share": share, "rows": found[part].tolist()} for part, share in parts.items()},
        "members": membership(placed, list(parts), columns),
        "leakage": found.report.as_json(),
    }
    keep(f"{_FOLDER}/{name}.json", json.dumps(document).encode() + b"\n")
    _tell(found.report, leakage)
    return found


def _tell(report: LeakageReport, leakage: str) -> None:
    """Warn of leaks, or raise."""
    if leakage not in {"warn", "error", "ignore"}:
        msg = f"leakage={leakage!r} is neither warn, error nor ignore"
        raise InputError(msg, hint="warn is the default.")
    texts = [leak.text for leak in report.found]
    if texts and leakage == "error":
        msg = f"leakage: {'; '.join(texts)}"
        raise InputError(msg, hint="Split by entity or time, or remove the duplicates.")
    if leakage == "warn":
        for text in texts:
            warnings.warn(f"leakage: {text}", LeakageWarning, stacklevel=3)
