"""A spec as text, as a file, and its history."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprobook.errors import InputError
from reprobook.spec import ENTRIES, Document, Spec, entry_text, parse_document, revised, with_entries, write_document
from reprobook.spec.document import document_bytes

TEXTS = {
    "hypothesis": "Wider beats deeper, by 1 %",
    "split.strategy": "stratified",
    "split.parts": "train 0.6, val=0.2, test: 0.2",
    "split.leakage_risks": "one writer, many digits; duplicates",
    "loop.optimizer": "AdamW",
    "loop.batch_size": "16, 32",
    "loop.epochs": "25",
    "evaluation.metrics": "val_loss each epoch, test_accuracy at the end, f1",
    "checkpoints.every": "100",
    "tracking": "mlflow",
    "budget.minutes": "2.5",
}


def test_what_texts_declare_comes_back_from_the_file_and_as_texts() -> None:
    spec = with_entries(Spec(), TEXTS)
    assert spec.loop.batch_size == (16, 32)
    assert spec.split.parts == {"train": 0.6, "val": 0.2, "test": 0.2}
    assert spec.split.leakage_risks == ("one writer, many digits", "duplicates")
    assert spec.checkpoints.every == "100 steps"
    assert parse_document(document_bytes(Document(spec), "nb.ipynb"), "nb").spec == spec
    assert with_entries(Spec(), {each.key: entry_text(spec, each.key) for each in ENTRIES}) == spec
    assert entry_text(with_entries(spec, {"loop.epochs": ""}), "loop.epochs") == ""


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("loop.batch_size", "many", "loop.batch_size"),
        ("loop.epochs", "0", "greater than 0"),
        ("loop.batchsize", "3", "no entry 'loop.batchsize'"),
        ("split.strategy", "luck", "'random'"),
        ("split.parts", "train 0.9, test 0.2", "add up to 1.1"),
        ("evaluation.metrics", "val_loss sometimes", "none of: epoch"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(key: str, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        with_entries(Spec(), {key: text})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"loop: {optimiser: SGD}", "loop.optimiser: an unknown entry"),
        (b"loop: [", "line 1: not readable as YAML"),
        (b"just text", "not a training spec"),
        (b"schema: reprobook.spec/2", "not a training spec of schema"),
        (b"history: [{digest: x}]", "history: 0.at"),
        (b"a: !!python/object/apply:os.system ['true']", "not readable as YAML"),
        (b"\xff\xfe\x00", "not readable as YAML"),
    ],
)
def test_a_file_that_is_no_spec_is_refused_by_its_place(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        parse_document(data, "nb.spec.yaml")
    assert str(refused.value).startswith("nb.spec.yaml")


def test_headings_without_entries_are_open_and_do_not_count() -> None:
    assert parse_document(b"loop:\nbudget:\n", "nb").spec == Spec()
    empty = document_bytes(Document(Spec()), "nb.ipynb").decode()
    assert all(each.about in empty for each in ENTRIES)
    assert parse_document(empty.encode(), "nb").spec == Spec()
    # Taken out of its comment, each line is an entry.
    filled = empty.replace("# loop:", "loop:").replace("#   epochs:  #", "  epochs: 3  #")
    assert parse_document(filled.encode(), "nb").spec.loop.epochs == 3


def test_the_digest_is_that_of_what_is_declared_alone() -> None:
    before = with_entries(Spec(), TEXTS)
    assert before.digest == with_entries(Spec(), {**TEXTS, "split.parts": "train 0.6, val 0.2, test 0.2"}).digest
    assert before.digest != with_entries(before, {"loop.epochs": "26"}).digest


def test_changes_are_kept_and_after_a_run_take_a_reason(tmp_path: Path) -> None:
    first = revised(None, with_entries(Spec(), {"loop.epochs": "20"}))
    assert [change.changed for change in first.history] == [("first version",)]
    frozen = (first.spec, "run-1")
    longer = with_entries(first.spec, {"loop.epochs": "40", "loop.optimizer": "SGD"})
    with pytest.raises(InputError, match=r"run-1 .* loop.optimizer: \(open\) -> SGD; loop.epochs: 20 -> 40"):
        revised(first, longer, frozen=frozen)
    second = revised(first, longer, "val_loss still fell", frozen=frozen)
    assert second.history[:1] == first.history
    last = second.history[-1]
    assert (last.why, last.after, last.digest) == ("val_loss still fell", "run-1", longer.digest)
    path = write_document(tmp_path / "nb.ipynb", second)
    assert path.name == "nb.spec.yaml"
    assert parse_document(path.read_bytes(), "nb") == second
    assert revised(second, longer, frozen=(longer, "run-2")) is second


def test_a_reason_can_be_given_for_what_was_edited_by_hand() -> None:
    frozen = (with_entries(Spec(), {"loop.epochs": "20"}), "run-1")
    edited = Document(with_entries(Spec(), {"loop.epochs": "30"}))
    explained = revised(edited, edited.spec, "more time", frozen=frozen)
    assert explained.history[-1].changed == ("loop.epochs: 20 -> 30",)


@pytest.mark.parametrize("text", ["\ud800", "9" * 400])
def test_what_no_file_can_hold_is_refused_where_it_is_declared(text: str) -> None:
    key = "evaluation.metrics" if text == "\ud800" else "loop.epochs"
    with pytest.raises(InputError):
        with_entries(Spec(), {key: text})
