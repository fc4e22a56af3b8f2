from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from reprobook.ambient import NO_PINS, Pins

ROOT = Path(__file__).parents[2]
_PROLOGUE = """
import sys
sys.path.insert(0, {root!r})
from reprobook.ambient import Pins
from reprobook.ambient.pin import apply_pins
apply_pins(Pins(**{pins!r}))
exec(compile({script!r}, "<cell>", "exec"), globals())
"""


@pytest.fixture
def pinned(tmp_path: Path) -> Callable[..., str]:
    """Run a script with pins in a process of its own and return what it prints."""

    def run(script: str, pins: Pins = NO_PINS, **environment: str) -> str:
        code = _PROLOGUE.format(root=str(ROOT), pins=asdict(pins), script=textwrap.dedent(script))
        variables = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", **environment}
        main = tmp_path / "main.py"
        main.write_text(code)
        command = [sys.executable, str(main)]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=variables, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
