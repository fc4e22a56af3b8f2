from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.runs import Store
from reprobook.sweep.handle import run_sweep
from reprobook.sweep.model import SweepEvent, SweepOptions, SweepRecord

sys.path.insert(0, str(Path(__file__).parent))  # what tests share lies beside them

Write = Callable[..., Path]
Sweep = Callable[..., SweepRecord]

PARAMETERS = """\
from reprobook import Choice, Float, Int
lr: Float(1e-4, 1e-1, log=True) = 1e-2
width: Int(1, 8) = 4
kind: Choice("a", "b") = "a"
offset = 0.5"""
TRAINING = """\
import random, reprobook as rb
for step in range(5):
    level = (lr - 0.01) ** 2 * 100 + width * 0.01 + (kind == "b") + random.random() * 0.01
    rb.log(loss=level + 1 / (step + 1), step=step)
rb.log(final=lr + offset)"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a notebook: a parameters cell, and code cells."""

    def cell(index: int, source: str) -> dict[str, Any]:
        tags = ["parameters"] if index == 0 else []
        return {
            "cell_type": "code",
            "id": f"c{index}",
            "metadata": {"tags": tags},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }

    def write(parameters: str = PARAMETERS, *sources: str, name: str = "nb.ipynb") -> Path:
        cells = [cell(index, source) for index, source in enumerate((parameters, *(sources or (TRAINING,))))]
        path = tmp_path / name
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
        return path

    return write


@pytest.fixture
def sweep(store: Store, write: Write) -> Sweep:
    """Run a sweep of the small training notebook, or of another, in this process."""

    def sweep(notebook: Path | None = None, events: list[SweepEvent] | None = None, **options: Any) -> SweepRecord:
        settings = {"metric": "loss", "direction": "min", "executor": "inline", "trials": 6, **options}
        on_event = (lambda _: None) if events is None else events.append
        return run_sweep(notebook or write(), store, SweepOptions(**settings), on_event)

    return sweep
