"""The command ``reprobook``: its list of commands, each imported only when it is called."""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, NoReturn

import click

from reprobook.cli.exit_codes import exit_code
from reprobook.cli.messages import examples, show_error
from reprobook.errors import ReprobookError


class _Command(NamedTuple):
    """Where a command is, and its line in the list."""

    place: str
    summary: str


_COMMANDS = {
    "new": _Command("reprobook.cli.new:new", "Begin a notebook from a template."),
    "check": _Command("reprobook.cli.check:check", "Say what may make a notebook irreproducible."),
    "run": _Command("reprobook.cli.run:run", "Run a notebook headless and record it."),
    "spec": _Command("reprobook.cli.spec:spec", "Declare what a training is meant to do, and see if it did."),
    "runs": _Command("reprobook.cli.runs:runs", "List recorded runs."),
    "show": _Command("reprobook.cli.show:show", "Show one run: header, status, metrics, artifacts."),
    "diff": _Command("reprobook.cli.diff:diff_runs", "Show what differs between two runs."),
    "compare": _Command("reprobook.cli.compare:compare_runs", "Say whether runs differ by more than seed noise."),
    "verify": _Command("reprobook.cli.verify:verify", "Run it again and name the first cell that differs."),
    "sweep": _Command("reprobook.cli.sweep:sweep", "Run it many times over a space of parameters."),
    "promote": _Command("reprobook.cli.promote:promote", "Turn a notebook into a script that proves itself."),
    "track": _Command("reprobook.cli.track:track", "Send recorded runs to W&B, MLflow or TensorBoard."),
    "models": _Command("reprobook.cli.models:models", "List checkpoints of models, and name them."),
    "card": _Command("reprobook.cli.card:card", "Write a model card, or a card of its data."),
    "env": _Command("reprobook.cli.env:env", "Lock, check or restore the environment of a run."),
    "whence": _Command("reprobook.cli.whence:whence", "Say which run made a file."),
    "export": _Command("reprobook.cli.export:export", "Write a run as one file for others (RO-Crate)."),
    "import": _Command("reprobook.cli.import_run:import_run", "Take in a run that somebody exported."),
    "delete": _Command("reprobook.cli.delete:delete", "Delete runs, with their replays."),
    "fsck": _Command("reprobook.cli.fsck:fsck", "Check the store for damage."),
}


class LazyGroup(click.Group):
    """A group whose list of commands costs no import of what they do."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of a working day."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from the table above."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in _COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "reprobook run train.ipynb -p lr 3e-4 --seed 42",
        "reprobook runs --sort -accuracy",
        "reprobook verify latest",
    ),
)
@click.version_option(package_name="reprobook", prog_name="reprobook")
def cli() -> None:
    """Reproducible training runs from Jupyter notebooks.

    RUN is a run id, the beginning of one, a run's folder, or `latest`. Every command takes --json, and exits with
    0 success, 1 the notebook failed, 2 wrong usage, 3 not reproduced, 4 damaged or edited records,
    5 another environment.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that is not UTF-8 shows ? for a tick; it must not end the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    code = run_command(sys.argv[1:] if arguments is None else arguments)
    # The interpreter's last look for garbage would go through all that was imported: longer than many a command takes.
    gc.freeze()
    sys.exit(code)


def run_command(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; errors made on purpose, and those of the disk, are shown, not raised."""
    try:
        return int(cli.main(args=list(arguments), prog_name="reprobook", standalone_mode=False) or 0)
    except (click.ClickException, click.Abort, ReprobookError, KeyboardInterrupt, OSError) as error:
        code = exit_code(error)
        show_error(error, code, as_json="--json" in arguments)
        return code
