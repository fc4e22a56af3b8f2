"""Plan a script: from a notebook to everything that its text will hold. Pure; nothing runs here."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from reprobook.notebook.model import Notebook
from reprobook.promote import extra, fabric, refusal
from reprobook.promote import imports as script_imports
from reprobook.promote.changes import changed_names
from reprobook.promote.checkpoints import Checkpointed, check_parameters, ground_of, with_checkpoints
from reprobook.promote.configuration import Configuration, configuration, read_only
from reprobook.promote.controls import without_controls
from reprobook.promote.distributions import is_recorded
from reprobook.promote.effects import effects_of
from reprobook.promote.evidence import Evidence
from reprobook.promote.flow import flow_of
from reprobook.promote.functions import functions
from reprobook.promote.headings import title
from reprobook.promote.hoist import OWN, hoisting
from reprobook.promote.identifiers import identifiers, names_used
from reprobook.promote.meaning import Names, bound_names, names_in
from reprobook.promote.model import Function, Import, Plan, Statements, Words
from reprobook.promote.module_level import (
    ModuleLevel,
    early_settings,
    guarded_imports,
    module_statements,
    without_search_path,
)
from reprobook.promote.naming import first_free
from reprobook.promote.options import Style
from reprobook.promote.packaged_data import packaged_data
from reprobook.promote.python import tree_of
from reprobook.promote.reseeding import meaning_of_seed
from reprobook.promote.sections import sections
from reprobook.promote.shown import ShownMetrics, shown_metrics
from reprobook.promote.signatures import hint_imports, vocabulary, with_types
from reprobook.promote.slice import Dropped, Slice, Wishes, slice_notebook
from reprobook.promote.source import Source, Statement, read_source
from reprobook.promote.surroundings import Surroundings
from reprobook.space.declare import parameters_cell
from reprobook.space.model import Parameter

_NUMPY_USERS = frozenset({"numpy", "pandas", "scipy", "sklearn", "skimage", "seaborn", "statsmodels", "xgboost"})
_NUMPY_USERS |= {"lightgbm", "imblearn", "torchvision", "albumentations", "gymnasium", "keras", "tensorflow"}
_NO_EVIDENCE = Evidence()
_MOST_VALUES = 3


def plan(
    notebook: Notebook, parameters: Sequence[Parameter], evidence: Evidence = _NO_EVIDENCE, style: Style = "plain"
) -> Plan:
    """Plan the script of a notebook; ``parameters`` are those that ``reprobook.space.declared_parameters`` finds.

    Raises:
        NotPromotableError: If a cell that a result depends on has no translation; names the cell and the line.
    """
    read = [read_source(cell) for cell in notebook.code_cells]
    declared = getattr(parameters_cell(notebook), "code_index", None)
    offered = [each for each in parameters if each.name not in evidence.fixed and not _is_data(each, declared)]
    sources, parameters = without_controls(read, offered)
    names = names_in(sources)
    fixed = {each.name for each in parameters} - changed_names(parameters, sources, names)
    metrics = shown_metrics(sources, names, evidence.shown)
    sliced = slice_notebook(sources, _wishes(fixed, metrics, evidence))
    refusal.check(sliced.kept, names, bound_names(sources))
    taken = identifiers(statement.tree for source in sources for statement in source.statements)
    words = _words(taken, names)
    if style == "fabric":
        sliced = fabric.adapted(sliced, words.fabric, evidence.kinds)
    config = configuration(parameters, sliced.kept, names, cell=declared)
    level = ModuleLevel(early_settings(sliced.kept, sources), guarded_imports(sliced.kept))
    around = _surroundings(sliced, config, metrics, level, words=words, taken=taken, fixed=evidence.fixed)
    made = functions(sections(notebook, sliced.kept, names), around)
    module = module_statements(sliced.kept, level.guarded, around.hoisted)
    checked = Checkpointed(made, module)
    if evidence.resume:
        check_parameters([each.name for each in config.fields])
        checked = with_checkpoints(made, module, ground_of(sources, names, evidence), around.words, evidence)
    used = _used_imports(made, module, level, sources)
    if not _needs_search_path(used, script_imports.stars(sliced.kept), evidence):
        level = without_search_path(level)
        used = _used_imports(made, module, level, sources)
    config = read_only(config, [*module, *(line for each in made for line in each.body)], around.words.config)
    fields, seed_field = extra.seed_field(config, evidence.seed, meaning_of_seed(sliced.kept, sliced.names))
    fields, roles = extra.place_fields(fields, sliced, evidence.device, style)
    typed = _typed(checked.functions, used, around, evidence, style)
    kept, heading = _kept(sliced.kept, sources, used, level), title(notebook)
    return Plan(
        title=heading[0],
        summary=heading[1],
        kept=kept,
        dropped=_dropped(sliced, kept),
        early=tuple(statement.node for statement in level.early),
        imports=(*used.values(), *checked.imports, *hint_imports(typed)),
        stars=script_imports.stars(sliced.kept),
        module=checked.module,
        fields=fields,
        derived=config.derived,
        functions=typed,
        seed=seed_field,
        device=roles.device,
        precision=roles.precision,
        fabric=roles.fabric,
        deterministic=evidence.deterministic,
        seeded=_seeded(used) if seed_field or evidence.deterministic else (),
        printed_metrics=metrics.printed,
        requirements=tuple(dict.fromkeys(name for source in sources for name in source.requirements)),
        words=around.words,
        loops=checked.loops,
        trimmed=_trimmed(sliced, kept, sources),
        loads=packaged_data(sliced.kept, sliced.names),
    )


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


def _surroundings(  # noqa: PLR0913 - the last two by name
    sliced: Slice,
    config: Configuration,
    metrics: ShownMetrics,
    level: ModuleLevel,
    *,
    words: Words,
    taken: frozenset[str],
    fixed: Collection[str],
) -> Surroundings:
    """Decide what all sections share."""
    trees = [statement.tree for source in sliced.kept for statement in source.statements]
    given = (words.fabric,) if words.fabric in names_used(trees) - taken else ()
    origins = sliced.names.imports.items()
    return Surroundings(
        configuration=config,
        hoisted=hoisting(trees, sliced.names, config.plain | config.variables | set(given), fixed),
        elsewhere=frozenset(id(statement.tree) for statement in [*level.early, *level.guarded]),
        names=sliced.names,
        words=words,
        shown=metrics.expressions,
        pyplot=next((name for name, origin in origins if origin == "matplotlib.pyplot"), ""),
        taken=taken | OWN | frozenset(vars(words).values()),
        has_results=bool(metrics.cells) or any(effects_of(tree, sliced.names).sinks for tree in trees),
        given=given,
    )


def _dropped(sliced: Slice, kept: Collection[int]) -> list[Dropped]:
    """Return the cells that have no part in the script, with reasons."""
    unused = [Dropped(s.index, "nothing in it is needed") for s in sliced.kept if s.index not in kept]
    left_out = [*(dropped for dropped in sliced.dropped if dropped.cell not in kept), *unused]
    return sorted(left_out, key=lambda each: each.cell)


def _trimmed(sliced: Slice, kept: Collection[int], sources: Sequence[Source]) -> tuple[Dropped, ...]:
    """Return what was left out of cells that are in the script: all but the imports of some."""
    parts = {s.index for s in sources if any(_is_work(statement, ()) for statement in s.statements)}
    rest = [each for each in sliced.dropped if each.cell in kept and each.cell in parts]
    return tuple(sorted([*(each for each in sliced.trimmed if each.cell in kept), *rest], key=lambda each: each.cell))


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


def _used_imports(
    made: Sequence[Function], module: Statements, level: ModuleLevel, sources: Sequence[Source]
) -> dict[str, Import]:
    """Return the imports that the script needs, by name."""
    nodes = [*module, *(node for function in made for node in function.body)]
    trees = [*(tree_of(node) for node in nodes), *(statement.tree for statement in level.early)]
    names = names_used(trees)
    return {name: one for name, one in script_imports.gathered(sources).items() if name in names}


def _typed(
    made: Sequence[Function], used: Mapping[str, Import], around: Surroundings, evidence: Evidence, style: Style
) -> tuple[Function, ...]:
    """Return the sections with the types that the run saw; Fabric wraps what it sets up, so there those do not hold."""
    kinds = evidence.kinds
    if style == "fabric":
        kinds = {cell: {name: kind for name, kind in seen.items() if "." not in kind} for cell, seen in kinds.items()}
    classes = around.hoisted.names & set(around.names.definitions)
    known = dict.fromkeys(around.given, "Fabric")
    return with_types(made, kinds, vocabulary(used, made, classes, known))


def _needs_search_path(used: Mapping[str, Import], stars: Collection[str], evidence: Evidence) -> bool:
    """Tell whether something is imported that is not known to be installed: it may lie in a folder of one's own."""
    modules = {one.module for one in used.values()} | set(stars)
    return not all(script_imports.is_standard(one) or is_recorded(one, evidence.installed) for one in modules)


def _kept(kept: Sequence[Source], sources: Sequence[Source], used: Collection[str], level: ModuleLevel) -> list[int]:
    """Return the cells that have a part in the script, those that only import included."""
    gone = {id(statement.tree) for statement in level.unneeded}
    working = {source.index for source in kept if any(_is_work(each, gone) for each in source.statements)}
    importing = {
        source.index
        for source in sources
        for statement in source.statements
        if isinstance(statement.tree, (ast.Import, ast.ImportFrom))
        and flow_of(statement.tree).binds & set(used)
        and "skip" not in source.tags
    }
    return sorted(working | importing)


def _is_work(statement: Statement, gone: Collection[int]) -> bool:
    return id(statement.tree) not in gone and not isinstance(statement.tree, (ast.Import, ast.ImportFrom))


def _seeded(used: Mapping[str, Import]) -> tuple[str, ...]:
    """Return the libraries whose global generators the script may draw from."""
    roots = {one.module.partition(".")[0] for one in used.values()}
    numpy = bool(roots & _NUMPY_USERS)
    return ("random", *(("numpy",) if numpy else ()), *(("torch",) if "torch" in roots else ()))
