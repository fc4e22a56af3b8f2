"""The one tree of errors that reprobook raises on purpose.

Each error says what was wrong and where; its ``hint`` says what to do. The shells map the classes to exit codes
(``reprobook/cli/exit_codes.py``); nothing else does.
"""

from __future__ import annotations


class ReprobookError(Exception):
    """Base of every error reprobook raises on purpose.

    Args:
        message: What was wrong, and where (cell number and line when there is one).
        hint: What the user can do about it; shown on a line of its own.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InputError(ReprobookError):
    """A wrong name, type, file or option: nothing ran."""


class NotebookError(InputError):
    """The notebook file cannot be read as a Python notebook."""


class ParameterError(InputError):
    """A parameter has an unknown name, a wrong type or a value outside its space."""


class ExecutionError(ReprobookError):
    """A notebook or script ran and failed."""


class KernelDiedError(ExecutionError):
    """The kernel process ended in the middle of the run."""


class IntegrityError(ReprobookError):
    """A header, run or store was tampered with or is corrupted."""


class EnvironmentMismatchError(ReprobookError):
    """The environment that a run was recorded in cannot be matched here."""


class UntrustedError(InputError):
    """This would execute code that came from elsewhere, and nobody said that it is trusted."""


class NotPromotableError(InputError):
    """A cell cannot be translated to a script; the message names cell and line."""
