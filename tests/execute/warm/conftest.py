"""A runtime folder for the servers of a module's tests, and the helpers of this folder made importable."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "inline"), str(_HERE.parents[1] / "cases")]

from watching import Servers  # noqa: E402  # beside this file


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A runtime folder whose name is short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="rb-"))
    yield made
    Servers(made).kill()
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def servers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Servers:
    """Let the servers of a module's tests live in a folder of their own; they are shared, and killed at its end."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return Servers(folder)
