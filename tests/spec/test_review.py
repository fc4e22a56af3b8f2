"""Real runs: what they freeze, what is found of them, and that a replay has the spec of its run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.errors import InputError, IntegrityError
from reprobook.execute import RunOptions, read_trace, run_notebook
from reprobook.runs import RunFolder, Store
from reprobook.spec import Review, Spec, review, revised, spec_path, with_entries, write_document
from reprobook.verify import verify_run
from reprobook.verify.standing import standing

WriteNotebook = Callable[..., Path]
INLINE = RunOptions(kernel="inline")
TRAIN = """import reprobook as rb
best_loss = 9.0
for epoch in range(1, epochs + 1):
    test_loss = 1 / epoch
    rb.log(test_loss=test_loss, step=epoch)
    if test_loss < best_loss:
        best_loss = test_loss
rb.save("weights", [best_loss])"""


def declare(notebook: Path, why: str = "", frozen: tuple[Spec, str] | None = None, **texts: str) -> Spec:
    spec = with_entries(Spec(), {name.replace("__", "."): text for name, text in texts.items()})
    write_document(notebook, revised(None, spec, why, frozen=frozen))
    return spec


def reviewed(run: RunFolder, store: Store) -> Review:
    assert run.read_record().status == "succeeded", run.read_record().error
    found = review(run, store, read_trace(run))
    assert found is not None
    return found


def test_a_run_freezes_the_spec_and_is_held_against_it(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook("epochs = 3", TRAIN)
    spec = declare(
        path,
        loop__epochs="3",
        evaluation__metrics="test_loss epoch, f1 end",
        evaluation__selection_set="val",
        checkpoints__what="model",
    )
    run = run_notebook(path, store, INLINE)
    assert run.read_header().spec == spec.digest
    run.check_integrity()
    found = [(each.entry, each.state) for each in reviewed(run, store).findings]
    assert found == [
        ("spec", "kept"),
        ("loop.epochs", "kept"),
        ("evaluation.metrics", "kept"),
        ("evaluation.metrics", "broken"),
        ("evaluation.selection_set", "broken"),
        ("evaluation.selection_set", "risk"),
        ("checkpoints.what", "broken"),
    ]
    run.spec.write_bytes(run.spec.read_bytes().replace(b"epochs: 3", b"epochs: 4"))
    with pytest.raises(IntegrityError, match=r"spec\.yaml"):
        run.check_integrity()


def test_a_recipe_without_a_spec_is_what_it_was(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook("epochs = 2", TRAIN)
    without = run_notebook(path, store, INLINE)
    assert b'"spec"' not in without.header.read_bytes()
    assert review(without, store, read_trace(without)) is None
    declare(path, loop__epochs="2")
    with_spec = run_notebook(path, store, INLINE)
    before, after = without.read_record(), with_spec.read_record()
    assert before.recipe_digest != after.recipe_digest
    assert before.result_digest == after.result_digest


def test_a_replay_has_the_spec_of_its_run_whatever_the_file_says_now(
    store: Store, write_notebook: WriteNotebook
) -> None:
    path = write_notebook("epochs = 2", TRAIN)
    spec = declare(path, loop__epochs="2")
    run = run_notebook(path, store, INLINE)
    assert standing(path, store, same_environment=True).state == "frozen"
    declare(path, loop__epochs="5")
    drifted = standing(path, store, same_environment=True)
    assert [(each.section, each.key) for each in drifted.drift] == [("spec", "digest")]
    verification = verify_run(run, store)
    assert verification.verdict == "reproduced"
    replay = store.folder(verification.replay_id)
    assert replay.read_header().spec == spec.digest
    assert replay.read_record().recipe_digest == run.read_record().recipe_digest
    spec_path(path).write_text("loop: [")
    assert standing(path, store, same_environment=True).state == "drifted"


def test_a_file_that_is_no_spec_is_refused_before_a_run_exists(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook("epochs = 2", TRAIN)
    spec_path(path).write_text("loop: {epochs: many}")
    with pytest.raises(InputError, match=r"nb\.spec\.yaml: loop\.epochs"):
        run_notebook(path, store, INLINE)
    assert store.records() == []


def test_a_change_after_a_run_without_a_reason_is_told_of_with_one_it_is_shown(
    store: Store, write_notebook: WriteNotebook
) -> None:
    path = write_notebook("epochs = 2", TRAIN)
    first = declare(path, loop__epochs="2")
    run = run_notebook(path, store, INLINE)
    declare(path, loop__epochs="4")  # as an editor would: no history, no reason
    silent = reviewed(run_notebook(path, store, RunOptions(kernel="inline", values={"epochs": 4})), store)
    assert f"Changed after run {run.run_id} without a reason: loop.epochs: 2 -> 4." in [x.text for x in silent.broken]
    declare(path, "two were too few", (first, run.run_id), loop__epochs="5")
    told = reviewed(run_notebook(path, store, RunOptions(kernel="inline", values={"epochs": 5})), store)
    assert not told.broken
    assert told.findings[1].state == "risk"
    assert told.findings[1].text.endswith("Reason: two were too few")


def test_torch_loaders_optimizers_and_schedules_are_seen(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook(
        "batch_size = 8",
        "import torch\nfrom torch.utils.data import DataLoader\nmodel = torch.nn.Linear(2, 1)",
        "loader = DataLoader(torch.zeros(16, 2), batch_size=batch_size)\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)",
    )
    declare(path, loop__batch_size="4", loop__optimizer="AdamW", loop__schedule="StepLR")
    findings = reviewed(run_notebook(path, store, RunOptions()), store).findings
    assert [each.text for each in findings[1:]] == [
        "The optimizer is SGD (variable optimizer), not AdamW as declared.",
        "The schedule is StepLR (variable schedule), as declared.",
        "The batch size is 8 (variable loader), not 4 as declared.",
    ]
