"""The number of threads of a process that lives on: that of libraries to come, and of those that are loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module


@contextmanager
def thread_variables(variables: Mapping[str, str | None]) -> Iterator[None]:
    """Set environment variables such as ``OMP_NUM_THREADS``, and hold loaded libraries to the same; undone after."""
    before = {name: os.environ.get(name) for name in variables}
    number = next((int(value) for value in variables.values() if value), 0)
    with ExitStack() as undo:
        undo.callback(_set, before)
        _set(variables)
        if number:
            _limit(number, undo)
        yield


def _limit(number: int, undo: ExitStack) -> None:
    """Hold what is loaded to a number of threads."""
    torch = sys.modules.get("torch")
    if torch is not None:
        undo.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(number)
    with suppress(ImportError):  # it comes with scikit-learn
        undo.enter_context(import_module("threadpoolctl").threadpool_limits(number))


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
