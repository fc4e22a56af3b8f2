from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Its fixtures run around every test, and its hooks take every coroutine: here only, not as a plugin of all tests.
from pytest_jupyter.jupyter_server import *  # noqa: F403  # many, and they ask for one another
from tornado.httpclient import HTTPClientError

from reprobook.header import Code, Header, Origin, seal, sha256_hex
from reprobook.runs import NewRun, RunFolder, Store


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    code: int
    document: Any


Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    # As with JUPYTER_SERVER_ALLOW_UNAUTHENTICATED_ACCESS=0.
    return {"ServerApp": {"jpserver_extensions": {"reprobook": True}, "allow_unauthenticated_access": False}}


@pytest.fixture
def root(jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("REPROBOOK_STORE", raising=False)
    (jp_root_dir / ".git").mkdir()
    return jp_root_dir


@pytest.fixture
def ask(jp_fetch: Callable[..., Awaitable[Any]]) -> Ask:
    """Ask with the token, and return the answer whatever its code."""

    async def ask(*place: str, method: str = "GET", body: object = None, **arguments: str) -> Answer:
        options: dict[str, Any] = {"method": method, "params": arguments}
        if body is not None:
            options |= {"body": json.dumps(body), "headers": {"Content-Type": "application/json"}}
        try:
            answer = await jp_fetch("reprobook", *place, **options)
        except HTTPClientError as error:
            answer = error.response
        return Answer(answer.code, json.loads(answer.body))

    return ask


SOURCES = ("lr = 0.1", "import random\nx = random.random()", "print('loss:', x * lr)")


@pytest.fixture
def notebook(root: Path) -> Path:
    """Write a notebook with a parameter and a hazard."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
        for n, s in enumerate(SOURCES)
    ]
    path = root / "train.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    return path


@pytest.fixture
def store(notebook: Path) -> Store:
    return Store.open(None, notebook)


@pytest.fixture
def record(store: Store) -> Callable[..., RunFolder]:
    """Put a run of the notebook into the store that has ended."""

    def make(*, metrics: dict[str, float] | None = None, ended: bool = True, **fields: Any) -> RunFolder:
        run = store.create(NewRun(**{"source": "train.ipynb", **fields}))
        cells = tuple(sha256_hex(source.encode()) for source in SOURCES)
        run.write_header(seal(Header(code=Code(cells=cells), origin=Origin(created="2026-11-21T00:00:00Z"))))
        for name, value in (metrics or {}).items():
            run.log_metric(name, value, step=0)
        if ended:
            run.seal(status="succeeded")
        return run

    return make
