"""What the names of a notebook stand for, and which variables may share an object."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reprobook.promote import libraries
from reprobook.promote.flow import flow_of
from reprobook.promote.identifiers import imported_name
from reprobook.promote.source import Source

_NONE: frozenset[str] = frozenset()
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Names:
    """What the names of a notebook stand for.

    Attributes:
        imports: Alias to dotted name of what was imported.
        imported: The names that only imports at top level bind: a script has them everywhere.
        definitions: Functions and classes defined at top level.
        methods: What the notebook's classes define, by the method's name.
        loaders: Names bound to data loaders, whose iteration draws a seed.
        preparing: Names bound to scalers, encoders and the like: to fit one is not to train.
        figures: Names bound to figures and axes only: their methods draw.
        has_loaders: Whether the notebook uses data loaders at all.
        has_dropout: Whether calling a model may draw.
    """

    imports: Mapping[str, str] = field(default_factory=dict)
    imported: frozenset[str] = _NONE
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    methods: Mapping[str, Sequence[ast.FunctionDef | ast.AsyncFunctionDef]] = field(default_factory=dict)
    loaders: frozenset[str] = _NONE
    preparing: frozenset[str] = _NONE
    figures: frozenset[str] = _NONE
    has_loaders: bool = False
    has_dropout: bool = False

    def dotted(self, node: ast.expr) -> str | None:
        """Return the dotted name of something imported: ``np.random.rand`` is ``numpy.random.rand``."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.imports:
            return None
        return ".".join([self.imports[node.id], *reversed(parts)])


def names_in(sources: Sequence[Source]) -> Names:
    """Learn what the names of a notebook stand for."""
    imports: dict[str, str] = {}
    definitions: dict[str, Definition] = {}
    trees = [statement.tree for source in sources for statement in source.statements]
    words = {word for tree in trees for node in ast.walk(tree) for word in _words(node)}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                imports |= {imported_name(alias, node): _origin(alias, node) for alias in node.names}
        if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            definitions[tree.name] = tree
    makers = {name for name, tree in definitions.items() if "DataLoader" in _all_words(tree)}
    loaders = {
        name
        for tree in trees
        if isinstance(tree, ast.Assign) and _all_words(tree.value) & (makers | {"DataLoader"})
        for name in flow_of(tree.targets).writes
    }
    top = [flow_of(tree).binds for tree in trees if isinstance(tree, (ast.Import, ast.ImportFrom))]
    others = [flow_of(tree).writes for tree in trees if not isinstance(tree, (ast.Import, ast.ImportFrom))]
    found = Names(
        imports=imports,
        imported=_NONE.union(*top) - _NONE.union(*others),
        definitions=definitions,
        methods=_methods(definitions.values()),
        loaders=frozenset(loaders),
        has_loaders="DataLoader" in words,
        has_dropout=any("dropout" in word.lower() or word == "from_pretrained" for word in words),
    )
    return replace(found, figures=_figures(trees, found), preparing=_preparing(trees, found))


def _preparing(trees: Iterable[ast.stmt], names: Names) -> frozenset[str]:
    """Return the variables that hold what prepares data, such as ``scaler = StandardScaler()``."""
    made = (tree for tree in trees if isinstance(tree, ast.Assign) and isinstance(tree.value, ast.Call))
    return _NONE.union(
        *(
            _bound_names(tree.targets)
            for tree in made
            if libraries.prepares(names.dotted(getattr(tree.value, "func", tree.value)) or "")
        )
    )


def _figures(trees: Iterable[ast.stmt], names: Names) -> frozenset[str]:
    """Return the variables that hold figures or axes, made by a library or by another figure, and nothing else."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    bound = [(node.targets, node.value) for node in nodes if isinstance(node, ast.Assign)]
    bound += [pair for node in nodes if isinstance(node, ast.For) for pair in _of_loop(node.target, node.iter)]
    found: frozenset[str] = _NONE
    while True:
        made = {id(value) for _, value in bound if _makes_figure(value, found, names)}
        more = _NONE.union(*(_bound_names(targets) for targets, value in bound if id(value) in made))
        more -= _NONE.union(*(_bound_names(targets) for targets, value in bound if id(value) not in made))
        if more <= found:
            return found
        found |= more


def _of_loop(target: ast.expr, passes: ast.expr) -> list[tuple[list[ast.expr], ast.expr]]:
    """Return the variables of a loop, each with what its values come from: ``for ax, x in zip(axes, xs)``."""
    called = getattr(passes.func, "id", "") if isinstance(passes, ast.Call) else ""
    if isinstance(passes, ast.Call) and isinstance(target, ast.Tuple):
        if called == "zip" and len(passes.args) == len(target.elts):
            pairs = zip(target.elts, passes.args, strict=True)
            return [pair for each, value in pairs for pair in _of_loop(each, value)]
        if called == "enumerate" and passes.args and len(target.elts) == len(("index", "item")):
            return _of_loop(target.elts[1], passes.args[0])
    return [([target], passes)]


def _makes_figure(value: ast.expr, figures: frozenset[str], names: Names) -> bool:
    dotted = names.dotted(value.func) if isinstance(value, ast.Call) else None
    return libraries.makes_figure(dotted) if dotted is not None else base_name(value) in figures


def _bound_names(targets: Sequence[ast.expr]) -> frozenset[str]:
    nodes = (node for target in targets for node in ast.walk(target))
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


def methods_of(tree: ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the methods that a class defines itself."""
    return [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _methods(definitions: Iterable[Definition]) -> dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Return the methods of all classes by name, those that Python itself calls apart."""
    found: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
    for tree in definitions:
        for method in methods_of(tree) if isinstance(tree, ast.ClassDef) else ():
            if not method.name.startswith("__"):
                found.setdefault(method.name, []).append(method)
    return found


def aliases(sources: Iterable[Source], names: Names) -> dict[str, frozenset[str]]:
    """Group the variables that may share an object: ``opt`` of ``opt = SGD(model.parameters())`` changes ``model``."""
    groups: dict[str, frozenset[str]] = {}
    for source in sources:
        for statement in source.statements:
            for node in ast.walk(statement.tree):
                if isinstance(node, (ast.Assign, ast.AnnAssign)):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    group = flow_of(targets).writes | holds(node.value, names)
                    group = group.union(*(groups.get(name, _NONE) for name in group))
                    groups |= dict.fromkeys(group, group)
    return groups


def later_reads(sources: Iterable[Source], names: Names) -> dict[str, frozenset[str]]:
    """Map the names of functions to what they read when called."""
    later: dict[str, frozenset[str]] = {}
    for source in sources:
        for statement in source.statements:
            flow = flow_of(statement.tree)
            for name in flow.binds if flow.later else ():
                later[name] = later.get(name, _NONE) | (flow.later - names.imported)
    return later


def bound_names(sources: Iterable[Source]) -> frozenset[str]:
    """Return every variable that the notebook binds."""
    return _NONE.union(*(flow_of(statement.tree).writes for source in sources for statement in source.statements))


def base_name(node: ast.expr) -> str | None:
    """Return the variable that an expression such as ``a.b[0].c()`` begins with."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred, ast.Await)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def holds(value: ast.expr | None, names: Names) -> frozenset[str]:
    """Return the variables whose objects the value of an expression may share."""
    if value is None:
        return _NONE
    if isinstance(value, ast.Name):
        return frozenset({value.id} - set(names.imports))
    if isinstance(value, (ast.Attribute, ast.Subscript, ast.Starred, ast.Await)):
        return holds(value.value, names)
    if isinstance(value, ast.Call):
        return _held_by_call(value, names)
    if isinstance(value, (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.BinOp, ast.BoolOp, ast.IfExp)):
        children = [child for child in ast.iter_child_nodes(value) if isinstance(child, ast.expr)]
        return frozenset().union(*(holds(child, names) for child in children))
    return _NONE


def _held_by_call(call: ast.Call, names: Names) -> frozenset[str]:
    values = [*call.args, *(word.value for word in call.keywords)]
    given = frozenset().union(*(holds(value, names) for value in values))
    dotted = names.dotted(call.func)
    if dotted is not None:
        return given if libraries.holds_arguments(dotted) else _NONE
    if isinstance(call.func, ast.Attribute):
        if call.func.attr in libraries.FRESH_METHODS - {"parameters", "named_parameters", "state_dict", "items"}:
            return _NONE
        return given | holds(call.func.value, names)
    if isinstance(call.func, ast.Name):
        builtin = call.func.id in libraries.PURE_BUILTINS and call.func.id not in names.definitions
        if builtin:
            return given if call.func.id in libraries.HOLDING_BUILTINS else _NONE
        return given | ({call.func.id} - set(names.definitions))
    return given


def _origin(alias: ast.alias, node: ast.Import | ast.ImportFrom) -> str:
    if isinstance(node, ast.ImportFrom):
        return f"{'.' * node.level}{node.module or ''}.{alias.name}"
    return alias.name if alias.asname else alias.name.partition(".")[0]


def _words(node: ast.AST) -> Iterable[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.alias):
        yield node.name.rpartition(".")[2]


def _all_words(tree: ast.AST) -> set[str]:
    return {word for node in ast.walk(tree) for word in _words(node)}
