"""`reprobook spec`: begin, declare, change with a reason, read a photo, and what `show` says of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from reprobook.runs import Store
from reprobook.spec import Written, read_document

WriteNotebook = Callable[..., Path]
TRAIN = (
    "epochs = 3",
    "import reprobook as rb\nfor epoch in range(epochs):\n    rb.log(val_loss=1 / (epoch + 1), step=epoch)",
)


def test_a_spec_is_begun_filled_in_frozen_and_checked(
    reprobook: Any, write_notebook: WriteNotebook, store: Store
) -> None:
    path = write_notebook(*TRAIN)
    without = reprobook("spec", "nb.ipynb", "--json")
    assert without.code == 2
    assert "--new" in without.document["error"]["hint"]
    assert reprobook("spec", "nb.ipynb", "--new").code == 0
    assert "# loop:" in path.with_suffix(".spec.yaml").read_text()
    assert reprobook("spec", "nb.ipynb", "--new").code == 2
    declared = reprobook(
        "spec", "nb.ipynb", "--set", "loop.epochs=3", "--set", "evaluation.metrics=val_loss epoch", "--json"
    )
    assert declared.document["declared"] == {"loop": {"epochs": 3}, "evaluation": {"metrics": {"val_loss": "epoch"}}}
    assert declared.document["run_id"] is None

    text = reprobook("run", "nb.ipynb", "-p", "epochs", "2").out
    assert "training spec: 2 kept, 1 broken" in text
    assert "✗ The run had 2 epochs (parameter epochs); 3 are declared." in text
    text = reprobook("run", "nb.ipynb").out
    assert "training spec: 3 kept" in text
    assert "✗" not in text
    run = reprobook("run", "nb.ipynb", "-p", "epochs", "2", "--json").document
    found = reprobook("spec", "nb.ipynb", "--json").document
    assert found["run_id"] == run["run_id"]
    assert [(each["entry"], each["state"]) for each in found["findings"]] == [
        ("spec", "kept"),
        ("loop.epochs", "broken"),
        ("evaluation.metrics", "kept"),
    ]
    shown = reprobook("show", "latest", "--json").document
    assert shown["spec"]["findings"] == found["findings"]
    assert shown["spec"]["digest"] == shown["header"]["spec"] == found["digest"]
    text = reprobook("show", "latest").out
    assert "✗   loop.epochs" in text
    assert "The run had 2 epochs (parameter epochs); 3 are declared." in text
    store.resolve("latest").check_integrity()


def test_after_a_run_a_change_takes_a_reason(reprobook: Any, write_notebook: WriteNotebook) -> None:
    path = write_notebook(*TRAIN)
    reprobook("spec", "nb.ipynb", "--set", "loop.epochs=3")
    run = reprobook("run", "nb.ipynb", "--json").document["run_id"]
    before = path.with_suffix(".spec.yaml").read_bytes()
    refused = reprobook("spec", "nb.ipynb", "--set", "loop.epochs=6", "--json")
    assert refused.code == 2
    assert "loop.epochs: 3 -> 6" in refused.document["error"]["message"]
    assert path.with_suffix(".spec.yaml").read_bytes() == before
    given = reprobook("spec", "nb.ipynb", "--set", "loop.epochs=6", "--why", "it still fell", "--json").document
    assert (given["changed"], given["explained"]) == (["loop.epochs: 3 -> 6"], True)
    assert [(each["why"], each["after"]) for each in given["history"]] == [("", None), ("it still fell", run)]
    text = reprobook("spec", "nb.ipynb").out
    assert "why: it still fell" in text
    assert "changed since that run: loop.epochs: 3 -> 6" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.ipynb"], "there is no such notebook"),
        (["nb.ipynb", "--set", "loop.epochs"], "there is no '='"),
        (["nb.ipynb", "--set", "loop.epoch=3"], "no entry 'loop.epoch'"),
        (["nb.ipynb", "--set", "loop.epochs=many"], "loop.epochs"),
        (["nb.ipynb", "--from-image", "none.jpg"], "there is no such file"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    words: list[str], said: str, reprobook: Any, write_notebook: WriteNotebook
) -> None:
    path = write_notebook(*TRAIN)
    refused = reprobook("spec", *words, "--json")
    assert refused.code == 2
    assert said in refused.document["error"]["message"]
    assert not path.with_suffix(".spec.yaml").exists()


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the reader alone, which has tests of its own and takes seconds."""
    lines = (Written("Batch size: 32", 0.98), Written("Epochs: 2O", 0.7), Written("ask Ana"))
    monkeypatch.setattr("reprobook.spec.photo.read_photo", lambda _: lines)


@pytest.mark.usefixtures("board")
def test_without_a_terminal_a_photo_is_shown_and_nothing_of_it_is_taken(
    reprobook: Any, write_notebook: WriteNotebook
) -> None:
    path = write_notebook(*TRAIN)
    found = reprobook("spec", "nb.ipynb", "--from-image", "board.jpg", "--json").document
    assert [(each["entry"], each["text"], bool(each["problem"])) for each in found["proposals"]] == [
        ("loop.batch_size", "32", False),
        ("loop.epochs", "2O", True),
    ]
    assert found["declared"] == {}
    assert "loop.batch_size=32" in reprobook("spec", "nb.ipynb", "--from-image", "board.jpg").out
    assert read_document(path) is None


@pytest.mark.usefixtures("board")
@pytest.mark.parametrize("yes", [True, False])
def test_at_a_terminal_each_value_is_asked_for(
    reprobook: Any, write_notebook: WriteNotebook, monkeypatch: pytest.MonkeyPatch, *, yes: bool
) -> None:
    path = write_notebook(*TRAIN)
    reprobook("spec", "nb.ipynb", "--new")
    asked: list[str] = []

    def confirm(text: str, **_: Any) -> bool:
        asked.append(text)
        return yes

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(click, "confirm", confirm)
    reprobook("spec", "nb.ipynb", "--from-image", "board.jpg")
    assert asked == ["loop.batch_size = 32?"]
    document = read_document(path)
    assert document is not None
    assert document.spec.loop.batch_size == ((32,) if yes else ())
