"""A verification as people read it: a strip of cells, then the first difference side by side."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from reprobook.cli.console import cell_text, number_text, table
from reprobook.cli.messages import plain
from reprobook.verify import Divergence, Verification
from reprobook.verify.tolerance import numbers_agree

_VERDICTS = {
    "reproduced": ("✓ reproduced, bit by bit", "bold green"),
    "within_tolerance": ("≈ reproduced within the tolerance", "green"),
    "diverged": ("✗ diverged", "bold red"),
    "failed": ("✗ the replay failed", "bold red"),
}
_MOST_LINES = 8
# Characters of evidence: three lines of a wide terminal.
_MOST_EVIDENCE = 330


def show_verification(out: Console, found: Verification) -> None:
    """Show verdict, cells, the first difference, metrics and what to do next."""
    text, style = _VERDICTS[found.verdict]
    replay = f" against {found.replay_id}" if found.replay_id else ""
    out.print(Text.assemble((text, style), f"  {found.run_id}{replay}"))
    if found.cells:
        out.print(_strip(found))
    if found.error:
        who = "both failed" if found.verdict == "reproduced" else "the replay failed"
        where = "" if found.error.cell is None else f" in cell {found.error.cell}"
        out.print(Text(f"{who}{where}: {plain(found.error.ename)}: {plain(found.error.evalue)}", style="yellow"))
    for pin in found.pinned:
        text = f"restored {pin.setting}: {pin.recorded} as recorded; found {pin.found} ({pin.cause})"
        out.print(Text(plain(text), style="yellow"))
    if found.first:
        _show_first(out, found.first, only_restored=found.verdict == "reproduced")
    for other in found.all:
        if other != found.first:
            _show_other(out, other)
    _show_metrics(out, found)
    if found.verdict != "reproduced":
        _show_lines(out, "between the two runs also changed:", found.environment)
    _show_lines(out, "note:", found.notes)
    _show_lines(out, "timings and ids, which differ in every run:", (", ".join(found.benign),) if found.benign else ())
    _show_lines(out, "could not be compared as a whole:", found.opaque)
    if found.verdict in {"diverged", "failed"} and found.replay_id:
        out.print(Text(f"hint: reprobook diff {found.run_id} {found.replay_id}", style="cyan"))


def _strip(found: Verification) -> Text:
    """Return the cells in a row: equal, those that differ by themselves, and those that differ in consequence."""
    differing = set(found.differing)
    origins = {each.cell for each in found.all}
    strip = Text("cells ")
    for cell in found.cells:
        if cell in origins and cell in differing:
            strip.append(f" {cell}✗", style="bold white on red")
        else:
            strip.append(f" {cell}{'✗' if cell in differing else '✓'}", style="red" if cell in differing else "green")
    return strip


def _show_first(out: Console, first: Divergence, *, only_restored: bool) -> None:
    """Show the first difference: where, the values of both sides, the evidence."""
    title = "without that it would differ first in: " if only_restored else "first difference: "
    where = "the results" if first.cell is None else f"cell {first.cell}"
    names = f": {', '.join(map(plain, first.names))}" if first.names else ""
    out.print(Text.assemble((title, "bold"), f"{where}{names}"))
    rows = table("name", "original", "replay")
    for change in first.values:
        rows.add_row(cell_text(change.name), cell_text(change.original, "green"), cell_text(change.replay, "red"))
    if rows.row_count:
        out.print(rows)
    for line in first.distance_lines():
        out.print(Text(f"  {plain(line)}"))
    proof = ("proven: held still, the difference is gone", "green") if first.confirmed else _unproven(first)
    out.print(Text.assemble(("cause: ", "bold"), (first.cause, "bold red"), "  ", proof))
    evidence = plain(first.evidence)
    if len(evidence) > _MOST_EVIDENCE:
        evidence = f"{evidence[:_MOST_EVIDENCE].rpartition(' ')[0]} … (--json shows all)"
    out.print(Text(f"evidence: {evidence}"))
    if first.fix:
        out.print(Text(f"fix: {plain(first.fix)}", style="cyan"))


def _unproven(found: Divergence) -> tuple[str, str]:
    """Say why a cause is not proven."""
    return f"not proven: {found.unproven or '--diagnose finds out by experiment'}", "dim"


def _show_other(out: Console, other: Divergence) -> None:
    """Show a further difference that arose by itself, in short."""
    where = "the results" if other.cell is None else f"cell {other.cell}"
    proof = "proven" if other.confirmed else _unproven(other)[0]
    text = f"also by itself: {where}: {', '.join(other.names)} — {other.cause} ({proof}). Fix: {other.fix or 'unknown'}"
    out.print(Text(plain(text)))


def _show_metrics(out: Console, found: Verification) -> None:
    """Show the metrics of both sides, those that differ in red."""
    rows = table("metric", "original", "replay", right=("original", "replay"))
    for name, pair in found.metrics.items():
        style = "" if numbers_agree(pair) else "red"
        # Digits that agree may hide those that do not.
        digits = number_text if not style else repr
        rows.add_row(cell_text(name), digits(pair.original), Text(digits(pair.replay), style=style))
    if rows.row_count:
        out.print(rows)


def _show_lines(out: Console, title: str, lines: tuple[str, ...]) -> None:
    """Show the first few of many lines."""
    if lines:
        out.print(Text(title, style="dim"))
    for line in lines[:_MOST_LINES]:
        out.print(cell_text(f"  {line}"))
    if len(lines) > _MOST_LINES:
        out.print(Text(f"  and {len(lines) - _MOST_LINES} more (--json lists all)", style="dim"))
