"""Sweeps started from a notebook or a script: ``rb.sweep``."""

from __future__ import annotations

import dataclasses
import difflib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobook.errors import InputError
from reprobook.execute.live import notebook_path
from reprobook.runs import Store
from reprobook.space import Space
from reprobook.sweep.handle import SweepHandle, start_sweep
from reprobook.sweep.model import SweepOptions, SweepRecord
from reprobook.sweep.spaces import read_spaces
from reprobook.sweep.text import headline, verdict


def sweep_notebook(  # noqa: PLR0913  # what `rb.sweep` takes, sorted
    notebook: str | Path | None,
    spaces: Mapping[str, Space | str],
    options: Mapping[str, Any],
    *,
    cwd: str | Path | None,
    store: str | Path | None,
    wait: bool,
) -> SweepHandle:
    """Start a sweep and, if asked, wait for its end; see ``rb.sweep``.

    Raises:
        InputError: If anything is wrong: nothing ran.
        KeyboardInterrupt: If the wait is interrupted, after the sweep was stopped.
    """
    path = _notebook(notebook)
    _check_names(options)
    settings = SweepOptions(
        **options,
        spaces=read_spaces(path, spaces),
        cwd=None if cwd is None else Path(cwd),
    )
    handle = start_sweep(path, Store.open(None if store is None else Path(store), path), settings)
    if wait:
        wait_for(handle)
    return handle


def wait_for(handle: SweepHandle) -> SweepRecord:
    """Wait for the end of a sweep, and show how it goes: in a notebook as one output, elsewhere in lines.

    Raises:
        KeyboardInterrupt: After the sweep was stopped.
    """
    try:
        return handle.wait(on_record=_shown_in_notebook(handle) if _in_notebook() else _shown_in_lines())
    except KeyboardInterrupt:
        handle.stop()
        handle.wait()
        hint = f"reprobook sweep --resume {handle.sweep_id}"
        print(f"the sweep was stopped; `{hint}` goes on with it", file=sys.stderr)  # noqa: T201  # progress
        raise


def _shown_in_notebook(handle: SweepHandle) -> Any:
    """Return what shows each new state in the place of the one before."""
    from IPython.display import display  # noqa: PLC0415 - only where it is there already

    shown: Any = display(handle, display_id=True)
    return lambda _: shown.update(handle)


def _shown_in_lines() -> Any:
    """Return what prints a line for each trial that has ended."""
    seen: set[int] = set()

    def show(record: SweepRecord) -> None:
        ended = {trial.number for trial in record.trials if trial.finished}
        if ended - seen or record.status not in {"running", "paused"}:
            print(f"{headline(record)}  {verdict(record)}", file=sys.stderr)  # noqa: T201  # progress
        seen.update(ended)

    return show


def _in_notebook() -> bool:
    """Tell whether this is a kernel."""
    shell = _shell()
    return shell is not None and hasattr(shell, "kernel")


def _shell() -> Any:
    module = sys.modules.get("IPython")
    return None if module is None else module.get_ipython()


def _notebook(notebook: str | Path | None) -> Path:
    """Return the path of a notebook; by default of the open one.

    Raises:
        InputError: If nobody knows which is open.
    """
    if notebook is not None:
        return Path(notebook)
    shell = _shell()
    found = None if shell is None else notebook_path(shell)
    if found is None:
        msg = "which notebook is open cannot be told here"
        raise InputError(msg, hint='Name it: rb.sweep("train.ipynb", metric=...)')
    return found


def _check_names(options: Mapping[str, Any]) -> None:
    """Refuse an option that a sweep does not have.

    Raises:
        InputError: With the nearest one.
    """
    known = [each.name for each in dataclasses.fields(SweepOptions)]
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            msg = f"rb.sweep has no option {name!r}"
            raise InputError(msg, hint=f"Did you mean {near[0]}?" if near else "help(rb.sweep) lists them.")
