"""Runs that the store has already: those of this sweep, and others of the very same recipe."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobook.errors import InputError, IntegrityError
from reprobook.execute.inputs import files_read
from reprobook.execute.journal import read_trace
from reprobook.execute.preparation import Preparation, prepare, spec_digest
from reprobook.header import encode, sha256_hex
from reprobook.runs import RunFolder, RunRecord, Store
from reprobook.runs.files import sha256_file
from reprobook.sweep.executor.port import TaskKey
from reprobook.sweep.plan import Plan
from reprobook.sweep.probe import surroundings
from reprobook.sweep.surroundings import current_surroundings
from reprobook.sweep.tasks import run_options
from reprobook.trace import MISSING

_PATIENCE = 30.0  # seconds that workers of a killed driver have to end their runs
_LONGEST = 1500  # characters of a query


class Reuse:
    """Finds runs that need not be made again."""

    def __init__(self, plan: Plan, source: bytes, store: Store) -> None:
        self._plan = plan
        self._source = source
        self._digest = sha256_hex(source)
        self._store = store
        self._own: dict[tuple[int | None, int | None], list[str]] = {}
        self._now: dict[int, dict[str, Any] | None] = {}

    def settle(self) -> None:
        """Wait until the runs of an earlier driver of this sweep have ended, and look what there are.

        Raises:
            InputError: If one goes on.
        """
        of_sweep = f"sweep == {self._plan.sweep_id!r}"
        until = time.monotonic() + _PATIENCE
        while going := self._store.records(f"{of_sweep} and status in ('pending', 'running')", limit=1):
            if time.monotonic() > until:
                owner = going[0].owner
                msg = f"run {going[0].run_id} of this sweep still goes on"
                raise InputError(msg, hint=f"End process {owner.pid if owner else '?'} on its host, then resume.")
            time.sleep(0.1)
        for record in self._store.records(of_sweep, sort="sequence"):
            self._own.setdefault((record.trial, record.seed), []).append(record.run_id)

    def own(self, number: int, seed_index: int) -> list[RunFolder]:
        """Return the runs that earlier drivers of this sweep have made for a trial and seed, the oldest first."""
        run_ids = self._own.get((number, self._plan.options.seed + seed_index), ())
        return [self._store.folder(run_id) for run_id in run_ids]

    def cached(self, number: int, parameters: Mapping[str, Any], seed_index: int) -> RunFolder | None:
        """Return a run that succeeded with the same recipe: code, parameters, seed, surroundings, and files read.

        Of this sweep's own runs only those count that a trial may know of, so that it does not matter which of two
        equal trials is faster.
        """
        if not self._plan.options.cache:
            return None
        options = run_options(self._plan, TaskKey(number, seed_index), parameters)
        prepared = prepare(Path(self._plan.notebook), options, self._source)
        for record in self._store.records(_query(prepared)):
            if record.parent == self._plan.sweep_id and (record.trial or 0) > number - self._plan.window:
                continue
            run = self._store.folder(record.run_id)
            if self._is_same(record, run, prepared, options.device):
                return run
        return None

    def _is_same(self, record: RunRecord, run: RunFolder, prepared: Preparation, device: str) -> bool:
        """Tell whether a run had this recipe, and would read the same files today."""
        if record.foreign is not None:
            return False  # what others say that came of it is no result of ours
        same = record.files.get(run.source.name) == self._digest
        if not same or encode(record.parameters) != encode(prepared.parameters):
            return False
        try:
            run.check_integrity()
            header, trace = run.read_header(), read_trace(run)
        except IntegrityError:
            return False
        expected = device if device != "auto" else prepared.init.device
        if (header.seeds.device, header.seeds.deterministic) != (expected, prepared.init.deterministic):
            return False
        if header.spec != spec_digest(prepared.spec, prepared.path):
            return False
        # Without cells in the trace (--trace off) nobody knows which files it read.
        return bool(trace.cells) and _unchanged(files_read(trace), prepared.cwd) and self._surrounds(run, prepared)

    def _surrounds(self, run: RunFolder, prepared: Preparation) -> bool:
        """Tell whether the environment and the machine are those of a run; found out once a seed."""
        seed = prepared.seed or 0
        if seed not in self._now:
            self._now[seed] = current_surroundings(prepared, self._plan)
        return self._now[seed] is not None and self._now[seed] == surroundings(run.read_header())


def _query(prepared: Preparation) -> str:
    """Return what the index can be asked: status, seed, and the plain parameters."""
    text = f"status == 'succeeded' and kind == 'run' and seed == {prepared.seed}"
    for name, value in prepared.parameters.items():
        term = f" and parameters[{name!r}] == {value!r}"
        plain = type(value) in {bool, int, str} or (type(value) is float and math.isfinite(value))
        if plain and len(text + term) < _LONGEST:
            text += term
    return text


def _unchanged(files: Mapping[str, str], folder: Path) -> bool:
    """Tell whether files that a run read still are what it read."""
    return all(_digest(folder / path) == digest for path, digest in files.items())


def _digest(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError:
        return MISSING
