"""Whatever step an operation is stopped at, nothing is lost and nothing unfinished is called finished."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LOOP = Path(__file__).with_name("fault_loop.py")
_FEWEST_STEPS = {"run": 60, "sweep": 150, "promote": 50, "fsck": 30, "create": 12}


def _wrong(what: str, fault: str, folder: Path, number: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(LOOP), what, fault, str(folder), str(number)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["steps"] > _FEWEST_STEPS[what]
    # A step more or less than the first time, no more.
    assert fault == "random" or report["stopped"] * number > report["steps"] - 3 * number
    wrong: list[str] = report["wrong"]
    return wrong


# Strides are primes: other steps than those of a cell or of a trial.
@pytest.mark.parametrize("fault", ["kill", "ENOSPC"])
def test_a_run_survives_some_of_its_steps(tmp_path: Path, fault: str) -> None:
    assert _wrong("run", fault, tmp_path, 29) == []


@pytest.mark.parametrize("fault", ["kill", "ENOSPC", "EIO", "EACCES"])
def test_a_creation_survives_each_of_its_steps(tmp_path: Path, fault: str) -> None:
    assert _wrong("create", fault, tmp_path, 1) == []


def test_a_sweep_survives_some_of_its_steps(tmp_path: Path) -> None:
    assert _wrong("sweep", "kill", tmp_path, 113) == []


def test_a_promotion_survives_some_of_its_steps(tmp_path: Path) -> None:
    assert _wrong("promote", "kill", tmp_path, 37) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["kill", "ENOSPC", "EIO", "EACCES"])
def test_a_run_survives_each_of_its_steps(tmp_path: Path, fault: str) -> None:
    assert _wrong("run", fault, tmp_path, 1) == []


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "stride"), [("kill", 1), ("ENOSPC", 3), ("EIO", 7), ("EACCES", 7)])
def test_a_sweep_survives_each_of_its_steps(tmp_path: Path, fault: str, stride: int) -> None:
    assert _wrong("sweep", fault, tmp_path, stride) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["kill", "ENOSPC", "EIO", "EACCES"])
def test_a_promotion_survives_each_of_its_steps(tmp_path: Path, fault: str) -> None:
    assert _wrong("promote", fault, tmp_path, 1) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["kill", "ENOSPC", "EIO", "EACCES"])
def test_a_repair_survives_each_of_its_steps(tmp_path: Path, fault: str) -> None:
    assert _wrong("fsck", fault, tmp_path, 1) == []


@pytest.mark.slow
@pytest.mark.parametrize(("what", "kills"), [("run", 150), ("sweep", 50)])
def test_random_kills_lose_nothing(tmp_path: Path, what: str, kills: int) -> None:
    assert _wrong(what, "random", tmp_path, kills) == []
