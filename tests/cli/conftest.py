from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reprobook.cli.app import run_command
from reprobook.header import Code, Header, Origin, seal
from reprobook.runs import NewRun, RunError, RunFolder, Store


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out, parse_constant=pytest.fail)


Reprobook = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tables be as wide as into a pipe, whatever terminal the tests run in."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.fixture
def reprobook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Reprobook:
    """Run a command as ``main`` does, in the project of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPROBOOK_STORE", raising=False)

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run_command(arguments)
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def record(store: Store) -> Callable[..., RunFolder]:
    """Put a run into the store that has ended."""

    def make(
        *,
        metrics: dict[str, float] | None = None,
        error: RunError | None = None,
        artifact: bytes | None = None,
        **fields: Any,
    ) -> RunFolder:
        run = store.create(NewRun(**fields))
        run.write_header(seal(Header(code=Code(cells=("a" * 64,)), origin=Origin(created="2026-11-21T00:00:00Z"))))
        if artifact is not None:
            (run.make_artifacts() / "model.bin").write_bytes(artifact)
        run.seal(status="failed" if error else "succeeded", metrics=metrics or {}, error=error)
        return run

    return make
