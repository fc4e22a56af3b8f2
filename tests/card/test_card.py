"""Cards say what was recorded, list what was not, and are read by those whose formats they are in."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import mlcroissant
import pytest
from huggingface_hub import DatasetCard, ModelCard

from reprobook.card import croissant, data_card, model_card, recorded_data
from reprobook.card.recorded import find_data
from reprobook.dataset.declared import Found
from reprobook.errors import InputError, IntegrityError
from reprobook.execute import RunOptions, run_notebook
from reprobook.runs import RunFolder, Store

CELLS = (
    ("markdown", "# Prices of flats\n\nA linear model. It has more text."),
    ("code", "import numpy as np\nimport reprobook as rb\nimport sklearn"),
    ("code", "lr = 0.5  # step width"),
    (
        "code",
        """path = rb.data('prices', 'prices.csv', license='CC-BY-4.0', version='1.0.0', description='Flats.')
rows = np.loadtxt(path, delimiter=',', skiprows=1)""",
    ),
    (
        "code",
        """rows = [[n % 20, n % 20] for n in range(40)]
rb.split(range(40), {'train': 0.5, 'test': 0.5}, rows=rows, leakage='ignore')""",
    ),
    ("code", "rb.log(loss=0.25)\nrb.log(loss=0.125)\nrb.save('m', {'w': np.ones(3)}, step=2)"),
)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., RunFolder]:
    """Run these cells."""

    def make(*cells: tuple[str, str]) -> RunFolder:
        folder = tmp_path_factory.mktemp("project")
        (folder / "prices.csv").write_text("area,price\n1,2.5\n4,5.5\n")
        written = [
            {
                "cell_type": kind,
                "id": f"c{n}",
                "metadata": {"tags": ["parameters"]} if source.startswith("lr") else {},
                "source": source,
                **({"outputs": [], "execution_count": None} if kind == "code" else {}),
            }
            for n, (kind, source) in enumerate(cells)
        ]
        path = folder / "flats.ipynb"
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": written}))
        return run_notebook(path, Store(folder / ".reprobook"), RunOptions(seed=1, kernel="inline"))

    return make


@pytest.fixture(scope="module")
def run(record: Callable[..., RunFolder]) -> RunFolder:
    made = record(*CELLS)
    assert made.read_record().status == "succeeded", made.read_record().error
    return made


def test_a_model_card_says_what_was_recorded(run: RunFolder) -> None:
    text = model_card(run, "mit")
    card = ModelCard(text)
    assert (card.data.license, card.data.library_name) == ("mit", "sklearn")
    (result,) = card.data.eval_results or ()
    assert (result.metric_name, result.metric_value, result.dataset_name) == ("loss", 0.125, "prices")
    digest = recorded_data(run)["prices"].digest
    for said in (
        "# Prices of flats\n\nA linear model.\n",
        "| `lr` | float | `0.5` | step width |",
        f"| `prices` | `prices.csv` | 2 | 1.0.0 | CC-BY-4.0 | `{digest}` |",
        "the last of 2",
        "Split `split`, by hash: train ",
        "- leakage: ",
        "| `m` | 2 | `artifacts/m/",
        f"`{run.read_header().recipe_digest}`",
    ):
        assert said in text, said
    assert "- license" not in text
    assert "- intended use and limits" in text


def test_what_nobody_said_is_a_gap(record: Callable[..., RunFolder]) -> None:
    made = record(("code", "x = 1"))
    text = model_card(made)
    for gap in ("license", "training data: rb.data names none, and no file was read", "intended use and limits"):
        assert f"\n- {gap}" in text
    assert "license" not in ModelCard(text).data.to_dict()
    assert "## Data" not in text


def test_data_that_come_with_a_library_are_named(record: Callable[..., RunFolder]) -> None:
    load = ("code", "from sklearn.datasets import load_iris\nimport reprobook as rb\niris = load_iris()")
    text = model_card(record(load, ("code", "rb.log(n=1)"), ("code", "rb.log(n=2)")))
    assert "- `load_iris()` of scikit-learn " in text
    assert "training data" not in text
    results = ModelCard(text).data.eval_results or ()
    assert {each.dataset_name for each in results} == {"data of flats.ipynb"}
    assert "| n | 1 | code cell [1] |" in text.replace("\\", "")
    assert {each.metric_name for each in results} == {"n (code cell [1])", "n (code cell [2])"}


def test_a_run_that_failed_has_no_card(record: Callable[..., RunFolder]) -> None:
    with pytest.raises(InputError, match="did not succeed"):
        model_card(record(("code", "1 / 0")))


def test_an_edited_run_has_no_card(record: Callable[..., RunFolder]) -> None:
    made = record(*CELLS)
    (made.path / "data" / "prices.json").write_text("{}")
    with pytest.raises(IntegrityError):
        model_card(made)
    with pytest.raises(IntegrityError):
        find_data(made, "prices")


def test_a_data_card_is_the_hubs(run: RunFolder) -> None:
    text = data_card(find_data(run, "prices"), run.run_id)
    told = DatasetCard(text).data.to_dict()
    assert (told["license"], told["pretty_name"], told["size_categories"]) == ("cc-by-4.0", "prices", ["n<1K"])
    features = [{"name": "area", "dtype": "int64"}, {"name": "price", "dtype": "float64"}]
    assert told["dataset_info"] == {"features": features}
    assert "Flats." in text
    assert "\n- license" not in text
    assert "\n- personal or sensitive information" in text


def test_data_without_a_licence_or_columns_has_gaps() -> None:
    text = data_card(Found(name="d", source="/home/alice/d.bin", digest="0" * 64, size=3), "run")
    for gap in ("license", "what it is", "version", "columns"):
        assert f"\n- {gap}\n" in text
    assert "alice" not in text
    assert "license" not in DatasetCard(text).data.to_dict()


def test_croissant_is_valid_and_its_rows_are_read(
    run: RunFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "prices.csv").write_bytes((run.path.parents[2] / "prices.csv").read_bytes())
    (tmp_path / "croissant.json").write_text(croissant(find_data(run, "prices")))
    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(jsonld=str(tmp_path / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    # What it recommends and nobody said stays a warning.
    assert sorted(line.split('"')[1].split("/")[-1] for line in dataset.metadata.ctx.issues.warnings) == [
        "citeAs",
        "datePublished",
    ]
    rows = [(each["rows/area"], each["rows/price"]) for each in dataset.records("rows")]
    assert rows == [(1, 2.5), (4, 5.5)]


def test_data_that_a_function_made_is_no_file() -> None:
    found = Found(name="d", source="function make", digest="0" * 64)
    with pytest.raises(InputError, match="Croissant describes files"):
        croissant(found)
    assert "BLAKE3" in data_card(found, "run")


def test_unknown_data_is_wrong_input(run: RunFolder) -> None:
    with pytest.raises(InputError, match="no data called 'other'") as caught:
        find_data(run, "other")
    assert caught.value.hint == "It recorded: prices."
