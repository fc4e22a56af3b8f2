"""The facts of a run: flat keys and plain values, as the index keeps them."""

from __future__ import annotations

import json
from typing import Any

from reprobook.runs.model import RunRecord
from reprobook.runs.where import Value, sql_value


def facts(record: RunRecord) -> dict[str, Value]:
    """Return all that can be asked of a run: its fields, and below them ``parameters.lr``, ``metrics.loss``."""
    data = record.model_dump(mode="python", exclude={"files", "owner", "run_dir"})
    found: dict[str, Value] = {}
    _flatten("", data, found)
    return found


def _flatten(prefix: str, value: Any, found: dict[str, Value]) -> None:
    """Add a value, and what is in it, under dotted keys."""
    if isinstance(value, dict):
        for name, item in value.items():
            _flatten(f"{prefix}.{name}" if prefix else str(name), item, found)
    elif value is None or isinstance(value, str | int | float):
        found[str(sql_value(prefix))] = sql_value(value)
    else:
        found[str(sql_value(prefix))] = json.dumps(value, default=repr)
