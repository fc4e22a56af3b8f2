"""Select runs from the index: filter and order, with the join order pinned.

SQLite's planner guesses wrong on key-value tables (and worse after ANALYZE). So we look first: a comparison that few
runs satisfy is answered first; else the order is walked and each run tested, which ends early at the limit.
"""

from __future__ import annotations

import difflib
import functools
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from reprobook.errors import InputError
from reprobook.runs.model import RunRecord
from reprobook.runs.where import Comparison, Condition, Junction, Value, parse_where, sql_value, test_sql, to_sql

Row = tuple[str, str, bytes]
Sql = tuple[str, list[Value]]
_WALK = "facts AS s INDEXED BY by_key"
_FEW = 1000
_GROUPS = ("parameters", "metrics", "error")
_MOST = 2**63 - 1  # the largest integer of SQLite
# A sweep is the parent of its runs.
_ALIASES = {"sweep": "parent"}
_LATEST = "latest"
_FIELDS = frozenset(RunRecord.model_fields) - {"parameters", "metrics", "files", "owner", "run_dir"}


@dataclass(frozen=True)
class Query:
    """What to list: which runs, in which order (``-key`` for descending), how many at most."""

    where: str | None = None
    sort: str = "-sequence"
    limit: int | None = None


def select(connection: sqlite3.Connection, query: Query) -> list[Row]:
    """Return name, stamp and record of the runs that match; those without the sort key come last.

    Raises:
        InputError: If the expression, the sort key or the limit makes no sense.
    """
    return fetch(connection, matching(connection, query))


def fetch(connection: sqlite3.Connection, runs: Sequence[int]) -> list[Row]:
    """Return name, stamp and record of runs, by their numbers in the index."""
    sql = "SELECT name, stamp, record FROM runs WHERE run = ?"
    return [connection.execute(sql, (run,)).fetchone() for run in runs]


def matching(connection: sqlite3.Connection, query: Query) -> list[int]:
    """Return the numbers of the runs that match, in order.

    Raises:
        InputError: If the expression, the sort key or the limit makes no sense.
    """
    if query.limit is not None and query.limit < 0:
        msg = f"--limit {query.limit} is negative"
        raise InputError(msg, hint="Give the number of runs to list, or leave it out for all.")
    resolve = functools.partial(_resolve, connection)
    condition = _with_latest(connection, parse_where(query.where, resolve)) if query.where else None
    key = resolve(query.sort.removeprefix("-"))
    limit = -1 if query.limit is None else min(query.limit, _MOST)
    driver = _driver(connection, condition)
    test = to_sql(condition, "s.run") if condition else ("1", [])
    runs = _ordered(connection, driver, test, (key, query.sort.startswith("-"), limit))
    if len(runs) != limit:
        runs += _unordered(connection, driver, test, (key, limit - len(runs) if limit > 0 else -1))
    return runs


def _with_latest(connection: sqlite3.Connection, condition: Condition) -> Condition:
    """Put the id of the newest sweep for the word ``latest``: no run has a parent of that name.

    Raises:
        InputError: If it is asked for and there is none.
    """
    if isinstance(condition, Junction):
        return Junction(condition.operator, tuple(_with_latest(connection, part) for part in condition.parts))
    if condition.key != _ALIASES["sweep"] or _LATEST not in condition.values:
        return condition
    sql = (
        "SELECT p.value FROM facts AS t CROSS JOIN facts AS s ON s.run = t.run AND s.key = 'sequence' "
        "CROSS JOIN facts AS p ON p.run = t.run AND p.key = 'parent' "
        "WHERE t.key = 'trial' AND t.value >= 0 ORDER BY s.value DESC LIMIT 1"
    )
    newest = connection.execute(sql).fetchone()
    if newest is None:
        msg = "there is no run of a sweep in this store yet"
        raise InputError(msg, hint="Make one: reprobook sweep NOTEBOOK --metric M, or rb.sweep(metric=...)")
    values = tuple(newest[0] if value == _LATEST else value for value in condition.values)
    return Comparison(condition.key, condition.operator, values)


def _ordered(connection: sqlite3.Connection, driver: Sql, test: Sql, order: tuple[str, bool, int]) -> list[int]:
    """Return the matching runs that have a value under the sort key."""
    key, descending, limit = order
    way = "DESC" if descending else "ASC"
    joined = f"({driver[0]}) AS d CROSS JOIN facts AS s ON s.run = d.run" if driver[0] else _WALK
    sql = (
        f"SELECT s.run FROM {joined} WHERE s.key = ? AND s.value IS NOT NULL AND {test[0]} "  # noqa: S608
        f"ORDER BY s.value {way}, s.run {way} LIMIT ?"
    )
    return [run for (run,) in connection.execute(sql, [*driver[1], key, *test[1], limit])]


def _unordered(connection: sqlite3.Connection, driver: Sql, test: Sql, rest: tuple[str, int]) -> list[int]:
    """Return the matching runs that have none."""
    key, limit = rest
    joined = f"({driver[0]}) AS d CROSS JOIN runs AS s ON s.run = d.run" if driver[0] else "runs AS s"
    sql = (
        f"SELECT s.run FROM {joined} WHERE {test[0]} AND NOT EXISTS "  # noqa: S608
        "(SELECT 1 FROM facts AS k WHERE k.run = s.run AND k.key = ? AND k.value IS NOT NULL) "
        "ORDER BY s.run DESC LIMIT ?"
    )
    return [run for (run,) in connection.execute(sql, [*driver[1], *test[1], key, limit])]


def _driver(connection: sqlite3.Connection, condition: Condition | None) -> Sql:
    """Return the query of a comparison that all results satisfy and few runs do; empty if there is none."""
    for comparison in _required(condition):
        test, values = test_sql(comparison)
        matching = f"SELECT run FROM facts INDEXED BY by_key WHERE key = ? AND {test}"  # noqa: S608
        bound: list[Value] = [comparison.key, *values]
        probe = f"SELECT count(*) FROM ({matching} LIMIT {_FEW})"  # noqa: S608
        if connection.execute(probe, bound).fetchone()[0] < _FEW:
            return matching, bound
    return "", []


def _required(condition: Condition | None) -> list[Comparison]:
    """Return the comparisons that every matching run satisfies and that the index can answer."""
    if condition is None:
        return []
    if isinstance(condition, Comparison):
        return [] if condition.operator in {"!=", "not in"} else [condition]
    return [found for part in condition.parts for found in _required(part)] if condition.operator == "and" else []


def _resolve(connection: sqlite3.Connection, name: str) -> str:
    """Return the key of a name as written: a field, else a parameter, else a metric.

    Raises:
        InputError: If no run of the store has anything of that name.
    """
    name = str(sql_value(_ALIASES.get(name, name)))  # as the index has the keys
    if name in _FIELDS or name.partition(".")[0] in _GROUPS:
        return name
    candidates = [f"parameters.{name}", f"metrics.{name}"]
    for key in candidates:
        if connection.execute("SELECT 1 FROM facts WHERE key = ? LIMIT 1", (key,)).fetchone():
            return key
    known = {key for (key,) in connection.execute("SELECT DISTINCT key FROM facts")}
    if not known:
        return candidates[0]
    short = sorted({key.partition(".")[2] or key for key in known} | known)
    close = difflib.get_close_matches(name, short, n=3)
    hint = f"Did you mean {', '.join(close)}?" if close else f"Fields: {', '.join(sorted(_FIELDS))}."
    msg = f"no run has a field, parameter or metric {name!r}"
    raise InputError(msg, hint=hint)
