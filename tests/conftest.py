"""What holds for all tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from reprobook.runs import Store

# Machines are shared: how long an example takes says nothing of the code. REPROBOOK_FUZZ=N makes N times as many
# examples; `make fuzz` does.
settings.register_profile(
    "shared machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=100 * int(os.environ.get("REPROBOOK_FUZZ", "1")),
)
settings.load_profile("shared machine")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return the store of the test's own project."""
    return Store(tmp_path / ".reprobook")


@pytest.fixture
def write_notebook(tmp_path: Path) -> Callable[..., Path]:
    """Write a notebook with these code cells; with ``parameters`` the first is the parameters cell."""

    def write(*sources: str, name: str = "nb.ipynb", parameters: bool = False) -> Path:
        cells = [
            {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
            for n, s in enumerate(sources)
        ]
        if parameters:
            cells[0]["metadata"] = {"tags": ["parameters"]}
        path = tmp_path / name
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
        return path

    return write
