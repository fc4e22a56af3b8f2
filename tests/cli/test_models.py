"""`reprobook models`, and what `whence` says of a checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.execute.sinklog import Place, SinkLog
from reprobook.execute.snapshot import Provenance, Snapshot
from reprobook.runs import NewRun, RunFolder, Store

Reprobook = Callable[..., Any]


@pytest.fixture
def saved(store: Store) -> Callable[..., RunFolder]:
    """Return a function that makes a run which saves checkpoints of these values."""

    def saved(model: str, *values: str) -> RunFolder:
        run = store.create(NewRun())
        about = Provenance(version="rb1-00000000", run_id=run.run_id)
        sinks = SinkLog(run, run.make_artifacts, place=Place(run.path), provenance=about)
        for step, value in enumerate(values):
            sinks.log({"loss": 1 / (step + 1)})
            sinks.save_checkpoint(Snapshot(model, value, {}, step))
        run.seal(status="succeeded")
        return run

    return saved


def test_the_list_has_the_newest_first(reprobook: Reprobook, saved: Callable[..., RunFolder]) -> None:
    first, second = saved("net", "a", "b"), saved("other", "c")
    listed = reprobook("models", "--json").document
    assert [(each["model"], each["step"], each["run_id"]) for each in listed] == [
        ("other", 0, second.run_id),
        ("net", 1, first.run_id),
        ("net", 0, first.run_id),
    ]
    assert [each["model"] for each in reprobook("models", "--model", "other", "--json").document] == ["other"]
    assert "loss 0.5" in reprobook("models").out


def test_an_empty_store_says_so(reprobook: Reprobook) -> None:
    found = reprobook("models")
    assert (found.code, found.out) == (0, "")
    assert "No checkpoints" in found.err
    assert reprobook("models", "--json").document == []


def test_a_name_is_given_and_moved(reprobook: Reprobook, saved: Callable[..., RunFolder]) -> None:
    first = saved("net", "a")
    assert reprobook("models", "alias", "net", "candidate").code == 0
    second = saved("net", "b")
    assert reprobook("models", "alias", "net@candidate", "production", "--json").document["alias"] == "production"
    names = {each["run_id"]: sorted(each["aliases"]) for each in reprobook("models", "--json").document}
    assert names == {first.run_id: ["candidate", "production"], second.run_id: []}
    reprobook("models", "alias", f"net@{second.run_id}", "candidate")
    names = {each["run_id"]: each["aliases"] for each in reprobook("models", "--json").document}
    assert names == {first.run_id: ["production"], second.run_id: ["candidate"]}


@pytest.mark.parametrize("words", [("net", "candidate"), ("../net", "candidate")])
def test_what_is_not_there_cannot_be_named(reprobook: Reprobook, words: tuple[str, str]) -> None:
    assert reprobook("models", "alias", *words).code == 2


def test_a_damaged_checkpoint_is_not_named(reprobook: Reprobook, saved: Callable[..., RunFolder]) -> None:
    (weights,) = saved("net", "a").artifacts.rglob("weights.txt")
    weights.write_text("edited")
    found = reprobook("models", "alias", "net", "production")
    assert found.code == 4
    assert "weights.txt" in found.err


def test_whence_knows_a_checkpoint_by_its_bytes(
    reprobook: Reprobook, saved: Callable[..., RunFolder], tmp_path: Path
) -> None:
    run = saved("net", "a", "b")
    weights = next(path for path in run.artifacts.rglob("weights.txt") if path.read_text() == "b")
    shutil.copy(weights, tmp_path / "renamed.bin")
    (found,) = reprobook("whence", "renamed.bin", "--json").document["runs"]
    assert found["run_id"] == run.run_id
    assert (found["checkpoint"]["model"], found["checkpoint"]["step"]) == ("net", 1)
    assert found["checkpoint"]["parent"].startswith(f"{run.run_id}/artifacts/net/")
    assert "net" in reprobook("whence", "renamed.bin").out
