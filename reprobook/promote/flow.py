"""Which names a piece of code reads and writes, as Python's scoping rules have it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reprobook.promote.identifiers import declared_global, imported_name

_NONE: frozenset[str] = frozenset()
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Flow:
    """Names of the enclosing namespace.

    Attributes:
        reads: Read before they are surely bound here.
        writes: Perhaps bound here (``del`` included).
        binds: Surely bound here.
        later: Read when a function or lambda defined here is called.
        later_writes: Declared ``global`` by a function defined here.
    """

    reads: frozenset[str] = _NONE
    writes: frozenset[str] = _NONE
    binds: frozenset[str] = _NONE
    later: frozenset[str] = _NONE
    later_writes: frozenset[str] = _NONE

    def then(self, other: Flow) -> Flow:
        """Return the flow of this code followed by the other."""
        return Flow(
            reads=self.reads | (other.reads - self.binds),
            writes=self.writes | other.writes,
            binds=self.binds | other.binds,
            later=self.later | other.later,
            later_writes=self.later_writes | other.later_writes,
        )

    def maybe(self) -> Flow:
        """Return the flow of this code when it may not run at all."""
        return Flow(self.reads, self.writes, _NONE, self.later, self.later_writes)

    @property
    def uses(self) -> frozenset[str]:
        """Every name that is read, now or later."""
        return self.reads | self.later


def flow_of(code: ast.AST | Sequence[ast.AST] | None) -> Flow:
    """Return the names that code reads and writes."""
    if code is None:
        return Flow()
    if isinstance(code, Sequence):
        result = Flow()
        for node in code:
            result = result.then(flow_of(node))
        return result
    handler = _HANDLERS.get(type(code))
    return handler(code) if handler else _children(code)


def local_names(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    """Return the names that are local to a function: its parameters and what its body binds."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
    names = {argument.arg for argument in every}
    if not isinstance(function, ast.Lambda):
        names |= flow_of(function.body).writes - declared_global(function.body)
    return frozenset(names)


def _children(node: ast.AST) -> Flow:
    return flow_of(list(ast.iter_child_nodes(node)))


def _name(node: ast.Name) -> Flow:
    one = frozenset({node.id})
    return Flow(reads=one) if isinstance(node.ctx, ast.Load) else Flow(writes=one, binds=one)


def _delete(node: ast.Delete) -> Flow:
    names = frozenset(target.id for target in node.targets if isinstance(target, ast.Name))
    others = [target for target in node.targets if not isinstance(target, ast.Name)]
    return flow_of(others).then(Flow(reads=names, writes=names))


def _assign(node: ast.Assign) -> Flow:
    return flow_of(node.value).then(flow_of(node.targets))


def _ann_assign(node: ast.AnnAssign) -> Flow:
    annotation = flow_of(node.annotation)
    return annotation.then(flow_of(node.value)).then(flow_of(node.target) if node.value else Flow())


def _aug_assign(node: ast.AugAssign) -> Flow:
    reads = Flow(reads=frozenset({node.target.id})) if isinstance(node.target, ast.Name) else Flow()
    return flow_of(node.value).then(reads).then(flow_of(node.target))


def _named(node: ast.NamedExpr) -> Flow:
    return flow_of(node.value).then(flow_of(node.target))


def _branch(node: ast.If | ast.IfExp) -> Flow:
    body, orelse = flow_of(node.body), flow_of(node.orelse)
    both = Flow(
        body.reads | orelse.reads,
        body.writes | orelse.writes,
        body.binds & orelse.binds,
        body.later | orelse.later,
        body.later_writes | orelse.later_writes,
    )
    return flow_of(node.test).then(both)


def _for(node: ast.For | ast.AsyncFor) -> Flow:
    body = flow_of(node.target).then(flow_of(node.body))
    return flow_of(node.iter).then(body.maybe()).then(flow_of(node.orelse).maybe())


def _while(node: ast.While) -> Flow:
    return flow_of(node.test).then(flow_of(node.body).maybe()).then(flow_of(node.orelse).maybe())


def _try(node: ast.Try | ast.TryStar) -> Flow:
    body = flow_of(node.body).then(flow_of(node.orelse))
    handlers = [flow_of(handler.type).then(_handler(handler)) for handler in node.handlers]
    binds = body.binds
    result = body.maybe()
    for handler in handlers:
        binds &= handler.binds
        result = result.then(handler.maybe())
    return result.then(Flow(binds=binds)).then(flow_of(node.finalbody))


def _handler(node: ast.ExceptHandler) -> Flow:
    body = flow_of(node.body)
    name = frozenset({node.name} if node.name else ())  # unbound again when the handler ends
    return Flow(body.reads - name, body.writes - name, body.binds - name, body.later, body.later_writes)


def _with(node: ast.With | ast.AsyncWith) -> Flow:
    result = Flow()
    for item in node.items:
        result = result.then(flow_of(item.context_expr)).then(flow_of(item.optional_vars))
    return result.then(flow_of(node.body))


def _import(node: ast.Import | ast.ImportFrom) -> Flow:
    names = frozenset(imported_name(alias, node) for alias in node.names if alias.name != "*")
    return Flow(writes=names, binds=names)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Flow:
    head = flow_of(node.decorator_list).then(_argument_defaults(node.args)).then(flow_of(node.returns))
    body = flow_of(node.body)
    name = frozenset({node.name})
    later = (body.reads | body.later) - local_names(node)
    declared = declared_global(node.body)
    inner = Flow(later=later, later_writes=(declared & body.writes) | body.later_writes)
    return head.then(inner).then(Flow(writes=name, binds=name))


def _lambda(node: ast.Lambda) -> Flow:
    body = flow_of(node.body)
    return _argument_defaults(node.args).then(Flow(later=(body.reads | body.later) - local_names(node)))


def _argument_defaults(arguments: ast.arguments) -> Flow:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
    annotations = [argument.annotation for argument in every if argument.annotation]
    return flow_of([*arguments.defaults, *(d for d in arguments.kw_defaults if d), *annotations])


def _class(node: ast.ClassDef) -> Flow:
    head = flow_of([*node.decorator_list, *node.bases, *node.keywords])
    body = flow_of(node.body)
    name = frozenset({node.name})
    # The body runs now, in a namespace of its own that its methods do not see.
    return head.then(Flow(reads=body.reads, later=body.later - name, later_writes=body.later_writes)).then(
        Flow(writes=name, binds=name)
    )


def _comprehension(node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> Flow:
    result = Flow()
    for generator in node.generators:
        result = result.then(flow_of(generator.iter)).then(flow_of(generator.target)).then(flow_of(generator.ifs))
    targets = flow_of([generator.target for generator in node.generators]).writes
    values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    result = result.then(flow_of(values))
    outside = result.writes - targets  # a walrus binds in the enclosing namespace
    return Flow(result.reads, outside, _NONE, result.later - targets, result.later_writes)


def _match(node: ast.Match) -> Flow:
    result = flow_of(node.subject)
    for case in node.cases:
        result = result.then(flow_of(case.pattern).then(flow_of(case.guard)).then(flow_of(case.body)).maybe())
    return result


def _capture(node: ast.MatchAs | ast.MatchStar) -> Flow:
    one = frozenset({node.name} if node.name else ())
    return _children(node).then(Flow(writes=one, binds=one))


def _global(_: ast.Global | ast.Nonlocal) -> Flow:
    return Flow()


_HANDLERS: dict[type[ast.AST], Callable[[Any], Flow]] = {
    **dict.fromkeys(_COMPREHENSIONS, _comprehension),
    ast.Name: _name,
    ast.Delete: _delete,
    ast.Assign: _assign,
    ast.AnnAssign: _ann_assign,
    ast.AugAssign: _aug_assign,
    ast.NamedExpr: _named,
    ast.If: _branch,
    ast.IfExp: _branch,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _lambda,
    ast.ClassDef: _class,
    ast.Match: _match,
    ast.MatchAs: _capture,
    ast.MatchStar: _capture,
    ast.Global: _global,
    ast.Nonlocal: _global,
}
