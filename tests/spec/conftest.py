from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.runs import Store

WriteNotebook = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / ".reprobook")


@pytest.fixture
def write_notebook(tmp_path: Path) -> WriteNotebook:
    """Write a notebook with these code cells; the first is the parameters cell."""

    def write(*sources: str, name: str = "nb.ipynb") -> Path:
        cells = [
            {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
            for n, s in enumerate(sources)
        ]
        cells[0]["metadata"] = {"tags": ["parameters"]}
        path = tmp_path / name
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
        return path

    return write
