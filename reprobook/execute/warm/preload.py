"""The imports that a server does beforehand, one by one, each watched for what a fork could not take back."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Sequence

from reprobook.execute.warm.shelf import Group, Snapshot, set_filters
from reprobook.trace import positions

# Their import asks which shell there is; in a server there is none yet.
_ASK_FOR_THE_SHELL = frozenset({"tqdm.autonotebook", "ipywidgets"})


class UnfitImportError(Exception):
    """An import that a server must not do: what it did cannot be taken back, so another process has to start.

    Attributes:
        index: Which of the statements it was.
        reason: What it did.
    """

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"statement {index}: {reason}")
        self.index = index
        self.reason = reason


def preload(statements: Sequence[str]) -> list[Group]:
    """Run import statements as a notebook's cell would, and return what each brought.

    Standard output and error must be files that only this process writes to.

    Raises:
        UnfitImportError: If one fails, prints, warns, draws random numbers, or depends on the shell.
    """
    # IPython shows these where they are the notebook's own doing.
    shown = ("default", None, DeprecationWarning, re.compile("__main__"), 0)
    set_filters([shown, *warnings.filters])
    groups = []
    for index, statement in enumerate(statements):
        before, generators, written = Snapshot.now(), positions(), _written()
        try:
            exec(statement, {"__name__": "__main__", "__builtins__": __builtins__})  # noqa: S102  # an import, taken from the notebook by early_imports
        # The boundary to the notebook's world: an import may raise what it likes.
        except Exception as error:  # noqa: BLE001
            raise UnfitImportError(index, f"{type(error).__name__}: {error}") from error
        group = before.group()
        if _written() != written:
            raise UnfitImportError(index, "it prints or warns")
        if any(positions().get(name) != state for name, state in generators.items()):
            raise UnfitImportError(index, "it draws random numbers")
        if not _ASK_FOR_THE_SHELL.isdisjoint(group.modules):
            raise UnfitImportError(index, "it depends on the shell")
        groups.append(group)
    set_filters([each for each in warnings.filters if each is not shown])
    return groups


def _written() -> tuple[int, int]:
    """Return how much was written to standard output and error."""
    sys.stdout.flush()
    sys.stderr.flush()
    return os.fstat(1).st_size, os.fstat(2).st_size
