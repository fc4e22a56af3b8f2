"""Numbers and texts that one section sets and another reads: each sets its own, and none is handed on.

``num_epochs = 200`` stands above the loop of one model, and holds for the next one too. A function that trains should
not return it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from reprobook.promote.flow import flow_of
from reprobook.promote.identifiers import names_used
from reprobook.promote.part import Part

_MOST_READERS = 2  # beyond that, one value is better handed on than repeated


@dataclass(frozen=True)
class _Setting:
    """A line that sets a variable to a literal: the section, and the place in it."""

    section: int
    line: int


def with_own_literals(parts: Sequence[Part], shared: Collection[str]) -> list[Part]:
    """Return the sections, each beginning with the literals that it reads of an earlier one.

    A line that only other sections read moves there. ``shared`` are variables of module level.
    """
    readers = _readers(parts, shared)
    result = list(parts)
    gone: set[_Setting] = set()
    for setting, (name, sections) in readers.items():
        if len(sections) > _MOST_READERS:
            continue
        line = parts[setting.section].body[setting.line]
        moves = not _is_read(name, parts[setting.section]) and len(parts[setting.section].body) > 1
        bare = line if moves else line.with_changes(leading_lines=())
        for at in sections:
            result[at] = result[at].with_body([bare, *result[at].body])
        gone |= {setting} if moves else set()
    for at in {each.section for each in gone}:
        lines = {id(parts[at].body[each.line]) for each in gone if each.section == at}
        kept = [node for node in result[at].body if id(node) not in lines]
        result[at] = result[at].with_body(kept) if kept else result[at]
    return result


def _readers(parts: Sequence[Part], shared: Collection[str]) -> Mapping[_Setting, tuple[str, list[int]]]:
    """Return who reads each literal that is read in another section than sets it."""
    found: dict[_Setting, tuple[str, list[int]]] = {}
    for at, part in enumerate(parts):
        for name in sorted((part.flow.uses | (part.flow.writes - part.flow.binds)) - set(shared)):
            before = [number for number in range(at) if name in parts[number].flow.writes]
            setting = _literal(name, parts[before[-1]], before[-1]) if before else None
            if setting is not None:
                found.setdefault(setting, (name, []))[1].append(at)
    return found


def _literal(name: str, part: Part, section: int) -> _Setting | None:
    """Return where a section sets a variable, if that is one plain line with a literal."""
    lines = [at for at, tree in enumerate(part.trees) if name in flow_of(tree).writes]
    tree = part.trees[lines[0]] if len(lines) == 1 else None
    plain = isinstance(tree, ast.Assign) and len(tree.targets) == 1 and isinstance(tree.targets[0], ast.Name)
    return _Setting(section, lines[0]) if plain and _is_literal(tree.value) else None  # type: ignore[union-attr]  # plain


def _is_literal(value: ast.expr) -> bool:
    number = value.operand if isinstance(value, ast.UnaryOp) else value
    return isinstance(number, ast.Constant) and number.value is not None


def _is_read(name: str, part: Part) -> bool:
    others = [tree for tree in part.trees if name not in flow_of(tree).writes]
    return name in names_used(others)
