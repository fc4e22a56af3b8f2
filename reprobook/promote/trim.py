"""What is left of a needed cell, once what is dead in it is removed."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from reprobook.promote.accumulation import filled_only, fillings, without_filling
from reprobook.promote.cell_flow import CellFlow
from reprobook.promote.dead import is_dead, mere_drawing, without_unread_target
from reprobook.promote.flow import flow_of
from reprobook.promote.source import Source, Statement

_COMPARING = re.compile(r"\b(?:again|alternative(?:ly)?|equivalent(?:ly)?|instead|same|shorter|simpler)\b")
_OF_NO_CELL = -1  # a part of a cell: what the run saw of the whole cell says nothing of it


@dataclass(frozen=True)
class Care:
    """What is to stay in a cell, dead or not.

    Attributes:
        whole: Everything: someone asked for the cell.
        shown: The expression that shows a metric.
        only: If not None, no more than what binds one of these names.
        figures: Whether its figures are to stay.
    """

    whole: bool = False
    shown: Statement | None = None
    only: Collection[str] | None = None
    figures: bool = True


@dataclass(frozen=True)
class Rest:
    """What is left of a cell, what that needs from the cells above, and what was removed of it."""

    source: Source
    needed: frozenset[str]
    removed: tuple[Source, ...]


def trimmed(source: Source, needed: frozenset[str], cells: CellFlow, care: Care) -> Rest:
    """Remove what is dead in a kept cell, given the names that the cells below need."""
    kept: list[Statement] = []
    removed: list[Statement] = []
    below: Statement | None = None
    drawing = [] if care.whole or care.figures else mere_drawing(source, needed, cells)
    for statement in reversed(source.statements):
        flow = cells.statement_flow(source, statement)
        if statement in drawing or (not care.whole and _is_left_out(statement, source, needed, cells, care)):
            removed.append(statement)
            if kept and kept[-1].tree is getattr(below, "tree", None) and flow.binds & flow_of(kept[-1].tree).binds:
                kept[-1] = _without_comparison(kept[-1])
            below = statement
            continue
        below = statement
        if not care.whole and (unread := _filled_for_nobody(source, statement, needed, cells)):
            removed += fillings(statement, unread, cells.names)
            kept.append(without_filling(statement, unread, cells.names))
            flow = cells.statement_flow(source, kept[-1])
        else:
            kept.append(statement if care.whole else without_unread_target(statement, flow, needed))
        needed = (needed - flow.binds) | flow.reads
    shows = source.shows and bool(kept) and kept[0] is source.statements[-1]
    rest = replace(source, statements=tuple(reversed(kept)), shows=shows)
    return Rest(rest, needed, _parts(source, removed, drawing))


def _without_comparison(statement: Statement) -> Statement:
    """Drop a comment that compares a statement with the one above, which is gone: ``# equivalent, in one line``."""
    lines = getattr(statement.node, "leading_lines", ())
    said = " ".join(line.comment.value.lower() for line in lines if line.comment)
    if not _COMPARING.search(said):
        return statement
    return replace(statement, node=statement.node.with_changes(leading_lines=()))


def _is_left_out(statement: Statement, source: Source, needed: frozenset[str], cells: CellFlow, care: Care) -> bool:
    flow = cells.statement_flow(source, statement)
    if care.only is not None and not flow.binds & set(care.only):
        return True
    return statement is not care.shown and is_dead(statement.tree, flow, cells.effects_of(statement), needed)


def _filled_for_nobody(source: Source, statement: Statement, needed: frozenset[str], cells: CellFlow) -> frozenset[str]:
    """Return the lists that a block fills and that nobody reads: nothing below, and no function that it calls."""
    filled = filled_only(statement.tree, cells.names)
    rest = without_filling(statement, filled, cells.names) if filled else statement
    if rest is statement:
        return frozenset()
    read = needed | cells.statement_flow(source, rest).reads
    return frozenset(name for name in filled if not (cells.aliases_of(frozenset({name})) | {name}) & read)


def _parts(source: Source, removed: Sequence[Statement], drawing: Sequence[Statement]) -> tuple[Source, ...]:
    """Return what was removed of a cell as cells of their own: what sets or fills a variable, draws, or only shows."""
    ordered = [statement for statement in reversed(removed) if statement not in drawing]
    shows = [
        statement for statement in ordered if isinstance(statement.tree, ast.Expr) and statement in source.statements
    ]
    others = [statement for statement in ordered if statement not in shows]
    parts = [part for part in (others, list(drawing), shows) if part]
    return tuple(Source(_OF_NO_CELL, statements=tuple(part), text=source.text) for part in parts)
