"""How many threads numeric libraries use that were imported before the notebook's environment was in force."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

# Read by the libraries when they are loaded, and never again.
THREAD_VARIABLES = frozenset({"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"})
_LIBRARIES = ("numpy", "torch", "sklearn")


def limit_threads() -> Callable[[], None]:
    """Give libraries that are loaded the threads that the environment says, and return how to undo it.

    BLAS libraries are reached by ``threadpoolctl``, which scikit-learn brings; without it theirs stay as they are.
    """
    text = os.environ.get("OMP_NUM_THREADS", "")
    if not text.isdecimal() or not any(library in sys.modules for library in _LIBRARIES):
        return lambda: None
    undo: list[Callable[[], object]] = []
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != int(text):
        before = torch.get_num_threads()
        torch.set_num_threads(int(text))
        undo.append(lambda: torch.set_num_threads(before))
    with suppress(ImportError):
        undo.append(import_module("threadpoolctl").threadpool_limits(int(text)).restore_original_limits)

    def put_back() -> None:
        for each in reversed(undo):
            each()

    return put_back
