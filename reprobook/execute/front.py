"""The way in: run a notebook headless, by the kernel that was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reprobook.capture.device import check_device
from reprobook.execute.options import OnEvent, RunOptions, ignore

if TYPE_CHECKING:
    from reprobook.runs import RunFolder, Store


def run_notebook(path: Path, store: Store, options: RunOptions, on_event: OnEvent = ignore) -> RunFolder:
    """Run a notebook and return its run, whatever came of it: the record says so.

    Raises:
        InputError: If nothing could run: no notebook, a wrong parameter, no kernel.
        EnvironmentMismatchError: If this machine has not the device that was asked for.
        KeyboardInterrupt: On Ctrl-C or SIGTERM, after the run was recorded as interrupted.
    """
    return run_into(path, store.root, options, on_event)


def run_into(path: Path, root: Path, options: RunOptions, on_event: OnEvent = ignore) -> RunFolder:
    """Do what ``run_notebook`` does, into the store that has this root.

    What knows of stores and runs is imported after a kernel was started, or a fork asked for: while those work.
    """
    check_device(options.device)
    if options.track:
        from reprobook.execute.tracking import tracked  # noqa: PLC0415 - most runs have no tracker
        from reprobook.runs import Store  # noqa: PLC0415 - see below

        with tracked(Store(root), options, on_event) as (untracked, told):
            return run_into(path, root, untracked, told)
    if options.kernel == "warm":
        from reprobook.execute.warm import run_warm  # noqa: PLC0415 - needs none of what a run needs

        return run_warm(path, root, options, on_event)
    from reprobook.execute.early_kernel import early_kernel  # noqa: PLC0415 - see above
    from reprobook.execute.heavy import uncollected  # noqa: PLC0415
    from reprobook.execute.preparation import prepare  # noqa: PLC0415

    prepared = prepare(path, options)
    with early_kernel(prepared, options) as manager:
        with uncollected():
            from reprobook.execute.run import run_in  # noqa: PLC0415 - while the kernel starts
            from reprobook.runs import Store  # noqa: PLC0415

        return run_in(manager, prepared, Store(root), options, on_event)
