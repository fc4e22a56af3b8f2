"""The notebook in its lite form: it runs, gives what its README promises, and gives it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).with_name("tabular.ipynb")


@pytest.fixture(scope="module")
def reprobook(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that runs a command with --json; runs go to $REPROBOOK_STORE, else to a temporary store."""
    environment = {"REPROBOOK_STORE": str(tmp_path_factory.mktemp("store")), **os.environ}

    def reprobook(*words: str) -> Any:
        command = [sys.executable, "-m", "reprobook", *words, "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    return reprobook


@pytest.fixture(scope="module")
def recorded(reprobook: Any) -> Any:
    return reprobook("run", str(NOTEBOOK), "--lite")


def test_it_gives_what_the_readme_promises(recorded: Any) -> None:
    assert recorded["status"] == "succeeded", recorded["error"]
    metrics = recorded["metrics"]
    assert metrics["boosting_val_loss"] < 0.25
    assert metrics["baseline_val_loss"] < 0.2
    assert min(metrics["baseline_auc"], metrics["boosting_auc"]) > 0.97


def test_it_gives_the_same_again(reprobook: Any, recorded: Any) -> None:
    found = reprobook("verify", recorded["run_id"])
    assert found["verdict"] == "reproduced", found["first"]
