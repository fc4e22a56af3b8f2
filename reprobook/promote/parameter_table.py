"""The parameters of a job as a table of Markdown."""

from __future__ import annotations

from reprobook.promote.config_text import about, type_name
from reprobook.promote.markdown import code, plain, table
from reprobook.promote.model import Plan
from reprobook.promote.options import Style


def parameter_table(plan: Plan, style: Style) -> str:
    """Return a row for each parameter: how it is given, its type, its default, and what it means."""
    prefix = "" if style == "hydra" else "--"
    rows = [
        (f"`{prefix}{each.name}`", type_name(each.type), f"`{code(repr(each.default))}`", plain(about(each)))
        for each in plan.fields
    ]
    return table(("option", "type", "default", "meaning"), rows)
