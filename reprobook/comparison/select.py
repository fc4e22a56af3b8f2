"""Which runs are meant: by id, sweep, list or expression, or gathered by the parameters that they differ in."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from reprobook.errors import InputError, IntegrityError
from reprobook.header import canonical_json, encode
from reprobook.runs import RunRecord, Store

_SEED = "seed"
_SWEEPS = "sweeps"


@dataclass
class Selection:
    """Runs by side, each with a label; and what was done that nobody asked for by name."""

    sides: list[tuple[str, list[RunRecord]]]
    notes: list[str] = field(default_factory=list)


def select(store: Store, texts: Sequence[str]) -> Selection:
    """Return the sides that arguments mean.

    An argument is a run, several joined by commas, a sweep, or an expression as of ``reprobook runs --where``. Where
    every argument is one run, or there is but one argument, the runs are gathered into sides by what they differ in
    apart from the seed; with one run a side each stands for all runs of its recipe. Else each argument is a side.

    Raises:
        InputError: If an argument means no run, or all runs belong to one side.
    """
    sets = [_set(store, text) for text in texts]
    if empty := [label for label, records in sets if not records]:
        msg = f"no run matches {empty[0]!r}"
        raise InputError(msg, hint="`reprobook runs --where EXPR` lists what an expression selects.")
    if len(sets) > 1 and any(len(records) > 1 for _, records in sets):
        return Selection(sets)
    return _gathered(store, [record for _, records in sets for record in records])


def _set(store: Store, text: str) -> tuple[str, list[RunRecord]]:
    """Return the runs of one argument, with its label."""
    if _is_expression(text):
        return text, _usual(store.records(where=text))
    sweep = _sweep(store, text)
    if sweep is not None:
        return sweep, _usual(store.records(where=f"parent == {json.dumps(sweep)}"))
    texts = [part.strip() for part in text.split(",") if part.strip()]
    records = {record.run_id: record for part in texts for record in [store.resolve(part).read_record()]}
    label = next(iter(records), text) + (f" and {len(records) - 1} more" if len(records) > 1 else "")
    return label, list(records.values())


def _is_expression(text: str) -> bool:
    """Tell an expression from an id, a list of ids or a path: only the former compares."""
    try:
        return isinstance(ast.parse(text.strip(), mode="eval").body, ast.Compare | ast.BoolOp | ast.UnaryOp)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _sweep(store: Store, text: str) -> str | None:
    """Return the id of the sweep that a text names or begins."""
    folder = store.root / _SWEEPS
    names = [path.name for path in folder.iterdir() if text and path.name.startswith(text)] if folder.is_dir() else []
    return text if text in names else names[0] if len(names) == 1 else None


def _usual(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Leave out replays: they repeat a run, and its value would count twice."""
    return [record for record in records if record.kind != "replay"]


def _gathered(store: Store, records: Sequence[RunRecord]) -> Selection:
    """Gather runs by recipe, oldest first."""
    groups = _groups(store, records)
    notes = []
    if len(groups) > 1 and all(len(group) == 1 for group in groups.values()):
        keys = dict.fromkeys(groups)
        alike = _groups(store, _usual(store.records(where=_sources(records))))
        groups = {key: _merged(groups[key], alike.get(key, [])) for key in keys}
        if any(len(group) > 1 for group in groups.values()):
            counts = " and ".join(str(len(group)) for group in groups.values())
            notes.append(f"each run stands for all runs of its recipe, whatever their seed: {counts}")
    if len(groups) < 2:  # noqa: PLR2004  # nothing to compare with
        msg = f"the {len(records)} runs differ in nothing but their seed"
        raise InputError(msg, hint="Name runs that differ in a parameter or in code, or two sets: A1,A2 B1,B2.")
    return Selection([(key, group) for key, group in _labelled(groups)], notes)


def _groups(store: Store, records: Iterable[RunRecord]) -> dict[str, list[RunRecord]]:
    """Return runs by all that decides their result, as far as the user chose it, except the seed."""
    groups: dict[str, list[RunRecord]] = {}
    for record in sorted(records, key=lambda record: record.sequence):
        groups.setdefault(_recipe(store, record), []).append(record)
    return groups


def _recipe(store: Store, record: RunRecord) -> str:
    """Return notebook, code and parameters as one text."""
    code: tuple[str, ...] = ()
    with suppress(InputError, IntegrityError):  # a run that died before its header was frozen
        code = store.folder(record.run_id).read_header().code.cells
    parameters = {name: encode(value) for name, value in record.parameters.items() if name != _SEED}
    return canonical_json({"source": record.source, "code": list(code), "parameters": parameters}).decode()


def _sources(records: Sequence[RunRecord]) -> str:
    """Return the expression for all runs of the same notebooks."""
    listed = ", ".join(json.dumps(source) for source in dict.fromkeys(record.source for record in records) if source)
    return f"source in ({listed},)" if listed else "run_id in (" + ", ".join(repr(r.run_id) for r in records) + ",)"


def _merged(first: Sequence[RunRecord], more: Iterable[RunRecord]) -> list[RunRecord]:
    return list({record.run_id: record for record in (*first, *more)}.values())


def _labelled(groups: dict[str, list[RunRecord]]) -> Iterable[tuple[str, list[RunRecord]]]:
    """Name each group by the parameters that tell it from the others, else by its notebook, else by its first run."""
    members = list(groups.values())
    varying = differing_parameters([group[0] for group in members])
    labels = [_label(group[0].parameters, varying) for group in members]
    if len({group[0].source for group in members}) > 1:
        labels = [" ".join(filter(None, (g[0].source, label))) for g, label in zip(members, labels, strict=True)]
    if len(set(labels)) < len(labels):  # the code differs, and nothing else
        labels = [f"{label} ({g[0].run_id})".strip() for g, label in zip(members, labels, strict=True)]
    return zip(labels, members, strict=True)


def differing_parameters(records: Sequence[RunRecord]) -> list[str]:
    """Return the names of parameters that are not the same in all runs; the seed is none."""
    names = dict.fromkeys(name for record in records for name in record.parameters if name != _SEED)
    return [name for name in names if len({_text(record.parameters, name) for record in records}) > 1]


def _text(parameters: dict[str, Any], name: str) -> str:
    return canonical_json(encode(parameters[name])).decode() if name in parameters else ""


def _label(parameters: dict[str, Any], names: Sequence[str]) -> str:
    return ", ".join(f"{name}={parameters[name]!r}" for name in names if name in parameters)
