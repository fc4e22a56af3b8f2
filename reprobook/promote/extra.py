"""Parameters that the notebook does not declare: the seed that reprobook set, the device, the arithmetic."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from reprobook.promote.cell_flow import CellFlow
from reprobook.promote.configuration import Configuration
from reprobook.promote.evidence import Evidence
from reprobook.promote.fabric import fabric_fields
from reprobook.promote.model import Field, FixedSeed
from reprobook.promote.options import Style
from reprobook.promote.reseeding import reseeding_of
from reprobook.promote.slice import Slice
from reprobook.space.model import Choice

_DEVICES = Choice("auto", "cpu", "cuda", "mps")
_PRECISIONS = Choice("32-true", "bf16-mixed")
_ACCELERATORS = frozenset({"accelerator", "cuda", "mps", "xpu"})
_OWN_ARITHMETIC = frozenset({"autocast", "GradScaler", "half", "double", "float16", "bfloat16", "float64"})


@dataclass(frozen=True)
class Roles:
    """The fields that seed a script, and that say where and how it trains; see ``Plan``."""

    seed: str | None = None
    fixed_seed: FixedSeed | None = None
    device: str | None = None
    precision: str | None = None
    fabric: Mapping[str, str] = field(default_factory=dict)


def with_fields(
    config: Configuration, sliced: Slice, evidence: Evidence, style: Style
) -> tuple[tuple[Field, ...], Roles]:
    """Return the fields with a seed where it has an effect, and with where and how to train where that is left open."""
    cells = CellFlow(sliced.kept, sliced.names, evidence.observed)
    reseeding = reseeding_of(sliced.kept, cells, evidence.shown)
    fields, seed = _with_seed(config, evidence.seed, reseeding.meaning)
    if style == "fabric":
        fields, of_fabric = fabric_fields(fields, sliced)
        return fields, Roles(seed, fabric=of_fabric)
    fixed = None
    if evidence.seed is not None and seed and reseeding.passing is not None and not evidence.seeds:
        fields, seed, fixed = config.fields, None, FixedSeed(evidence.seed, reseeding.passing)
    taken = {each.name for each in fields}
    asks = _calls_device(sliced) and "device" not in taken
    open_arithmetic = _leaves_arithmetic_open(sliced) and "precision" not in taken
    extra = [Field("device", str, evidence.device, _DEVICES, "where to train")] * asks
    extra += [Field("precision", str, "32-true", _PRECISIONS, "arithmetic of torch")] * open_arithmetic
    roles = Roles(seed, fixed, "device" if asks else None, "precision" if open_arithmetic else None)
    return (*fields, *extra), roles


def _with_seed(config: Configuration, seed: int | None, meaning: str) -> tuple[tuple[Field, ...], str | None]:
    """Return the fields with the seed that reprobook set; a parameter ``seed`` of the same value is that field."""
    if seed is None or not meaning:
        return config.fields, None
    same = [each for each in config.fields if each.name == "seed"]
    if same and same[0].default == seed and "seed" in config.plain:
        return config.fields, "seed"
    name = "run_seed" if same or "seed" in config.variables else "seed"
    return (*config.fields, Field(name, int, seed, None, meaning)), name


def _calls_device(sliced: Slice) -> bool:
    """Tell a notebook that calls ``rb.device()``."""
    calls = [node for node in _nodes(sliced) if isinstance(node, ast.Call)]
    return any(sliced.names.dotted(call.func) == "reprobook.device" for call in calls)


def _leaves_arithmetic_open(sliced: Slice) -> bool:
    """Tell a notebook that trains with torch where it is told to, and says nothing of the arithmetic itself.

    What stays on the processor gains nothing from another one.
    """
    words = {getattr(node, "attr", "") or getattr(node, "id", "") for node in _nodes(sliced)}
    uses_torch = any(origin.partition(".")[0] == "torch" for origin in sliced.names.imports.values())
    moves = _calls_device(sliced) or not words.isdisjoint(_ACCELERATORS)
    return uses_torch and moves and "backward" in words and not words & _OWN_ARITHMETIC


def _nodes(sliced: Slice) -> list[ast.AST]:
    trees = [statement.tree for source in sliced.kept for statement in source.statements]
    return [node for tree in trees for node in ast.walk(tree)]
