"""Group the kept cells into sections: by the notebook's headings, else by what the cells do."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reprobook.notebook.model import Notebook
from reprobook.promote.effects import SETTING, Effects, effects_of
from reprobook.promote.flow import flow_of
from reprobook.promote.meaning import Names
from reprobook.promote.naming import is_neutral, snake_case
from reprobook.promote.prose import plain
from reprobook.promote.source import Source

_MARKDOWN_LEVELS = 6
_DEEPEST = 2  # a third-level heading structures a section, it does not open one


@dataclass(frozen=True)
class Heading:
    """A heading, the text below it, and the index (among all cells) of the cell that it stands in."""

    text: str
    level: int
    cell: int
    prose: str


@dataclass(frozen=True)
class Section:
    """Cells that become one function."""

    wish: str
    summary: str
    sources: tuple[Source, ...]


def headings(notebook: Notebook) -> list[Heading]:
    """Return the headings of the markdown cells, in order."""
    found: list[Heading] = []
    for cell in notebook.cells:
        if cell.kind == "markdown":
            found += _headings_in(cell.source, cell.index)
    return found


def title(notebook: Notebook) -> tuple[str, str]:
    """Return the notebook's first heading, else the name of its file; and the first sentence below it."""
    found = headings(notebook)
    if found:
        return found[0].text, _first_sentence(found[0].prose)
    return notebook.name.rpartition("/")[2].removesuffix(".ipynb"), ""


def sections(notebook: Notebook, kept: Sequence[Source], names: Names) -> list[Section]:
    """Group the cells; those under no telling heading are grouped by what they do."""
    found = headings(notebook)
    opening = [heading for heading in found[1:] if heading.level <= _DEEPEST]
    if found and (found[0].level > 1 or sum(h.level == 1 for h in found) > 1):
        opening = [heading for heading in found if heading.level <= _DEEPEST]
    places = {cell.code_index: cell.index for cell in notebook.code_cells}
    groups: list[tuple[Heading | None, list[Source]]] = [(None, [])]
    for source in kept:
        above = [heading for heading in opening if heading.cell < places[source.index]]
        heading = above[-1] if above else None
        if heading is not groups[-1][0]:
            groups.append((heading, []))
        groups[-1][1].append(source)
    groups = [(heading, sources) for heading, sources in groups if sources]
    result: list[Section] = []
    for heading, sources in groups:
        wish = snake_case(heading.text) if heading else ""
        if heading is None or not wish or is_neutral(wish):
            result += _by_activity(sources, names, alone=len(groups) == 1)
        else:
            result.append(Section(wish, _first_sentence(heading.prose), tuple(sources)))
    return result


def _headings_in(markdown: str, cell: int) -> list[Heading]:
    """Read ATX headings (``# title``) outside code fences."""
    found: list[Heading] = []
    prose: list[str] = []
    fenced = False
    for line in markdown.splitlines():
        text = line.strip()
        fenced ^= text.startswith("```")
        marks = len(text) - len(text.lstrip("#"))
        if not fenced and 1 <= marks <= _MARKDOWN_LEVELS and text[marks : marks + 1] in {" ", "\t"}:
            if found:
                found[-1] = Heading(found[-1].text, found[-1].level, cell, "\n".join(prose))
            prose = []
            found.append(Heading(plain(text[marks:].strip().rstrip("#")), marks, cell, ""))
        else:
            prose.append(line)
    if found:
        found[-1] = Heading(found[-1].text, found[-1].level, cell, "\n".join(prose))
    return found


def _first_sentence(prose: str) -> str:
    """Return the first sentence of the first paragraph of plain text."""
    for paragraph in prose.split("\n\n"):
        raw = paragraph.strip()
        text = plain(raw)
        if not text or raw.startswith(("- ", "* ", "+ ", "<!")) or text[0] in "|>!$`=[" or text[0].isdigit():
            continue
        for end in range(len(text)):
            if text[end] in ".!?" and text[end + 1 : end + 2] in {"", " "} and not text[:end].endswith(("e.g", "i.e")):
                return text[: end + 1]
        return text.rstrip(":,;") + "."
    return ""


def _by_activity(sources: Sequence[Source], names: Names, *, alone: bool) -> list[Section]:
    """Group neighbours that do the same kind of work.

    What is not recognised goes on with what came before; after the seeds, it prepares what comes next. ``alone`` are
    the cells of a notebook without other sections: whatever they do, they are all the work there is.
    """
    groups: list[tuple[str, list[Source]]] = []
    waiting: list[Source] = []  # definitions before any work
    for source in sources:
        activity = _activity(source, names)
        before = groups[-1][0] if groups else ""
        if not activity and before in {"", "set_seeds", "set_up"}:
            activity = "prepare_data" if _works(source) else before
        if not groups and not activity:
            waiting.append(source)
        elif groups and activity in {"", before}:
            groups[-1][1].append(source)
        elif before == "prepare_data" and activity == "load_data":
            groups[-1] = (activity, [*groups[-1][1], source])
        else:
            groups.append((activity, [*waiting, source]))
            waiting = []
    only = alone and [activity for activity, _ in groups] == ["prepare_data"]
    return [Section("train" if only else activity, "", tuple(found)) for activity, found in groups]


def _works(source: Source) -> bool:
    return any(not isinstance(statement.tree, _NO_WORK) for statement in source.statements)


def _activity(source: Source, names: Names) -> str:
    """Name the kind of work that a cell does; empty if it is not recognised or does none."""
    trees = [s.tree for s in source.statements if not isinstance(s.tree, _NO_WORK)]
    if not trees:
        return ""
    effects = Effects()
    for tree in trees:
        effects |= effects_of(tree, names)
    flow = flow_of(trees)
    if (effects.seeds or SETTING in effects.changes) and not flow.reads & flow.writes and len(flow.writes) <= 1:
        return "set_seeds" if effects.seeds and SETTING not in effects.changes else "set_up"
    calls = {_callee(node) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)}
    classes = {name for name, tree in names.definitions.items() if isinstance(tree, ast.ClassDef)}
    return next((activity for activity, does in _RULES if does(calls, flow.writes, classes)), "")


def _callee(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _trains(calls: Collection[str], _: Collection[str], __: Collection[str]) -> bool:
    return bool({"backward", "fit", "partial_fit"} & set(calls)) or any(
        "train" in c and "split" not in c for c in calls
    )


def _evaluates(calls: Collection[str], written: Collection[str], _: Collection[str]) -> bool:
    telling = {"predict", "predict_proba", "score", "classification_report", "no_grad", "inference_mode"}
    scores = any(call.endswith(("_score", "_loss", "_error")) or call.startswith("eval") for call in calls)
    results = any(_is_score(name) and _HELD_OUT & set(name.split("_")) for name in written)
    return bool(telling & set(calls)) or ((scores or results) and "backward" not in calls) or "accuracy" in written


def _is_score(name: str) -> bool:
    """Tell a name such as ``test_cost``: a score of a part of the data, not the part."""
    return bool(_SCORES & set(name.split("_")))


def _splits(calls: Collection[str], written: Collection[str], _: Collection[str]) -> bool:
    data = [name for name in written if not _is_score(name)]
    parts = {name.rpartition("_")[2] for name in data} | {name.partition("_")[0] for name in data}
    return bool({"train_test_split", "random_split"} & set(calls)) or len({"train", "test", "val"} & parts) > 1


def _loads(calls: Collection[str], _: Collection[str], __: Collection[str]) -> bool:
    telling = {"load", "loadtxt", "genfromtxt", "open", "listdir", "glob", "read_text", "load_dataset"}
    return bool(telling & set(calls)) or any(call.startswith(("load_", "read_", "fetch_", "make_")) for call in calls)


def _builds(calls: Collection[str], written: Collection[str], classes: Collection[str]) -> bool:
    layers = {"Sequential", "Linear", "SGD", "Adam", "AdamW", "RMSprop", "Conv2d", "LSTM", "Embedding"}
    named = {"model", "net", "network", "clf", "classifier", "regressor", "estimator", "optimizer", "opt"}
    return bool(layers & set(calls)) or bool(set(classes) & set(calls)) or bool(named & set(written))


_SCORES = frozenset({"acc", "accuracy", "auc", "cost", "err", "error", "f1", "loss", "losses", "mse", "rmse", "score"})
_HELD_OUT = frozenset({"test", "val", "valid", "validation"})
_NO_WORK = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_RULES = (
    ("load_checkpoint", lambda calls, _written, _classes: "load_state_dict" in calls),
    ("train", _trains),
    ("evaluate", _evaluates),
    ("split_data", _splits),
    ("build_model", _builds),
    ("load_data", _loads),
)
