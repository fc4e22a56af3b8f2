"""Recorded runs as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobook.runs.model import RunRecord
from reprobook.runs.store import Store

if TYPE_CHECKING:
    import pandas as pd

_FIELDS = ("status", "name", "source", "seed", "created", "duration_s", "parent", "trial", "kind")


def runs_frame(
    where: str | None, sweep: Any, sort: str | None, limit: int | None, *, store: str | Path | None
) -> pd.DataFrame:
    """Return the runs of a store, one a row, ``run_id`` as the index; see ``rb.runs``."""
    found = Store.open(None if store is None else Path(store), Path.cwd())
    if sweep is not None:
        of_sweep = f"sweep == {str(getattr(sweep, 'sweep_id', sweep))!r}"
        where = of_sweep if where is None else f"({where}) and {of_sweep}"
    return frame_of(found.records(where, sort, limit))


def frame_of(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Return records as a frame; a metric that is called as a parameter or a field is ``metrics.NAME``."""
    import pandas as pd  # noqa: PLC0415 - takes a second to import

    records = list(records)
    parameters = _names(record.parameters for record in records)
    metrics = _names(record.metrics for record in records)
    parameter_columns = {name: f"parameters.{name}" if name in _FIELDS else name for name in parameters}
    taken = {*_FIELDS, *parameter_columns.values()}
    metric_columns = {name: f"metrics.{name}" if name in taken else name for name in metrics}
    rows = [
        {
            "run_id": record.run_id,
            **{name: getattr(record, name) for name in _FIELDS},
            **{column: record.parameters.get(name) for name, column in parameter_columns.items()},
            **{column: record.metrics.get(name) for name, column in metric_columns.items()},
        }
        for record in records
    ]
    columns = ["run_id", *_FIELDS, *parameter_columns.values(), *metric_columns.values()]
    return pd.DataFrame(rows, columns=columns).set_index("run_id")


def _names(mappings: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))
