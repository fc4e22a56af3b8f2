"""`reprobook run`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobook.cli.exit_codes import exit_code_of_run
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options, cwd_option, find_root, kernel_option
from reprobook.cli.parameters import collect_values
from reprobook.cli.progress import Progress
from reprobook.cli.seeds import read_seed_range
from reprobook.execute import ACCEPT_DATA, RunOptions
from reprobook.execute.front import run_into
from reprobook.track.registry import NAMES

if TYPE_CHECKING:
    from reprobook.runs import RunFolder, RunRecord


@click.command(
    epilog=examples(
        "reprobook run train.ipynb",
        "reprobook run train.ipynb -p lr 3e-4 -p epochs 5 --seed 42",
        "reprobook run train.ipynb -f params.yaml -o executed.ipynb",
        "reprobook run train.ipynb --seeds 0-4",
        "reprobook run train.ipynb --kernel warm",
        "reprobook run train.ipynb --profile",
        "reprobook run train.ipynb --track mlflow --track tensorboard",
    )
)
@click.argument("notebook", metavar="NB", type=click.Path(path_type=Path))
@click.option("-p", "--parameters", "texts", nargs=2, multiple=True, metavar="NAME VALUE", help="A parameter.")
@click.option("-r", "--parameters-raw", "raw", nargs=2, multiple=True, metavar="NAME TEXT", help="… taken as text.")
@click.option("-f", "--parameters-file", "files", multiple=True, type=click.Path(path_type=Path), help="A YAML file.")
@click.option("-y", "--parameters-yaml", "documents", multiple=True, metavar="YAML", help="YAML, such as 'lr: 0.1'.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Seed every random generator.")
@click.option(
    "--seeds", callback=read_seed_range, metavar="A-B", help="One run a seed, with mean and standard deviation."
)
@click.option("--lite", is_flag=True, help="Use the lite values of the parameters.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto", show_default=True)
@kernel_option("warm: fork a process that has imported the packages already.")
@click.option("--trace", type=click.Choice(["full", "light", "off"]), default="full", show_default=True)
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Seconds a cell may take.")
@cwd_option("Working folder.  [default: the notebook's]")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Copy of the executed notebook.")
@click.option("--name", help="Name of the experiment.")
@click.option("--track", multiple=True, type=click.Choice(NAMES), help="Tell a tracker; repeatable.")
@click.option("--profile", is_flag=True, help="Measure each cell, and say what holds the run up.")
@click.option("--accept-data", is_flag=True, help="Accept that data of `rb.data` has changed.")
@common_options
def run(  # noqa: PLR0913  # options of a command line, by keyword
    *,
    notebook: Path,
    texts: Iterable[tuple[str, str]],
    raw: Iterable[tuple[str, str]],
    files: Iterable[Path],
    documents: Iterable[str],
    seeds: range | None,
    accept_data: bool,
    store_path: Path | None,
    as_json: bool,
    **settings: Any,
) -> int:
    """Run a notebook headless and record it; the notebook itself is not changed.

    With --kernel warm it runs in a fork of a server, which imported the notebook's heavy packages in the first run and
    ends when it was idle for ten minutes. The results are those of a cold kernel, bit by bit; where a fork could not
    give them, the run is a cold one and says why.

    With --profile time, memory and the use of processors and GPU are measured for each cell, by torch.profiler where
    torch is in use; `show` says whether the run is bound by compute, data or memory, and which knob to turn. The
    results are the same bits, the run takes a little longer.
    """
    if settings["output"] is not None and not settings["output"].absolute().parent.is_dir():
        msg = f"--output: the folder {settings['output'].parent} does not exist"
        raise click.UsageError(msg)
    if accept_data:
        os.environ[ACCEPT_DATA] = "1"  # the kernel inherits it
    given = collect_values(texts, raw, files, documents)
    options = RunOptions(texts=given.texts, values=given.values, **settings)
    root = find_root(store_path, notebook)
    if seeds is None:
        return _one(notebook, root, options, as_json=as_json)
    return _several(notebook, root, options, seeds, as_json=as_json)


def _one(notebook: Path, root: Path, options: RunOptions, *, as_json: bool) -> int:
    """Run once and show the run."""
    with Progress() as progress:
        found = run_into(notebook, root, options, progress)
    record = found.read_record()
    if as_json:
        from reprobook.cli.console import print_json  # noqa: PLC0415 - what only the end needs, no run waits for
        from reprobook.runs.model import record_json  # noqa: PLC0415

        print_json(record_json(record))
    else:
        _show(found, record, root, measured=options.profile)
    return exit_code_of_run(record)


def _show(run: RunFolder, record: RunRecord, root: Path, *, measured: bool) -> None:
    """Show a run, with what it was held against."""
    from reprobook.cli.console import console  # noqa: PLC0415 - see _one
    from reprobook.cli.render_run import show_outcome  # noqa: PLC0415

    show_outcome(run, record)
    if run.spec.exists() and record.status == "succeeded":
        from reprobook.cli.render_spec import show_count  # noqa: PLC0415 - few runs have a spec
        from reprobook.execute.journal import trace_of  # noqa: PLC0415
        from reprobook.runs import Store  # noqa: PLC0415
        from reprobook.spec import review  # noqa: PLC0415

        if reviewed := review(run, Store(root), trace_of(run)):
            show_count(console(), reviewed)
    if measured:
        from reprobook.cli.render_profile import show_profile  # noqa: PLC0415 - few runs are
        from reprobook.verify.subject import read_profile  # noqa: PLC0415

        if profile := read_profile(run):
            show_profile(console(), profile)


def _several(notebook: Path, root: Path, options: RunOptions, seeds: range, *, as_json: bool) -> int:
    """Run once a seed and show all runs with a summary."""
    from reprobook.cli.console import print_json  # noqa: PLC0415 - see _one
    from reprobook.cli.render_runs import show_seeds  # noqa: PLC0415
    from reprobook.cli.summary import summarize  # noqa: PLC0415
    from reprobook.runs.model import record_json  # noqa: PLC0415

    if options.output is not None or options.seed is not None:
        msg = "--seeds makes several runs: it goes with neither --seed nor --output"
        raise click.UsageError(msg)
    with Progress() as progress:
        records = [run_into(notebook, root, replace(options, seed=seed), progress).read_record() for seed in seeds]
    summary = summarize(records)
    if as_json:
        print_json({"runs": [record_json(record) for record in records], "summary": summary.as_json()})
    else:
        show_seeds(records, summary)
    return next(filter(None, map(exit_code_of_run, records)), 0)
