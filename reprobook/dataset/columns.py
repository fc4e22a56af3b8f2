"""The columns of a file or value: names, kinds, and the number of rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from reprobook.dataset.declared import Schema

Shape = tuple[Schema, int | None]
_UNKNOWN: Shape = ({}, None)
# Wider kinds later: a column is of the widest kind among its values.
_KINDS = ("empty", "int", "float", "text")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_NUMPY_KINDS = {"i": "int", "u": "int", "f": "float", "b": "bool", "M": "time", "U": "text", "O": "text", "T": "text"}


def file_shape(path: Path) -> Shape:
    """Return the columns of a CSV, TSV, JSON Lines, NPY or Parquet file; of others nothing is known."""
    suffix = path.suffix.lower()
    try:
        if suffix in _DELIMITERS:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, delimiter=_DELIMITERS[suffix])
                return _of_texts(next(reader, []), reader)
        if suffix in {".jsonl", ".ndjson"}:
            with path.open(encoding="utf-8") as file:
                return _of_records(json.loads(line) for line in file if line.strip())
    except (UnicodeDecodeError, ValueError, csv.Error):
        return _UNKNOWN
    if suffix == ".npy":
        return _of_array(path)
    return _of_parquet(path) if suffix == ".parquet" else _UNKNOWN


def value_shape(value: Any) -> Shape:
    """Return the columns of a frame or array; of other values their type."""
    if hasattr(value, "dtypes") and hasattr(value, "columns"):
        kinds = {str(name): _kind(dtype) for name, dtype in zip(value.columns, value.dtypes, strict=True)}
        return kinds, len(value)
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return {"array": f"{value.dtype} {list(value.shape[1:])}"}, int(value.shape[0]) if len(value.shape) else None
    return {"value": type(value).__name__}, len(value) if isinstance(value, list | tuple | dict) else None


def _kind(dtype: Any) -> str:
    return _NUMPY_KINDS.get(getattr(dtype, "kind", ""), str(dtype))


def _of_texts(names: list[str], rows: Iterable[list[str]]) -> Shape:
    widest, count = [0] * len(names), 0
    for row in rows:
        if not row:
            continue
        count += 1
        for column, text in enumerate(islice(row, len(names))):
            if widest[column] < len(_KINDS) - 1:
                widest[column] = max(widest[column], _KINDS.index(_kind_of_text(text)))
    return {name: _KINDS[kind] for name, kind in zip(names, widest, strict=True)}, count


def _kind_of_text(text: str) -> str:
    if not text.strip():
        return "empty"
    for kind, read in (("int", int), ("float", float)):
        try:
            read(text)
        except ValueError:
            continue
        return kind
    return "text"


def _of_records(records: Iterable[Any]) -> Shape:
    kinds: dict[str, set[str]] = {}
    count = 0
    for record in records:
        count += 1
        for name, value in record.items() if isinstance(record, dict) else ():
            kinds.setdefault(name, set()).add({"str": "text", "NoneType": "empty"}.get(t := type(value).__name__, t))
    return {name: "|".join(sorted(seen - {"empty"})) or "empty" for name, seen in kinds.items()}, count


def _of_array(path: Path) -> Shape:
    import numpy as np  # noqa: PLC0415  # takes a while to import

    try:
        return value_shape(np.load(path, mmap_mode="r", allow_pickle=False))
    except (ValueError, OSError):
        return _UNKNOWN


def _of_parquet(path: Path) -> Shape:
    try:
        from pyarrow import parquet  # noqa: PLC0415  # an optional dependency
    except ImportError:
        return _UNKNOWN
    read = parquet.ParquetFile(path)
    return {field.name: str(field.type) for field in read.schema_arrow}, read.metadata.num_rows
