"""The exit codes of the command line: the one place that maps errors and outcomes to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reprobook.errors import (
    EnvironmentMismatchError,
    InputError,
    IntegrityError,
    KernelDiedError,
)

if TYPE_CHECKING:
    # Only for the annotations: the models cost more time than the whole of `reprobook --help` has.
    from reprobook.runs import RunError, RunRecord
    from reprobook.sweep.model import SweepRecord
    from reprobook.verify import Verification

SUCCESS = 0
FAILED = 1
USAGE = 2
DIVERGED = 3
DAMAGED = 4
ENVIRONMENT = 5
INTERRUPTED = 130
KERNEL_DIED = 138

_BY_CLASS: dict[type[BaseException], int] = {
    KeyboardInterrupt: INTERRUPTED,
    click.Abort: INTERRUPTED,
    click.ClickException: USAGE,
    KernelDiedError: KERNEL_DIED,
    EnvironmentMismatchError: ENVIRONMENT,
    IntegrityError: DAMAGED,
    InputError: USAGE,
}


def exit_code(error: BaseException) -> int:
    """Return the code of an error; what has none of its own (a full disk, a failed notebook) is a failure."""
    return next((code for kind, code in _BY_CLASS.items() if isinstance(error, kind)), FAILED)


def exit_code_of_run(record: RunRecord) -> int:
    """Return the code of a run that has ended."""
    if record.status == "succeeded":
        return SUCCESS
    return INTERRUPTED if record.status == "interrupted" else _exit_code_of_failure(record.error)


def exit_code_of_verification(found: Verification) -> int:
    """Return the code of a verdict."""
    if found.verdict == "failed":
        return _exit_code_of_failure(found.error)
    return DIVERGED if found.verdict == "diverged" else SUCCESS


def exit_code_of_sweep(record: SweepRecord) -> int:
    """Return the code of a sweep."""
    if record.status == "succeeded":
        return SUCCESS
    return FAILED if record.status == "failed" else INTERRUPTED


def _exit_code_of_failure(error: RunError | None) -> int:
    """Return the code of a failure: a kernel that died is told apart."""
    return KERNEL_DIED if error and error.ename == "DeadKernelError" else FAILED
