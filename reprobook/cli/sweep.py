"""`reprobook sweep`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.core import ParameterSource

from reprobook.cli.exit_codes import exit_code_of_sweep
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options, cwd_option, open_store
from reprobook.cli.pairs import read_pairs
from reprobook.cli.parameters import collect_values
from reprobook.sweep.early_server import early_server
from reprobook.sweep.model import SweepOptions
from reprobook.sweep.spaces import read_spaces
from reprobook.track.registry import NAMES

if TYPE_CHECKING:
    from reprobook.sweep.model import SweepRecord

# What may be said beside --resume: everything else was frozen with the plan.
_OF_RESUME = {"notebook", "resume", "store_path", "as_json"}


@click.command(
    epilog=examples(
        "reprobook sweep train.ipynb --metric val_accuracy",
        "reprobook sweep train.ipynb --param lr=log:1e-5:1e-1 --param batch_size=choice:16,32,64 "
        "--metric loss --direction min --trials 40 --jobs 4",
        "reprobook sweep train.ipynb --metric f1 --constraint 'batch_size * steps <= 256' "
        "--when 'momentum: optimizer == \"sgd\"' --prune",
        "reprobook sweep train.ipynb --metric f1 --trials 10 --seeds 5",
        "reprobook sweep --resume latest",
        "reprobook runs --where \"sweep == 'ID'\" --sort -f1",
    )
)
@click.argument("notebook", metavar="NB", required=False, type=click.Path(path_type=Path))
@click.option("--param", "spaces", multiple=True, metavar="NAME=SPACE", help="What a parameter may be; see above.")
@click.option(
    "--metric", metavar="M", help="What trials are judged by: the last value that a run logs, shows or prints."
)
@click.option("--direction", type=click.Choice(["max", "min"]), default="max", show_default=True)
@click.option("--sampler", type=click.Choice(["grid", "random", "tpe"]), default="tpe", show_default=True)
@click.option("--trials", type=click.IntRange(min=1), metavar="N", help="How many.  [default: the whole grid, else 20]")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Trials at a time.")
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Runs a trial.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the sampler, and of the first run of each trial; the others follow it.",
)
@click.option("--executor", type=click.Choice(["local", "ray", "inline"]), default="local", show_default=True)
@click.option("--address", metavar="ADDRESS", help="Of a Ray cluster.  [default: Ray is started here]")
@click.option("--kernel", type=click.Choice(["warm", "cold"]), default="warm", show_default=True)
@click.option(
    "--prune", is_flag=True, help="Stop trials early whose metric, logged with `step`, is worse than the median."
)
@click.option("--pruner", type=click.Choice(["median", "asha"]), help="Which pruner; goes without --prune.")
@click.option("--constraint", "constraints", multiple=True, metavar="EXPR", help="Holds for every trial.")
@click.option("--when", "conditions", multiple=True, metavar="NAME: EXPR", help="Vary a parameter only where it holds.")
@click.option("-p", "--parameters", "texts", nargs=2, multiple=True, metavar="NAME VALUE", help="A fixed value.")
@click.option("--lite", is_flag=True, help="Use the lite values of the parameters that are not varied.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto", show_default=True)
@click.option(
    "--threads", type=click.IntRange(min=0), metavar="N", help="Of each trial; 0: as many as a plain run has."
)
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Seconds a cell may take.")
@cwd_option("Working folder.  [default: the notebook's]")
@click.option("--name", help="Name of the experiment.")
@click.option("--track", multiple=True, type=click.Choice(NAMES), help="Tell a tracker; repeatable.")
@click.option("--cache/--no-cache", default=True, help="Reuse runs of the same recipe.  [default: cache]")
@click.option("--resume", metavar="SWEEP", help="Go on with a sweep: its id, the beginning of it, or latest.")
@common_options
def sweep(  # noqa: PLR0913  # options of a command line, by keyword
    *,
    notebook: Path | None,
    resume: str | None,
    spaces: Iterable[str],
    conditions: Iterable[str],
    texts: Iterable[tuple[str, str]],
    prune: bool,
    pruner: Any,
    store_path: Path | None,
    as_json: bool,
    **settings: Any,
) -> int:
    """Run a notebook many times over a space of parameters, and find the best.

    A SPACE is log:1e-5:1e-1 (between two numbers, on a logarithmic scale), uniform:0:0.5, int:1:8 or
    choice:16,32,64. Parameters that the notebook declares with a range (lr: Float(1e-5, 1e-1, log=True) = 1e-3) need
    no --param; a plain parameter keeps its value. A grid cuts a range into five values.

    --constraint and --when take comparisons of parameters: batch_size * steps <= 256, optimizer in ("sgd", "adam").

    Each trial is a run of its own. One that fails is noted, and the others go on. Trials, and what they give, follow
    from --seed, however many --jobs there are and wherever they run. So each has the same number of threads: the
    processors of this machine, shared by four (or by --jobs, if that is more), unless --threads says otherwise.

    Ctrl-C, or worse, loses no trial that has ended: --resume goes on, and ends as if nothing had happened.
    """
    if resume is not None:
        _check_resume(click.get_current_context())
        record = _resume(resume, store_path, notebook or ".")
    else:
        path = notebook or _missing("NB")
        settings["metric"] = settings["metric"] or _missing("--metric")
        options = SweepOptions(
            spaces=read_spaces(path, read_pairs(spaces, "=", "--param")),
            conditions=read_pairs(conditions, ":", "--when"),
            texts=collect_values(texts, (), (), ()).texts,
            prune=pruner or prune,
            **{**settings, "constraints": tuple(settings["constraints"]), "track": tuple(settings["track"])},
        )
        record = _begin(path, store_path, options)
    from reprobook.cli.console import console, print_json  # noqa: PLC0415 - see _begin
    from reprobook.cli.render_sweep import show_sweep, sweep_json  # noqa: PLC0415

    if as_json:
        print_json(sweep_json(record))
    else:
        show_sweep(console(), record)
    return exit_code_of_sweep(record)


def _begin(path: Path, store_path: Path | None, options: SweepOptions) -> SweepRecord:
    """Run a sweep; what its progress and the store need is imported while its server starts."""
    with early_server(path, options) as server:
        from reprobook.cli.sweep_progress import SweepProgress  # noqa: PLC0415
        from reprobook.sweep.handle import run_sweep  # noqa: PLC0415

        store = open_store(store_path, path)
        with SweepProgress(store) as progress:
            return run_sweep(path, store, options, progress, server)


def _resume(sweep_id: str, store_path: Path | None, target: str | Path) -> SweepRecord:
    """Go on with a sweep."""
    from reprobook.cli.sweep_progress import SweepProgress  # noqa: PLC0415 - see _begin
    from reprobook.sweep.handle import resume_sweep  # noqa: PLC0415

    store = open_store(store_path, target)
    with SweepProgress(store) as progress:
        return resume_sweep(store, sweep_id, progress)


def _missing(what: str) -> NoReturn:
    msg = f"{what} is missing"
    raise click.UsageError(msg, click.get_current_context())


def _check_resume(ctx: click.Context) -> None:
    """Refuse options that a resumed sweep, whose plan is frozen, would not heed."""
    given = [name for name in ctx.params if ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE]
    other = next((name for name in given if name not in _OF_RESUME), None)
    if other:
        msg = f"--resume goes on with the plan as it was; {other} cannot be changed any more"
        raise click.UsageError(msg, ctx)
