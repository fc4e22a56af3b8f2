"""Runs as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from reprobook.cli.console import console, number_text
from reprobook.cli.failure import failure_lines
from reprobook.cli.messages import plain
from reprobook.runs import RunFolder, RunRecord
from reprobook.runs.executed import executed_cells

STATUS_STYLES = {
    "succeeded": "green",
    "failed": "bold red",
    "interrupted": "yellow",
    "running": "cyan",
    "pending": "dim",
}
_MARKS = {"succeeded": "✓", "failed": "✗", "interrupted": "■", "running": "…", "pending": "…"}
_LAST_LINES = 8


def status_text(record: RunRecord) -> Text:
    """Return the status with its mark."""
    return Text(f"{_MARKS[record.status]} {record.status}", style=STATUS_STYLES[record.status])


def show_outcome(run: RunFolder, record: RunRecord) -> None:
    """Show a run that has just ended."""
    out = console()
    out.print(Text.assemble(status_text(record), f"  run {record.run_id}", (f"  {record.duration_s:.1f} s", "dim")))
    show_facts(out, record)
    if record.error:
        show_failure(out, run, record)
    elif record.kind == "run":
        out.print(Text(f"hint: reprobook verify {record.run_id}", style="dim"))


def show_facts(out: Console, record: RunRecord) -> None:
    """Show parameters, seed and metrics, one aligned row each."""
    rows = [("parameter", name, repr(value), "") for name, value in record.parameters.items()]
    if record.seed is not None:
        rows.append(("seed", "", str(record.seed), ""))
    rows += [("metric", name, number_text(number), "bold") for name, number in record.metrics.items()]
    if record.foreign:
        rows.append(("imported", "", record.foreign, "yellow"))
    if record.notebook:
        rows.append(("notebook", "", record.notebook, "dim"))
    # One text: a table of hundreds of parameters takes longer than a short run.
    out.print(
        _aligned([(label, plain(name), plain(value), style) for label, name, value, style in rows]),
        soft_wrap=True,
        end="",
    )


def _aligned(rows: Sequence[tuple[str, str, str, str]]) -> Text:
    """Return rows of a label, a name, and a value with its style, below each other."""
    labels, names = (max((cell_len(row[at]) for row in rows), default=0) for at in (0, 1))
    text = Text()
    for label, name, value, style in rows:
        text.append(f"{set_cell_size(label, labels)}  {set_cell_size(name, names)}  ").append(f"{value}\n", style)
    return text


def show_failure(out: Console, run: RunFolder, record: RunRecord) -> None:
    """Show where and why a run failed: the lines of the notebook, else the end of the traceback."""
    error = record.error
    if error is None:
        return
    where = "" if error.cell is None else f"cell {error.cell}: "
    out.print(Text.assemble((f"{where}{plain(error.ename)}", "bold red"), f": {plain(error.evalue)}"))
    for line in traceback_lines(run):
        out.print(Text(f"  {plain(line)}", style="dim"))
    if error.hint:
        out.print(Text(f"hint: {plain(error.hint)}", style="cyan"))


def traceback_lines(run: RunFolder) -> list[str]:
    """Return where the notebook failed, else the end of the traceback, colours removed; empty where there is none."""
    cells = executed_cells(run)
    outputs = [output for cell in cells for output in cell["outputs"]]
    found = [list(map(str, output["traceback"])) for output in outputs if isinstance(output.get("traceback"), list)]
    if not found:
        return []
    from reprobook.trace.outputs import normalised  # noqa: PLC0415 - only runs that failed show it

    lines = [line for line in normalised("\n".join(found[-1])).splitlines() if line.strip()]
    counts = {cell["execution_count"]: index for index, cell in enumerate(cells) if cell.get("execution_count")}
    return failure_lines(lines, counts) or lines[-_LAST_LINES:]
