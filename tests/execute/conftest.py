from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.execute import RunOptions, run_notebook
from reprobook.runs import RunFolder, Store

Write = Callable[..., Path]
Run = Callable[..., RunFolder]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a notebook of these code cells; a tuple gives source and tags."""

    def cell(index: int, content: str | tuple[str, list[str]]) -> dict[str, Any]:
        source, tags = (content, []) if isinstance(content, str) else content
        return {
            "cell_type": "code",
            "id": f"c{index}",
            "metadata": {"tags": tags},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }

    def write(*cells: str | tuple[str, list[str]], name: str = "nb.ipynb", **changes: Any) -> Path:
        made = [cell(index, content) for index, content in enumerate(cells)]
        content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}
        path = tmp_path / name
        path.write_text(json.dumps(content | changes), encoding="utf-8")
        return path

    return write


@pytest.fixture
def run(store: Store, write: Write) -> Run:
    """Run a notebook of these code cells."""

    def run(*cells: str | tuple[str, list[str]], name: str = "nb.ipynb", **options: Any) -> RunFolder:
        return run_notebook(write(*cells, name=name), store, RunOptions(**options))

    return run
