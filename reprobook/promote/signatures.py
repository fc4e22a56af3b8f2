"""The types of the arguments and results of sections, as the run saw them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reprobook.promote.identifiers import names_used
from reprobook.promote.model import Function, Import
from reprobook.promote.python import tree_of
from reprobook.promote.stability import keep_their_types

ANY = "Any"
_MANY = 3
_BUILTIN = {name: name for name in ("bool", "bytes", "complex", "float", "int", "range", "str")}
_BUILTIN |= {"list": "list[Any]", "dict": "dict[Any, Any]", "set": "set[Any]", "tuple": "tuple[Any, ...]"}
_CALLED = frozenset({"function", "builtin_function_or_method", "method"})


@dataclass(frozen=True)
class Vocabulary:
    """How the script can write a type.

    Attributes:
        origins: What the names of its module level stand for, as dotted names; ``__main__.Net`` for its own.
        written: Expressions of its code, such as ``torch.optim.SGD``, by what they stand for.
        known: The types of variables that no cell makes.
    """

    origins: Mapping[str, str]
    written: Mapping[str, str]
    known: Mapping[str, str]


def vocabulary(
    imports: Mapping[str, Import], functions: Sequence[Function], definitions: Iterable[str], known: Mapping[str, str]
) -> Vocabulary:
    """Learn it from the imports that the script has, its code, and the classes of its module level."""
    origins = {name: f"{one.module}.{one.attribute}".rstrip(".") for name, one in imports.items()}
    nodes = [node for each in functions for line in each.body for node in ast.walk(tree_of(line))]
    chains = [node for node in nodes if isinstance(node, ast.Attribute)]
    written = {origin: ast.unparse(chain) for chain in chains if (origin := _origin(chain, origins))}
    return Vocabulary(origins | {name: f"__main__.{name}" for name in definitions}, written, known)


def with_types(
    functions: Sequence[Function], kinds: Mapping[int, Mapping[str, str]], words: Vocabulary
) -> tuple[Function, ...]:
    """Return the sections with the types of what they take and give, if these keep their types.

    ``kinds`` are qualified names, by cell.
    """
    if not kinds or not keep_their_types(functions, kinds):
        return tuple(functions)
    seen: dict[str, str] = dict(words.known)
    result: list[Function] = []
    for function in functions:
        arguments = tuple(seen.get(name, ANY) for name in function.arguments)
        for cell in function.cells:
            seen |= {name: _hint(kind, words) for name, kind in kinds.get(cell, {}).items()}
        gives = [seen.get(name, ANY) for name in function.returns]
        result.append(replace(function, hints=arguments, result=_together(gives)))
    return tuple(result)


def _together(hints: Sequence[str]) -> str:
    """Return the type of what a section returns."""
    if len(hints) > _MANY and len(set(hints)) == 1:
        return f"tuple[{hints[0]}, ...]"
    return f"tuple[{', '.join(hints)}]" if len(hints) > 1 else (hints or ["None"])[0]


def hint_imports(functions: Iterable[Function]) -> list[Import]:
    """Return what the types need beyond what the code does."""
    hints = [hint for each in functions for hint in (*each.hints, each.result or "None")]
    used = names_used(ast.parse("\n".join(hints) or "None").body)
    found = [Import("typing", ANY, ANY)] if ANY in used else []
    return found + ([Import("collections.abc", "Callable", "Callable")] if "Callable" in used else [])


def _hint(kind: str, words: Vocabulary) -> str:
    """Write a type as the script can, else ``Any``: nothing is named that may not be there."""
    kind = kind.removeprefix("sampled:")
    if kind in _BUILTIN:
        return _BUILTIN[kind]
    if kind in _CALLED:
        return "Callable[..., Any]"
    home, _, word = kind.rpartition(".")
    for name, origin in words.origins.items():
        if origin == kind:
            return name
        if origin == home != "__main__":
            return f"{name}.{word}"
    package = kind.partition(".")[0]
    for origin, text in (*((origin, name) for name, origin in words.origins.items()), *words.written.items()):
        if origin.rpartition(".")[2] == word and origin.partition(".")[0] == package != "__main__":
            return text
    return ANY


def _origin(chain: ast.expr, origins: Mapping[str, str]) -> str:
    """Return the dotted name that ``nn.Linear`` stands for; empty if it does not begin with an import."""
    parts: list[str] = []
    while isinstance(chain, ast.Attribute):
        parts.append(chain.attr)
        chain = chain.value
    if not isinstance(chain, ast.Name) or chain.id not in origins:
        return ""
    return ".".join([origins[chain.id], *reversed(parts)])
