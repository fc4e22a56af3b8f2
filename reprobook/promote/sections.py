"""Group the kept cells into sections: by the notebook's headings, else by what the cells do."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reprobook.notebook.model import Notebook
from reprobook.promote.activities import activity, intent, method_calls, only_empties, works
from reprobook.promote.comments import imperative, without_comment
from reprobook.promote.descriptions import comment_sentence, deed, description, first_sentence, without_number
from reprobook.promote.effect import Effects
from reprobook.promote.effects import effects_of
from reprobook.promote.flow import flow_of
from reprobook.promote.headings import Heading, headings
from reprobook.promote.meaning import Names
from reprobook.promote.naming import asks, is_neutral, names_no_work, snake_case, trained_name, with_verb
from reprobook.promote.python import code_of
from reprobook.promote.saving import saving_name
from reprobook.promote.source import Source
from reprobook.promote.verbs import USUAL

_DEEPEST = 2  # a third-level heading structures a section, it does not open one
_LONGEST = 40  # lines, from which on a section is split where it can be
_LONG = 24  # those from which on its own headings split it
_FEW = 10  # the same for a section whose code stands below them alone
_PREPARING = frozenset({"", "set_seeds", "set_up", "choose_device"})
_FINAL = frozenset({"train", "evaluate"})
_DEFINING = frozenset({"define", "implement"})
_SAVING = "save_results"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SAYING = (*_DEFINITIONS, ast.Assign, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Section:
    """Cells that become one function.

    Attributes:
        wish: What its heading, or its work, would call it.
        summary: The author's words of it, as a sentence; may be empty.
        sources: The cells.
        deed: What the heading says that is done, as a phrase; may be empty.
        detail: All that the author's first paragraph says of it, ``summary`` included; may be empty.
    """

    wish: str
    summary: str
    sources: tuple[Source, ...]
    deed: str = ""
    detail: str = ""


def sections(notebook: Notebook, kept: Sequence[Source], names: Names) -> list[Section]:
    """Group the cells; those under no telling heading are grouped by what they do."""
    found = headings(notebook)
    opening = [heading for heading in found[1:] if heading.level <= _DEEPEST]
    if found and (found[0].level > 1 or sum(h.level == 1 for h in found) > 1):
        opening = [heading for heading in found if heading.level <= _DEEPEST]
    places = {cell.code_index: cell.index for cell in notebook.code_cells}
    context = _Context(found, places, names)
    groups = _below(kept, opening, places)
    alone = len(groups) == 1
    return [part for heading, below in groups for part in _of_heading(heading, below, context, alone=alone)]


@dataclass(frozen=True)
class _Context:
    """All headings of the notebook, the places of its code cells, and what its names stand for."""

    headings: Sequence[Heading]
    places: Mapping[int | None, int]
    names: Names

    def inside(self, heading: Heading) -> list[Heading]:
        """Return the headings of the next level below a heading."""
        at = next(at for at, each in enumerate(self.headings) if each is heading)
        rest = self.headings[at + 1 :]
        end = next((number for number, each in enumerate(rest) if each.level <= heading.level), len(rest))
        level = min((each.level for each in rest[:end]), default=0)
        return [each for each in rest[:end] if each.level == level]


def _below(
    kept: Sequence[Source], opening: Sequence[Heading], places: Mapping[int | None, int]
) -> list[tuple[Heading | None, list[Source]]]:
    """Put each cell below the last of these headings that stands above it."""
    groups: list[tuple[Heading | None, list[Source]]] = [(None, [])]
    for source in kept:
        above = [heading for heading in opening if heading.cell < places[source.index]]
        heading = above[-1] if above else None
        if heading is not groups[-1][0]:
            groups.append((heading, []))
        groups[-1][1].append(source)
    return [(heading, sources) for heading, sources in groups if sources]


def _of_heading(
    heading: Heading | None,
    sources: Sequence[Source],
    context: _Context,
    *,
    alone: bool,
) -> list[Section]:
    """Return the section of a heading, in parts where it is long.

    Where all that is left of it stands below one of several headings inside it, that one names it.
    """
    inner = context.inside(heading) if heading else []
    parts = _below(sources, [heading, *inner], context.places) if heading else []
    if heading and len(parts) == 1 and len(inner) > 1:
        heading = parts[0][0] or heading
    wish = snake_case(heading.text) if heading else ""
    if heading is None or not wish or is_neutral(wish):
        return _by_activity(sources, context.names, alone=alone) or [_defining(sources)]
    # One that has no code of its own is about all of them: its words say less of each.
    long = _LONG if parts[0][0] is heading else _FEW
    if len(parts) > 1 and _lines(sources) > long:
        return [part for head, below in parts for part in _named(head or heading, below, context.names)]
    return _named(heading, sources, context.names)


def _named(heading: Heading, sources: Sequence[Source], names: Names) -> list[Section]:
    """Return the section of a heading; where that speaks of other work than the cells do, by what they do."""
    wish, meant = snake_case(heading.text), intent(snake_case(heading.text))
    parts = _by_activity(sources, names, alone=False)
    kinds = [part.wish for part in parts]
    defines = wish.split("_")[0] in _DEFINING and any(
        isinstance(s.tree, _DEFINITIONS) for one in sources for s in one.statements
    )
    done = {activity(source, names) for source in sources if works(source)}
    loads_model = meant == "build_model" and done == {"load_data"}  # one that was trained before
    other = bool(meant) and not done & {"", meant} and not loads_model
    fits = any("fit" in method_calls(statement.tree) for source in sources for statement in source.statements)
    verb = "fit" if fits else "train"
    if "train" in done and (trained := trained_name(wish, verb)):
        split = "train" in kinds[1:] and (bool(meant) or _lines(sources) > _LONG)
        return _built_and_trained(heading, trained, parts if split else [_below_heading(heading, trained, sources)])
    if kinds and (defines or other or (asks(wish) and kinds[0] != "prepare_data")):
        said = "" if defines or other else heading.text
        return [replace(each, deed=said) for each in parts[:1]] + parts[1:]
    if "train" in kinds[1:] and meant not in {"", "train"}:
        at = kinds.index("train", 1)
        first = tuple(source for part in parts[:at] for source in part.sources)
        return [_below_heading(heading, wish, first), *parts[at:]]
    if USUAL.get(wish) == _SAVING:
        return [replace(_below_heading(heading, wish, sources), wish=_saving_name(sources, names), deed="")]
    done -= {""}
    least = _kind_at_least(sources, names)
    if asks(wish):
        answer = _below_heading(heading, "draw_figures" if least == "draw" else "run_experiment", sources)
        return [replace(answer, deed=heading.text)]
    kind = next(iter(done)) if len(done) == 1 else least
    return [_below_heading(heading, with_verb(wish, verb if "train" in done else "", kind), sources)]


def _kind_at_least(sources: Sequence[Source], names: Names) -> str:
    """Name the work of cells that do no one kind that is recognised: they define, measure, make loaders, or draw."""
    trees = [statement.tree for source in sources for statement in source.statements]
    if any(isinstance(tree, _DEFINITIONS) for tree in trees) and all(isinstance(tree, _SAYING) for tree in trees):
        return "define"
    effects = Effects()
    for tree in trees:
        effects |= effects_of(tree, names)
    if any(isinstance(tree, ast.For) and effects_of(tree, names).sinks for tree in trees):
        return "evaluate"  # one case after the other
    written = {name for tree in trees for name in flow_of(tree).writes}
    return "build_model" if written & names.loaders else "draw" if effects.figures else ""


def _saving_name(sources: Sequence[Source], names: Names) -> str:
    job = next((name for name, origin in names.imports.items() if origin == "reprobook"), "")
    return saving_name((statement.tree for source in sources for statement in source.statements), job)


def _built_and_trained(heading: Heading, trained: str, parts: Sequence[Section]) -> list[Section]:
    """Return the parts of a section that builds a model, as its heading says, and trains it, too."""
    wish, found = snake_case(heading.text), list[Section]()
    for part in parts:
        if part.wish in {"train", trained} and trained not in {each.wish for each in found}:
            verb = trained.partition("_")[0].capitalize()
            said = f"{verb} {deed(heading.text, wish).partition(' ')[2]}" if trained != verb.lower() else ""
            found.append(replace(part, wish=trained, deed=said.rstrip()))
        elif part.wish == "build_model":
            found.append(_below_heading(heading, wish, part.sources))
        else:
            found.append(part)
    return found


def _below_heading(heading: Heading, wish: str, sources: Sequence[Source]) -> Section:
    said = deed(heading.text, wish) if wish == snake_case(heading.text) else ""  # else the name says more
    if not said and names_no_work(wish):
        said = without_number(heading.text).rstrip(".:;,")
    return Section(wish, first_sentence(heading.prose), tuple(sources), said, description(heading.prose))


def _lines(sources: Sequence[Source]) -> int:
    """Count the lines of code, definitions apart."""
    nodes = [s.node for source in sources for s in source.statements if not isinstance(s.tree, _DEFINITIONS)]
    return sum(len(code_of(node).strip().splitlines()) for node in nodes)


def _by_activity(sources: Sequence[Source], names: Names, *, alone: bool) -> list[Section]:
    """Group neighbours that do the same kind of work.

    What is not recognised goes on with what came before; after the seeds, it prepares what comes next. A cell that the
    author's comment names, and that is not recognised, is a section of its own after training, or where the section
    gets long. ``alone`` are the cells of a notebook without other sections: whatever they do, they are all the work
    there is.
    """
    groups: list[tuple[str, list[Source]]] = []
    waiting: list[Source] = []  # definitions before any work, and lists that the next cell fills
    for source in sources:
        kind = activity(source, names)
        before = groups[-1][0] if groups else ""
        apart = before in _FINAL or " " in before or (groups and _lines([*groups[-1][1], source]) > _LONGEST)
        if not kind and works(source) and apart:
            kind = imperative(source)
        if not kind and before in _PREPARING:
            kind = "prepare_data" if works(source) else before
        if not kind and (not groups or only_empties(source)):
            waiting.append(source)
            continue
        if groups and kind in {"", before}:
            groups[-1][1].extend([*waiting, source])
        elif before == "prepare_data" and kind == "load_data":
            groups[-1] = (kind, [*groups[-1][1], *waiting, source])
        else:
            groups.append((kind, [*waiting, source]))
        waiting = []
    if groups:
        groups[-1][1].extend(waiting)
    only = alone and [kind for kind, _ in groups] == ["prepare_data"]
    return [_of_kind("run_experiment" if only else kind, found, names) for kind, found in groups]


def _defining(sources: Sequence[Source]) -> Section:
    """Return the section of cells that only define; what of them may not leave it is for later ones."""
    trees = [statement.tree for source in sources for statement in source.statements]
    first = next((tree.name for tree in trees if isinstance(tree, _DEFINITIONS)), "")
    if not first:
        return Section("prepare_data", "", tuple(sources))
    return Section(snake_case(f"define {first}"), "", tuple(sources), deed=f"Define {first}")


def _of_kind(kind: str, sources: Sequence[Source], names: Names) -> Section:
    """Return the section of a kind of work, or of a comment, which is its docstring then."""
    if kind == _SAVING:
        return Section(_saving_name(sources, names), "", tuple(sources))
    if " " not in kind:
        return Section(kind, "", tuple(sources))
    wish = snake_case(kind)
    first = without_comment(sources[0]) if imperative(sources[0]) == kind else sources[0]
    return Section(wish, comment_sentence(kind), (first, *sources[1:]))
