"""How Polars' values are taken apart. Imported only once Polars is.

As with Arrow, whose memory it uses, a column is read as which values there are, and those values.
"""

from __future__ import annotations

from typing import Any

import polars as pl  # type: ignore[import-not-found,unused-ignore]

from reprobook.trace.content.anatomy import qualified_name
from reprobook.trace.content.numpy_values import array_parts
from reprobook.trace.content.parts import Parts, encode, sequence_parts
from reprobook.trace.content.registry import Handler


def handlers() -> dict[type, Handler]:
    """Return the handlers of Polars' types."""
    return {
        pl.DataFrame: Handler(_frame, whole=True),
        pl.Series: Handler(_series, whole=True),
        pl.DataType: Handler(_named, whole=True),
    }


def _frame(value: Any) -> Parts:
    kind = qualified_name(type(value))
    columns = pl.DataFrame.get_columns(value)
    return Parts(kind, children=[_series(each) for each in columns], summary=f"{kind}{list(value.shape)}")


def _series(value: Any) -> Parts:
    text = str(value.dtype)
    data = encode((value.name, text, len(value)))
    summary = f"polars.Series[{text}, {len(value)}]"
    if not (value.dtype.is_numeric() or value.dtype.is_temporal()) or value.dtype.is_decimal():
        return Parts("polars.Series", data, children=(sequence_parts("elements", value.to_list()),), summary=summary)
    missing = value.null_count() > 0
    there = value.is_not_null().to_numpy() if missing else None
    elements = (value.drop_nulls() if missing else value).to_physical().to_numpy()
    return Parts("polars.Series", data, children=(array_parts("elements", elements), there), summary=summary)


def _named(value: Any) -> Parts:
    return Parts("polars.DataType", str(value).encode(), summary=str(value))
