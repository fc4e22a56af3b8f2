"""The model card of a recorded run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reprobook.dataset.declared import Found
from reprobook.dataset.kept import kept_data, kept_splits
from reprobook.errors import InputError
from reprobook.execute.inputs import files_read
from reprobook.notebook import Notebook
from reprobook.promote.config_text import about, type_name
from reprobook.promote.headings import title
from reprobook.promote.known_data import KnownData
from reprobook.promote.markdown import code, plain, table
from reprobook.promote.meaning import names_in
from reprobook.promote.measured import measured
from reprobook.promote.model_card import ModelCard, render_model_card
from reprobook.promote.packaged_data import packaged_data
from reprobook.promote.recipe import Recipe, read_recipe
from reprobook.promote.source import read_source
from reprobook.runs import RunFolder
from reprobook.runs.checkpoints import METADATA, read_metadata
from reprobook.trace import MISSING
from reprobook.verify.kept import kept_verification


def model_card(run: RunFolder, license_id: str = "") -> str:
    """Return the model card of a run in Hugging Face's format.

    Raises:
        IntegrityError: If the run was edited.
        InputError: If it did not succeed.
    """
    recipe = read_recipe(run)
    name, summary = title(recipe.notebook)
    found = recorded_data(run)
    known = _known(recipe, found)
    nothing = "" if found or known.loads else "training data: rb.data names none, and no file was read"
    card = ModelCard(
        title=name,
        summary=summary,
        modules=_modules(recipe.notebook),
        license=license_id,
        circumstances=tuple(_circumstances(recipe)),
        parameters=_parameters(recipe),
        data="\n\n".join(part for part in (_declared(found), known.text) if part),
        data_name=", ".join(found) or f"data of {_notebook(recipe)}",
        data_gap=known.gap or nothing,
        results=tuple(measured(recipe.logged, recipe.metrics, _place)),
        sections=tuple(_sections(recipe)),
    )
    return render_model_card(card)


def recorded_data(run: RunFolder) -> dict[str, Found]:
    """Return what ``rb.data`` found in a run, by name, in order of the names."""
    return kept_data(run.path)


def find_data(run: RunFolder, name: str) -> Found:
    """Return what ``rb.data`` found under a name.

    Raises:
        IntegrityError: If the run was edited.
        InputError: If it found nothing under this name.
    """
    run.check_integrity()
    found = recorded_data(run)
    if name not in found:
        known = f"It recorded: {', '.join(found)}." if found else "Name it in the notebook: rb.data(NAME, SOURCE)."
        msg = f"run {run.run_id} recorded no data called {name!r}"
        raise InputError(msg, hint=known)
    return found[name]


def _modules(notebook: Notebook) -> frozenset[str]:
    """Return the packages that the code imports; a cell that is no plain Python counts for nothing."""
    found: set[str] = set()
    for cell in notebook.code_cells:
        try:
            tree = ast.parse(cell.source)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return frozenset(found)


def _notebook(recipe: Recipe) -> str:
    return Path(recipe.notebook.name).name


def _circumstances(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield what is known of the training run, as rows."""
    record, header = recipe.record, recipe.header
    yield "notebook", f"`{code(_notebook(recipe))}` (SHA-256 `{recipe.source_digest}`)"
    yield "recipe", f"`{code(header.recipe_digest)}`"
    yield "run", f"`{code(record.run_id)}`, {record.created[:10]}, {record.duration_s:.0f} s"
    if record.seed is not None:
        yield "seed", str(record.seed)
    if header.environment:
        yield "Python", plain(header.environment.python)
    if header.hardware:
        gpus = [gpu.name for gpu in header.hardware.gpus]
        yield "hardware", plain(", ".join([header.hardware.cpu or header.hardware.machine, *gpus]))
    if header.git and header.git.commit:
        yield "git", f"`{code(header.git.commit)}`{' with uncommitted changes' if header.git.dirty else ''}"
    if verification := kept_verification(recipe.folder):
        yield "verification", f"{verification.verdict} by run `{code(verification.replay_id or '')}`"
    if record.foreign:
        yield "imported", plain(record.foreign)


def _parameters(recipe: Recipe) -> str:
    rows = [
        (f"`{each.name}`", type_name(each.type), f"`{code(repr(each.default))}`", plain(about(each)))
        for each in recipe.parameters
    ]
    return table(("parameter", "type", "value", "meaning"), rows) if rows else ""


def _files(recipe: Recipe) -> dict[str, str]:
    """Return the files of the notebook's folder that it read."""
    read = files_read(recipe.trace)
    return {path: digest for path, digest in read.items() if digest != MISSING and not Path(path).is_absolute()}


def _known(recipe: Recipe, found: Mapping[str, Found]) -> KnownData:
    """Return what is known of the data that ``rb.data`` does not name."""
    sources = [read_source(cell) for cell in recipe.notebook.code_cells]
    environment = recipe.header.environment
    declared = {each.digest for each in found.values()}
    return KnownData(
        loads=packaged_data(sources, names_in(sources)),
        files={path: digest for path, digest in _files(recipe).items() if digest not in declared},
        versions={each.name: each.version for each in environment.distributions} if environment else {},
    )


def _declared(found: Mapping[str, Found]) -> str:
    """Return what ``rb.data`` found, as a table."""
    rows = [
        (
            f"`{code(name)}`",
            f"`{code(each.source)}`",
            "" if each.rows is None else str(each.rows),
            plain(each.version or ""),
            plain(each.license or ""),
            f"`{code(each.digest)}`",
        )
        for name, each in found.items()
    ]
    return table(("data", "source", "rows", "version", "license", "digest"), rows) if rows else ""


def _place(cell: int) -> str:
    return f"code cell {plain(f'[{cell}]')}"


def _sections(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield how the rows were divided, and which checkpoints were saved."""
    splits = [_split(name, made) for name, made in kept_splits(recipe.folder.path).items()]
    if splits:
        yield "Evaluation", "\n\n".join(splits)
    saved = [
        (f"`{code(about_it.model)}`", "" if about_it.step is None else str(about_it.step), f"`{code(place)}`")
        for place, about_it in _checkpoints(recipe.folder)
    ]
    if saved:
        yield "Checkpoints", table(("model", "step", "folder"), saved)


def _split(name: str, made: Mapping[str, Any]) -> str:
    """Say how rows were divided, and what leaks."""
    parts = ", ".join(f"{plain(part)} {len(each['rows'])} rows" for part, each in made["parts"].items())
    leaks = [plain(leak["text"]) for leak in made["leakage"]["found"]]
    said = "\n".join(f"- leakage: {leak}" for leak in leaks) or "- no leakage was found"
    return f"Split `{code(name)}`, by {plain(str(made['by']))}: {parts}.\n\n{said}"


def _checkpoints(run: RunFolder) -> Iterator[tuple[str, Any]]:
    for path in sorted(run.artifacts.glob(f"*/*/*/{METADATA}")):
        place = path.parent.relative_to(run.path).as_posix()
        yield place, read_metadata(path.parent, run.place(path.parent))
