"""The hazards of a notebook as people read them: cell by cell, each with its line, what is wrong and the edit."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from reprobook.cli.messages import plain
from reprobook.hazards import Hazard
from reprobook.notebook import Notebook

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def show_hazards(out: Console, notebook: Notebook, hazards: Sequence[Hazard]) -> None:
    """Show what was found, the certain ones first in each cell, and a line that sums it up."""
    for cell, group in groupby(hazards, key=lambda hazard: hazard.cell):
        out.print(Text(f"cell {cell}", style="bold"))
        lines = notebook.code_cells[cell].source.splitlines()
        for hazard in sorted(group, key=lambda each: (not each.certain, each.line)):
            _show_hazard(out, hazard, lines[hazard.line - 1].strip() if hazard.line <= len(lines) else "")
    out.print(_summary(notebook, hazards))


def _show_hazard(out: Console, hazard: Hazard, line: str) -> None:
    """Show one hazard: source, cause, reason and edit; a hint is dimmed and shorter."""
    if not hazard.certain:
        hint = f"  · {hazard.line:>3} │ {hazard.cause}: {plain(hazard.message)}; fix: {plain(hazard.fix)}"
        out.print(Text(hint, style="dim"))
        return
    called = f"  (called from {', '.join(f'cell {cell}' for cell in hazard.called_from)})" if hazard.called_from else ""
    out.print(Text.assemble((f"  ✗ {hazard.cause}", "bold red"), (called, "dim")))
    out.print(Text.assemble((f"    {hazard.line:>3} │ ", "dim"), plain(line, keep="")))
    out.print(Text(f"        {plain(hazard.message)}"))
    out.print(Text(f"        fix: {plain(hazard.fix)}", style="cyan"))


def _summary(notebook: Notebook, hazards: Sequence[Hazard]) -> Text:
    """Return the closing line."""
    certain = sum(hazard.certain for hazard in hazards)
    hints = len(hazards) - certain
    more = f", {hints} {'hint' if hints == 1 else 'hints'}" if hints else ""
    if not certain:
        return Text(f"✓ {plain(notebook.name)}: no hazard found{more}", style="green")
    return Text(
        f"✗ {plain(notebook.name)}: {certain} {'hazard' if certain == 1 else 'hazards'}{more}", style="bold red"
    )


def diff_lines(notebook: Notebook, sources: Mapping[int, str]) -> list[str]:
    """Return a unified diff of the cells that would change."""
    found: list[str] = []
    for cell, source in sources.items():
        old = notebook.code_cells[cell].source.splitlines()
        name = f"{notebook.name} cell {cell}"
        found += difflib.unified_diff(old, source.splitlines(), name, f"{name} (fixed)", n=2, lineterm="")
    return found


def show_diff(out: Console, lines: Sequence[str]) -> None:
    """Show a diff in colour."""
    for line in lines:
        bold = line.startswith(("+++", "---"))
        out.print(Text(plain(line), style="bold" if bold else _DIFF_STYLES.get(line[:1], "dim")))
