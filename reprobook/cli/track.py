"""`reprobook track`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from reprobook.cli.console import console, print_json
from reprobook.cli.exit_codes import FAILED, SUCCESS
from reprobook.cli.messages import examples, plain
from reprobook.cli.options import common_options, open_store
from reprobook.execute.sending import send_run
from reprobook.runs import RunFolder, Store
from reprobook.track import NAMES, Report


@click.group()
def track() -> None:
    """Send recorded runs to W&B, MLflow or TensorBoard.

    `reprobook run --track NAME` tells a tracker while the run goes on; this is for afterwards.
    """


@track.command(
    epilog=examples(
        "reprobook track sync latest --to wandb",
        "reprobook track sync --where \"status == 'succeeded'\" --to mlflow --to tensorboard",
    )
)
@click.argument("named", metavar="RUN...", nargs=-1)
@click.option("--to", "names", type=click.Choice(NAMES), multiple=True, required=True, help="The tracker; repeatable.")
@click.option("--where", metavar="EXPR", help="All runs that have ended for which this holds.")
@click.option("--again", is_flag=True, help="Even where the tracker has the run: what it has is replaced.")
@common_options
def sync(  # noqa: PLR0913  # one argument an option
    *,
    named: tuple[str, ...],
    names: tuple[str, ...],
    where: str | None,
    again: bool,
    store_path: Path | None,
    as_json: bool,
) -> int:
    """Send recorded runs: parameters, header, metrics with their steps and times, artifacts.

    W&B keeps runs offline, in the folder trackers of the store, unless WANDB_API_KEY is set or `wandb login` was
    done. MLflow takes MLFLOW_TRACKING_URI, else a file in that folder; TensorBoard's event files are there too.
    """
    store = open_store(store_path)
    runs = _runs(store, named, where)
    reports: list[Report] = []
    for number, run in enumerate(runs, start=1):
        click.echo(f"{run.run_id} ({number} of {len(runs)})", err=True)
        reports += send_run(run, tuple(dict.fromkeys(names)), again=again)
    if as_json:
        print_json([report.model_dump(mode="json") for report in reports])
    else:
        for report in reports:
            console().print(_line(report))
    return FAILED if any(report.problem for report in reports) else SUCCESS


def _runs(store: Store, named: tuple[str, ...], where: str | None) -> list[RunFolder]:
    """Return the runs that are meant, each once."""
    if not named and where is None:
        msg = "name a run, or give --where"
        raise click.UsageError(msg)
    runs = [store.resolve(text) for text in named]
    found = store.records(where=where) if where is not None else []
    runs += [store.folder(record.run_id) for record in reversed(found) if record.ended]
    return list({run.run_id: run for run in runs}.values())


def _line(report: Report) -> Text:
    """Say what became of a run in a tracker."""
    if report.problem:
        return Text(plain(f"✗ {report.run_id} {report.tracker}: {report.problem}"), style="bold red")
    had = " already" if report.already else ""
    return Text(plain(f"✓ {report.run_id} {report.tracker}{had}: {report.place}"), style="green")
