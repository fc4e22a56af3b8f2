"""The top of a script: its docstring, its imports, and the settings that stand among them."""

from __future__ import annotations

from textwrap import fill

from reprobook.promote import config_text, seeding_text
from reprobook.promote.facts import Provenance
from reprobook.promote.imports import import_lines, is_standard
from reprobook.promote.layout.escape import docstring, visible
from reprobook.promote.layout.tokens import WIDTH
from reprobook.promote.model import Entry, Import, Plan
from reprobook.promote.python import code_of

_SHOWN = 16  # of a digest: the whole ones stand in header.json
_EARLY = "# Set first: libraries read these as they are imported."


def header(plan: Plan, provenance: Provenance, entry: Entry) -> str:
    """Return the docstring, the imports, and the settings that stand among them."""
    title = visible(plan.title)
    if plan.title == provenance.notebook.removesuffix(".ipynb"):  # a name of a file is no sentence
        title = f"The notebook {title} as a script"
    digests = [f"sha256 {provenance.notebook_digest[:_SHOWN]}"]
    digests += [f"recipe {provenance.recipe_digest[:_SHOWN]}"] if provenance.recipe_digest else []
    origin = f"Made from {visible(provenance.notebook)} ({', '.join(digests)})"
    commands = [f"    {command}" for command in provenance.commands]
    paragraphs = [
        title if title.endswith((".", "!", "?")) else f"{title}.",
        fill(visible(plan.summary), WIDTH, break_long_words=False, break_on_hyphens=False),
        "\n".join([f"{origin} by:" if commands else f"{origin}.", *commands]),
    ]
    imports = _imports(plan, entry)
    standard = [one for one in imports if is_standard(one.module)]
    others = [one for one in imports if not is_standard(one.module) and not one.module.startswith(".")]
    local = [one for one in imports if one.module.startswith(".")]
    stars = [f"from {module} import *  # noqa: F403" for module in plan.stars]
    groups = [
        import_lines(standard),
        [_EARLY, *(code_of(node).strip("\n") for node in plan.early)] if plan.early else [],
        import_lines(others) + stars,
        import_lines(local),
        ['matplotlib.use("Agg")  # figures go to files'] if plan.plots else [],
    ]
    top = [docstring(*(paragraph for paragraph in paragraphs if paragraph))]
    return "\n\n".join([*top, *("\n".join(group) for group in groups if group)])


def _imports(plan: Plan, entry: Entry) -> list[Import]:
    """Return the notebook's imports and those of the script's own parts."""
    own = [
        Import("pathlib", "Path", "Path"),
        Import("reprobook", "", plan.words.job),
        *(config_text.imports(plan) if entry.takes_config else ()),
        *seeding_text.imports(plan),
        *entry.imports,
    ]
    own += [Import("asyncio", "", "asyncio")] if plan.is_async else []
    own += [Import("matplotlib", "", "matplotlib")] if plan.plots else []
    found = {one.name: one for one in own}
    return list({**found, **{one.name: one for one in plan.imports}}.values())
