"""How pandas' values are taken apart. Imported only once pandas is.

Columns are read from the block manager: the public accessors would build a Series for each, by the class that a
subclass names. Strings and extension arrays are brought to one form, since arrow's buffers are not canonical.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from reprobook.trace.content.anatomy import attributes_of, is_trusted, qualified_name
from reprobook.trace.content.numpy_values import array_parts
from reprobook.trace.content.parts import Parts, encode, sequence_parts
from reprobook.trace.content.registry import Handler, opaque_parts

_arrays = pd.api.extensions
_iter_columns: Any = vars(pd.DataFrame)["_iter_column_arrays"]


def handlers() -> dict[type, Handler]:
    """Return the handlers of pandas' types."""
    return {
        pd.DataFrame: Handler(_frame, whole=True),
        pd.Series: Handler(_series, whole=True),
        pd.RangeIndex: Handler(_range_index, whole=True),
        pd.MultiIndex: Handler(_multi_index, whole=True),
        pd.Index: Handler(_index, whole=True),
        _arrays.ExtensionArray: Handler(_extension_array, whole=True),
        _arrays.ExtensionDtype: Handler(_dtype, whole=True),
        pd.Timestamp: Handler(_timestamp, whole=True),
        pd.Timedelta: Handler(_timedelta, whole=True),
        type(pd.NaT): Handler(_missing, whole=True),
        type(pd.NA): Handler(_missing, whole=True),
    }


def _frame(value: Any) -> Parts:
    kind = qualified_name(type(value))
    columns, index = value._mgr.axes  # noqa: SLF001  # see the module's description
    arrays = [_values(array) for array in _iter_columns(value)]
    shape = [len(index), len(columns)]
    return Parts(kind, children=(columns, index, *arrays, _attrs(value)), summary=f"{kind}{shape}")


def _series(value: Any) -> Parts:
    kind = qualified_name(type(value))
    manager = value._mgr  # noqa: SLF001
    array = manager.internal_values()
    children = (attributes_of(value).get("_name"), manager.axes[0], _values(array), _attrs(value))
    return Parts(kind, children=children, summary=f"{kind}[{array.dtype}, {len(array)}]")


def _attrs(value: Any) -> object:
    """Return the metadata that a user attached, or None."""
    return attributes_of(value).get("_attrs") or None


def _index(value: Any) -> Parts:
    kind = qualified_name(type(value))
    array = value._values  # noqa: SLF001
    return Parts(kind, children=(value._name, _values(array)), summary=f"{kind}[{len(array)}]")  # noqa: SLF001


def _range_index(value: Any) -> Parts:
    children = (value._name, value._range)  # noqa: SLF001
    return Parts("pandas.RangeIndex", children=children, summary=f"RangeIndex[{len(value)}]")


def _multi_index(value: Any) -> Parts:
    codes = [_values(np.asarray(each)) for each in value.codes]
    children = (list(value.names), list(value.levels), *codes)
    return Parts("pandas.MultiIndex", children=children, summary=f"MultiIndex[{len(value)}]")


def _values(array: Any) -> Parts:
    """Return the parts of a column."""
    if isinstance(array, np.ndarray):
        return array_parts("column", array)
    return _extension_array(array)


def _extension_array(value: Any) -> Parts:
    cls = type(value)
    if not is_trusted(cls):
        return opaque_parts(cls)
    read = _READERS.get(cls.__name__, _objects)
    text = str(value.dtype)
    return Parts("array", encode(text), children=read(value), summary=f"{text}[{len(value)}]")


def _objects(value: Any) -> tuple[object, ...]:
    """Read an array element by element, every missing value as None: arrow's, and any that is not listed below."""
    items = value.to_numpy(dtype=object, na_value=None) if hasattr(value, "_hasna") else value.to_numpy(dtype=object)
    return (sequence_parts("elements", [None if item is pd.NA else item for item in items]),)


def _strings(value: Any) -> tuple[object, ...]:
    return (sequence_parts("elements", list(value.to_numpy(dtype=object, na_value=None))),)


def _categorical(value: Any) -> tuple[object, ...]:
    return (_values(np.asarray(value.codes)), value.categories, value.ordered)


def _instants(value: Any) -> tuple[object, ...]:
    return (array_parts("instants", value.asi8),)


def _masked(value: Any) -> tuple[object, ...]:
    mask = value._mask  # noqa: SLF001
    # What lies below the mask is arbitrary.
    data = np.where(mask, value._data.dtype.type(0), value._data) if mask.any() else value._data  # noqa: SLF001
    return (array_parts("data", data), array_parts("mask", mask))


def _sparse(value: Any) -> tuple[object, ...]:
    positions = value.sp_index.to_int_index().indices
    return (_values(value.sp_values), array_parts("positions", positions), value.fill_value, len(value))


def _intervals(value: Any) -> tuple[object, ...]:
    return (value.left, value.right, value.closed)


def _plain(value: Any) -> tuple[object, ...]:
    return (array_parts("values", value.to_numpy()),)


_MASKED = ("IntegerArray", "FloatingArray", "BooleanArray")
_READERS: dict[str, Callable[[Any], tuple[object, ...]]] = {
    "StringArray": _strings,
    "ArrowStringArray": _strings,
    "Categorical": _categorical,
    "DatetimeArray": _instants,
    "TimedeltaArray": _instants,
    "PeriodArray": _instants,
    "SparseArray": _sparse,
    "IntervalArray": _intervals,
    "NumpyExtensionArray": _plain,
    "PandasArray": _plain,
    **dict.fromkeys(_MASKED, _masked),
}


def _dtype(value: Any) -> Parts:
    kind = qualified_name(type(value))
    return Parts(kind, str(value).encode(), summary=kind) if is_trusted(type(value)) else opaque_parts(type(value))


def _timestamp(value: Any) -> Parts:
    return Parts("pandas.Timestamp", encode((value._value, value.unit)), children=(str(value.tz),), summary="Timestamp")  # noqa: SLF001


def _timedelta(value: Any) -> Parts:
    return Parts("pandas.Timedelta", encode((value._value, value.unit)), summary="Timedelta")  # noqa: SLF001


def _missing(value: object) -> Parts:
    return Parts(qualified_name(type(value)), summary="missing")
