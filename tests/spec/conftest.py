from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest


@pytest.fixture
def write_notebook(write_notebook: Callable[..., Path]) -> Callable[..., Path]:
    """Write a notebook with these code cells; the first is the parameters cell."""
    return partial(write_notebook, parameters=True)
