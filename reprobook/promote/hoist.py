"""Which definitions of the notebook move to module level, and which of its variables they must be given then.

A helper that reads ``X_val`` of the notebook gets it as an argument, at every call. Where that is not simple (it is
passed around, decorated, or calls are indirect) the helper stays in its section, as a closure.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from reprobook.promote.flow import flow_of
from reprobook.promote.identifiers import names_in_order
from reprobook.promote.meaning import Definition, Names

_NONE: frozenset[str] = frozenset()
_BUILTINS = frozenset(dir(builtins))
# These decorators pass their arguments through as they are.
_TRANSPARENT = frozenset({"torch.no_grad", "torch.inference_mode", "torch.enable_grad", "contextlib.contextmanager"})
# Names that the script's own parts use at module level: a definition of that name stays in its section.
OWN = frozenset(
    {"Annotated", "Any", "Callable", "Path", "argparse", "asdict", "dataclass", "field", "get_args", "yaml", "READERS"}
)
OWN |= {"ast", "partial", "read_bool", "read_config", "read_literal", "replace", "sys", "cast", "get_type_hints"}
OWN |= {"Fabric", "ModelParallelStrategy", "DeviceMesh", "DTensor", "FSDPModule", "Module", "ModuleList"}
OWN |= {"launch", "shard", "distribute_tensor", "fully_shard", "is_wrapped", "randbits", "register_fsdp_forward_method"}
OWN |= {"hydra", "ConfigStore", "DictConfig", "HydraConfig", "OmegaConf", "SCHEMA", "start"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Hoisting:
    """What moves to module level.

    Attributes:
        names: The definitions and constants that move.
        extras: The variables to add to a definition's arguments, and to each of its calls, in order.
    """

    names: frozenset[str] = _NONE
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def hoisting(
    trees: Sequence[ast.stmt], names: Names, parameters: Collection[str], fixed: Collection[str] = _NONE
) -> Hoisting:
    """Decide for the top-level statements of the kept cells; ``fixed`` are constants, whatever their spelling."""
    bound = [name for tree in trees for name in flow_of(tree).writes]
    once = {name for name in bound if bound.count(name) == 1 and name not in {*parameters, *OWN}}
    found = {tree.name: tree for tree in trees if isinstance(tree, _DEFINITIONS) and tree.name in once}
    constants = _constants(trees, once, names) | {name for name in fixed if _is_one_literal(name, trees)}
    at_module_level = names.imported | {name for tree in trees for name in _guarded_names(tree)} | _BUILTINS
    movable = set(found)
    while True:
        at_hand = movable | constants | at_module_level
        variables = (set(bound) | set(parameters)) - at_hand
        extras = _extras({name: found[name] for name in found if name in movable}, variables, parameters)
        stuck = {name for name in movable if not _moves(found[name], extras[name], trees, names, at_hand)}
        if not stuck:
            return Hoisting(frozenset(movable | constants), {name: extras[name] for name in movable if extras[name]})
        movable -= stuck


def _guarded_names(tree: ast.stmt) -> frozenset[str]:
    return flow_of(tree).binds if is_guarded_import(tree) else _NONE


def is_guarded_import(tree: ast.stmt) -> bool:
    """Tell an import with a fallback: ``try: import cupy`` ... ``except ImportError: cupy = None``."""
    if not isinstance(tree, ast.Try) or not isinstance(tree.body[0], (ast.Import, ast.ImportFrom)):
        return False
    parts = [*tree.body, *(node for handler in tree.handlers for node in handler.body), *tree.orelse]
    return all(
        isinstance(node, (ast.Import, ast.ImportFrom, ast.Pass))
        or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))
        for node in parts
    )


def _constants(trees: Iterable[ast.stmt], once: Collection[str], names: Names) -> set[str]:
    """Return the names in capitals that are set once, to a value made of literals, imports and such constants."""
    found: set[str] = set()
    for tree in trees:
        if isinstance(tree, ast.Assign) and len(tree.targets) == 1 and isinstance(tree.targets[0], ast.Name):
            name = tree.targets[0].id
            reads = flow_of(tree.value).uses
            pure = reads <= found | names.imported | _BUILTINS and _is_pure(tree.value, names)
            if name.isupper() and len(name) > 1 and name in once and pure:
                found.add(name)
    return found


def _is_one_literal(name: str, trees: Iterable[ast.stmt]) -> bool:
    """Tell a variable that is only ever set to one and the same literal."""
    setting = [tree for tree in trees if name in flow_of(tree).writes]
    plain = [tree for tree in setting if isinstance(tree, ast.Assign) and isinstance(tree.value, ast.Constant)]
    return len(plain) == len(setting) and len({ast.dump(tree) for tree in plain}) == 1


def _is_pure(value: ast.expr, names: Names) -> bool:
    calls = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
    allowed = {"pathlib.Path", "os.path.join", "torch.device", "torch.cuda.is_available", "collections.OrderedDict"}
    return all(
        names.dotted(call.func) in allowed or (isinstance(call.func, ast.Name) and call.func.id in _PURE)
        for call in calls
    )


_PURE = frozenset({"range", "len", "list", "tuple", "dict", "set", "frozenset", "sorted", "min", "max", "sum", "int"})


def _extras(
    found: Mapping[str, Definition], variables: Collection[str], parameters: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return the variables that each definition reads, those of the definitions it calls included.

    Data come first, in the order of their use; parameters last.
    """
    uses = {name: flow_of(tree).later for name, tree in found.items()}
    direct = {name: {use for use in uses[name] if use in variables} for name in found}
    while True:
        wider = {name: direct[name].union(*(direct[callee] for callee in uses[name] & set(found))) for name in found}
        if wider == direct:
            ordered = {name: _in_order(found[name], wanted) for name, wanted in direct.items()}
            return {name: tuple(sorted(names, key=set(parameters).__contains__)) for name, names in ordered.items()}
        direct = wider


def _in_order(tree: ast.AST, names: Collection[str]) -> tuple[str, ...]:
    """Order names by where they first stand in the code; those of inner calls come last."""
    words = [name for name in names_in_order(tree) if name in names]
    return tuple(dict.fromkeys([*words, *sorted(names)]))


def _moves(
    tree: Definition, extras: Sequence[str], trees: Sequence[ast.stmt], names: Names, at_hand: Collection[str]
) -> bool:
    """Tell whether a definition can stand at module level."""
    if not flow_of(tree).reads <= set(at_hand) | {tree.name}:
        return False  # a default, a decorator or a base that only exists later
    if not extras:
        return True
    if flow_of(tree).later_writes & set(extras):
        return False
    target = _initialiser(tree)
    if target is None or not _takes_arguments(target, extras):
        return False
    if isinstance(tree, ast.ClassDef) and not _only_initialiser_reads(tree, target, extras):
        return False
    transparent = all(
        names.dotted(d.func if isinstance(d, ast.Call) else d) in _TRANSPARENT for d in tree.decorator_list
    )
    return transparent and all(_only_called(other, tree.name) for other in trees)


def _initialiser(tree: Definition) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the function that takes the arguments of a call."""
    if not isinstance(tree, ast.ClassDef):
        return tree
    methods = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    return methods[0] if methods else None


def _takes_arguments(function: ast.FunctionDef | ast.AsyncFunctionDef, extras: Collection[str]) -> bool:
    arguments = function.args
    own = {a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
    return not own & set(extras) and arguments.kwarg is None


def _only_initialiser_reads(tree: ast.ClassDef, initialiser: ast.AST, extras: Collection[str]) -> bool:
    others = [node for node in tree.body if node is not initialiser]
    flow = flow_of(others)
    return not flow.uses & set(extras)


def _only_called(tree: ast.AST, name: str) -> bool:
    """Tell whether code uses a definition by calling it, in annotations and for ``super``, and in no other way."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    annotations = [node.annotation for node in ast.walk(tree) if isinstance(node, ast.arg) and node.annotation]
    called |= {id(node) for annotation in annotations for node in ast.walk(annotation)}
    called |= {id(node.args[0]) for node in ast.walk(tree) if _asks_super(node)}
    return all(id(node) in called for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name)


def _asks_super(node: ast.AST) -> TypeGuard[ast.Call]:
    """Tell ``super(Net, self)``, as it was written for Python 2."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super" and bool(node.args)


def module_globals(parts: Sequence[Sequence[ast.stmt]], variables: Collection[str]) -> frozenset[str]:
    """Return the variables that must live at module level.

    They are those that a function sets with ``global``, and those that a closure of one section reads after a later
    section has set them.
    """
    found: set[str] = set()
    read_later: set[str] = set()
    for part in parts:
        flow = flow_of(part)
        found |= flow.later_writes | (read_later & flow.writes)
        read_later |= flow.later & set(variables)
    return frozenset(found & set(variables) | {name for part in parts for name in flow_of(part).later_writes})
