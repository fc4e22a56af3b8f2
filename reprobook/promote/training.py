"""Which code trains, and which variables hold what training made: the results that a figure or a print shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reprobook.promote import libraries
from reprobook.promote.cell_flow import CellFlow
from reprobook.promote.meaning import Names, base_name
from reprobook.promote.source import Source, Statement

_NONE: frozenset[str] = frozenset()
_METHODS = frozenset({"fit", "partial_fit", "fit_predict", "backward", "train_step", "minimize"})
_FUNCTIONS = frozenset({"cross_val_predict", "cross_val_score", "cross_validate", "learning_curve", "validation_curve"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def trains(tree: ast.AST, names: Names, seen: frozenset[str] = _NONE) -> bool:
    """Tell code that trains a model as it runs, by itself or in functions of the notebook that it calls."""
    return not isinstance(tree, _DEFINITIONS) and any(_is_training(call, names, seen) for call in _calls(tree))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _is_training(call: ast.Call, names: Names, seen: frozenset[str]) -> bool:
    method = isinstance(call.func, ast.Attribute)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _FUNCTIONS or (method and name in _METHODS and not _prepares(call, names)):
        return True
    bodies = names.methods.get(name, ()) if method else [names.definitions[name]] if name in names.definitions else []
    inner = (line for body in bodies for line in body.body)
    said = bool(bodies) and name.startswith("train")
    return said or (name not in seen and any(trains(line, names, seen | {name}) for line in inner))


def _prepares(call: ast.Call, names: Names) -> bool:
    """Tell ``StandardScaler().fit(X)`` and ``scaler.fit(X)``."""
    holder = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(holder, ast.Call):
        return libraries.prepares(names.dotted(holder.func) or "")
    return base_name(holder) in names.preparing if holder is not None else False


@dataclass(frozen=True)
class Shown:
    """Cells, by code index, that show what training made: in a figure, in words."""

    figures: frozenset[int] = frozenset()
    prints: frozenset[int] = frozenset()


def shown_of_training(sources: Sequence[Source], cells: CellFlow) -> Shown:
    """Find the cells that draw or print what training made, or what was computed from that."""
    made: frozenset[str] = _NONE
    figures: set[int] = set()
    prints: set[int] = set()
    for source in sources:
        for statement in source.statements:
            made = _made_after(statement, source, cells, made)
            if not cells.statement_flow(source, statement).reads & made or isinstance(statement.tree, _DEFINITIONS):
                continue
            figures |= {source.index} if cells.effects_of(statement).figures else set()
            prints |= {source.index} if any(_tells(call, made) for call in _calls(statement.tree)) else set()
    return Shown(frozenset(figures), frozenset(prints))


def _made_after(statement: Statement, source: Source, cells: CellFlow, made: frozenset[str]) -> frozenset[str]:
    """Return the variables that hold what training made, after a statement."""
    flow = cells.statement_flow(source, statement)
    if trains(statement.tree, cells.names) or flow.reads & made:
        return made | {name for name in flow.writes - cells.names.figures if ":" not in name}
    return made - flow.binds


def _tells(call: ast.Call, made: frozenset[str]) -> bool:
    """Tell ``print("accuracy", accuracy)`` and ``print(f"{accuracy:.2f}")`` from ``print(model)``, a look at it."""
    if getattr(call.func, "id", "") != "print":
        return False
    in_words = any(isinstance(each, (ast.Constant, ast.JoinedStr, ast.BinOp)) for each in call.args)
    return in_words and any(isinstance(node, ast.Name) and node.id in made for node in ast.walk(call))
