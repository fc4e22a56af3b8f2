"""A notebook as it is read for a script: its code, its parameters, and what of it the results depend on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reprobook.notebook.model import Notebook
from reprobook.promote import fabric, refusal
from reprobook.promote.changes import changed_names
from reprobook.promote.comment_cells import with_comment_cells
from reprobook.promote.controls import without_controls
from reprobook.promote.effects import effects_of
from reprobook.promote.evidence import Evidence
from reprobook.promote.identifiers import identifiers
from reprobook.promote.meaning import Names, bound_names, names_in
from reprobook.promote.model import Words
from reprobook.promote.naming import first_free
from reprobook.promote.options import Style
from reprobook.promote.results import with_displays_printed
from reprobook.promote.shown import ShownMetrics, shown_metrics
from reprobook.promote.slice import Slice, Wishes, slice_notebook
from reprobook.promote.source import Source, read_source
from reprobook.space.declare import parameters_cell
from reprobook.space.model import Parameter

_MOST_VALUES = 3


@dataclass(frozen=True)
class Reading:
    """A notebook as it is read for a script.

    Attributes:
        sources: Its code cells.
        parameters: What may be an option.
        declared: The code index of the parameters cell; None if there is none.
        metrics: What it shows as metrics.
        sliced: The cells that the results depend on.
        taken: Every name in it.
        words: The names of the script's own parts.
    """

    sources: Sequence[Source]
    parameters: Sequence[Parameter]
    declared: int | None
    metrics: ShownMetrics
    sliced: Slice
    taken: frozenset[str]
    words: Words


def read(notebook: Notebook, parameters: Sequence[Parameter], evidence: Evidence, style: Style) -> Reading:
    """Read a notebook; for Fabric, the kept statements are rewritten.

    Raises:
        NotPromotableError: If a cell that a result depends on has no translation; names the cell and the line.
    """
    cells = [read_source(cell) for cell in notebook.code_cells]
    declared = getattr(parameters_cell(notebook), "code_index", None)
    offered = [each for each in parameters if each.name not in evidence.fixed and not _is_data(each, declared)]
    sources, parameters = without_controls(cells, offered)
    names = names_in(sources)
    fixed = {each.name for each in parameters} - changed_names(parameters, sources, names)
    metrics = shown_metrics(sources, names, evidence.shown)
    logs = any(effects_of(each.tree, names).sinks for source in sources for each in source.statements)
    if logs or (metrics.cells and not metrics.printed):  # where it reads what is printed, a table might be metrics
        sources = with_displays_printed(sources, names, metrics.cells)
    sliced = slice_notebook(sources, _wishes(fixed, metrics, evidence))
    places = {cell.code_index: cell.index for cell in notebook.code_cells}
    sliced = with_comment_cells(sliced, sources, places)
    refusal.check(sliced.kept, names, bound_names(sources))
    taken = identifiers(statement.tree for source in sources for statement in source.statements)
    words = _words(taken, names)
    if style == "fabric":
        sliced = fabric.adapted(sliced, words.fabric, evidence.kinds)
    return Reading(sources, parameters, declared, metrics, sliced, taken, words)


def _is_data(parameter: Parameter, declared: int | None) -> bool:
    """Tell a list of several values that nobody declared as a parameter: that is data, or a list of columns."""
    value = parameter.default
    return parameter.cell != declared and isinstance(value, (list, tuple, dict, set)) and len(value) > _MOST_VALUES


def _wishes(parameters: Collection[str], metrics: ShownMetrics, evidence: Evidence) -> Wishes:
    return Wishes(
        evidence.observed,
        sinks=frozenset(metrics.cells),
        keep=frozenset(evidence.keep),
        parameters=frozenset(parameters),
        figures=evidence.figures,
    )


def _words(taken: frozenset[str], names: Names) -> Words:
    own = next((name for name, origin in names.imports.items() if origin == "reprobook"), None)
    return Words(
        config=first_free("config", "cfg", "settings", taken=taken),
        out=first_free("out", "out_dir", "output_folder", taken=taken),
        job=own or first_free("rb", "reprobook", taken=taken),
        main=first_free("main", "run_job", taken=taken),
        fabric=first_free("fabric", "lightning", taken=taken),
        parse_args=first_free("parse_args", "parse_command_line", taken=taken),
        seed_everything=first_free("seed_everything", "seed_generators", taken=taken),
        config_class=first_free("Config", "JobConfig", taken=taken),
        checkpoint=first_free("checkpoint", "loop_checkpoint", taken=taken),
        resume=first_free("resume", "go_on", taken=taken),
    )
