"""The options of a script for Fabric: where it runs, on how many devices, and in which arithmetic."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from reprobook.promote.model import Field
from reprobook.promote.naming import first_free
from reprobook.promote.slice import Slice
from reprobook.space.model import Choice, Space

ROLES = ("accelerator", "devices", "num_nodes", "strategy", "precision")


def fabric_fields(fields: Sequence[Field], sliced: Slice) -> tuple[tuple[Field, ...], Mapping[str, str]]:
    """Return the fields with those of Fabric, and the name of each by its role.

    The defaults are one process and the notebook's own arithmetic. A notebook that names no device ran on the CPU.
    """
    taken = {field.name for field in fields}
    trees = [statement.tree for source in sliced.kept for statement in source.statements]
    accelerator = "auto" if _names_device(trees) else "cpu"
    made: dict[str, tuple[type, object, Space | None, str]] = {
        "accelerator": (str, accelerator, Choice("auto", "cpu", "cuda", "mps"), "where to train"),
        "devices": (int, 1, None, "processes on each machine"),
        "num_nodes": (int, 1, None, "machines"),
        "strategy": (str, "auto", Choice("auto", "ddp", "fsdp"), "how processes share the model"),
        "precision": (
            str,
            "32-true",
            Choice("32-true", "bf16-mixed", "16-mixed", "64-true"),
            "arithmetic of the model",
        ),
    }
    names = {role: first_free(role, f"fabric_{role}", taken=taken) for role in made}
    extra = [Field(names[role], kind, value, space, about) for role, (kind, value, space, about) in made.items()]
    return (*fields, *extra), names


def _names_device(trees: Sequence[ast.stmt]) -> bool:
    """Tell code that moves things to a device: ``.to(device)``, ``.cuda()``, ``device="cuda"``."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    words = {getattr(node, "attr", "") for node in nodes} | {getattr(node, "arg", "") for node in nodes}
    return bool(words & {"cuda", "device", "is_available"})
