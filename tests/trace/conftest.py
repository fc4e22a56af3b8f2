from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., str]:
    """Run a script in a process of its own and return what it prints."""

    def run(script: str, *, hash_seed: str = "random") -> str:
        variables = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", textwrap.dedent(script)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=variables, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
