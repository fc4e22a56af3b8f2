"""`reprobook promote`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from reprobook.cli.console import cell_text, console, print_json
from reprobook.cli.exit_codes import DIVERGED, SUCCESS
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options, is_notebook, open_store, trust_option
from reprobook.cli.progress import Progress
from reprobook.cli.seeds import read_seeds
from reprobook.promote import LAUNCHERS, STYLES, JobOptions, Promotion, promote_notebook
from reprobook.promote.options import Launcher, Style

_VERDICTS = {True: "✓ equivalent: true", False: "✗ equivalent: false", None: "not proved"}
_RESUMED = {
    True: "✓ killed and resumed, it gives the same result",
    False: "✗ killed and resumed, it does not give the same result",
    None: "not killed and resumed: that is not proved",
}
_STYLES = {True: "bold green", False: "bold red", None: "yellow"}


@click.command(
    epilog=examples(
        "reprobook promote train.ipynb -o job",
        "cd job && python train.py --help",
        "reprobook promote train.ipynb -o job --resume --seeds 3",
        "cd job && python train.py --out out --resume",
    )
)
@click.argument("target", metavar="NB|RUN")
@click.option("-o", "--output", "out", type=click.Path(path_type=Path, file_okay=False), help="The job's folder.")
@click.option(
    "--keep", metavar="CELL", multiple=True, help="Keep this code cell: its number, from 0, or its id. Repeatable."
)
@click.option(
    "--style", type=click.Choice(STYLES), default="plain", show_default=True, help="How the script is configured."
)
@click.option(
    "--launcher", type=click.Choice(LAUNCHERS), multiple=True, help="Write a job file for this scheduler. Repeatable."
)
@click.option("--resume", is_flag=True, help="Write checkpoints in training loops: a killed job goes on with --resume.")
@click.option(
    "--seeds", callback=read_seeds, metavar="N|A-B", help="Prove it for several seeds: so many, or this range."
)
@click.option("--force", is_flag=True, help="Replace another notebook's job, or files edited by hand.")
@trust_option
@click.option("--no-verify", is_flag=True, help="Write the script without running it.")
@common_options
def promote(  # noqa: PLR0913 - one for each option
    *,
    target: str,
    out: Path | None,
    keep: tuple[str, ...],
    style: Style,
    launcher: tuple[Launcher, ...],
    resume: bool,
    seeds: range | None,
    force: bool,
    trust: bool,
    no_verify: bool,
    store_path: Path | None,
    as_json: bool,
) -> int:
    """Turn a notebook into a script, and prove it: it is run, and must give the notebook's result bit by bit.

    What no result depends on is left out, and listed. Figures of what was trained are drawn to OUT/figures where they
    take no further training; those of the data are left out, unless --keep names their cells.

    With --resume the script keeps the state of its training loops in OUT/checkpoints, at most once a minute
    (REPROBOOK_CHECKPOINT_SECONDS), and `train.py --resume` goes on from there. That is proved too: the script is
    killed, resumed, killed again, and must come to the same result. Checkpoints are removed when a job has succeeded.

    With --seeds the notebook and the script are run with each seed, and have to agree in all of them.
    """
    if no_verify and seeds is not None:
        msg = "--seeds is about the proof, which --no-verify leaves out"
        raise click.UsageError(msg)
    store = open_store(store_path, target)
    source = Path(target) if is_notebook(target) else store.resolve(target)
    options = JobOptions(
        style=style, launchers=launcher, keep=keep, resume=resume, seeds=tuple(seeds or ()), force=force, trust=trust
    )
    with Progress() as progress:
        found = promote_notebook(source, store, options, out=out, verify=not no_verify, on_event=progress)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _show(found)
    return DIVERGED if found.equivalent is False or found.resumed is False else SUCCESS


def _show(found: Promotion) -> None:
    """Show what was written, what was left out, and whether it is the same."""
    out = console()
    out.print(Text.assemble((_VERDICTS[found.equivalent], _STYLES[found.equivalent]), f"  {found.script}"))
    for kind, what in {"names": "variables", "lines": "printed lines"}.items():
        if found.equivalent and found.checked.get(kind):
            text = f"  by {found.checked[kind]} {what}: the notebook logs and shows no result"
            out.print(cell_text(text, "dim"))
    for cell in found.asked:
        out.print(cell_text(f"  kept as asked: cell {cell}", "dim"))
    for text in _left_out(found):
        out.print(cell_text(f"  left out{text}", "dim"))
    for index, code in found.failed_commands.items():
        text = f"  cell {index}: a shell line failed in the run (exit code {code}); the script goes on after it too"
        out.print(cell_text(text, "yellow"))
    for loop in found.loops:
        text = f"no checkpoint: {loop.reason}" if loop.reason else f"checkpoint of {', '.join(loop.state)}"
        out.print(cell_text(f"  {loop.function}: {text}", "yellow" if loop.reason else "dim"))
    for seed in found.seeds:
        out.print(Text(f"  seed {seed.seed}: {_VERDICTS[seed.equivalent]}", style=_STYLES[seed.equivalent]))
    if any(not loop.reason for loop in found.loops):
        out.print(Text(f"  {_RESUMED[found.resumed]}", style=_STYLES[found.resumed]))
    if found.first:
        out.print(cell_text(f"first difference: {found.first['evidence']}"))
        out.print(cell_text(f"hint: {found.first['fix']}", "cyan"))


def _left_out(found: Promotion) -> list[str]:
    """Name the cells that were left out, and the parts of cells."""
    cells = [f": cell {each.cell}: {each.reason}" for each in found.dropped]
    return cells + [f" of cell {each.cell}: {each.reason}" for each in found.trimmed]
