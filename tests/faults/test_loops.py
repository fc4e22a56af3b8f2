"""Whatever step an operation is stopped at, nothing is lost and nothing unfinished is called finished."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LOOP = Path(__file__).with_name("fault_loop.py")
_STRIDE = 13  # a prime: other steps than those of a cell
_FEWEST_STEPS = 60


def _wrong(fault: str, folder: Path, stride: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(LOOP), "run", fault, str(folder), str(stride)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["steps"] > _FEWEST_STEPS
    wrong: list[str] = report["wrong"]
    return wrong


@pytest.mark.parametrize("fault", ["kill", "ENOSPC"])
def test_a_run_survives_some_of_its_steps(tmp_path: Path, fault: str) -> None:
    assert _wrong(fault, tmp_path, _STRIDE) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["kill", "ENOSPC", "EIO", "EACCES"])
def test_a_run_survives_each_of_its_steps(tmp_path: Path, fault: str) -> None:
    assert _wrong(fault, tmp_path, 1) == []
