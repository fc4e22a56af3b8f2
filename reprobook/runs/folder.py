"""One run's folder: where its files are, its record, its metrics and its seal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reprobook.errors import InputError
from reprobook.header import Header, header_bytes, open_header
from reprobook.runs import seal
from reprobook.runs.blobs import Blobs
from reprobook.runs.files import JsonLines, Lines, locked, make_folder, read_bytes, write_atomic, write_together
from reprobook.runs.model import RunRecord, json_number, parse_record, record_bytes

SOURCE, SPEC = "source.ipynb", "spec.yaml"


class RunFolder:
    """The folder of one run, in a store or copied out of one.

    Nothing is read when the object is made, so a folder whose files are damaged can still be named.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run_id = path.name
        self.header = path / "header.json"
        self.run = path / seal.RECORD
        self.source = path / SOURCE
        self.executed = path / "executed.ipynb"
        self.spec = path / SPEC
        self.trace = path / "trace.json"
        self.trace_journal = path / "trace.jsonl"
        self.metrics = path / "metrics.jsonl"
        self.artifacts = path / "artifacts"
        self.lock = path / "pylock.reprobook.toml"
        # Of the store that the run is in.
        self.blobs = Blobs(path.parent.parent / "blobs")
        # What its last verification found; beside the folder, which is sealed.
        self.verification = path.parent.parent / "verifications" / f"{path.name}.json"
        self._journal = JsonLines(self.metrics, durable=False)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def read_record(self) -> RunRecord:
        """Return the record, its paths corrected if the store was moved since.

        Raises:
            IntegrityError: If ``run.json`` is missing, garbage or edited.
        """
        record = parse_record(read_bytes(self.run, self.place(self.run)), self.place(self.run))
        return relocated(record, self.path)

    def write_record(self, record: RunRecord) -> RunRecord:
        """Replace the record in one step; that of a run that has ended makes all files of the folder durable."""
        write_atomic(self.run, record_bytes(record), entry=record.ended)
        return record

    def update(self, **changes: Any) -> RunRecord:
        """Change fields of the record of a run that has not ended, and return it.

        Raises:
            InputError: If the run has ended (a seal is final) or a value does not fit its field.
        """
        with self._locked():
            return self.write_record(self._changed(changes))

    def seal(self, **changes: Any) -> RunRecord:
        """End the run: apply the last changes, digest every file, and write both with one rename.

        ``status`` belongs to the changes. ``metrics``, when not given, are the last values that were logged.
        """
        self.close_metrics()
        with self._locked():
            if "metrics" not in changes:
                changes["metrics"] = self.last_metrics()
            record = self._changed(changes)
            if not record.ended:
                msg = f"run {self.run_id} cannot be sealed as {record.status}"
                raise InputError(msg, hint="Seal with status succeeded, failed or interrupted.")
            return self.write_record(record.model_copy(update={"files": seal.file_digests(self.path)}))

    def _changed(self, changes: dict[str, Any]) -> RunRecord:
        """Return the record on disk with some fields changed and checked."""
        record = self.read_record()
        if record.ended:
            msg = f"run {self.run_id} has ended ({record.status}); its record is final"
            raise InputError(msg, hint="Start a new run.")
        fields = {name: getattr(record, name) for name in type(record).model_fields}
        return RunRecord.model_validate({**fields, **changes})

    def write_header(self, header: Header, lock: str | None = None) -> None:
        """Freeze the sealed header into the folder, with the lock of its environment; the record gets its digests.

        Raises:
            InputError: If there is one already.
        """
        if self.header.exists():
            msg = f"run {self.run_id} has a frozen header already"
            raise InputError(msg, hint="Start a new run: a recipe is never changed after the fact.")
        contents = {self.header: header_bytes(header)}
        if lock is not None:
            contents[self.lock] = lock.encode()
        with self._locked():
            record = self._changed({"recipe_digest": header.recipe_digest, "header_digest": header.header_digest})
            write_together({**contents, self.run: record_bytes(record)}, entry=False)

    def read_header(self) -> Header:
        """Return the header, its own seal checked.

        Raises:
            IntegrityError: If it is missing, garbage or edited.
        """
        place = self.place(self.header)
        return open_header(read_bytes(self.header, place), place)

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Append one value to ``metrics.jsonl``; the line survives the death of this process."""
        # float and int: NumPy's scalars are no JSON.
        number, step = json_number(float(value)), None if step is None else int(step)
        self._journal.append({"name": name, "value": number, "step": step, "time": time.time()})

    def close_metrics(self) -> None:
        """Let go of ``metrics.jsonl``; the next value opens it again."""
        self._journal.close()

    def read_metrics(self) -> Lines:
        """Return all values logged (not finite ones as text), and whether the journal is torn."""
        return self._journal.read()

    def last_metrics(self) -> dict[str, float]:
        """Return the last value of each metric, in order of first appearance."""
        return {str(line["name"]): float(line["value"]) for line in self.read_metrics().records if _is_metric(line)}

    def make_artifacts(self) -> Path:
        """Return the folder of artifacts, made if need be."""
        make_folder(self.artifacts)
        return self.artifacts

    def check_integrity(self) -> RunRecord:
        """Return the record if every file of the run is as it was sealed.

        Raises:
            IntegrityError: For the first file that was edited, removed or added; the message names it.
        """
        record = self.read_record()
        for problem in seal.problems(self.path, record):
            raise problem
        return record

    def place(self, path: Path) -> str:
        """Return how messages name a file of this run."""
        return f"{self.run_id}/{path.relative_to(self.path).as_posix()}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep the processes of one run (driver, kernel, a lister that finds it dead) from overwriting each other."""
        with locked(self.path / seal.LOCK, 30):
            yield


def relocated(record: RunRecord, path: Path) -> RunRecord:
    """Return the record with its absolute paths pointing into ``path``, where the folder is now."""
    before = record.run_dir
    if before == str(path):
        return record
    notebook = record.notebook
    if before and Path(notebook).is_relative_to(before):
        notebook = str(path / Path(notebook).relative_to(before))
    return record.model_copy(update={"run_dir": str(path), "notebook": notebook})


def _is_metric(line: dict[str, Any]) -> bool:
    """Say whether a journal line is a metric; another program may have written to the file."""
    try:
        float(line["value"])
    except (KeyError, TypeError, ValueError):
        return False
    return "name" in line
