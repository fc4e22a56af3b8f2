"""Several runs as a table, as wide as the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from reprobook.cli.console import cell_text, console, number_text, table
from reprobook.cli.render_run import status_text
from reprobook.cli.summary import Summary
from reprobook.runs import RunRecord

# A parameter of this name is the seed of its run.
_SEED = "seed"
_LONGEST_VALUE = 24
# As many metrics keep their place, however many parameters differ.
_KEPT_METRICS = 2


@dataclass(frozen=True)
class _Column:
    """One column, with the text of each run."""

    heading: str
    cells: tuple[Text, ...]
    right: bool = False


def show_seeds(records: Sequence[RunRecord], summary: Summary) -> None:
    """Show several runs of one notebook, and each metric as mean ± standard deviation."""
    out = console()
    show_records(out, records)
    rows = table("metric", "mean", "std", "n", right=("mean", "std", "n"))
    for name, each in summary.metrics.items():
        rows.add_row(cell_text(name), number_text(each.mean), number_text(each.std), str(each.n))
    if rows.row_count:
        out.print(rows)


def show_records(out: Console, records: Sequence[RunRecord], asked: Sequence[str] = ()) -> None:
    """Show runs, one a row: the parameters and metrics that were asked for, the parameters that differ, the metrics.

    Columns are left out from the end where the terminal is too narrow, and a line says which.

    Args:
        out: Where to print.
        records: The runs.
        asked: Names of parameters and metrics, as in ``--where``, that the reader wants to see.
    """
    facts, left_out = _facts(records), list[str]()
    parameters, metrics = list[_Column](), list[_Column]()
    for column, is_metric in _results(records, asked):
        if _width(out, [*facts, *parameters, *metrics, column]) <= out.width:
            (metrics if is_metric else parameters).append(column)
        else:
            left_out.append(column.heading)
    out.print(_table([*facts, *parameters, *metrics]))
    if left_out:
        out.print(Text(f"no room for {', '.join(left_out)}: a wider terminal, or --json", style="dim"))


def kind_of(record: RunRecord) -> str:
    """Say what a run is: a trial of a sweep, the replay of a verification, a live session, a job, or a plain run."""
    if record.trial is not None and record.kind == "run":
        return f"trial {record.trial}"
    return "imported" if record.foreign and record.kind == "run" else record.kind


def _facts(records: Sequence[RunRecord]) -> list[_Column]:
    """Return the columns that every list has; a name and a seed only where a run has one."""
    columns = [
        _Column("run", tuple(Text(each.run_id) for each in records)),
        _Column("kind", tuple(Text(kind_of(each)) for each in records)),
        _Column("status", tuple(status_text(each) for each in records)),
        _Column("notebook", tuple(_notebook(each) for each in records)),
        _Column("seconds", tuple(Text(f"{each.duration_s:.1f}") for each in records), right=True),
    ]
    seeds = [each.parameters.get(_SEED) if each.seed is None else each.seed for each in records]
    if any(seed is not None for seed in seeds):
        columns.insert(4, _Column("seed", tuple(_value(seed) for seed in seeds), right=True))
    if any(each.name for each in records):
        columns.insert(3, _Column("name", tuple(cell_text(each.name or "") for each in records)))
    return columns


def _notebook(record: RunRecord) -> Text:
    """Return the notebook of a run; the kernel of a live session is not always told."""
    return cell_text(record.source) if record.source else Text("not known", style="dim")


def _results(records: Sequence[RunRecord], asked: Sequence[str]) -> Iterator[tuple[_Column, bool]]:
    """Yield the columns of parameters and of metrics (True), the most wanted first."""
    parameters = [name for name in _names(record.parameters for record in records) if name != _SEED]
    metrics = _names(record.metrics for record in records)
    wanted = [name.removeprefix("parameters.").removeprefix("metrics.") for name in asked]
    order = [
        *((name, name in metrics and name not in parameters) for name in wanted if name in {*parameters, *metrics}),
        *((name, True) for name in metrics[:_KEPT_METRICS]),
        *((name, False) for name in parameters if _differs(name, records)),
        *((name, True) for name in metrics),
    ]
    for name, is_metric in dict.fromkeys(order):
        heading = f"metrics.{name}" if is_metric and name in parameters else name
        yield (_metric(heading, name, records) if is_metric else _parameter(name, records)), is_metric


def _names(mappings: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def _differs(name: str, records: Sequence[RunRecord]) -> bool:
    """Tell whether the runs that have a parameter differ by it."""
    return len({repr(record.parameters[name]) for record in records if name in record.parameters}) > 1


def _parameter(name: str, records: Sequence[RunRecord]) -> _Column:
    """Return the column of a parameter; numbers as they were given, long values cut."""
    values = [record.parameters.get(name) for record in records]
    numbers = all(isinstance(value, int | float) for value in values if value is not None)
    return _Column(name, tuple(_value(value) for value in values), right=numbers)


def _value(value: object) -> Text:
    """Return one value of a parameter; nothing where a run has none."""
    if value is None:
        return Text("")
    text = f"{value:.6g}" if isinstance(value, float) else value if isinstance(value, str) else repr(value)
    return cell_text(text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…")


def _metric(heading: str, name: str, records: Sequence[RunRecord]) -> _Column:
    return _Column(heading, tuple(Text(number_text(record.metrics.get(name))) for record in records), right=True)


def _table(columns: Sequence[_Column]) -> Table:
    """Return columns as a table."""
    rows = table(*(each.heading for each in columns), right=tuple(each.heading for each in columns if each.right))
    for cells in zip(*(each.cells for each in columns), strict=True):
        rows.add_row(*cells)
    return rows


def _width(out: Console, columns: Sequence[_Column]) -> int:
    """Return how wide the columns are side by side, with nothing folded."""
    return Measurement.get(out, out.options.update(max_width=10_000), _table(columns)).maximum
