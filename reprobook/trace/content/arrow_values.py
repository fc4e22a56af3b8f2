"""How Arrow's values are taken apart. Imported only once pyarrow is.

Two equal columns may lie in memory in other chunks, at other offsets, with other bytes below their missing values:
each is read as which values there are, and those values.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa  # type: ignore[import-not-found,unused-ignore]

from reprobook.trace.content.anatomy import qualified_name
from reprobook.trace.content.numpy_values import array_parts
from reprobook.trace.content.parts import Parts, encode, sequence_parts
from reprobook.trace.content.registry import Handler


def handlers() -> dict[type, Handler]:
    """Return the handlers of Arrow's types."""
    tables = (pa.Table, pa.RecordBatch)
    columns = (pa.ChunkedArray, pa.Array)
    named = (pa.DataType, pa.Field, pa.Schema)
    return {
        **dict.fromkeys(tables, Handler(_table, whole=True)),
        **dict.fromkeys(columns, Handler(_column, whole=True)),
        **dict.fromkeys(named, Handler(_named, whole=True)),
        pa.Scalar: Handler(_scalar, whole=True),
    }


def _table(value: Any) -> Parts:
    kind = qualified_name(type(value))
    shape = [value.num_rows, value.num_columns]
    return Parts(kind, children=(value.schema, *map(_column, value.columns)), summary=f"{kind}{shape}")


def _column(value: Any) -> Parts:
    text = str(value.type)
    data = encode((text, len(value)))
    summary = f"{text}[{len(value)}]"
    if not (pa.types.is_primitive(value.type) or pa.types.is_boolean(value.type)):
        return Parts("arrow", data, children=(sequence_parts("elements", value.to_pylist()),), summary=summary)
    there = value.is_valid().to_numpy(zero_copy_only=False) if value.null_count else None
    present = value.drop_null() if value.null_count else value
    elements = array_parts("elements", present.to_numpy(zero_copy_only=False))
    return Parts("arrow", data, children=(elements, there), summary=summary)


def _scalar(value: Any) -> Parts:
    return Parts("arrow.Scalar", children=(str(value.type), value.as_py()), summary=str(value.type))


def _named(value: Any) -> Parts:
    kind = qualified_name(type(value))
    # With its metadata, which the text leaves out.
    metadata = getattr(value, "metadata", None)
    return Parts(kind, str(value).encode(), children=(dict(metadata) if metadata else None,), summary=kind)
