"""The server that a sweep forks its runs from: one that is there already, else its own.

It is started first, as it is ready later than all that this process imports.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reprobook.execute.preparation import prepare, read_source
from reprobook.execute.warm import WarmServer, warm_server
from reprobook.execute.warm.refusal import ColdOnlyError
from reprobook.sweep.executor.port import TaskKey
from reprobook.sweep.model import SweepOptions
from reprobook.sweep.plan import make_plan
from reprobook.sweep.tasks import run_options


@contextmanager
def early_server(path: Path, options: SweepOptions) -> Iterator[WarmServer | None]:
    """Give the server of a sweep for as long as the ``with`` block goes on; None if its runs are not forked.

    Raises:
        InputError: As ``make_plan``.
    """
    source = read_source(path)
    plan = make_plan("", path, source, options)
    if plan.options.executor != "local" or plan.options.kernel != "warm":
        yield None
        return
    first = run_options(plan, TaskKey(0, 0), {})
    prepared = prepare(path, first, source)
    found = False
    # Why no run can be forked is said when the first one is begun.
    with suppress(ColdOnlyError):
        # Each seed has a server: more of them than stay behind for everybody are the sweep's own.
        found = plan.options.seeds == 1 and WarmServer().is_up(prepared, first)
    with warm_server(private=not found) as server:
        with suppress(ColdOnlyError):
            server.warm_up(prepared, first)
        yield server
