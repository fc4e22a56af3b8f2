from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reprobook.header import Code, Header, Origin, seal
from reprobook.runs import NewRun, RunError, RunFolder, Store

Put = Callable[..., RunFolder]


@pytest.fixture
def put(store: Store) -> Put:
    """Put a run into the store that has ended."""

    def make(seed: int | None, *, code: str = "a", error: bool = False, **metrics: Any) -> RunFolder:
        parameters = metrics.pop("parameters", {})
        fields = {"source": "nb.ipynb", **metrics.pop("fields", {})}
        run = store.create(NewRun(seed=seed, parameters=parameters, **fields))
        run.write_header(seal(Header(code=Code(cells=(code * 64,)), origin=Origin(created="2026-11-21T00:00:00Z"))))
        run.seal(
            status="failed" if error else "succeeded",
            metrics=metrics,
            error=RunError(ename="ValueError", evalue="x") if error else None,
        )
        return run

    return make
