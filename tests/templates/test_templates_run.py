"""Every template keeps its promises: its own test passes, and the job made of it gives the same result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reprobook.template import find_template, new_notebook

NAMES = [
    "tabular",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("images", "bert", "lora", "llm-eval")),
]


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_verifies_and_promotes(name: str, tmp_path: Path) -> None:
    made = new_notebook(find_template(name), tmp_path / "new")
    environment = os.environ | {
        "REPROBOOK_STORE": str(tmp_path / "store"),
        "HF_HUB_OFFLINE": "1",  # what a template needs, its packages bring along
        "OMP_NUM_THREADS": "1",  # threads that wait for a busy machine wait long
    }
    own_test = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(made.folder)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert own_test.returncode == 0, own_test.stdout
    declared = subprocess.run(
        [sys.executable, "-m", "reprobook", "spec", str(made.notebook), "--json"],
        cwd=made.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    findings = json.loads(declared.stdout)["findings"]
    assert not [each["text"] for each in findings if each["state"] == "broken"]
    assert {"spec", "evaluation.metrics", "checkpoints.what", "budget.minutes"} <= {
        each["entry"] for each in findings if each["state"] == "kept"
    }
    promoted = subprocess.run(
        [sys.executable, "-m", "reprobook", "promote", "latest", "-o", "job", "--json"],
        cwd=made.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    document = json.loads(promoted.stdout)
    assert document["equivalent"] is True, document["first"]
    assert document["checked"]["metrics"] > 0
    assert document["checked"]["artifacts"] > 0
