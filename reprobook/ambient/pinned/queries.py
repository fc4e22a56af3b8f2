"""Rows of SQLite in a fixed order, where the query asks for none."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from reprobook.ambient.stand_in import Replacements

_ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)
_SELECTS = re.compile(r"\s*(select|with|values)\b", re.IGNORECASE)


def pin_queries(replacements: Replacements) -> None:
    """Sort the rows of every query without ``ORDER BY``."""
    replacements.stand_in(sqlite3, "connect", _connect)
    replacements.stand_in(sqlite3.dbapi2, "connect", _connect)


class _Cursor(sqlite3.Cursor):
    """A cursor that has read all its rows once it gives the first one."""

    _rows: Iterator[Any] | None = None

    def execute(self, sql: str, *args: Any) -> _Cursor:
        """Execute, and sort what an unordered query gives."""
        super().execute(sql, *args)
        self._rows = None
        if _SELECTS.match(sql) and not _ORDERED.search(sql):
            self._rows = iter(sorted(super().fetchall(), key=lambda row: repr(tuple(row))))
        return self

    def fetchone(self) -> Any:
        """Return the next row."""
        return super().fetchone() if self._rows is None else next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows."""
        number = self.arraysize if size is None else size
        if self._rows is None:
            return super().fetchmany(number)
        return [row for _, row in zip(range(number), self._rows, strict=False)]

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return super().fetchall() if self._rows is None else list(self._rows)

    def __next__(self) -> Any:
        return super().__next__() if self._rows is None else next(self._rows)


class _Connection(sqlite3.Connection):
    """A connection whose cursors sort."""

    def cursor(self, factory: Any = _Cursor) -> Any:
        """Return a cursor."""
        return super().cursor(factory)

    def execute(self, sql: str, *args: Any) -> Any:
        """Execute in a new cursor."""
        return self.cursor().execute(sql, *args)


def _connect(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return original(*args, **{"factory": _Connection, **kwargs})
