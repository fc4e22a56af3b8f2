from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
Command = Callable[..., tuple[int, Any]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of its own with the digits notebook."""
    shutil.copy(ROOT / "notebooks" / "01_digits.ipynb", tmp_path)
    return tmp_path


@pytest.fixture
def reprobook(project: Path) -> Command:
    """Run the command line with --json; return its exit code and what it printed."""

    def reprobook(*words: str, **environment: str) -> tuple[int, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "reprobook", *words, "--store", str(project / ".reprobook"), "--json"],
            cwd=project,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    return reprobook
