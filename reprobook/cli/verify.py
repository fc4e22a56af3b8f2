"""`reprobook verify`."""

from __future__ import annotations

from pathlib import Path

import click

from reprobook.cli.console import console, print_json
from reprobook.cli.exit_codes import exit_code_of_verification
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options, cwd_option, is_notebook, kernel_option, open_store, trust_option
from reprobook.cli.progress import Progress
from reprobook.cli.render_verify import show_verification
from reprobook.execute import Kernel
from reprobook.verify import VerifyOptions, is_job, parse_tolerance, verify_job, verify_notebook, verify_run


@click.command(
    epilog=examples(
        "reprobook verify latest",
        "reprobook verify latest --diagnose",
        "reprobook verify train.ipynb --tolerance 1e-6",
    )
)
@click.argument("target", metavar="RUN|NB|JOB")
@click.option("--diagnose", is_flag=True, help="Find the cause by experiments: replays with one thing held still.")
@click.option(
    "--tolerance",
    default="bitwise",
    show_default=True,
    metavar="bitwise|REL",
    help="Relative difference of metrics, or by metric: 1e-3,loss=1e-2. Other data or draws still diverge.",
)
@kernel_option("Kernel of the replay; experiments have cold ones.")
@cwd_option("Working folder of the replay.  [default: the run's]")
@trust_option
@common_options
def verify(  # noqa: PLR0913  # one argument an option
    *,
    target: str,
    diagnose: bool,
    tolerance: str,
    kernel: Kernel,
    cwd: Path | None,
    trust: bool,
    store_path: Path | None,
    as_json: bool,
) -> int:
    """Run it again, compare cell by cell, and name the first cell and variable that differ.

    Settings that the header can bring back (environment variables, threads, time zone, hash seed) are restored for
    the replay and listed. With --diagnose the cause is proven: by replays with one suspect held still at a time,
    until the difference is gone. Replays leave the files of the working folder as they were: what they overwrite is put
    back, and what they make is removed.

    An imported run is somebody else's code: it is only executed with --trust, in a new folder with the files that came
    with it. NB takes the newest recorded run of that notebook, else runs it twice. JOB is a promoted folder. Exits
    with 0 if reproduced, 3 if not, 1 if the replay failed.
    """
    allowed = parse_tolerance(tolerance)
    if is_job(Path(target)):
        found = verify_job(Path(target), cwd=cwd, tolerance=allowed)
    else:
        store = open_store(store_path, target)
        with Progress() as progress:
            options = VerifyOptions(
                cwd=cwd, tolerance=allowed, diagnose=diagnose, kernel=kernel, trust=trust, on_event=progress
            )
            if is_notebook(target):
                found = verify_notebook(Path(target), store, options)
            else:
                found = verify_run(store.resolve(target), store, options)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        show_verification(console(), found)
    return exit_code_of_verification(found)
