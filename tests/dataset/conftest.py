from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reprobook.execute.active import activate, deactivate
from reprobook.execute.sinklog import Place, SinkLog
from reprobook.runs import NewRun, RunFolder, Store


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """Record a run in this process, with the working folder and the cache of the test."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("REPROBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REPROBOOK_ACCEPT_DATA", raising=False)
    store = Store(tmp_path / "store")

    @contextmanager
    def record() -> Iterator[RunFolder]:
        run = store.create(NewRun())
        sinks = SinkLog(run, run.make_artifacts, place=Place(run.path, store.root))
        activate(sinks)
        try:
            yield run
        finally:
            deactivate(sinks)

    return record
