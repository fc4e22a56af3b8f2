"""Turn sections into functions: arguments are what they read of earlier ones, returns what later ones read."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TypedDict

import libcst as cst

from reprobook.promote import rewrite
from reprobook.promote.commented_code import without_commented_code
from reprobook.promote.comments import (
    after_blank,
    without_blank,
    without_pass,
    without_repetition,
)
from reprobook.promote.descriptions import tells
from reprobook.promote.effect import Effects
from reprobook.promote.effects import effects_of
from reprobook.promote.figures import Gallery, saved
from reprobook.promote.flow import flow_of
from reprobook.promote.hoist import module_globals
from reprobook.promote.identifiers import names_in_order, names_used
from reprobook.promote.model import Function, Statements
from reprobook.promote.naming import function_name
from reprobook.promote.own_literals import with_own_literals
from reprobook.promote.part import Part
from reprobook.promote.python import statements
from reprobook.promote.section_lines import lines_of
from reprobook.promote.sections import Section
from reprobook.promote.summaries import building_of, handling_of, outcome, setting_of, summary_of
from reprobook.promote.surroundings import Surroundings

_FOR_THE_STREAM = "Kept for the random numbers that it draws: those drawn later depend on them."


def functions(sections: Iterable[Section], around: Surroundings) -> tuple[Function, ...]:
    """Return the sections that do work, as functions."""
    parts: list[Part] = []
    waiting = set(around.configuration.variables)
    for section in sections:
        name = function_name(section.wish, around.taken, [part.name for part in parts])
        part = _part(section, name, around)
        if part.body:
            part = _beginning_with(part, waiting & (part.flow.uses | part.flow.writes), around)
            waiting -= part.flow.writes
            parts.append(part)
    return _linked(parts, around)


def _linked(parts: Sequence[Part], around: Surroundings) -> tuple[Function, ...]:
    """Follow the variables back from the last section: who needs them, and who made them."""
    variables = frozenset(name for part in parts for name in part.flow.writes)
    shared = module_globals([part.trees for part in parts], variables)
    parts = with_own_literals(parts, shared | around.configuration.plain)
    order = {name: at for at, name in enumerate([*around.given, *_first_written(parts)])}
    given = frozenset(around.given)
    passed = (variables | given) - shared - around.configuration.plain
    live: frozenset[str] = frozenset()
    result: list[Function] = []
    for at in reversed(range(len(parts))):
        flow = parts[at].flow
        returns = flow.writes & live & passed
        through = returns - flow.binds  # perhaps not bound here: then the value of an earlier section goes through
        earlier = given.union(*(part.flow.writes for part in parts[:at]))
        arguments = (flow.uses | through) & passed & earlier
        live = (live - flow.binds) | arguments
        ordered = tuple(sorted(returns, key=order.__getitem__))
        why = "" if returns or at == len(parts) - 1 else _why_it_is_there(parts[at], around)
        said, more = ("", "") if why else _summary(parts[at], ordered, around)
        function = Function(
            name=parts[at].name,
            summary=parts[at].summary or why or said,
            detail="\n\n".join(text for text in (more, parts[at].detail) if text),
            arguments=tuple(sorted(arguments, key=order.__getitem__)),
            returns=ordered,
            globals=tuple(sorted(flow.writes & shared)),
            **_content(parts[at], returns | shared, around),
        )
        result.append(function)
    return tuple(reversed(result))


def _summary(part: Part, returns: Sequence[str], around: Surroundings) -> tuple[str, str]:
    found = outcome(part.trees, returns, around.words.job, around.names, figures=part.figures)
    said = part.summary or part.deed or handling_of(part.name, part.trees)
    if not said and part.name == "set_up":
        said = setting_of(part.trees)
    elif not said and part.name == "build_model":
        said = building_of(part.trees, around.names, around.configuration.plain)
    return summary_of(part.name, said, found)


def _why_it_is_there(part: Part, around: Surroundings) -> str:
    """Say why a section is kept that gives nothing but a place in the stream of random numbers; else nothing."""
    effects = Effects()
    for tree in part.trees:
        effects |= effects_of(tree, around.names)
    acts = effects.sinks or part.figures or any(":" in name for name in effects.changes)
    acts = acts or bool(effects.changes & _from_outside(part))
    shows = any(cell in around.shown for cell in part.cells)
    return _FOR_THE_STREAM if effects.draws and not effects.seeds and not acts and not shows else ""


def _from_outside(part: Part) -> frozenset[str]:
    """Return the variables of a section that may be, or be part of, what an earlier one made: loop variables too."""
    nodes = [node for tree in part.trees for node in ast.walk(tree)]
    bound = [(node.target, node.iter) for node in nodes if isinstance(node, (ast.For, ast.AsyncFor))]
    bound += [(target, node.value) for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    found, more = frozenset[str](), part.flow.uses
    while more - found:
        found |= more
        more = frozenset(
            name for target, value in bound if names_used([value]) & found for name in names_used([target])
        )
    return found


def _first_written(parts: Iterable[Part]) -> list[str]:
    """Return the variables in the order they came to be."""
    found: dict[str, None] = {}
    for part in parts:
        for tree in part.trees:
            written = flow_of(tree).writes
            names = [name for name in names_in_order(tree) if name in written]
            found |= dict.fromkeys([*names, *sorted(written)])
    return list(found)


class _Content(TypedDict):
    body: Statements
    takes_config: bool
    takes_out: bool
    is_async: bool
    cells: tuple[int, ...]


def _content(part: Part, passed_on: frozenset[str], around: Surroundings) -> _Content:
    """Return what a function holds, with the parameters read from the configuration."""
    config = around.words.config
    used = part.flow.uses & around.configuration.plain
    read = _mentioned_again(part.trees) | passed_on
    body = rewrite.with_names(part.body, {name: f"{config}.{name}" for name in used})
    # Where the variables are the result, they keep their names.
    body = rewrite.with_unused_underscored(body, read) if around.has_results else body
    return {
        "body": rewrite.with_unused_marked(body, read),
        "takes_config": bool(used) or config in part.flow.uses,
        "takes_out": part.figures,
        "is_async": any(_awaits(tree) for tree in part.trees),
        "cells": part.cells,
    }


def _mentioned_again(trees: Sequence[ast.stmt]) -> frozenset[str]:
    """Return the names that stand more than once in code: what is set and never read stands there once."""
    names = [node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return frozenset(name for name, count in Counter(names).items() if count > 1)


def _awaits(tree: ast.AST) -> bool:
    """Tell whether code awaits outside any function of its own."""
    if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return False
    if isinstance(tree, (ast.Await, ast.AsyncFor, ast.AsyncWith)) or getattr(tree, "is_async", False):
        return True
    return any(_awaits(child) for child in ast.iter_child_nodes(tree))


def _part(section: Section, name: str, around: Surroundings) -> Part:
    body: list[cst.BaseStatement] = []
    cells: list[int] = []
    figures = 0
    last = 0  # statements of the cell before: a row of cells of one line each is one paragraph
    for source in section.sources:
        lines = list(lines_of(source, around))
        if not lines:
            continue
        if around.pyplot and any(effects_of(statement.tree, around.names).figures for statement in source.statements):
            lines, figures = saved(lines, Gallery(around.pyplot, around.words.out, name), figures)
        lines[0] = without_blank(lines[0])
        apart = max(len(lines), last) > 1 or bool(getattr(lines[0], "leading_lines", ()))
        lines[0] = after_blank(lines[0]) if body and apart else lines[0]
        body += lines
        last = len(lines)
        cells.append(source.index)
    body_final = without_commented_code(rewrite.with_arguments(without_pass(body), around.hoisted.extras))
    body_final = without_repetition(body_final, f"{name} {section.summary} {section.deed} {section.detail}")
    said = section.summary if tells(section.summary) else ""
    # What says something of the code, but not what it does, stands below the first line.
    more = (section.detail or section.summary).removeprefix(said).strip()
    return Part(name, said, section.deed, more, tuple(cells), bool(figures)).with_body(body_final)


def _beginning_with(part: Part, names: Collection[str], around: Surroundings) -> Part:
    """Set, at the start of a section, the variables that begin as parameters and change from then on."""
    config = around.words.config
    code = "".join(f"{name} = {config}.{name}\n" for name in around.configuration.cells if name in names)
    return part.with_body([*statements(code), *part.body])
