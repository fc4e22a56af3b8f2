"""What a statement does beyond binding names: whom it changes, which generators it draws from, what it shows.

Generators, files and global settings are treated as names too (``rng:torch``, ``file:x.csv``, ``setting:``), so that
one data-flow analysis covers them all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from reprobook.promote import libraries
from reprobook.promote.flow import flow_of, local_names
from reprobook.promote.meaning import Names, base_name

SETTING = "setting:"
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Effects:
    """What running a piece of code does.

    Attributes:
        changes: Names whose object may be changed in place, and pseudo-names.
        draws: Generators it may draw from.
        seeds: Generators it sets, whatever their state was.
        needs: Pseudo-names it reads (files).
        sinks: Whether it logs a metric or saves an artifact.
        plots: Whether it plots, or sets how plots look.
        prints: Whether it prints.
        unknown: Whether it runs code that nothing is known of.
        figures: Whether it draws a figure.
    """

    changes: frozenset[str] = _NONE
    draws: frozenset[str] = _NONE
    seeds: frozenset[str] = _NONE
    needs: frozenset[str] = _NONE
    sinks: bool = False
    plots: bool = False
    prints: bool = False
    unknown: bool = False
    figures: bool = False

    def __or__(self, other: Effects) -> Effects:
        return Effects(
            self.changes | other.changes,
            self.draws | other.draws,
            self.seeds | other.seeds,
            self.needs | other.needs,
            self.sinks or other.sinks,
            self.plots or other.plots,
            self.prints or other.prints,
            self.unknown or other.unknown,
            self.figures or other.figures,
        )


def effects_of(tree: ast.AST, names: Names, seen: frozenset[str] = _NONE) -> Effects:
    """Return what running this code does, functions of the notebook that it calls included."""
    result = Effects()
    for node in _executed(tree):
        if isinstance(node, ast.Call):
            result |= _call(node, names, seen)
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
        return _method_call(call, call.func, names)
    return Effects(changes=_argument_names(call))


def _library_call(call: ast.Call, dotted: str, names: Names) -> Effects:
    """``np.load(...)``, ``rb.log(...)``, ``plt.plot(...)``."""
    package, _, name = dotted.partition(".")
    if package == "reprobook":
        return Effects(sinks=name in {"log", "save"})
    changes = _argument_names(call) - set(names.imports) if libraries.changes_arguments(dotted) else _NONE
    changes |= {SETTING} if libraries.is_setting(dotted) else _NONE
    written, read = _files(call, dotted.rpartition(".")[2])
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
    written, read = _files(call, name)
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
    inner = Effects()
    bodies = (
        [definition]
        if not isinstance(definition, ast.ClassDef)
        else [method for method in definition.body if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef))]
    )
    local: frozenset[str] = _NONE
    touched: set[str] = set()
    for body in bodies:
        for statement in body.body:
            inner |= effects_of(statement, names, seen | {name})
        own = local_names(body)
        touched |= {argument.arg for argument in _arguments(body)} & inner.changes
        local |= own
    global_writes = flow_of(definition).later_writes
    changes = {change for change in inner.changes if change not in local} | global_writes
    if touched - {"self"}:
        changes |= _argument_names(call)
    return replace(inner, changes=frozenset(changes), seeds=_NONE)


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _method_call(call: ast.Call, function: ast.Attribute, names: Names) -> Effects:
    """``losses.append(x)``, ``df.head()``, ``trainer.fit(model)``."""
    method, holder = function.attr, base_name(function.value)
    written, read = _files(call, method)
    keywords = {word.arg: word.value for word in call.keywords}
    holders = frozenset({holder} if holder and holder not in names.imports else ())
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
    return Effects(changes=(changed - set(names.imports)) | written, needs=read, draws=draws)


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


def _files(call: ast.Call, function: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the files that a call may write, and those it may read, as far as their names stand in the code.

    A path in a variable counts as changed when it is written to: who reads the variable later may read the file.
    """
    texts = [value for value in _constants(call) if isinstance(value, str)]
    files = frozenset(f"file:{text}" for text in texts)
    mode = texts[1] if function == "open" and len(texts) > 1 else ""
    if function in libraries.WRITING or any(letter in mode for letter in "wax+"):
        paths = [value for value in call.args if isinstance(value, ast.Name)]
        holder = call.func.value if isinstance(call.func, ast.Attribute) else None
        if function in {"write_text", "write_bytes"} and isinstance(holder, ast.Name):
            paths.append(holder)
        variables = frozenset(f"path:{path.id}" for path in paths)
        return files | variables, _NONE
    names = frozenset(f"path:{node.id}" for node in ast.walk(call) if isinstance(node, ast.Name))
    return _NONE, files | names


def _constants(call: ast.Call) -> Iterator[object]:
    values = [*call.args, *(word.value for word in call.keywords)]
    if isinstance(call.func, ast.Attribute):
        values.append(call.func.value)  # Path("x").write_text(...)
    for value in values:
        for node in ast.walk(value):
            if isinstance(node, ast.Constant):
                yield node.value


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
