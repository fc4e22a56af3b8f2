"""What the notebook itself asks for with ``%reprotrain init``, read before anything runs."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from typing import Any, NoReturn

from reprobook.errors import InputError
from reprobook.notebook.model import Notebook

# The one list of options: the magic's help and this reader are both built from it.
INIT_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--name", {"default": None, "help": "name of the experiment"}),
    ("--seed", {"type": int, "default": None, "help": "seed every random number generator with this number"}),
    ("--deterministic", {"action": "store_true", "help": "allow only deterministic kernels in torch"}),
    ("--device", {"default": "auto", "choices": ("auto", "cpu", "cuda", "mps"), "help": "where rb.device() points"}),
    ("--lite", {"action": "store_true", "help": "use the lite values of the parameters, for a laptop"}),
)
_MAGIC = "%reprotrain"


@dataclass(frozen=True)
class InitOptions:
    """The options of ``%reprotrain init``."""

    name: str | None = None
    seed: int | None = None
    deterministic: bool = False
    device: str = "auto"
    lite: bool = False


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message, hint="%reprotrain init --help lists the options.")


def parse_init(words: list[str]) -> InitOptions:
    """Read the options that follow ``%reprotrain init``.

    Raises:
        InputError: For an unknown option or a wrong value.
    """
    parser = _Parser(prog="%reprotrain init", add_help=False)
    for flag, settings in INIT_OPTIONS:
        parser.add_argument(flag, **settings)
    return InitOptions(**vars(parser.parse_args(words)))


def init_directive(notebook: Notebook) -> InitOptions | None:
    """Return the options of the notebook's first ``%reprotrain init`` line; None if it has none.

    Raises:
        InputError: If the line is wrong; names the cell and the line.
    """
    for cell in notebook.code_cells:
        for number, line in enumerate(cell.source.split("\n"), start=1):
            if line.split()[:2] != [_MAGIC, "init"]:
                continue
            try:
                return parse_init(shlex.split(line.split("init", 1)[1], comments=True))
            except (ValueError, InputError) as error:
                msg = f"{notebook.name}, code cell [{cell.code_index}], line {number}: {error}"
                raise InputError(msg, hint="%reprotrain init --help lists the options.") from error
    return None
