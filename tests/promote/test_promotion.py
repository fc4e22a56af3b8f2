from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.errors import InputError, IntegrityError, NotPromotableError
from reprobook.execute import RunOptions, run_notebook
from reprobook.promote import Promotion, promote_notebook
from reprobook.runs import Store

PromoteFile = Callable[..., Promotion]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / ".reprobook")


def write(folder: Path, *cells: str) -> Path:
    made = [{"cell_type": "code", "source": source, "metadata": {}} for source in cells]
    path = folder / "nb.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": made}))
    return path


@pytest.fixture
def promoted(tmp_path: Path, store: Store) -> PromoteFile:
    """Write a notebook of these cells and promote it, proof included."""

    def promoted(*cells: str, **options: Any) -> Promotion:
        return promote_notebook(write(tmp_path, *cells), store, out=tmp_path / "job", **options)

    return promoted


def test_a_notebook_that_logs_nothing_is_proved_by_what_it_shows(promoted: PromoteFile) -> None:
    made = promoted(
        "import numpy as np\nx = np.arange(4)", "x.shape", "print('total:', x.sum())", "mean = x.mean()\nmean"
    )
    assert (made.equivalent, made.checked["metrics"]) == (True, 2)
    assert 1 in [dropped.cell for dropped in made.dropped]


def test_a_dropped_plot_that_draws_random_numbers_does_not_break_the_proof(promoted: PromoteFile) -> None:
    made = promoted(
        "import random\nimport reprobook as rb\nrandom.seed(3)",
        "noise = [random.random() for _ in range(3)]",
        "rb.log(score=random.random())",
    )
    assert made.equivalent is True


def test_an_unseeded_notebook_is_not_equivalent_and_names_the_metric(promoted: PromoteFile) -> None:
    made = promoted("import random\nimport reprobook as rb\nscore = random.random()\nrb.log(score=score)")
    assert made.equivalent is False
    assert made.first is not None
    assert (made.first["cell"], made.first["names"]) == (0, ["score"])


def test_a_checkpoint_that_the_notebook_left_behind_is_not_found_by_the_script(promoted: PromoteFile) -> None:
    made = promoted(
        "import os\nimport reprobook as rb\nstart = int(open('ckpt.txt').read()) if os.path.exists('ckpt.txt') else 0",
        "with open('ckpt.txt', 'w') as file:\n    file.write('5')\nrb.log(start=start)",
    )
    assert made.equivalent is True


def test_without_a_result_nothing_is_called_equivalent(promoted: PromoteFile) -> None:
    made = promoted("x = [1, 2]")
    assert made.equivalent is False
    assert "rb.log" in made.first["evidence"]  # type: ignore[index]  # it is there, or the test fails


def test_requirements_pin_what_the_script_imports(promoted: PromoteFile, tmp_path: Path) -> None:
    promoted("import torch\nx = torch.zeros(2)", "total = x.sum().item()\ntotal")
    lines = (tmp_path / "job" / "requirements.txt").read_text().splitlines()
    assert {line.partition("==")[0] for line in lines} >= {"torch", "PyYAML", "reprobook"}
    assert all("==" in line and "+" not in line for line in lines)


def test_no_verify_proves_nothing(promoted: PromoteFile) -> None:
    assert promoted("acc = 0.5\nacc", verify=False).equivalent is None


def test_what_has_no_translation_is_refused_with_its_cell(promoted: PromoteFile, tmp_path: Path) -> None:
    with pytest.raises(NotPromotableError, match=r"\[1\]"):
        promoted("x = 1", "%%bash\necho hello > out.txt", "open('out.txt').read()\ny = 2\ny")
    assert not (tmp_path / "job").exists()


def test_a_failed_run_is_refused_with_its_cell(promoted: PromoteFile) -> None:
    with pytest.raises(InputError, match=r"\[1\].*ZeroDivisionError"):
        promoted("x = 1", "x / 0")


def test_a_folder_of_something_else_is_left_alone(promoted: PromoteFile, tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="no promoted job"):
        promoted("acc = 0.5\nacc")
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["thesis.tex"]


def test_a_tampered_run_is_refused(tmp_path: Path, store: Store) -> None:
    run = run_notebook(write(tmp_path, "acc = 0.5\nacc"), store, RunOptions())
    run.source.write_bytes(run.source.read_bytes().replace(b"0.5", b"0.6"))
    with pytest.raises(IntegrityError, match=r"source\.ipynb"):
        promote_notebook(run, store, out=tmp_path / "job")


def test_the_values_of_a_run_are_the_defaults_of_its_script(tmp_path: Path, store: Store) -> None:
    run = run_notebook(write(tmp_path, "lr = 0.1", "lr * 2"), store, RunOptions(values={"lr": 0.25}))
    assert promote_notebook(run, store, out=tmp_path / "job").equivalent is True
    assert "0.25" in (tmp_path / "job" / "config.yaml").read_text()
