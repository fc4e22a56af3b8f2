"""Several runs as a table, as wide as the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from reprobook.cli.console import cell_text, console, number_text, table
from reprobook.cli.messages import plain
from reprobook.cli.render_run import status_text
from reprobook.cli.summary import Summary
from reprobook.runs import RunRecord

# A parameter of this name is the seed of its run.
_SEED = "seed"
_LONGEST_VALUE = 24
# As many parameters and metrics come before the seed, the name and the time.
_FIRST = 2
_ALWAYS = ("run", "kind", "status", "notebook")
_FIELDS = (*_ALWAYS, "name", _SEED, "seconds")
# Columns of a terminal; one that has fewer gets closer columns.
_WIDE = 100


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
    """Show runs, one a row: the parameters that were asked for or that differ, and the metrics.

    What a narrow terminal has no room for is left out, the least wanted first, and a line says what.

    Args:
        out: Where to print.
        records: The runs.
        asked: Names of parameters and metrics, as in ``--where``, that the reader wants to see.
    """
    narrow = out.width < _WIDE
    known = _facts(records, narrow=narrow)
    parameters, metrics = _parameters(records, asked), _metrics(records, asked)
    left_out: list[_Column] = []
    shown = {each.heading: each for each in known if each.heading in _ALWAYS}
    everything = [*known, *parameters, *metrics]
    for column in _by_want(known, parameters, metrics, asked):
        chosen = [each for each in everything if each.heading in {*shown, column.heading}]
        if _width(out, _table(chosen, narrow=narrow)) <= out.width:
            shown[column.heading] = column
        else:
            left_out.append(column)
    out.print(_table([each for each in everything if each.heading in shown], narrow=narrow))
    if left_out:
        names = ", ".join(plain(each.heading) for each in left_out)
        out.print(Text(f"no room for {names}: a wider terminal, or --json", style="dim"))


def kind_of(record: RunRecord) -> str:
    """Say what a run is: a trial of a sweep, the replay of a verification, a live session, a job, or a plain run."""
    if record.trial is not None and record.kind == "run":
        return f"trial {record.trial}"
    return "imported" if record.foreign and record.kind == "run" else record.kind


def _facts(records: Sequence[RunRecord], *, narrow: bool) -> list[_Column]:
    """Return the columns of what every run has; a name and a seed only where a run has one."""
    columns = [
        _Column("run", tuple(Text(each.run_id) for each in records)),
        _Column("kind", tuple(Text(kind_of(each)) for each in records)),
        _Column("status", tuple(_status(each, narrow=narrow) for each in records)),
        _Column("notebook", tuple(_notebook(each) for each in records)),
        _Column("seconds", tuple(Text(f"{each.duration_s:.1f}") for each in records), right=True),
    ]
    seeds = [each.parameters.get(_SEED) if each.seed is None else each.seed for each in records]
    if any(seed is not None for seed in seeds):
        columns.insert(4, _Column(_SEED, tuple(_value(seed) for seed in seeds), right=True))
    if any(each.name for each in records):
        columns.insert(3, _Column("name", tuple(cell_text(each.name or "") for each in records)))
    return columns


def _status(record: RunRecord, *, narrow: bool) -> Text:
    """Return the status; where there is little room, its mark alone."""
    return status_text(record)[:1] if narrow else status_text(record)


def _notebook(record: RunRecord) -> Text:
    """Return the notebook of a run; the kernel of a live session is not always told."""
    return cell_text(record.source) if record.source else Text("not known", style="dim")


def _parameters(records: Sequence[RunRecord], asked: Sequence[str]) -> list[_Column]:
    """Return the columns of the parameters that are asked for or that differ."""
    names = _names(record.parameters for record in records)
    wanted = [name for name in map(_plain_name, asked) if name in names]
    differing = [name for name in names if _differs(name, records)]
    return [_parameter(name, records) for name in dict.fromkeys([*wanted, *differing]) if name != _SEED]


def _metrics(records: Sequence[RunRecord], asked: Sequence[str]) -> list[_Column]:
    """Return the columns of all metrics, those that are asked for first."""
    names = _names(record.metrics for record in records)
    wanted = [name for name in map(_plain_name, asked) if name in names]
    taken = {*_names(record.parameters for record in records), *_FIELDS}
    headings = {name: f"metrics.{name}" if name in taken else name for name in [*wanted, *names]}
    return [_metric(heading, name, records) for name, heading in headings.items()]


def _by_want(
    known: Sequence[_Column], parameters: Sequence[_Column], metrics: Sequence[_Column], asked: Sequence[str]
) -> list[_Column]:
    """Return the columns that may be left out, the most wanted first."""
    named = [each for each in (*parameters, *metrics) if _plain_name(each.heading) in map(_plain_name, asked)]
    optional = [each for each in known if each.heading not in _ALWAYS]
    order = [*named, *metrics[:1], *parameters[:_FIRST], *metrics[:_FIRST], *optional, *parameters, *metrics]
    return list({each.heading: each for each in order}.values())


def _plain_name(name: str) -> str:
    """Return a name without the group that it may be written with."""
    return name.removeprefix("parameters.").removeprefix("metrics.")


def _names(mappings: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def _differs(name: str, records: Sequence[RunRecord]) -> bool:
    """Tell whether the runs that have a parameter differ by it."""
    return len({repr(record.parameters[name]) for record in records if name in record.parameters}) > 1


def _parameter(name: str, records: Sequence[RunRecord]) -> _Column:
    """Return the column of a parameter; numbers as they were given, long values cut."""
    values = [record.parameters.get(name) for record in records]
    numbers = all(isinstance(value, int | float) for value in values if value is not None)
    heading = f"parameters.{name}" if name in _FIELDS else name
    return _Column(heading, tuple(_value(value) for value in values), right=numbers)


def _value(value: object) -> Text:
    """Return one value of a parameter; nothing where a run has none."""
    if value is None:
        return Text("")
    text = f"{value:.6g}" if isinstance(value, float) else value if isinstance(value, str) else repr(value)
    return cell_text(text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…")


def _metric(heading: str, name: str, records: Sequence[RunRecord]) -> _Column:
    return _Column(heading, tuple(Text(number_text(record.metrics.get(name))) for record in records), right=True)


def _table(columns: Sequence[_Column], *, narrow: bool) -> Table:
    """Return columns as a table."""
    rows = table(*(each.heading for each in columns), right=tuple(each.heading for each in columns if each.right))
    if narrow:
        rows.padding = (0, 1, 0, 0)
    for cells in zip(*(each.cells for each in columns), strict=True):
        rows.add_row(*cells)
    return rows


def _width(out: Console, made: Table) -> int:
    """Return how wide a table is with nothing folded."""
    return Measurement.get(out, out.options.update(max_width=10_000), made).maximum
