"""Plan a script: from a notebook to everything that its text will hold. Pure; nothing runs here."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from reprobook.notebook.model import Notebook
from reprobook.promote import extra
from reprobook.promote.draft import Draft, draft
from reprobook.promote.evidence import Evidence
from reprobook.promote.flow import flow_of
from reprobook.promote.headings import title
from reprobook.promote.imports import stars
from reprobook.promote.model import Function, Import, Plan
from reprobook.promote.module_level import ModuleLevel
from reprobook.promote.option_readers import with_readers
from reprobook.promote.options import Style
from reprobook.promote.packaged_data import packaged_data
from reprobook.promote.reading import Reading, read
from reprobook.promote.signatures import hint_imports, vocabulary, with_types
from reprobook.promote.slice import Dropped
from reprobook.promote.source import Statement
from reprobook.space.model import Parameter

_NUMPY_USERS = frozenset({"numpy", "pandas", "scipy", "sklearn", "skimage", "seaborn", "statsmodels", "xgboost"})
_NUMPY_USERS |= {"lightgbm", "imblearn", "torchvision", "albumentations", "gymnasium", "keras", "tensorflow"}
_NO_EVIDENCE = Evidence()
_NO_SEARCH = "no module is imported from what it adds to `sys.path`"


def plan(
    notebook: Notebook, parameters: Sequence[Parameter], evidence: Evidence = _NO_EVIDENCE, style: Style = "plain"
) -> Plan:
    """Plan the script of a notebook; ``parameters`` are those that ``reprobook.space.declared_parameters`` finds.

    Raises:
        NotPromotableError: If a cell that a result depends on has no translation; names the cell and the line.
    """
    reading = read(notebook, parameters, evidence, style)
    found = draft(notebook, reading, evidence)
    sliced, sources = reading.sliced, reading.sources
    fields, roles = extra.with_fields(found.config, sliced, evidence, style)
    typed = _typed(found, evidence, style)
    kept, heading = _kept(reading, found), title(notebook)
    dropped, trimmed = _dropped(reading, kept, found.level)
    return Plan(
        title=heading[0],
        summary=heading[1],
        kept=kept,
        dropped=dropped,
        early=tuple(statement.node for statement in found.level.early),
        imports=(*found.used.values(), *found.content.imports, *hint_imports(typed)),
        stars=stars(sliced.kept),
        module=found.content.module,
        fields=with_readers(fields, typed, reading.words.config),
        derived=found.config.derived,
        functions=typed,
        seed=roles.seed,
        device=roles.device,
        precision=roles.precision,
        fabric=roles.fabric,
        deterministic=evidence.deterministic,
        seeded=_seeded(found.used) if roles.seed or roles.fixed_seed or evidence.deterministic else (),
        printed_metrics=reading.metrics.printed,
        renamed=reading.metrics.renamed,
        requirements=tuple(dict.fromkeys(name for source in sources for name in source.requirements)),
        words=reading.words,
        loops=found.content.loops,
        trimmed=trimmed,
        fixed_seed=roles.fixed_seed,
        loads=packaged_data(sliced.kept, sliced.names),
    )


def _dropped(reading: Reading, kept: Collection[int], level: ModuleLevel) -> tuple[list[Dropped], tuple[Dropped, ...]]:
    """Return the cells that have no part in the script, and what was left out of others, with reasons.

    Of some cells only the imports are in the script.
    """
    sliced = reading.sliced
    gone = {id(statement.tree) for statement in level.unneeded}
    paths = {s.index for s in sliced.kept if any(id(each.tree) in gone for each in s.statements)}
    unused = [Dropped(s.index, "nothing in it is needed") for s in sliced.kept if s.index not in {*kept, *paths}]
    working = {s.index for s in reading.sources if any(_is_work(statement, ()) for statement in s.statements)}
    found = [each for each in sliced.dropped if each.cell not in kept or each.cell in working]
    found += [*sliced.trimmed, *unused, *(Dropped(index, _NO_SEARCH) for index in paths)]
    found.sort(key=lambda each: each.cell)
    return [each for each in found if each.cell not in kept], tuple(each for each in found if each.cell in kept)


def _typed(found: Draft, evidence: Evidence, style: Style) -> tuple[Function, ...]:
    """Return the sections with the types that the run saw; Fabric wraps what it sets up, so there those do not hold."""
    kinds, around = evidence.kinds, found.around
    if style == "fabric":
        kinds = {cell: {name: kind for name, kind in seen.items() if "." not in kind} for cell, seen in kinds.items()}
    made = found.content.functions
    classes = around.hoisted.names & set(around.names.definitions)
    return with_types(made, kinds, vocabulary(found.used, made, classes, dict.fromkeys(around.given, "Fabric")))


def _kept(reading: Reading, found: Draft) -> list[int]:
    """Return the cells that have a part in the script, those that only import included."""
    gone = {id(statement.tree) for statement in found.level.unneeded}
    working = {source.index for source in reading.sliced.kept if any(_is_work(s, gone) for s in source.statements)}
    importing = {
        source.index
        for source in reading.sources
        for statement in source.statements
        if isinstance(statement.tree, (ast.Import, ast.ImportFrom))
        and flow_of(statement.tree).binds & set(found.used)
        and "skip" not in source.tags
    }
    speaking = {cell for source in reading.sliced.kept if source.index in working for cell in source.above}
    return sorted(working | importing | speaking)


def _is_work(statement: Statement, gone: Collection[int]) -> bool:
    return id(statement.tree) not in gone and not isinstance(statement.tree, (ast.Import, ast.ImportFrom))


def _seeded(used: Mapping[str, Import]) -> tuple[str, ...]:
    """Return the libraries whose global generators the script may draw from."""
    roots = {one.module.partition(".")[0] for one in used.values()}
    numpy = bool(roots & _NUMPY_USERS)
    return ("random", *(("numpy",) if numpy else ()), *(("torch",) if "torch" in roots else ()))
