"""`rb.save` with a step or states: what a checkpoint holds, and that `rb.load` gives it back."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import reprobook as rb
from reprobook.errors import InputError, IntegrityError
from reprobook.execute.active import activate, deactivate
from reprobook.execute.sinklog import Place, SinkLog
from reprobook.execute.snapshot import Provenance
from reprobook.runs import NewRun, RunFolder, Store
from reprobook.runs.aliases import Aliases
from reprobook.runs.checkpoints import checkpoints, find_checkpoint

Recording = Callable[..., "Run"]


class Run:
    """A run of the store in which `rb.save` and `rb.load` work, until it ends."""

    def __init__(self, store: Store, **fields: Any) -> None:
        self.folder: RunFolder = store.create(NewRun(**fields))
        about = Provenance(version="rb1-00000000", run_id=self.folder.run_id, store=store.root)
        self.sinks = SinkLog(self.folder, self.folder.make_artifacts, place=Place(self.folder.path), provenance=about)
        activate(self.sinks)

    def end(self, status: str = "succeeded") -> str:
        deactivate(self.sinks)
        self.folder.seal(status=status)
        return self.folder.run_id


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPROBOOK_STORE", raising=False)
    return Store(tmp_path / ".reprobook")


@pytest.fixture
def recording(store: Store) -> Iterator[Recording]:
    made: list[Run] = []

    def recording(**fields: Any) -> Run:
        made.append(Run(store, **fields))
        return made[-1]

    yield recording
    for run in made:
        deactivate(run.sinks)


def trained(steps: int) -> tuple[torch.nn.Module, torch.optim.Optimizer, Any]:
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=20)
    train(model, optimizer, schedule, steps)
    return model, optimizer, schedule


def train(model: torch.nn.Module, optimizer: torch.optim.Optimizer, schedule: Any, steps: int) -> None:
    for _ in range(steps):
        loss = (model(torch.randn(4, 3)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def test_training_goes_on_from_a_checkpoint_to_the_same_bits(recording: Recording) -> None:
    run = recording()
    model, optimizer, schedule = trained(3)
    rb.save("net", model, optimizer=optimizer, schedule=schedule, step=3)
    run.end()
    train(model, optimizer, schedule, 3)

    other, other_optimizer, other_schedule = trained(0)
    found = rb.load("net", other, optimizer=other_optimizer, schedule=other_schedule, generators=True)
    train(other, other_optimizer, other_schedule, 3)
    assert found.step == 3
    assert torch.equal(
        torch.cat([*map(torch.ravel, other.parameters())]), torch.cat([*map(torch.ravel, model.parameters())])
    )


def test_a_checkpoint_says_where_it_comes_from(recording: Recording) -> None:
    run = recording(parameters={"lr": 0.1})
    model, optimizer, _ = trained(1)
    rb.log(loss=0.5, step=1)
    rb.save("net", model, optimizer=optimizer, step=1)
    rb.log(loss=float("nan"), step=2)
    rb.save("net", model, step=2)
    first, second = sorted(run.folder.artifacts.glob("net/rb1-00000000/*"))
    about, later = (json.loads((folder / "metadata.json").read_bytes()) for folder in (first, second))
    assert {path.name for path in first.iterdir()} == {"metadata.json", "weights.safetensors", "state.zip"}
    assert (about["model"], about["step"], about["run_id"]) == ("net", 1, run.folder.run_id)
    assert (about["metrics"], later["metrics"]) == ({"loss": 0.5}, {"loss": "NaN"})
    assert about["parent"] is None
    assert later["parent"] == f"{run.folder.run_id}/artifacts/net/rb1-00000000/{first.name}"


def test_what_a_run_loads_is_the_parent_of_what_it_saves(recording: Recording, store: Store) -> None:
    first = recording()
    model, *_ = trained(1)
    rb.save("net", model, step=1)
    first.end()
    second = recording()
    loaded = rb.load("net", model)
    rb.save("finer", model, step=2)
    second.end()
    assert find_checkpoint(store, "finer").metadata.parent == loaded.place
    assert loaded.place.startswith(first.folder.run_id)


def test_the_result_is_the_content_and_neither_time_nor_run(recording: Recording) -> None:
    digests = []
    for steps in (2, 2, 3):
        run = recording()
        model, optimizer, _ = trained(steps)
        rb.save("net", model, optimizer=optimizer, step=1)
        digests.append(run.sinks.chain.result_digest())
        run.end()
    assert digests[0] == digests[1] != digests[2]


def test_an_optimizer_alone_changes_the_result(recording: Recording) -> None:
    run = recording()
    model, optimizer, _ = trained(1)
    rb.save("net", model, optimizer=optimizer)
    optimizer.param_groups[0]["lr"] = 7.0
    rb.save("net", model, optimizer=optimizer)
    one, other = run.sinks.chain.sinks
    assert one.digest != other.digest


def test_a_plain_save_stays_a_file(recording: Recording) -> None:
    run = recording()
    model, *_ = trained(0)
    rb.save("net", model)
    assert [path.name for path in run.folder.artifacts.iterdir()] == ["net.safetensors"]


@pytest.mark.parametrize(("value", "loaded"), [({"a": [1, 2]}, {"a": [1, 2]}), ("text", "text"), (b"bytes", b"bytes")])
def test_other_values_have_checkpoints_too(recording: Recording, value: Any, loaded: Any) -> None:
    run = recording()
    rb.save("thing", value, step=0)
    run.end()
    assert rb.load("thing").value == loaded


def test_no_pickle_is_ever_loaded(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    run = recording()
    rb.save("model", object(), step=0)
    run.end()
    monkeypatch.setattr(pickle, "loads", lambda *_: pytest.fail("a pickle was loaded"))
    with pytest.raises(InputError, match="pickle"):
        rb.load("model")


def test_what_has_no_state_cannot_be_a_state(recording: Recording) -> None:
    run = recording()
    with pytest.raises(InputError, match=r"optimizer is a dict and has no state_dict"):
        rb.save("net", torch.nn.Linear(1, 1), optimizer={})
    assert not list(run.folder.artifacts.glob("net/*/*"))


def test_a_state_that_was_not_saved_is_named(recording: Recording) -> None:
    run = recording()
    model, optimizer, _ = trained(0)
    rb.save("net", model, step=0)
    run.end()
    with pytest.raises(InputError, match="saved without optimizer"):
        rb.load("net", model, optimizer=optimizer)


def test_an_edited_file_is_not_loaded(recording: Recording) -> None:
    run = recording()
    rb.save("thing", "text", step=0)
    run.end()
    (weights,) = run.folder.artifacts.rglob("weights.txt")
    weights.chmod(0o600)
    weights.write_text("other")
    with pytest.raises(IntegrityError, match=r"weights\.txt"):
        rb.load("thing")


def test_failed_runs_and_replays_are_not_what_a_name_means(recording: Recording, store: Store) -> None:
    good = recording()
    rb.save("thing", "good", step=0)
    good.end()
    failed = recording()
    rb.save("thing", "of a failed run", step=0)
    failed.end("failed")
    replay = recording(kind="replay")
    rb.save("thing", "of a replay", step=0)
    replay.end()
    assert rb.load("thing").value == "good"
    assert [each.metadata.run_id for each in checkpoints(store)] == [good.folder.run_id]


def test_an_alias_stays_where_it_is(recording: Recording, store: Store) -> None:
    for text in ("old", "new"):
        run = recording()
        rb.save("thing", text, step=0)
        run.end()
        if text == "old":
            found = find_checkpoint(store, "thing")
            Aliases(store.root, "thing").set("production", found.place, found.metadata.content)
    assert rb.load("thing").value == "new"
    assert rb.load("thing@production").value == "old"
    assert rb.load(f"thing@{found.metadata.run_id}").value == "old"
    store.delete(store.folder(str(found.metadata.run_id)))
    with pytest.raises(IntegrityError, match="which is gone"):
        rb.load("thing@production")


@pytest.mark.parametrize("name", ["nothing", "thing@nothing"])
def test_an_unknown_name_says_how_to_find_one(recording: Recording, name: str) -> None:
    run = recording()
    rb.save("thing", "text", step=0)
    run.end()
    with pytest.raises(InputError, match="no checkpoint") as caught:
        rb.load(name)
    assert "reprobook models" in caught.value.hint


@pytest.mark.parametrize("model", ["..", "a/b", "", ".hidden"])
def test_a_name_leads_out_of_no_folder(store: Store, model: str) -> None:
    with pytest.raises(InputError):
        find_checkpoint(store, f"{model}@production")


@pytest.mark.parametrize("alias", ["", "1", "a b", "a@b", "../x"])
def test_an_alias_is_a_word(store: Store, alias: str) -> None:
    with pytest.raises(InputError, match="must begin with a letter"):
        Aliases(store.root, "thing").set(alias, "place", "content")
