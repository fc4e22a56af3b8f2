"""A plan as JSON: what is frozen into ``plan.json``."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from reprobook.errors import IntegrityError
from reprobook.header import decode
from reprobook.runs.model import readable
from reprobook.space import Choice, Float, Int, Space
from reprobook.sweep.model import SweepOptions
from reprobook.sweep.plan import Plan

_SCHEMA = "reprobook.sweep/1"
_KINDS: dict[str, type[Float | Int]] = {"Float": Float, "Int": Int}


def plan_bytes(plan: Plan) -> bytes:
    """Return the content of ``plan.json``."""
    data = {
        "schema": _SCHEMA,
        "sweep_id": plan.sweep_id,
        "notebook": plan.notebook,
        "created": plan.created,
        "window": plan.window,
        "fixed": readable(dict(plan.fixed)),
        "options": _options_data(plan.options),
        "spec": plan.spec,
    }
    return json.dumps(data, indent=1, allow_nan=False).encode() + b"\n"


def parse_plan(data: bytes, place: str) -> Plan:
    """Read the content of a ``plan.json``.

    Raises:
        IntegrityError: If it is none; names ``place``.
    """
    try:
        found = json.loads(data)
        if found["schema"] != _SCHEMA:
            msg = f"unknown schema {found['schema']!r}"
            raise ValueError(msg)  # noqa: TRY301  # one place says what is wrong with the file
        return Plan(
            sweep_id=found["sweep_id"],
            notebook=found["notebook"],
            created=found["created"],
            window=int(found["window"]),
            fixed=decode(found["fixed"]),
            options=_options(found["options"]),
            spec=found.get("spec", ""),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        msg = f"{place}: not a readable plan of a sweep ({type(error).__name__}: {error})"
        raise IntegrityError(msg, hint="It was edited or cut short; start a new sweep.") from error


def _options_data(options: SweepOptions) -> dict[str, Any]:
    data = {each.name: getattr(options, each.name) for each in dataclasses.fields(options)}
    return {
        **data,
        "spaces": {name: _space_data(space) for name, space in options.spaces.items()},
        "values": readable(dict(options.values)),
        "conditions": dict(options.conditions),
        "texts": dict(options.texts),
        "cwd": None if options.cwd is None else str(options.cwd),
    }


def _options(data: dict[str, Any]) -> SweepOptions:
    changes = {
        "spaces": {name: _space(space) for name, space in data["spaces"].items()},
        "values": decode(data["values"]),
        "cwd": None if data["cwd"] is None else Path(data["cwd"]),
        "constraints": tuple(data["constraints"]),
        "track": tuple(data["track"]),
    }
    return SweepOptions(**{**data, **changes})


def _space_data(space: Space) -> dict[str, Any]:
    if isinstance(space, Choice):
        return {"kind": "Choice", "options": [readable(option) for option in space.options]}
    return {"kind": type(space).__name__, "low": space.low, "high": space.high, "log": space.log}


def _space(data: dict[str, Any]) -> Space:
    if data["kind"] == "Choice":
        return Choice(*(decode(option) for option in data["options"]))
    return _KINDS[data["kind"]](data["low"], data["high"], log=data["log"])
