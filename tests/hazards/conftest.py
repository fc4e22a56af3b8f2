"""Notebooks from cells, for the tests of hazards."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from reprobook.notebook import Notebook, read_notebook

MakeNotebook = Callable[..., Notebook]


def notebook_of(*cells: str, parameters: int | None = None) -> Notebook:
    """Return a notebook with these code cells; the one at ``parameters`` has papermill's tag."""
    content = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {"tags": ["parameters"]} if number == parameters else {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(cells)
        ],
    }
    return read_notebook(json.dumps(content).encode(), "test.ipynb")


@pytest.fixture
def notebook() -> MakeNotebook:
    return notebook_of
