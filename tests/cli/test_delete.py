"""`reprobook delete`: what goes is listed and asked for, and nothing that is still needed goes with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.runs import NewRun, RunFolder, Store
from reprobook.runs.aliases import Aliases

Reprobook = Callable[..., Any]
Record = Callable[..., RunFolder]


def with_blob(store: Store, content: bytes, **fields: Any) -> tuple[RunFolder, str]:
    """Make a run whose trace names a blob."""
    run = store.create(NewRun(**fields))
    digest = store.blobs.put(content)
    run.trace.write_text(json.dumps({"files_read": {"data.csv": digest}}))
    run.seal(status="succeeded")
    return run, digest


def test_without_a_terminal_yes_is_needed(reprobook: Reprobook, record: Record) -> None:
    run = record()
    refused = reprobook("delete", run.run_id)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert run.run_id in refused.out
    assert run.path.exists()
    assert reprobook("delete", run.run_id, "--yes").code == 0
    assert not run.path.exists()
    assert reprobook("delete").code == 2
    assert reprobook("delete", "nothing").code == 2


@pytest.mark.parametrize("answer", [True, False])
def test_at_a_terminal_it_is_asked(
    reprobook: Reprobook, record: Record, monkeypatch: pytest.MonkeyPatch, *, answer: bool
) -> None:
    run = record()
    asked: list[str] = []

    def answered(text: str, **_: object) -> bool:
        asked.append(text)
        return answer

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", answered)
    assert reprobook("delete", "latest").code == 0
    assert "Delete 1 runs" in asked[0]
    assert run.path.exists() is not answer


def test_replays_go_with_their_run_and_others_stay(reprobook: Reprobook, record: Record) -> None:
    run, other = record(parameters={"lr": 1}), record(parameters={"lr": 2})
    replay = record(kind="replay", parent=run.run_id)
    again = record(kind="replay", parent=replay.run_id)
    kept = record(kind="replay", parent=other.run_id)
    document = reprobook("delete", "--where", "lr == 1", "--yes", "--json").document
    assert document["deleted"] == [run.run_id, replay.run_id, again.run_id]
    assert document["freed_bytes"] > 0
    left = {each["run_id"] for each in reprobook("runs", "--json").document}
    assert left == {other.run_id, kept.run_id}


def test_only_blobs_that_no_run_needs_are_freed(reprobook: Reprobook, store: Store) -> None:
    run, own = with_blob(store, b"only here")
    _, shared = with_blob(store, b"here and there")
    other, _ = with_blob(store, b"here and there")
    going_on = store.create(NewRun())
    assert reprobook("delete", run.run_id, "--yes").code == 0
    assert store.blobs.path(own).exists()  # the run that goes on may be about to name it
    going_on.seal(status="failed")
    assert reprobook("delete", other.run_id, "--yes").code == 0
    assert not store.blobs.path(own).exists()
    assert store.blobs.read(shared) == b"here and there"
    assert reprobook("fsck").code == 0


def test_a_run_that_goes_on_keeps_all_of_them(reprobook: Reprobook, record: Record, store: Store) -> None:
    ended = record(name="a")
    going_on = store.create(NewRun(name="a"))
    refused = reprobook("delete", "--where", "name == 'a'", "--yes")
    assert refused.code == 2
    assert "nothing was deleted" in refused.err
    assert ended.path.exists()
    assert going_on.path.exists()


def test_a_damaged_run_can_be_deleted(reprobook: Reprobook, record: Record) -> None:
    run = record()
    run.run.write_text("garbage")
    found = reprobook("delete", run.run_id, "--yes")
    assert (found.code, run.path.exists()) == (0, False)
    assert "cannot be read" in found.out


def test_a_name_that_leads_to_a_run_is_said(reprobook: Reprobook, record: Record, store: Store) -> None:
    run, other = record(), record()
    Aliases(store.root, "mlp").set("production", f"{run.run_id}/artifacts/mlp/v1/t", "0" * 64)
    warned = reprobook("delete", run.run_id)
    assert f"warning: mlp@production is a checkpoint of run {run.run_id}" in warned.err
    assert "mlp@production" not in reprobook("delete", other.run_id).err


def test_a_sweep_goes_with_its_trials(reprobook: Reprobook, record: Record, store: Store) -> None:
    sweep = "20261129-112031-k3f9"
    trial, plain = record(parent=sweep, trial=0), record()
    folder = store.root / "sweeps" / sweep
    folder.mkdir(parents=True)
    Path(folder / "plan.json").write_text("{}")
    document = reprobook("delete", sweep[:-2], "--yes", "--json").document
    assert (document["deleted"], document["sweeps"]) == ([trial.run_id], [sweep])
    assert not folder.exists()
    assert plain.path.exists()
