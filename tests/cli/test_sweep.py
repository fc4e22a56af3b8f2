from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Reprobook = Callable[..., Any]

CELLS = ("lr = 0.1\nwidth = 2\nkind = 'a'", "import reprobook as rb\nrb.log(loss=lr * width + (kind == 'b'), step=0)")
INLINE = ("--executor", "inline", "--metric", "loss", "--direction", "min")


def test_the_document_is_that_of_the_contract(reprobook: Reprobook, write_notebook: Callable[..., Path]) -> None:
    path = str(write_notebook(*CELLS))
    options = ("--param", "lr=choice:0.5,0.25", "--param", "kind=choice:a,b", "-p", "width", "4", "--sampler", "grid")
    found = reprobook("sweep", path, *INLINE, *options, "--json")
    assert found.code == 0, found.err
    document = found.document
    assert document["status"] == "succeeded"
    assert [trial["parameters"] for trial in document["trials"]] == [
        {"lr": 0.5, "kind": "a"},
        {"lr": 0.5, "kind": "b"},
        {"lr": 0.25, "kind": "a"},
        {"lr": 0.25, "kind": "b"},
    ]
    assert [trial["value"] for trial in document["trials"]] == [2.0, 3.0, 1.0, 2.0]
    assert {trial["state"] for trial in document["trials"]} == {"complete"}
    assert document["best"]["number"] == 2
    assert document["best"]["run_id"] == document["trials"][2]["run_id"]
    assert "trial 3: complete" in found.err

    listed = reprobook("runs", "--where", f"sweep == '{document['sweep_id']}' and loss < 2", "--json").document
    assert [run["run_id"] for run in listed] == [document["best"]["run_id"]]
    assert (listed[0]["parent"], listed[0]["trial"]) == (document["sweep_id"], 2)

    again = reprobook("sweep", "--resume", document["sweep_id"][:-1], "--json")
    assert again.code == 0
    assert again.document == document


def test_the_table_says_what_is_known_of_the_best(reprobook: Reprobook, write_notebook: Callable[..., Path]) -> None:
    path = str(write_notebook(*CELLS))
    spaces = ("--param", "lr=uniform:0:1", "--param", "width=int:1:4")
    found = reprobook("sweep", path, *INLINE, *spaces, "--trials", "3", "--constraint", "width * lr < 2")
    assert found.code == 0, found.err
    assert "succeeded: 3 of 3 trials" in found.out
    assert "nothing can be told about noise" in found.out
    assert "reprobook promote" in found.out


def test_with_several_seeds_the_best_has_an_interval(reprobook: Reprobook, write_notebook: Callable[..., Path]) -> None:
    # Noise of its own for each point: equal differences in all seeds would be no noise.
    noise = "random.Random(f'{lr} {random.random()}').random()"
    path = str(write_notebook("lr = 0.1", f"import random, reprobook as rb\nrb.log(loss=lr + {noise})"))
    options = ("--param", "lr=choice:0.0,0.01,9.0", "--sampler", "grid", "--seeds", "3")
    document = reprobook("sweep", path, *INLINE, *options, "--json").document
    best = document["best"]
    assert len(best["values"]) == len(best["run_ids"]) == 3
    assert best["deviation"] > 0
    assert document["interval"][0] < best["value"] < document["interval"][1]
    assert {best["number"], *document["tied"]} == {0, 1}


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        (("--param", "lrr=log:1:2"), "'lrr'", "Did you mean lr?"),
        (("--param", "lr=lgo:1:2"), "is no space", "Did you mean log"),
        (("--param", "lr"), "write NAME=SPACE", ""),
        (("--param", "lr=int:1:2", "--param", "lr=int:1:3"), "given twice", ""),
        (("--param", "lr=uniform:0:1", "--when", "lr lr > 1"), "write NAME: EXPR", ""),
        (("--param", "lr=uniform:0:1", "--when", "lr: widht > 1"), "'widht'", "Did you mean width?"),
        (("--param", "lr=uniform:0:1", "--constraint", "__import__('os')"), "cannot read the condition", ""),
        (("--param", "api_key=choice:a"), "'api_key'", ""),
        (("--param", "lr=uniform:0:1", "-p", "token", "abc"), "looks like a secret", ""),
        ((), "nothing to vary", "--param"),
    ],
)
def test_wrong_input_is_refused_and_nothing_runs(
    reprobook: Reprobook, write_notebook: Callable[..., Path], options: tuple[str, ...], message: str, hint: str
) -> None:
    path = write_notebook(*CELLS)
    found = reprobook("sweep", str(path), *INLINE, *options)
    assert found.code == 2
    assert message in found.err
    assert hint in found.err
    assert not (path.parent / ".reprobook").exists()


def test_notebook_metric_and_sweep_must_be_there(reprobook: Reprobook, write_notebook: Callable[..., Path]) -> None:
    path = str(write_notebook(*CELLS))
    assert "NB is missing" in reprobook("sweep", "--metric", "loss").err
    assert "--metric is missing" in reprobook("sweep", path).err
    unknown = reprobook("sweep", "--resume", "latest")
    assert (unknown.code, "no sweep 'latest'" in unknown.err) == (2, True)
    assert "cannot be changed" in reprobook("sweep", "--resume", "latest", "--trials", "3").err


def test_when_all_trials_fail_the_command_fails(reprobook: Reprobook, write_notebook: Callable[..., Path]) -> None:
    path = str(write_notebook("lr = 0.1", "1 / 0"))
    found = reprobook("sweep", path, *INLINE, "--param", "lr=uniform:0:1", "--trials", "2", "--json")
    assert found.code == 1
    assert [trial["state"] for trial in found.document["trials"]] == ["failed"] * 2
    assert (found.document["status"], found.document["best"]) == ("failed", None)
    # There is nothing left to do.
    assert reprobook("sweep", "--resume", "latest", "--json").document["status"] == "failed"


def test_a_metric_that_is_not_there_is_named(reprobook: Reprobook, write_notebook: Callable[..., Path]) -> None:
    path = str(write_notebook(*CELLS))
    options = ("--executor", "inline", "--metric", "los", "--param", "lr=uniform:0:1")
    found = reprobook("sweep", path, *options)
    assert found.code == 2
    assert "Did you mean loss?" in found.err
    assert reprobook("runs", "--json").document == []
    # Where only a run can tell, the first one does.
    path = str(write_notebook(CELLS[0], "import reprobook as rb\nrb.log(**{'loss': lr})"))
    found = reprobook("sweep", path, *options)
    assert found.code == 1
    assert "did you mean loss?" in found.err
    assert len(reprobook("runs", "--json").document) == 1


def test_the_help_teaches_spaces_conditions_and_resuming(reprobook: Reprobook) -> None:
    text = reprobook("sweep", "--help").out
    for word in ("log:1e-5:1e-1", "uniform:0:0.5", "int:1:8", "choice:16,32,64", "--when", "--constraint", "--resume"):
        assert word in text
