"""Where output goes: documents and tables to standard output, progress to standard error."""

from __future__ import annotations

import json
import math
import os
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reprobook.cli.messages import plain
from reprobook.header import encode
from reprobook.runs.model import json_number

_PIPED_WIDTH = 160


def console() -> Console:
    """Return the console of standard output; into a pipe lines are not cut at 80 columns, unless COLUMNS says so."""
    found = Console(markup=False, highlight=False, emoji=False)
    if not found.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        found.width = _PIPED_WIDTH
    return found


def print_json(document: Any) -> None:
    """Print the one document of ``--json``."""
    click.echo(json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False))


def json_value(value: Any) -> Any:
    """Return any fact of a run as JSON; finite floats stay plain, since people read this."""
    if isinstance(value, float):
        return json_number(value)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [json_value(item) for item in value]
    return encode(value)


def cell_text(value: object, style: str = "") -> Text:
    """Return a value as it stands in a table: no control characters, no markup."""
    return Text(plain(value, keep="\n"), style=style)


def table(*headings: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty table in the one style of this command line; columns in ``right`` hold numbers."""
    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for heading in headings:
        made.add_column(plain(heading), justify="right" if heading in right else "left", overflow="fold")
    return made


def number_text(number: float | None) -> str:
    """Return a metric as people read it."""
    if number is None:
        return "—"
    return f"{number:.6g}" if math.isfinite(number) else str(number)
