"""Parameters that the notebook does not declare: the seed that reprobook set, and the device."""

from __future__ import annotations

import ast

from reprobook.promote.configuration import Configuration
from reprobook.promote.model import Field
from reprobook.promote.slice import Slice
from reprobook.space.model import Choice

_DEVICES = Choice("auto", "cpu", "cuda", "mps")


def seed_field(config: Configuration, seed: int | None) -> tuple[tuple[Field, ...], str | None]:
    """Return the fields with the seed that reprobook set; a parameter ``seed`` of the same value is that field."""
    if seed is None:
        return config.fields, None
    same = [field for field in config.fields if field.name == "seed"]
    if same and same[0].default == seed and "seed" in config.plain:
        return config.fields, "seed"
    name = "run_seed" if same or "seed" in config.variables else "seed"
    return (*config.fields, Field(name, int, seed, None, "seeds every generator")), name


def device_field(fields: tuple[Field, ...], sliced: Slice, device: str) -> tuple[tuple[Field, ...], str | None]:
    """Return the fields with the device, where the notebook calls ``rb.device()`` and has no such parameter."""
    trees = [statement.tree for source in sliced.kept for statement in source.statements]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if not any(sliced.names.dotted(call.func) == "reprobook.device" for call in calls):
        return fields, None
    if any(field.name == "device" for field in fields):
        return fields, None
    return (*fields, Field("device", str, device, _DEVICES, "where to train")), "device"
