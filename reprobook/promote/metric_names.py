"""What metrics are called in a script, where the notebook shows several values under one name.

A notebook shows ``loss``, and so do two cells below: of other data, or of another model. In a script each of them is
logged under a name of its own: that of the variable and what only this value is computed from, as in ``loss_Ytr``.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from reprobook.promote.flow import flow_of
from reprobook.promote.identifiers import names_in_order
from reprobook.promote.source import Source


def names_told_apart(shown: Mapping[int, str], sources: Sequence[Source], known: Collection[str]) -> dict[int, str]:
    """Return what each cell logs the variable under that it shows; ``known`` are the names of imports and functions.

    Where nothing tells them apart, they are numbered.
    """
    by_index = {source.index: source for source in sources}
    found: dict[int, str] = {}
    for name in dict.fromkeys(shown.values()):
        cells = [cell for cell, each in shown.items() if each == name]
        read = {cell: _read_for(name, by_index[cell], known) for cell in cells}
        words = [_own_word(cell, read) for cell in cells]
        if len(cells) == 1:
            found[cells[0]] = name
            continue
        if not all(words) or len(set(words)) < len(words):
            words = [str(number) for number in range(1, len(cells) + 1)]
        found |= {cell: f"{name}_{word}" for cell, word in zip(cells, words, strict=True)}
    return found


def _read_for(name: str, source: Source, known: Collection[str]) -> list[str]:
    """Return the variables that the value of another is computed from in a cell, in the order in which they stand."""
    trees = [s.tree for s in source.statements if name in flow_of(s.tree).writes]
    loaded = [node for tree in trees[-1:] for node in ast.walk(tree) if isinstance(node, ast.Name)]
    read = {node.id for node in loaded if isinstance(node.ctx, ast.Load)} - {name, *known}
    return [each for each in names_in_order(trees[-1:]) if each in read]


def _own_word(cell: int, read: Mapping[int, Sequence[str]]) -> str:
    """Return the last of the variables that no other cell reads; empty if there is none."""
    others = {each for other, names in read.items() if other != cell for each in names}
    return next((each for each in reversed(read[cell]) if each not in others), "")
