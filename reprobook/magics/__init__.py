"""The IPython extension: ``%load_ext reprobook`` adds ``%reprotrain``."""

from __future__ import annotations

from typing import Any

from reprobook.execute.live import end_live
from reprobook.magics.reprotrain import ReprotrainMagics

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """Add ``%reprotrain`` to a shell."""
    shell.register_magics(ReprotrainMagics)


def unload_ipython_extension(shell: Any) -> None:
    """Seal the run that is being recorded; IPython keeps the magic."""
    del shell
    end_live()
