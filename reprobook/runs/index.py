"""The index of a store: an SQLite cache of all records, so that 10,000 runs are filtered in a millisecond.

Files are the truth. A row is only ever shown after its file's stamp (inode, size, time) was compared, an index that is
damaged or of another version is rebuilt, and where none can be written it is built in memory.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from reprobook.errors import IntegrityError
from reprobook.runs.facts import facts
from reprobook.runs.files import RESTORE, read_bytes
from reprobook.runs.folder import relocated
from reprobook.runs.ids import is_id
from reprobook.runs.model import RunRecord, parse_record
from reprobook.runs.query import Query, Row, fetch, matching, select
from reprobook.runs.seal import RECORD

VERSION = 1
_SCHEMA = """
CREATE TABLE runs (run INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, stamp TEXT NOT NULL, record BLOB NOT NULL,
                   ended INTEGER NOT NULL);
CREATE INDEX active ON runs (run) WHERE NOT ended;
CREATE TABLE facts (run INTEGER NOT NULL, key TEXT NOT NULL, value, PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE INDEX by_key ON facts (key, value, run);
CREATE TABLE seals (digest TEXT NOT NULL, path TEXT NOT NULL, run INTEGER NOT NULL);
CREATE INDEX by_digest ON seals (digest);
CREATE INDEX by_run ON seals (run);
CREATE TABLE corrupt (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, problem TEXT NOT NULL);
CREATE TABLE state (folder_time INTEGER NOT NULL);
"""
_REFUSALS = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
_GONE = "gone"
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Corrupt:
    """A run whose record cannot be read; the others are listed without it."""

    run_id: str
    problem: str


class Index:
    """The cache beside a folder of runs."""

    def __init__(self, file: Path, runs: Path) -> None:
        self._file = file
        self._runs = runs

    def ask(self, question: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Put a question to an index that agrees with the files, healing a damaged one."""
        for open_index in (self._on_disk, self._renewed):
            try:
                with closing(open_index()) as connection:
                    self._sync(connection, force=False)
                    return question(connection)
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the second: a text on a damaged page
                # Only damage is healed by removing it; busy, full and read-only are not.
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in _REFUSALS:
                    break
            except OSError:
                break
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            connection.executescript(_SCHEMA)
            self._sync(connection, force=True)
            return question(connection)

    def rebuild(self) -> None:
        """Throw the index away and build it anew."""
        self.remove()
        self.ask(lambda _: None)

    def remove(self) -> None:
        """Delete the index with its journals."""
        for suffix in ("", "-wal", "-shm"):
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)

    def problem(self) -> str | None:
        """Say what is wrong with the index on disk: damaged, or rows that a listing would not bring up to date.

        In a store that may only be read it is not looked at: a listing does without it.
        """
        if not self._file.exists():
            return None  # It is built when it is first asked.
        try:
            with closing(self._on_disk()) as connection:
                (state,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
                if state != "ok":
                    return f"damaged ({state})"
                self._sync(connection, force=False)
                known = _stamps(connection)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            return f"unreadable ({error})"
        except OSError:
            return None
        found = {name: _stamp(self._runs / name) for name in self._names()}
        stale = sum(known.get(name) != found.get(name) for name in known | found)
        return f"{stale} rows differ from their files" if stale else None

    def _on_disk(self) -> sqlite3.Connection:
        """Open the file, made private before SQLite would make it readable by all."""
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self._file, timeout=5.0, isolation_level=None)
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                _create(connection, version)
            # A cache needs no fsync: what a power loss takes is rebuilt.
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("SELECT folder_time FROM state").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _renewed(self) -> sqlite3.Connection:
        """Open a new file in place of the damaged one."""
        self.remove()
        return self._on_disk()

    def _names(self) -> Iterator[str]:
        """Yield the names of the run folders; what is no run id is none of ours."""
        if self._runs.is_dir():
            with os.scandir(self._runs) as entries:
                yield from (entry.name for entry in entries if is_id(entry.name))

    def _sync(self, connection: sqlite3.Connection, *, force: bool) -> None:
        """Bring the index up to the files: all runs if the folder changed, else those that may still change."""
        folder_time = self._runs.stat().st_mtime_ns if self._runs.is_dir() else 0
        (seen,) = connection.execute("SELECT folder_time FROM state").fetchone() or (None,)
        unsettled = "SELECT name, stamp FROM runs WHERE NOT ended UNION ALL SELECT name, stamp FROM corrupt"
        if force or seen != folder_time:
            known, names = _stamps(connection), list(self._names())
        else:
            known = dict(connection.execute(unsettled))
            names = list(known)
        found = {name: _stamp(self._runs / name) for name in names}
        changed = [name for name in found if found[name] != known.get(name)]
        gone = known.keys() - found.keys()
        if not changed and not gone and seen == folder_time:
            return
        with _transaction(connection):
            for name in [*changed, *gone]:
                _forget(connection, name)
            for name in changed:
                self._add(connection, name, found[name])
            connection.execute("DELETE FROM state")
            connection.execute("INSERT INTO state VALUES (?)", (folder_time,))

    def _add(self, connection: sqlite3.Connection, name: str, stamp: str) -> None:
        """Read one run into the index, or note that it is corrupt."""
        try:
            data, record = self._read(name)
        except IntegrityError as error:
            if stamp != _GONE:
                connection.execute("INSERT INTO corrupt VALUES (?, ?, ?)", (name, stamp, str(error)))
            return
        row = (name, stamp, data, record.ended)
        number = connection.execute("INSERT INTO runs (name, stamp, record, ended) VALUES (?, ?, ?, ?)", row).lastrowid
        rows = ((number, key, value) for key, value in facts(record).items())
        connection.executemany("INSERT INTO facts VALUES (?, ?, ?)", rows)
        sealed = ((digest, path, number) for path, digest in record.files.items())
        connection.executemany("INSERT INTO seals VALUES (?, ?, ?)", sealed)

    def _read(self, name: str) -> tuple[bytes, RunRecord]:
        """Return one record, as bytes and checked."""
        place = f"{name}/{RECORD}"
        problem = f"{name}: the run folder is a link" if (self._runs / name).is_symlink() else ""
        if not problem:
            data = read_bytes(self._runs / name / RECORD, place)
            record = parse_record(data, place)
            if record.run_id == name:
                return data, record
            problem = f"{place}: the record of another run, {record.run_id!r}"
        raise IntegrityError(problem, hint=RESTORE)

    def corrupt(self) -> list[Corrupt]:
        """Return the runs that cannot be read."""
        sql = "SELECT name, problem FROM corrupt ORDER BY name"
        rows = self.ask(lambda connection: connection.execute(sql).fetchall())
        return [Corrupt(name, problem) for name, problem in rows]

    def records(self, query: Query) -> list[RunRecord]:
        """Return the runs that match, in order.

        Raises:
            InputError: If the expression or the sort key cannot be understood.
        """
        return self._parsed(self.ask(lambda connection: self._current(connection, query)))

    def page(self, query: Query, offset: int) -> tuple[int, list[RunRecord]]:
        """Return how many runs match a query without its limit, and those from ``offset`` on up to the limit.

        Raises:
            InputError: If the expression or the sort key cannot be understood.
        """
        end = None if query.limit is None else offset + query.limit
        every = Query(query.where, query.sort)

        def find(connection: sqlite3.Connection) -> tuple[int, list[Row]]:
            runs = matching(connection, every)
            return len(runs), fetch(connection, runs[offset:end])

        total, rows = self.ask(find)
        return total, self._parsed([row for row in rows if _stamp(self._runs / row[0]) == row[1]])

    def _parsed(self, rows: list[Row]) -> list[RunRecord]:
        """Return rows as records that point to where the runs are now."""
        return [relocated(parse_record(data, f"{name}/{RECORD}"), self._runs / name) for name, _, data in rows]

    def sealed(self, digest: str) -> list[tuple[str, str]]:
        """Return run id and relative path of each sealed file with this SHA-256, oldest run first."""
        sql = "SELECT name, path FROM seals JOIN runs USING (run) WHERE digest = ? ORDER BY name, path"
        return self.ask(lambda connection: connection.execute(sql, (digest,)).fetchall())

    def _current(self, connection: sqlite3.Connection, query: Query) -> list[Row]:
        """Select, and once more if a file turns out to have changed behind the index."""
        rows = select(connection, query)
        if all(_stamp(self._runs / name) == stamp for name, stamp, _ in rows):
            return rows
        self._sync(connection, force=True)
        return select(connection, query)


def _create(connection: sqlite3.Connection, version: int) -> None:
    """Lay out a new index; one of another version counts as damaged and is removed by the caller."""
    if version:
        msg = f"index version {version}"
        raise sqlite3.DatabaseError(msg)
    # Readers never wait for a writer.
    connection.execute("PRAGMA journal_mode=WAL")
    with _transaction(connection):
        # Another process may have been faster.
        if connection.execute("PRAGMA user_version").fetchone() == (0,):
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={VERSION}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all of it or nothing, with one writer at a time."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _stamps(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, stamp FROM runs UNION ALL SELECT name, stamp FROM corrupt"))


def _stamp(folder: Path) -> str:
    """Return what changes whenever the record of a run is replaced or edited."""
    try:
        state = os.lstat(f"{folder}/{RECORD}")
    except OSError:
        return "no record" if os.path.lexists(folder) else _GONE
    return f"{state.st_ino}-{state.st_size}-{state.st_mtime_ns}-{folder.is_symlink()}"


def _forget(connection: sqlite3.Connection, name: str) -> None:
    for table in ("facts", "seals"):
        sql = f"DELETE FROM {table} WHERE run = (SELECT run FROM runs WHERE name = ?)"  # noqa: S608
        connection.execute(sql, (name,))
    connection.execute("DELETE FROM runs WHERE name = ?", (name,))
    connection.execute("DELETE FROM corrupt WHERE name = ?", (name,))
