from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from reprobook.header import Code, Header, Origin, seal
from reprobook.runs import NewRun, RunFolder, Store


@pytest.fixture
def header() -> Header:
    return seal(Header(code=Code(cells=("a" * 64,)), origin=Origin(created="2026-11-21T00:00:00Z")))


@pytest.fixture
def sealed(store: Store, header: Header) -> RunFolder:
    """A run that succeeded, with every kind of file in its folder."""
    run = store.create(NewRun(name="digits", parameters={"lr": 0.1}))
    run.write_header(header)
    run.source.write_bytes(b"{}")
    run.trace.write_text("[]")
    run.log_metric("accuracy", 0.9, step=1)
    (run.make_artifacts() / "weights.bin").write_bytes(b"\0" * 1000)
    run.seal(status="succeeded")
    return run


@pytest.fixture
def failing_disk() -> Callable[[int, int], AbstractContextManager[list[str]]]:
    """Fail the N-th call of the system with an error code, as SQLite's anomaly tests do; says which one failed."""

    @contextmanager
    def failing(number: int, code: int) -> Iterator[list[str]]:
        left = number
        failed: list[str] = []

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def perhaps(*args: Any, **options: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    failed.append(f"{call.__name__}{args}")
                    raise OSError(code, os.strerror(code))
                return call(*args, **options)

            return perhaps

        with pytest.MonkeyPatch.context() as patch:
            for name in ("open", "write", "fsync", "rename", "replace", "mkdir"):
                patch.setattr(os, name, counted(getattr(os, name)))
            yield failed

    return failing
