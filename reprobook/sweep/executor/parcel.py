"""What a trial needs beside its notebook, as bytes that travel to another machine.

That is: the local modules that its cells import, the files below the working folder that earlier runs of the notebook
read, and those that its source names. ``REPROBOOK_PARCEL_MB`` is the most that may travel (default 256).
"""

from __future__ import annotations

import ast
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from reprobook.capture import local_module_files
from reprobook.errors import InputError, IntegrityError
from reprobook.execute.inputs import files_read
from reprobook.execute.journal import read_trace
from reprobook.header import sha256_hex
from reprobook.notebook import read_notebook
from reprobook.notebook.syntax import parse_cell
from reprobook.runs import Store
from reprobook.runs.plain_zip import unzip, write_zip
from reprobook.sweep.executor.port import TrialTask

_VARIABLE = "REPROBOOK_PARCEL_MB"
_DEFAULT_MB = 256
_MOST_RUNS = 3
_LONGEST_NAME = 512
_LEVEL = 1  # fast


@dataclass(frozen=True)
class Parcel:
    """Files below a working folder, zipped; ``folder`` is where they were."""

    folder: str
    data: bytes


def pack_parcel(task: TrialTask) -> Parcel:
    """Pack what a task needs.

    Raises:
        InputError: If that is more than may travel.
    """
    folder = (task.options.cwd or Path(task.path).parent).resolve()
    files = {name: path for name, path in _needed(task, folder) if path.is_file()}
    size = sum(path.stat().st_size for path in files.values())
    allowed = int(float(os.environ.get(_VARIABLE) or _DEFAULT_MB) * 2**20)
    if size > allowed:
        largest = max(files, key=lambda name: files[name].stat().st_size)
        msg = f"the trials read {size >> 20} MB of files, more than the {allowed >> 20} that may travel ({largest})"
        hint = f"Put them where every node sees them, under an absolute path, or set {_VARIABLE}."
        raise InputError(msg, hint=hint)
    buffer = io.BytesIO()
    write_zip(files, buffer, _LEVEL)
    return Parcel(str(folder), buffer.getvalue())


def unpack_parcel(task: TrialTask, parcel: Parcel | None, into: Path) -> TrialTask:
    """Lay out the files for a task, and return it with that working folder.

    Where the notebook itself is to be seen, this is the same machine, or the same disk: there it runs in its place.
    """
    if parcel is None or _is_here(task):
        return task
    into.mkdir(parents=True, exist_ok=True)
    unzip(parcel.data, into)
    return replace(task, options=replace(task.options, cwd=into, origin=Path(parcel.folder)))


def _is_here(task: TrialTask) -> bool:
    """Tell whether this machine has the very notebook, at its place."""
    try:
        return sha256_hex(Path(task.path).read_bytes()) == sha256_hex(task.notebook)
    except OSError:
        return False


def _needed(task: TrialTask, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files, each by the name that it is found under in a working folder."""
    sources = [cell.source for cell in read_notebook(task.notebook, Path(task.path).name).code_cells]
    for files in local_module_files(sources, folder).values():
        yield from files.items()
    for name in {*_read_before(task), *(name for source in sources for name in _named(source))}:
        path = folder / name
        inside = path.resolve().is_relative_to(folder)
        for each in path.rglob("*") if inside and path.is_dir() else [path] if inside else []:
            yield each.relative_to(folder).as_posix(), each


def _read_before(task: TrialTask) -> Iterator[str]:
    """Yield the relative paths that runs of this notebook read, the newest runs'."""
    store = Store(Path(task.store))
    found = [record for record in store.records("kind == 'run'") if record.files and record.ended]
    name = Path(task.path).name
    for record in [each for each in found if Path(each.source or "").name == name][:_MOST_RUNS]:
        try:
            trace = read_trace(store.folder(record.run_id))
        except IntegrityError:
            continue
        yield from (path for path in files_read(trace) if not PurePosixPath(path).is_absolute())


def _named(source: str) -> Iterator[str]:
    """Yield the texts of a cell that may be relative paths: ``data/train.csv``, not ``.``."""
    for node in ast.walk(parse_cell(source) or ast.Module([], [])):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _may_be_path(node.value):
            yield str(PurePosixPath(node.value))


def _may_be_path(text: str) -> bool:
    """Tell whether a text may be a relative path of a file or folder other than the working folder itself."""
    path = PurePosixPath(text)
    plain = bool(path.parts) and ".." not in path.parts and not path.is_absolute()
    return plain and len(text) < _LONGEST_NAME and text.isprintable()
