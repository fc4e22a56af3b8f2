"""`reprobook compare`."""

from __future__ import annotations

from pathlib import Path

import click

from reprobook.cli.console import console, print_json
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options, open_store
from reprobook.cli.render_compare import show_report
from reprobook.comparison import CompareOptions, assess, select
from reprobook.runs.files import StorageError
from reprobook.statistics import Direction


@click.command(
    "compare",
    epilog=examples(
        "reprobook compare 20261121-044210-k3f9 latest --metric accuracy",
        'reprobook compare "lr == 0.1" "lr == 0.01" --metric accuracy --figure lr.png',
        "reprobook compare SWEEP --metric loss --direction min",
    ),
)
@click.argument("named", metavar="RUNS...", nargs=-1, required=True)
@click.option("--metric", metavar="M", required=True, help="The metric; its last value in each run counts.")
@click.option(
    "--direction", type=click.Choice(["max", "min"]), help="Is higher or lower better?  [default: told by its name]"
)
@click.option(
    "--confidence", type=click.FloatRange(0.5, 0.9999), default=0.95, show_default=True, help="Of intervals, verdicts."
)
@click.option(
    "--figure", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw it: PNG, SVG, PDF."
)
@common_options
def compare_runs(  # noqa: PLR0913  # one argument an option
    *,
    named: tuple[str, ...],
    metric: str,
    direction: Direction | None,
    confidence: float,
    figure: Path | None,
    store_path: Path | None,
    as_json: bool,
) -> None:
    """Say whether sets of runs differ by more than the noise of their seeds.

    Each of RUNS is a set: a run, several joined by commas, a sweep, or an expression as of `reprobook runs --where`.
    Single runs are gathered by the parameters and the code that they differ in; two of them stand for all runs of
    their recipes. Every set is compared with the first: by pairs where the seeds match, with p values corrected
    where there are several. It also says how many seeds it would take to tell them apart.
    """
    options = CompareOptions(metric=metric, direction=direction, confidence=confidence)
    report = assess(select(open_store(store_path), named), options)
    if figure is not None:
        _save(report.plot(), figure)
    if as_json:
        print_json(report.as_json())
    else:
        show_report(console(), report)


def _save(drawn: object, path: Path) -> None:
    """Write the figure in the format that the name of the file says."""
    try:
        drawn.savefig(path, dpi=150)  # type: ignore[attr-defined]  # matplotlib has no types here
    except ValueError as error:
        raise click.UsageError(f"--figure: {error}") from error  # noqa: EM102, TRY003  # matplotlib lists the formats
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or error}"
        raise StorageError(msg, hint="Does the folder exist?") from error
