"""The parts of a script before it is put together: its module level, its sections, and what they import."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from reprobook.notebook.model import Notebook
from reprobook.promote import imports as script_imports
from reprobook.promote.checkpoints import Checkpointed, check_parameters, ground_of, with_checkpoints
from reprobook.promote.configuration import Configuration, configuration, read_only
from reprobook.promote.distributions import is_recorded
from reprobook.promote.effects import effects_of
from reprobook.promote.evidence import Evidence
from reprobook.promote.functions import functions
from reprobook.promote.hoist import OWN, hoisting
from reprobook.promote.identifiers import names_used
from reprobook.promote.model import Function, Import, Statements
from reprobook.promote.module_level import (
    ModuleLevel,
    early_settings,
    guarded_imports,
    module_statements,
    without_search_path,
)
from reprobook.promote.python import tree_of
from reprobook.promote.reading import Reading
from reprobook.promote.sections import sections
from reprobook.promote.separation import separated
from reprobook.promote.source import Source
from reprobook.promote.surroundings import Surroundings


@dataclass(frozen=True)
class Draft:
    """The parts of a script.

    Attributes:
        config: The parameters that its code reads.
        level: What leaves its section.
        around: What all sections share.
        content: Its sections and its module level, with checkpoints where they are asked for.
        used: The imports that it needs, by name.
    """

    config: Configuration
    level: ModuleLevel
    around: Surroundings
    content: Checkpointed
    used: Mapping[str, Import]


def draft(notebook: Notebook, reading: Reading, evidence: Evidence) -> Draft:
    """Turn what was read into the parts of a script."""
    sliced, sources = reading.sliced, reading.sources
    config = configuration(reading.parameters, sliced.kept, sliced.names, cell=reading.declared)
    level = ModuleLevel(early_settings(sliced.kept, sources), guarded_imports(sliced.kept))
    around = _surroundings(reading, config, level, evidence.fixed)
    made = functions(separated(sections(notebook, sliced.kept, sliced.names), sliced.names), around)
    module = module_statements(sliced.kept, level.guarded, around.hoisted)
    used = _used_imports(made, module, level, sources)
    if not _needs_search_path(used, script_imports.stars(sliced.kept), evidence):
        level = without_search_path(level)
        used = _used_imports(made, module, level, sources)
    content = Checkpointed(made, module)
    if evidence.resume:
        check_parameters([each.name for each in config.fields])
        content = with_checkpoints(made, module, ground_of(sources, sliced.names, evidence), around.words, evidence)
    read = [*module, *(line for each in made for line in each.body)]
    return Draft(read_only(config, read, around.words.config), level, around, content, used)


def _surroundings(reading: Reading, config: Configuration, level: ModuleLevel, fixed: Collection[str]) -> Surroundings:
    """Decide what all sections share."""
    sliced, words, taken = reading.sliced, reading.words, reading.taken
    trees = [statement.tree for source in sliced.kept for statement in source.statements]
    given = (words.fabric,) if words.fabric in names_used(trees) - taken else ()
    origins = sliced.names.imports.items()
    return Surroundings(
        configuration=config,
        hoisted=hoisting(trees, sliced.names, config.plain | config.variables | set(given), fixed),
        elsewhere=frozenset(id(statement.tree) for statement in [*level.early, *level.guarded]),
        names=sliced.names,
        words=words,
        shown=reading.metrics.expressions,
        pyplot=next((name for name, origin in origins if origin == "matplotlib.pyplot"), ""),
        taken=taken | OWN | frozenset(vars(words).values()),
        has_results=bool(reading.metrics.cells) or any(effects_of(tree, sliced.names).sinks for tree in trees),
        given=given,
    )


def _used_imports(
    made: Sequence[Function], module: Statements, level: ModuleLevel, sources: Sequence[Source]
) -> dict[str, Import]:
    """Return the imports that the script needs, by name."""
    nodes = [*module, *(node for function in made for node in function.body)]
    trees = [*(tree_of(node) for node in nodes), *(statement.tree for statement in level.early)]
    names = names_used(trees)
    return {name: one for name, one in script_imports.gathered(sources).items() if name in names}


def _needs_search_path(used: Mapping[str, Import], stars: Collection[str], evidence: Evidence) -> bool:
    """Tell whether something is imported that is not known to be installed: it may lie in a folder of one's own."""
    modules = {one.module for one in used.values()} | set(stars)
    return not all(script_imports.is_standard(one) or is_recorded(one, evidence.installed) for one in modules)
