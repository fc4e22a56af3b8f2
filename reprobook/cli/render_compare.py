"""A comparison as people read it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from reprobook.cli.console import cell_text, number_text, table
from reprobook.cli.messages import plain
from reprobook.comparison import ComparisonReport
from reprobook.statistics import Interval

_STYLES = {"better": "bold green", "worse": "bold red", "cannot be told apart": "yellow"}


def show_report(out: Console, report: ComparisonReport) -> None:
    """Show the sides, the tests, and what follows."""
    better = "higher" if report.direction == "max" else "lower"
    told = ", told by its name: --direction says otherwise" if report.guessed else ""
    out.print(Text.assemble((plain(report.metric), "bold"), (f"  ({better} is better{told})", "dim")))
    _show_sides(out, report)
    _show_tests(out, report)
    for sentence, each in zip(report.sentences, report.pairings, strict=True):
        out.print(Text(plain(sentence), style=_STYLES[each.comparison.verdict]))
    for note in report.notes:
        out.print(Text(f"note: {plain(note)}", style="dim"))


def _show_sides(out: Console, report: ComparisonReport) -> None:
    """Show each side with its mean."""
    level = f"{report.confidence:.0%} interval"
    rows = table("", "runs", "mean", level, "lowest", "highest", right=("runs", "mean", level, "lowest", "highest"))
    for side in report.sides:
        mean = number_text(sum(side.values) / len(side.values))
        ends = (number_text(min(side.values)), number_text(max(side.values)))
        rows.add_row(cell_text(side.label), str(len(side.values)), mean, _interval(side.interval), *ends)
    out.print(rows)


def _show_tests(out: Console, report: ComparisonReport) -> None:
    """Show each comparison with the first side in numbers."""
    level = f"{report.confidence:.0%} interval"
    several = ("p corrected",) if len(report.pairings) > 1 else ()
    headings = ("difference", level, "effect", "p", "p (ranks)", *several)
    rows = table(
        f"against {report.sides[0].label}", *headings, "test", "seeds needed", right=(*headings, "seeds needed")
    )
    for each in report.pairings:
        found = each.comparison
        numbers = (found.p_value, found.p_rank, *((found.p_corrected,) if several else ()))
        rows.add_row(
            cell_text(report.sides[each.b].label),
            f"{found.difference:+.4g}",
            _interval(found.interval),
            f"{found.effect_size:+.3g}",
            *(f"{p:.2g}" for p in numbers),
            f"{found.test}, {len(each.seeds)} pairs" if found.paired else found.test,
            "—" if found.seeds_needed is None else str(found.seeds_needed),
        )
    out.print(rows)


def _interval(interval: Interval) -> str:
    return f"{interval.low:.4g} … {interval.high:.4g}" if interval.known else "—"
