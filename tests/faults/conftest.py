"""A store, notebooks, and the command line, for what is done to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.cli.app import run_command
from reprobook.execute import RunOptions, run_notebook
from reprobook.runs import RunFolder, Store

Write = Callable[..., Path]
Run = Callable[..., RunFolder]
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.delenv("REPROBOOK_STORE", raising=False)
    return Store(tmp_path / ".reprobook")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a notebook of these cells: sources, pairs of source and tags, or whole cells."""

    def cell(index: int, content: Any) -> dict[str, Any]:
        if isinstance(content, dict):
            return content
        source, tags = (content, []) if isinstance(content, str) else content
        code = {"cell_type": "code", "outputs": [], "execution_count": None}
        return {"id": f"c{index}", "metadata": {"tags": tags}, "source": source} | code

    def write(*cells: Any, name: str = "nb.ipynb", **changes: Any) -> Path:
        made = [cell(index, content) for index, content in enumerate(cells)]
        path = tmp_path / name
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made} | changes))
        return path

    return write


@pytest.fixture
def run(store: Store, write: Write) -> Run:
    """Run a notebook of these cells in this process; ``kernel="cold"`` gives it one of its own."""

    def run(*cells: Any, name: str = "nb.ipynb", changes: dict[str, Any] | None = None, **options: Any) -> RunFolder:
        path = write(*cells, name=name, **(changes or {}))
        return run_notebook(path, store, RunOptions(**{"kernel": "inline", **options}))

    return run


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command as ``main`` does, in the folder of the test; returns its code and all that it said."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = run_command(words)
        return code, "".join(capsys.readouterr())

    return command
