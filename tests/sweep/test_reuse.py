"""A run of the same recipe is reused, and one that is not quite the same is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from comparing import results

from reprobook.execute import read_trace
from reprobook.space import Choice, Int
from reprobook.spec import review

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reprobook.runs import Store
    from reprobook.sweep.model import SweepRecord

    Sweep = Callable[..., SweepRecord]
    Write = Callable[..., Path]

READING = "import pathlib, reprobook as rb\nrb.log(loss=width * float(pathlib.Path('data.txt').read_text()))"
WIDTHS: dict[str, Any] = {
    "sampler": "grid",
    "trials": None,
    "executor": "local",
    "kernel": "warm",
    "spaces": {"width": Int(1, 2)},
}


def cached(record: SweepRecord) -> list[bool]:
    return [trial.cached for trial in record.trials]


def test_only_the_same_recipe_is_reused(
    sweep: Sweep, write: Write, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data.txt").write_text("2.0")
    notebook = write("width = 1\nother = 1", READING)
    first = sweep(notebook, **WIDTHS)
    assert cached(first) == [False, False]

    again = sweep(notebook, **WIDTHS)
    assert cached(again) == [True, True]
    assert results(again) == results(first)
    assert [trial.run_ids for trial in again.trials] == [trial.run_ids for trial in first.trials]
    assert len(store.records()) == 2

    assert cached(sweep(notebook, **{**WIDTHS, "cache": False})) == [False, False]
    assert cached(sweep(notebook, **WIDTHS, seed=1)) == [False, False]
    assert cached(sweep(notebook, **WIDTHS, values={"other": 2})) == [False, False]
    assert cached(sweep(notebook, **{**WIDTHS, "spaces": {"width": Choice(2, 3)}})) == [True, False]

    (tmp_path / "data.txt").write_text("3.0")  # a file that the cells read
    changed = sweep(notebook, **WIDTHS)
    assert cached(changed) == [False, False]
    assert [trial.value for trial in changed.trials] == [3.0, 6.0]
    (tmp_path / "data.txt").write_text("2.0")

    monkeypatch.setenv("LANG", "de_DE.UTF-8")  # the environment of the header
    assert cached(sweep(notebook, **WIDTHS)) == [False, False]
    monkeypatch.undo()

    assert cached(sweep(write("width = 1\nother = 1", READING + "\n"), **WIDTHS)) == [False, False]


def test_a_run_that_was_edited_is_not_reused(sweep: Sweep, write: Write, store: Store) -> None:
    notebook = write("width = 1", "import reprobook as rb\nrb.log(loss=width)")
    first = sweep(notebook, **WIDTHS)
    metrics = store.folder(str(first.trials[0].run_id)).metrics
    metrics.write_bytes(metrics.read_bytes().replace(b"1.0", b"9.0"))
    again = sweep(notebook, **WIDTHS)
    assert cached(again) == [False, True]
    assert results(again) == results(first)


def test_what_others_say_that_came_of_a_recipe_is_not_reused(sweep: Sweep, write: Write, store: Store) -> None:
    notebook = write("width = 1", "import reprobook as rb\nrb.log(loss=width)")
    first = sweep(notebook, **WIDTHS)
    run = store.folder(str(first.trials[0].run_id))
    run.write_record(run.read_record().model_copy(update={"foreign": "run.zip"}))
    run.check_integrity()
    assert cached(sweep(notebook, **WIDTHS)) == [False, True]


def test_a_plain_run_of_the_same_recipe_counts(sweep: Sweep, write: Write, store: Store) -> None:
    from reprobook.execute import RunOptions, run_notebook  # noqa: PLC0415

    notebook = write("width = 1", "import reprobook as rb\nrb.log(loss=width)")
    run = run_notebook(notebook, store, RunOptions(values={"width": 2}, seed=0, kernel="warm"))
    found = sweep(notebook, **WIDTHS, threads=0)  # as many as a plain run has
    assert cached(found) == [False, True]
    assert found.trials[1].run_id == run.run_id


def test_every_trial_has_the_spec_that_the_sweep_froze_and_another_spec_is_another_recipe(
    sweep: Sweep, write: Write, store: Store
) -> None:
    notebook = write("width = 1", "import reprobook as rb\nrb.log(loss=width)")
    file = notebook.with_suffix(".spec.yaml")
    file.write_text("evaluation: {metrics: [loss], selection_metric: val_loss}")
    first = sweep(notebook, **WIDTHS)
    runs = [store.folder(run_id) for trial in first.trials for run_id in trial.run_ids]
    assert {run.spec.read_bytes() for run in runs} == {file.read_bytes()}
    (digest,) = {run.read_header().spec for run in runs}
    assert digest is not None
    found = review(runs[0], store, read_trace(runs[0]))
    assert found is not None
    assert [each.text for each in found.broken] == [
        "The sweep chooses the best by loss, not by val_loss as declared.",
    ]
    assert cached(sweep(notebook, **WIDTHS)) == [True, True]
    file.write_text("evaluation: {metrics: [loss]}")
    assert cached(sweep(notebook, **WIDTHS)) == [False, False]
