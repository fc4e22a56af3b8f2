"""Plan a script: from a notebook to everything that its text will hold. Pure; nothing runs here."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from reprobook.notebook.model import Notebook
from reprobook.promote import imports as script_imports
from reprobook.promote import refusal
from reprobook.promote.configuration import Configuration, configuration
from reprobook.promote.flow import flow_of
from reprobook.promote.functions import Surroundings, functions
from reprobook.promote.hoist import hoisting
from reprobook.promote.meaning import Names, names_in
from reprobook.promote.model import Field, Function, Import, Plan, Statements, Words
from reprobook.promote.module_level import early_settings, guarded_imports, module_statements
from reprobook.promote.naming import first_free
from reprobook.promote.python import tree_of
from reprobook.promote.sections import sections, title
from reprobook.promote.shown import shown_metrics
from reprobook.promote.slice import Dropped, Observed, Wishes, slice_notebook
from reprobook.promote.source import Source, Statement, read_source
from reprobook.space.declare import parameters_cell
from reprobook.space.model import Parameter

_NUMPY_USERS = frozenset({"numpy", "pandas", "scipy", "sklearn", "skimage", "seaborn", "statsmodels", "xgboost"})
_NUMPY_USERS |= {"lightgbm", "imblearn", "torchvision", "albumentations", "gymnasium", "keras", "tensorflow"}


def plan(  # noqa: PLR0913 - each is a fact of its own, given by name
    notebook: Notebook,
    parameters: Sequence[Parameter],
    *,
    observed: Mapping[int, Observed] | None = None,
    shown: Mapping[int, Collection[str]] | None = None,
    keep: Collection[int] = frozenset(),
    seed: int | None = None,
    deterministic: bool = False,
) -> Plan:
    """Plan the script of a notebook.

    Args:
        notebook: The notebook.
        parameters: Its parameters, as ``reprobook.space.declared_parameters`` finds them.
        observed: What a run saw of each cell, by code index; sharpens the analysis.
        shown: The names of the metrics that each cell showed (printed, or as its last expression), by code index, in
            a run without ``rb.log`` and ``rb.save``. None if nothing ran: then promotion guesses.
        keep: Code indices of cells to keep whatever the analysis says.
        seed: The seed that reprobook itself set in the run; None if it set none.
        deterministic: Whether it asked for deterministic kernels.

    Raises:
        NotPromotableError: If a cell that a result depends on has no translation; names the cell and the line.
    """
    sources = [read_source(cell) for cell in notebook.code_cells]
    names = names_in(sources)
    metrics = shown_metrics(sources, names, shown)
    wishes = Wishes(observed or {}, frozenset(metrics.cells), frozenset(keep), frozenset(p.name for p in parameters))
    sliced = slice_notebook(sources, wishes)
    bound = {name for s in sources for statement in s.statements for name in flow_of(statement.tree).writes}
    refusal.check(sliced.kept, names, bound)
    cell = parameters_cell(notebook)
    config = configuration(parameters, sliced.kept, names, cell=cell.code_index if cell else None)
    trees = [statement.tree for source in sliced.kept for statement in source.statements]
    hoisted = hoisting(trees, names, config.plain | config.variables)
    taken = _identifiers(sources)
    words = _words(taken, names)
    early = early_settings(sliced.kept, sources)
    guarded = guarded_imports(sliced.kept)
    around = Surroundings(
        configuration=config,
        hoisted=hoisted,
        elsewhere=frozenset(id(statement) for statement in [*early, *guarded]),
        names=names,
        words=words,
        shown=metrics.expressions,
        pyplot=next((name for name, origin in names.imports.items() if origin == "matplotlib.pyplot"), ""),
        taken=taken | frozenset(vars(words).values()),
    )
    made = functions(sections(notebook, sliced.kept, names), around)
    module = module_statements(sliced.kept, guarded, hoisted)
    used = _used_imports(made, module, early, sources)
    fields, seed_field = _seed_field(config, seed)
    kept = _kept(sliced.kept, sources, used)
    heading, summary = title(notebook)
    return Plan(
        title=heading,
        summary=summary,
        kept=kept,
        dropped=[dropped for dropped in sliced.dropped if dropped.cell not in kept]
        + [Dropped(s.index, "nothing in it is needed") for s in sliced.kept if s.index not in kept],
        early=tuple(statement.node for statement in early),
        imports=tuple(used.values()),
        stars=script_imports.stars(sliced.kept),
        module=module,
        fields=fields,
        derived=config.derived,
        functions=made,
        seed=seed_field,
        deterministic=deterministic,
        seeded=_seeded(used) if seed_field or deterministic else (),
        printed_metrics=metrics.printed,
        requirements=tuple(dict.fromkeys(name for source in sources for name in source.requirements)),
        words=words,
    )


def _identifiers(sources: Sequence[Source]) -> frozenset[str]:
    """Return every identifier of the notebook, so that the script's own names meet none."""
    nodes = [node for s in sources for statement in s.statements for node in ast.walk(statement.tree)]
    words = {node.id for node in nodes if isinstance(node, ast.Name)}
    words |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    words |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            words |= flow_of(node).writes
    return frozenset(words)


def _words(taken: frozenset[str], names: Names) -> Words:
    own = next((name for name, origin in names.imports.items() if origin == "reprobook"), None)
    return Words(
        config=first_free("config", "cfg", "settings", taken=taken),
        out=first_free("out", "out_dir", "output_folder", taken=taken),
        job=own or first_free("rb", "reprobook", taken=taken),
        main=first_free("main", "run_job", taken=taken),
        parse_args=first_free("parse_args", "parse_command_line", taken=taken),
        seed_everything=first_free("seed_everything", "seed_generators", taken=taken),
        config_class=first_free("Config", "JobConfig", taken=taken),
    )


def _used_imports(
    made: Sequence[Function], module: Statements, early: Sequence[Statement], sources: Sequence[Source]
) -> dict[str, Import]:
    """Return the imports that the script needs, by name."""
    nodes = [*module, *(node for function in made for node in function.body)]
    trees = [*(tree_of(node) for node in nodes), *(statement.tree for statement in early)]
    names = script_imports.names_used(trees)
    return {name: one for name, one in script_imports.gathered(sources).items() if name in names}


def _kept(kept: Sequence[Source], sources: Sequence[Source], used: Collection[str]) -> list[int]:
    """Return the cells that have a part in the script, those that only import included."""
    working = {source.index for source in kept if source.statements}
    importing = {
        source.index
        for source in sources
        for statement in source.statements
        if isinstance(statement.tree, (ast.Import, ast.ImportFrom))
        and flow_of(statement.tree).binds & set(used)
        and "skip" not in source.tags
    }
    return sorted(working | importing)


def _seed_field(config: Configuration, seed: int | None) -> tuple[tuple[Field, ...], str | None]:
    """Return the fields with the seed that reprobook set; a parameter ``seed`` of the same value is that field."""
    if seed is None:
        return config.fields, None
    same = [field for field in config.fields if field.name == "seed"]
    if same and same[0].default == seed and "seed" in config.plain:
        return config.fields, "seed"
    name = "run_seed" if same or "seed" in config.variables else "seed"
    return (*config.fields, Field(name, int, seed, None, "seeds every generator")), name


def _seeded(used: Mapping[str, Import]) -> tuple[str, ...]:
    """Return the libraries whose global generators the script may draw from."""
    roots = {one.module.partition(".")[0] for one in used.values()}
    numpy = bool(roots & _NUMPY_USERS)
    return ("random", *(("numpy",) if numpy else ()), *(("torch",) if "torch" in roots else ()))
