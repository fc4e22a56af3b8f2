"""The main job on the notebook that the README shows: the acceptance of the whole path."""

from __future__ import annotations

import gzip
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., tuple[int, Any]]
LITE = ("run", "01_digits.ipynb", "--lite")


def test_the_same_command_gives_the_same_digests_and_another_seed_others(reprobook: Command) -> None:
    _, first = reprobook(*LITE, "--seed", "7", "-p", "lr", "0.05")
    _, again = reprobook(*LITE, "--seed", "7", "-p", "lr", "0.05", UNRELATED="x")
    _, other = reprobook(*LITE, "--seed", "8", "-p", "lr", "0.05")
    assert first["status"] == "succeeded"
    assert first["parameters"]["lr"] == 0.05
    assert (first["recipe_digest"], first["result_digest"]) == (again["recipe_digest"], again["result_digest"])
    assert first["recipe_digest"] != other["recipe_digest"]
    assert first["result_digest"] != other["result_digest"]


def test_verify_reproduces_an_untouched_run(reprobook: Command) -> None:
    reprobook(*LITE, "--seed", "7")
    code, found = reprobook("verify", "latest")
    assert (code, found["verdict"], found["first"]) == (0, "reproduced", None)


def shadowed(package: str, project: Path) -> Path:
    """Copy a package where it is found first, so that a test may edit it."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    source, site = Path(spec.origin).parent, project / "site"
    shutil.copytree(source, site / package)
    # Its compiled parts look for their libraries beside the package.
    for libraries in source.parent.glob("*.libs"):
        (site / libraries.name).symlink_to(libraries)
    return site


def test_one_digit_of_the_data_is_found_in_the_cell_that_reads_it(reprobook: Command, project: Path) -> None:
    site = shadowed("sklearn", project)
    _, run = reprobook(*LITE, "--seed", "7", PYTHONPATH=str(site))
    assert run["status"] == "succeeded", run["error"]
    data = site / "sklearn/datasets/data/digits.csv.gz"
    text = gzip.decompress(data.read_bytes())
    data.write_bytes(gzip.compress(text.replace(b"13", b"12", 1)))
    code, found = reprobook("verify", "latest", PYTHONPATH=str(site))
    assert (code, found["verdict"], found["first"]["cell"]) == (3, "diverged", 3)
    assert "images" in found["first"]["names"]
    assert "digits.csv.gz" in found["first"]["evidence"]


def test_one_edited_file_of_a_package_is_found_in_the_cell_that_uses_it(reprobook: Command, project: Path) -> None:
    site = shadowed("sklearn", project)
    _, run = reprobook(*LITE, "--seed", "7", PYTHONPATH=str(site))
    assert run["status"] == "succeeded", run["error"]
    split = site / "sklearn/model_selection/_split.py"
    split.write_text(
        split.read_text().replace("rng = check_random_state(self.random_state)", "rng = check_random_state(3)")
    )
    code, found = reprobook("verify", "latest", PYTHONPATH=str(site))
    assert (code, found["verdict"], found["first"]["cell"]) == (3, "diverged", 4)
    assert "train_set" in found["first"]["names"]


@pytest.fixture
def recorded(reprobook: Command, project: Path) -> dict[str, Any]:
    _, run = reprobook(*LITE, "--seed", "7", "-o", str(project / "out.ipynb"))
    return dict(run)


def test_one_byte_of_the_header_in_the_store_is_noticed(reprobook: Command, recorded: dict[str, Any]) -> None:
    header = Path(recorded["run_dir"]) / "header.json"
    data = bytearray(header.read_bytes())
    data[len(data) // 2] ^= 1
    header.write_bytes(bytes(data))
    code, message = reprobook("verify", recorded["run_id"])
    assert code == 4
    assert "header.json" in str(message)


@pytest.mark.parametrize("place", ["metadata", "output", "shown text"])
def test_a_header_edited_in_the_notebook_is_noticed(
    reprobook: Command, recorded: dict[str, Any], project: Path, place: str
) -> None:
    assert recorded["status"] == "succeeded"
    path = project / "out.ipynb"
    notebook = json.loads(path.read_bytes())
    (card,) = [
        output
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "application/vnd.reprobook.header+json" in output.get("data", {})
    ]
    if place == "metadata":
        notebook["metadata"]["reprobook"]["header"]["seeds"]["seed"] = 8
    elif place == "output":
        card["data"]["application/vnd.reprobook.header+json"]["seeds"]["seed"] = 8
    else:
        text = "".join(card["data"]["text/plain"])
        card["data"]["text/plain"] = text.replace("7", "8", 1)
    path.write_text(json.dumps(notebook))
    code, message = reprobook("verify", "out.ipynb")
    assert code == 4, message
    assert "out.ipynb" in str(message)


def test_promotion_proves_itself(reprobook: Command, recorded: dict[str, Any], project: Path) -> None:
    code, made = reprobook("promote", recorded["run_id"], "-o", str(project / "job"))
    assert (code, made["equivalent"], made["first"]) == (0, True, None)
    assert made["checked"]["metrics"] > 0
    assert made["checked"]["artifacts"] == 1
    text = (project / "job" / "train.py").read_text()
    assert not [residue for residue in ("get_ipython", "reprotrain", "plt.", "display(", "In[") if residue in text]
    assert len(text.splitlines()) < 400


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2", "3"])
@pytest.mark.parametrize("lr", ["0.05", "0.001"])
def test_the_script_equals_the_notebook_for_seeds_and_parameters(
    reprobook: Command, project: Path, seed: str, lr: str
) -> None:
    reprobook("promote", "01_digits.ipynb", "-o", str(project / "job"), "--no-verify")
    _, run = reprobook(*LITE, "--seed", seed, "-p", "lr", lr)
    script = [sys.executable, "job/train.py", "--out", "out", "--epochs", "2", "--seed", seed, "--lr", lr]
    subprocess.run(script, cwd=project, check=True, capture_output=True)
    result = json.loads((project / "out" / "result.json").read_bytes())
    assert result["result_digest"] == run["result_digest"]
    assert result["metrics"] == run["metrics"]
