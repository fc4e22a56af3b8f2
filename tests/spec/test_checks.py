"""Each entry against what a run did; what does not show is said to be not observed."""

from __future__ import annotations

from typing import Any

import pytest

from reprobook.header import Code, Gpu, Hardware, Header, Origin, Seeds
from reprobook.runs import RunRecord
from reprobook.spec import Finding, Spec, with_entries
from reprobook.spec.budget import check_budget, check_tracking
from reprobook.spec.checkpoints import check_checkpoints
from reprobook.spec.division import check_split
from reprobook.spec.evaluation import check_evaluation
from reprobook.spec.loop import check_loop
from reprobook.spec.observed import Observed, Value

EPOCHS = tuple(range(1, 5))


def run(*sources: str, parameters: dict[str, Any] | None = None, **seen: Any) -> Observed:
    """Return what a run did; what is not said, it did not do."""
    fields = {name: seen.pop(name) for name in ("duration_s", "status") if name in seen}
    record = RunRecord(run_id="r", parameters=parameters or {}, **{"status": "succeeded", **fields})
    device, gpus = seen.pop("device", "auto"), tuple(Gpu(name=name) for name in seen.pop("gpus", ()))
    header = Header(
        code=Code(cells=()),
        origin=Origin(created="t"),
        seeds=Seeds(device=device),
        hardware=Hardware(machine="x86_64", gpus=gpus),
    )
    return Observed(record=record, header=header, sources=sources, **seen)


def found(seen: Observed, entry: str, text: str, **more: str) -> list[Finding]:
    """Return the findings on one entry of a spec."""
    spec = with_entries(Spec(), {entry: text, **{name.replace("__", "."): each for name, each in more.items()}})
    every = (
        *check_split(spec.split, seen),
        *check_loop(spec.loop, seen),
        *check_evaluation(spec.evaluation, seen),
        *check_checkpoints(spec.checkpoints, seen),
        *check_budget(spec.budget, seen),
    )
    return [each for each in every if each.entry == entry]


def one(seen: Observed, entry: str, text: str, **more: str) -> tuple[str, str]:
    (finding,) = found(seen, entry, text, **more)
    return finding.state, finding.text


LOADER = Value("train_loader", "torch.utils.data.dataloader.DataLoader", "DataLoader, batches of 64")
TEST_LOADER = Value("test_loader", "torch.utils.data.dataloader.DataLoader", "DataLoader, batches of 500")


@pytest.mark.parametrize(
    ("seen", "state", "said"),
    [
        (
            run(values=(LOADER, TEST_LOADER), parameters={"batch_size": 32}),
            "broken",
            "64 (variable train_loader), not 32",
        ),
        (run(parameters={"batch_size": 32}), "kept", "32 (parameter batch_size), as declared"),
        (run("f(DataLoader(x, batch_size=16))"), "broken", "16 (DataLoader in code cell [0])"),
        (run("f(DataLoader(x, batch_size=n))", parameters={"n": 32}), "kept", "32 (DataLoader in code cell [0])"),
        (run("DataLoader(x, batch_size=n * 2)"), "unobserved", "Not observed: 32 is declared"),
    ],
)
def test_batch_size(seen: Observed, state: str, said: str) -> None:
    got = one(seen, "loop.batch_size", "32")
    assert got[0] == state
    assert said in got[1]


def test_of_several_batch_sizes_each_is_fine() -> None:
    assert one(run(parameters={"batch_size": 64}), "loop.batch_size", "32, 64")[0] == "kept"


ADAM = Value("opt", "torch.optim.adam.Adam", "")
WARMUP = "schedule = get_linear_schedule_with_warmup(optimizer, 1, 9)"
LAMBDA = Value("schedule", "torch.optim.lr_scheduler.LambdaLR", "")
COSINE = Value("sched", "torch.optim.lr_scheduler.CosineAnnealingLR", "")


@pytest.mark.parametrize(
    ("entry", "declared", "seen", "state"),
    [
        ("loop.optimizer", "adam", run(values=(ADAM, COSINE)), "kept"),
        ("loop.optimizer", "torch.optim.AdamW", run(values=(ADAM,)), "broken"),
        ("loop.optimizer", "SGD", run("def train():\n    return torch.optim.SGD(w, lr=1)"), "kept"),
        ("loop.optimizer", "SGD", run("from torch.optim import AdamW\nAdamW(w)"), "broken"),
        ("loop.optimizer", "SGD", run("trainer.fit(model)"), "unobserved"),
        ("loop.schedule", "CosineAnnealingLR", run(values=(ADAM, COSINE)), "kept"),
        ("loop.schedule", "OneCycleLR", run(values=(COSINE,)), "broken"),
        ("loop.schedule", "OneCycleLR", run("s = torch.optim.lr_scheduler.OneCycleLR(o)"), "kept"),
        ("loop.schedule", "get_linear_schedule_with_warmup", run(WARMUP, values=(LAMBDA,)), "kept"),
        ("loop.schedule", "LambdaLR", run(WARMUP, values=(LAMBDA,)), "kept"),
        ("loop.schedule", "OneCycleLR", run(WARMUP, values=(LAMBDA,)), "broken"),
        ("loop.schedule", "none", run(values=(COSINE,)), "broken"),
        ("loop.schedule", "none", run(values=(ADAM,)), "unobserved"),
        ("loop.epochs", "4", run(parameters={"epochs": 4}), "kept"),
        ("loop.epochs", "20", run(parameters={"epochs": 4}), "broken"),
        ("loop.epochs", "20", run(parameters={"epochs": 4}, lite={"epochs": 4}), "risk"),
        ("loop.epochs", "20", run("for epoch in range(20): pass"), "unobserved"),
        ("loop.steps", "100", run(parameters={"max_steps": 100}), "kept"),
        ("loop.early_stopping", "val_loss", run(logged={"loss": EPOCHS}), "broken"),
        ("loop.early_stopping", "val_loss", run(logged={"val_loss": EPOCHS}, parameters={"epochs": 9}), "unobserved"),
        ("loop.early_stopping", "none", run(logged={"loss": EPOCHS}, parameters={"epochs": 4}), "kept"),
        ("loop.early_stopping", "none", run(), "unobserved"),
    ],
)
def test_loop(entry: str, declared: str, seen: Observed, state: str) -> None:
    assert one(seen, entry, declared)[0] == state


@pytest.mark.parametrize(
    ("declared", "steps", "parameters", "state"),
    [
        ("val_loss", (None,), {}, "kept"),
        ("val_loss end", (None,), {}, "kept"),
        ("val_loss end", (1, 2), {}, "broken"),
        ("val_loss epoch", EPOCHS, {"epochs": 4}, "kept"),
        ("val_loss epoch", (0, *EPOCHS), {"epochs": 4}, "kept"),
        ("val_loss epoch", (2, 4), {"epochs": 4}, "broken"),
        ("val_loss epoch", EPOCHS, {}, "unobserved"),
        ("val_loss 100 steps", (100, 200, 300, 350), {}, "kept"),
        ("val_loss 100 steps", (50, 100, 150), {}, "broken"),
        ("val_loss 100 steps", (None, None), {}, "unobserved"),
    ],
)
def test_metrics_are_logged_and_as_often_as_declared(
    declared: str, steps: tuple[int | None, ...], parameters: dict[str, Any], state: str
) -> None:
    assert one(run(logged={"val_loss": steps}, parameters=parameters), "evaluation.metrics", declared)[0] == state


def test_a_metric_that_was_never_logged() -> None:
    assert one(run(logged={"loss": (1,)}), "evaluation.metrics", "f1") == ("broken", "f1 was never logged.")


BEST = "if {} > best_score:\n    best_score = {}"
SET, METRIC = "evaluation.selection_set", "evaluation.selection_metric"


@pytest.mark.parametrize(
    ("source", "state", "said"),
    [
        ("if val_acc > best_acc:\n    best_acc = val_acc", "kept", "by val_acc, on 'val' as declared"),
        ("if test_acc > best:\n    best = test_acc", "broken", "by test_acc, which is of the test rows, not of 'val'"),
        ("best_epoch = int(np.argmin(history['test_loss']))", "broken", "by test_loss"),
        ("best = max(runs, key=f)\nif x < y: pass", "unobserved", "does not show"),
        ("if score > best_score: best_score = score", "unobserved", "does not show"),
    ],
)
def test_what_the_best_is_chosen_on(source: str, state: str, said: str) -> None:
    got = one(run(source), SET, "val")
    assert got[0] == state
    assert said in got[1]


def test_a_spec_that_chooses_on_the_test_rows_is_told_so() -> None:
    assert one(run(), SET, "test")[0] == "broken"
    states = [each.state for each in found(run(), SET, "val", evaluation__selection_metric="test_f1")]
    assert states == ["broken", "unobserved"]


def test_what_a_sweep_chooses_by_counts() -> None:
    seen = run("if val_loss < best_loss: pass", sweep_metric="test_accuracy")
    assert {each.state for each in found(seen, SET, "val")} == {"kept", "broken"}
    assert [each.text for each in found(seen, METRIC, "val_loss")] == [
        "The source chooses the best by val_loss, as declared.",
        "The sweep chooses the best by test_accuracy, not by val_loss as declared.",
    ]


def test_a_list_of_values_is_the_metric() -> None:
    assert one(run("best = np.argmin(val_losses)"), METRIC, "val_loss")[0] == "kept"


def test_test_rows_that_are_looked_at_each_epoch_are_a_risk() -> None:
    got = found(run(logged={"test_loss": EPOCHS, "test_f1": (None,)}), SET, "val")
    assert [each.state for each in got] == ["unobserved", "risk"]
    assert got[1].text.startswith("test_loss was logged 4 times")


@pytest.mark.parametrize(
    ("entry", "declared", "seen", "state"),
    [
        ("checkpoints.what", "model", run(saved={"model": (None,)}), "kept"),
        ("checkpoints.what", "model", run(written=frozenset({"out/model.pt"})), "kept"),
        ("checkpoints.what", "model", run(saved={"weights": (None,)}), "broken"),
        ("checkpoints.what", "model", run(traced=False), "unobserved"),
        ("checkpoints.where", "run", run(saved={"model": (None,)}), "kept"),
        ("checkpoints.where", "run", run(written=frozenset({"out/model.pt"})), "broken"),
        ("checkpoints.where", "out", run(written=frozenset({"out/model.pt"})), "kept"),
        ("checkpoints.where", "out", run(written=frozenset({"elsewhere/model.pt"})), "broken"),
        ("checkpoints.where", "s3://bucket/models", run(), "unobserved"),
    ],
)
def test_checkpoints(entry: str, declared: str, seen: Observed, state: str) -> None:
    assert one(seen, entry, declared)[0] == state


@pytest.mark.parametrize(
    ("every", "steps", "state"),
    [
        ("end", (None,), "kept"),
        ("end", EPOCHS, "broken"),
        ("epoch", EPOCHS, "kept"),
        ("epoch", (4,), "broken"),
        ("2 steps", (2, 4), "kept"),
        ("best", (3,), "unobserved"),
    ],
)
def test_how_often_a_model_is_saved(every: str, steps: tuple[int | None, ...], state: str) -> None:
    seen = run(saved={"model": steps}, parameters={"epochs": 4})
    assert one(seen, "checkpoints.every", every, checkpoints__what="model")[0] == state


def division(by: str, sizes: dict[str, int], *leaks: str) -> dict[str, Any]:
    parts = {part: {"share": 0.5, "rows": list(range(size))} for part, size in sizes.items()}
    return {"rows": {"by": by, "parts": parts, "leakage": {"found": [{"text": text} for text in leaks]}}}


@pytest.mark.parametrize(
    ("declared", "seen", "state"),
    [
        ("stratified", run("train_test_split(x, y, stratify=y)"), "kept"),
        ("stratified", run("train_test_split(x, y)"), "broken"),
        ("stratified", run("train_test_split(x, y, stratify=None)"), "broken"),
        ("given", run("train_test_split(x, shuffle=False)"), "kept"),
        ("entity", run("GroupKFold(5).split(x, y, groups)"), "kept"),
        ("time", run("KFold(5)"), "broken"),
        ("random", run("x[:80], x[80:]"), "unobserved"),
        ("hash", run(splits=division("hash", {"train": 80, "test": 20})), "kept"),
        ("entity", run(splits=division("hash", {"train": 80, "test": 20})), "broken"),
    ],
)
def test_strategy_of_the_split(declared: str, seen: Observed, state: str) -> None:
    assert one(seen, "split.strategy", declared)[0] == state


def test_shares_of_the_split() -> None:
    seen = run(splits=division("hash", {"train": 790, "test": 210}))
    assert one(seen, "split.parts", "train 0.8, test 0.2")[0] == "kept"
    assert one(seen, "split.parts", "train 0.5, test 0.5")[0] == "broken"
    assert one(seen, "split.parts", "train 0.7, val 0.1, test 0.2")[0] == "broken"
    assert one(run(), "split.parts", "train 0.8, test 0.2")[0] == "unobserved"


def test_leakage_that_was_found_and_was_not_named_is_broken() -> None:
    leaky = run(splits=division("hash", {"train": 8, "test": 2}, "3 rows of test are in train too"))
    risks = "split.leakage_risks"
    assert one(leaky, risks, "")[0] == "broken"
    assert one(leaky, risks, "duplicates")[0] == "risk"
    assert one(run(splits=division("hash", {"train": 8, "test": 2})), risks, "duplicates")[0] == "kept"
    assert one(run(), risks, "duplicates")[0] == "unobserved"


@pytest.mark.parametrize(
    ("entry", "declared", "seen", "state"),
    [
        ("budget.minutes", "1", run(duration_s=59.0), "kept"),
        ("budget.minutes", "1", run(duration_s=61.0), "broken"),
        ("budget.minutes", "1", run(status="running"), "unobserved"),
        ("budget.device", "cpu", run(), "kept"),
        ("budget.device", "cuda", run(), "broken"),
        ("budget.device", "cpu", run(gpus=("H200",)), "unobserved"),
        ("budget.device", "cpu", run(gpus=("H200",), device="cpu"), "kept"),
        ("budget.device", "cpu", run(gpus=("H200",), device="cuda"), "broken"),
        ("budget.device", "cuda", run(gpus=("H200",)), "unobserved"),
    ],
)
def test_budget(entry: str, declared: str, seen: Observed, state: str) -> None:
    assert one(seen, entry, declared)[0] == state


def test_trackers_that_have_the_whole_run() -> None:
    states = [each.state for each in check_tracking(("mlflow", "wandb"), frozenset({"mlflow"}))]
    assert states == ["kept", "broken"]


def test_what_is_left_open_is_not_spoken_of() -> None:
    assert found(run("torch.optim.SGD(w)", logged={"loss": EPOCHS}), "loop.optimizer", "") == []
