"""What a statement does beyond binding names: whom it changes, which generators it draws from, what it shows.

Generators, files and global settings are treated as names too (``rng:torch``, ``file:x.csv``, ``setting:``), so that
one data-flow analysis covers them all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from reprobook.promote import libraries
from reprobook.promote.effect import SETTING, Effects
from reprobook.promote.flow import flow_of, local_names
from reprobook.promote.handled_files import handled_files
from reprobook.promote.meaning import Names, base_name, methods_of

_NONE: frozenset[str] = frozenset()


def effects_of(tree: ast.AST, names: Names, seen: frozenset[str] = _NONE) -> Effects:
    """Return what running this code does, functions of the notebook that it calls included."""
    result = Effects()
    for node in _executed(tree):
        if isinstance(node, ast.Call):
            result |= _call(node, names, seen)
        elif isinstance(node, ast.Expr):
            result |= _told(node.value, names)
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            result |= _stored(node, names)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            result |= Effects(changes=frozenset({node.target.id}))  # ``a += b`` works in place on arrays and lists
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            result |= _iterated(node.iter, names)
    return result


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run now; the bodies of functions run when called."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef)) and child in tree.body:
            continue
        yield from _executed(child)


def _argument_names(call: ast.Call) -> frozenset[str]:
    values = [*call.args, *(word.value for word in call.keywords)]
    return frozenset(name for value in values if (name := base_name(value)) and not isinstance(value, ast.Call))


def _call(call: ast.Call, names: Names, seen: frozenset[str]) -> Effects:
    dotted = names.dotted(call.func)
    if dotted is not None:
        return _library_call(call, dotted, names)
    if isinstance(call.func, ast.Name):
        return _plain_call(call, call.func.id, names, seen)
    if isinstance(call.func, ast.Attribute):
        return _method_call(call, call.func, names, seen)
    return Effects(changes=_argument_names(call))


def _library_call(call: ast.Call, dotted: str, names: Names) -> Effects:
    """``np.load(...)``, ``rb.log(...)``, ``plt.plot(...)``."""
    package, _, name = dotted.partition(".")
    if package == "reprobook":
        return Effects(sinks=name in {"log", "save"})
    changes = _argument_names(call) - set(names.imports) if libraries.changes_arguments(dotted) else _NONE
    changes |= {SETTING} if libraries.is_setting(dotted) else _NONE
    written, read = handled_files(call, dotted.rpartition(".")[2])
    iterated = Effects()
    if dotted.startswith("tqdm") and call.args:
        iterated = _iterated(call.args[0], names)
    return iterated | Effects(
        changes=changes | written,
        needs=read,
        draws=libraries.draws(dotted, call),
        seeds=frozenset(libraries.SEEDING.get(dotted, ())),
        plots=package in libraries.PLOTTING,
        prints=dotted in libraries.PRINTING,
        unknown=not libraries.is_known(dotted),
        figures=libraries.draws_figure(dotted),
    )


def _plain_call(call: ast.Call, name: str, names: Names, seen: frozenset[str]) -> Effects:
    """Call a builtin, a function of the notebook, or a variable such as ``model(x)``."""
    written, read = handled_files(call, name)
    if name in names.definitions:
        return _definition_call(call, name, names, seen)
    if name in {"get_ipython", "globals", "locals", "exec"}:
        return Effects(changes=frozenset({SETTING}), unknown=True)
    if name in {"print", "display"}:
        return Effects(prints=True)
    if name in {"iter", "next", "list"} and call.args:
        changed = _argument_names(call) if name == "next" else _NONE
        return _iterated(call.args[0], names) | Effects(changes=changed)
    if name in libraries.PURE_BUILTINS or name == "open":
        return Effects(changes=written, needs=read)
    if name[:1].isupper() and name.endswith(("Error", "Exception")):
        return Effects()
    draws = frozenset({"rng:torch"}) if names.has_dropout else _NONE
    return Effects(changes=_argument_names(call) | {name} | written, needs=read, draws=draws)


def _definition_call(call: ast.Call, name: str, names: Names, seen: frozenset[str]) -> Effects:
    """Call a function or class of the notebook: what its body does, in terms of the arguments."""
    definition = names.definitions[name]
    if name in seen:
        return Effects()
    bodies = methods_of(definition) if isinstance(definition, ast.ClassDef) else [definition]
    found, touched = _run(bodies, names, seen | {name})
    changes = found.changes | flow_of(definition).later_writes
    if touched - {"self"}:
        changes |= _argument_names(call)
    return replace(found, changes=changes, seeds=_NONE)


def _run(
    bodies: Sequence[ast.FunctionDef | ast.AsyncFunctionDef], names: Names, seen: frozenset[str]
) -> tuple[Effects, frozenset[str]]:
    """Return what these functions do beyond their own names, and which of their arguments they may change."""
    inner = Effects()
    local: frozenset[str] = _NONE
    touched: set[str] = set()
    for body in bodies:
        for statement in body.body:
            inner |= effects_of(statement, names, seen)
        local |= local_names(body)
        touched |= {argument.arg for argument in _arguments(body)} & inner.changes
    outer = frozenset(change for change in inner.changes if change not in local)
    return replace(inner, changes=outer, surely=inner.surely - local), frozenset(touched)


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _told(value: ast.expr, names: Names) -> Effects:
    """``model.to(device)`` whose result nobody takes: a module, which moves in place; a tensor would not."""
    call = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
    if not call or value.func.attr not in libraries.MOVING_METHODS:  # type: ignore[attr-defined]  # seen above
        return Effects()
    holder = frozenset({base_name(value) or ""} - {"", *names.imports})
    return Effects(changes=holder, surely=holder)


def _method_call(call: ast.Call, function: ast.Attribute, names: Names, seen: frozenset[str]) -> Effects:
    """``losses.append(x)``, ``df.head()``, ``trainer.fit(model)``."""
    method, holder = function.attr, base_name(function.value)
    written, read = handled_files(call, method)
    keywords = {word.arg: word.value for word in call.keywords}
    holders = frozenset({holder} if holder and holder not in names.imports else ())
    if method in names.methods:
        return _own_method_call(call, holders, names, seen)
    if holder in names.figures:
        return Effects(changes=holders | written, plots=True, figures=method not in {"get_figure", "clf", "cla"})
    if method == "log" and not call.args:
        return Effects()  # of numbers; a logger is given something to log
    inplace = "inplace" in keywords and not _is_false(keywords["inplace"])
    if method == "sample" and "random_state" not in keywords:
        return Effects(draws=frozenset({"rng:numpy"}), changes=written)
    if method in libraries.FRESH_METHODS | libraries.VIEW_METHODS | libraries.WRITING and not inplace:
        plots = method in {"plot", "hist"}
        return Effects(changes=written, needs=read, plots=plots, figures=plots)
    draws = frozenset({"rng:numpy"}) if method.startswith(("fit", "partial_fit")) else _NONE
    draws |= {"rng:torch"} if method.rstrip("_") in {"uniform", "normal", "xavier_uniform", "bernoulli"} else _NONE
    if names.has_dropout and method in {"forward", "generate"}:
        draws |= {"rng:torch"}
    changed = holders if method in libraries.STORING_METHODS else holders | _argument_names(call)
    changed = changed - set(names.imports)
    surely = holders if method in libraries.STATEFUL_METHODS else _NONE
    return Effects(changes=changed | written, needs=read, draws=draws, surely=surely)


def _own_method_call(call: ast.Call, holders: frozenset[str], names: Names, seen: frozenset[str]) -> Effects:
    """Call what a class of the notebook defines: whatever the object is, it may be that method."""
    method = call.func.attr  # type: ignore[attr-defined]  # a method, by its caller
    if f".{method}" in seen:
        return Effects()
    found, touched = _run(names.methods[method], names, seen | {f".{method}"})
    changed = holders if "self" in touched else _NONE
    changed |= _argument_names(call) - set(names.imports) if touched - {"self"} else _NONE
    draws = frozenset({"rng:torch"}) if names.has_dropout else _NONE
    return replace(found, changes=found.changes | changed, draws=found.draws | draws, seeds=_NONE)


def _stored(node: ast.Attribute | ast.Subscript, names: Names) -> Effects:
    """``x.a = ...`` and ``x[0] = ...``; on a module or an imported class it is a setting of the process."""
    name = base_name(node.value)
    if name is None:
        return Effects()
    if name not in names.imports:
        return Effects(changes=frozenset({name}))
    plots = libraries.root(names.imports[name]) in libraries.PLOTTING
    return Effects(plots=True) if plots else Effects(changes=frozenset({SETTING}))


def _iterated(iterable: ast.expr, names: Names) -> Effects:
    """Iterating a DataLoader draws a seed for its workers, shuffled or not."""
    if not names.has_loaders:
        return Effects()
    if isinstance(iterable, ast.Call):
        found = Effects()
        for argument in iterable.args:
            found |= _iterated(argument, names)
        return found
    loader = isinstance(iterable, ast.Name) and (iterable.id in names.loaders or "loader" in iterable.id)
    return Effects(draws=frozenset({"rng:torch"})) if loader else Effects()


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
