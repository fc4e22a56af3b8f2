"""Loops that are stopped and go on: within one process where that shows the same, killed for real where it does not."""

from __future__ import annotations

import copy
import json
import math
import random
import subprocess
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import reprobook as rb
from reprobook.errors import InputError, IntegrityError
from reprobook.execute.checkpoint import SECONDS
from reprobook.execute.checkpoint.origins import Origins
from reprobook.execute.checkpoint.pack import Packer
from reprobook.execute.checkpoint.unpack import Unpacker
from reprobook.trace import digest_value, positions

PASSES = 6
Body = Callable[[Callable[[int], None]], None]


class StoppedError(Exception):
    pass


@pytest.fixture(autouse=True)
def _every_pass(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(SECONDS, "0")
    yield
    torch.manual_seed(0)


def run(
    out: Path, body: Body, *, stop: int | None = None, resume: bool = False, **config: Any
) -> dict[str, Any] | None:
    """Run a body as a job; ``stop`` is the pass in the middle of which it ends."""

    def at(number: int) -> None:
        if number == stop:
            raise StoppedError

    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - notebooks do
    torch.manual_seed(1)
    try:
        with rb.job(out, config=config, seed=1, resume=resume):
            body(at)
    except StoppedError:
        return None
    found: dict[str, Any] = json.loads((out / "result.json").read_bytes())
    return found | {"lines": (out / "metrics.jsonl").read_bytes()}


def assert_goes_on(tmp_path: Path, body: Body) -> None:
    whole = run(tmp_path / "whole", body)
    for stop in range(1, PASSES):
        out = tmp_path / f"stopped-{stop}"
        assert run(out, body, stop=stop) is None
        assert (out / "checkpoints").is_dir()
        assert run(out, body, resume=True) == whole, f"stopped in pass {stop}"
        assert not (out / "checkpoints").exists()


def by_hand(at: Callable[[int], None]) -> None:
    """Stochastic gradient descent in NumPy, with its own generator, the global one, and an array that is rebound."""
    rng = np.random.default_rng(3)
    data = rng.normal(size=(50, 3))
    weights, velocity = np.zeros(3), np.zeros(3)
    order, losses = np.arange(50), []
    best = math.inf
    checkpoint = rb.Checkpoint("train", rng=rng, velocity=velocity, order=order, losses=losses)
    weights, best = checkpoint.restore(weights=weights, best=best)
    for epoch in checkpoint.remaining(range(PASSES)):
        rng.shuffle(order)
        velocity *= 0.9
        velocity += data[order[:10]].mean(axis=0) + random.gauss(0, 0.01)
        velocity += np.random.normal(size=3) * 0.01  # noqa: NPY002 - notebooks do
        at(epoch)
        weights = weights - 0.1 * velocity
        losses.append(float(np.square(weights).sum()))
        best = min(best, losses[-1])
        rb.log(loss=losses[-1], step=epoch)
        checkpoint.save(weights=weights, best=best)
    rb.log(best=best, mean=float(np.mean(losses)), first=weights[0])


class Stopper:
    def __init__(self) -> None:
        self.best = math.inf
        self.bad = 0

    def is_over(self, loss: float) -> bool:
        self.bad = 0 if loss < self.best else self.bad + 1
        self.best = min(loss, self.best)
        return self.bad > PASSES


def with_torch(at: Callable[[int], None]) -> None:
    """Everything that a loop of torch carries: Adam, a schedule, batch norm, dropout, gradients, a best model."""
    inputs = torch.randn(60, 4)
    labels = (inputs[:, 0] > 0).long()
    generator = torch.Generator().manual_seed(7)
    data = torch.utils.data.TensorDataset(inputs, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=20, shuffle=True, generator=generator)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, amsgrad=True)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2)
    stopper, best, best_model = Stopper(), math.inf, None
    checkpoint = rb.Checkpoint("train", model=model, optimizer=optimizer, scheduler=scheduler, loader=loader, s=stopper)
    best, best_model = checkpoint.restore(best=best, best_model=best_model)
    for epoch in checkpoint.remaining(range(PASSES)):
        for x, y in loader:
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()  # gradients add up over two passes, and the mode of the model is that of the pass before
            if epoch % 2:
                optimizer.step()
                optimizer.zero_grad()
        at(epoch)
        scheduler.step()
        rb.log(loss=loss, lr=scheduler.get_last_lr()[0], step=epoch)
        if loss.item() < best:
            best, best_model = loss.item(), copy.deepcopy(model)
            rb.save("best", {"loss": best})
        if epoch == 2:
            model.eval()
        if stopper.is_over(loss.item()):
            break
        checkpoint.save(best=best, best_model=best_model)
    assert best_model is not None
    rb.log(last=loss, best=best, patience=stopper.bad, score=best_model.eval()(inputs).sum(), mode=model.training)


@pytest.mark.parametrize("body", [by_hand, with_torch])
def test_a_resumed_job_gives_the_same_bits(tmp_path: Path, body: Body) -> None:
    assert_goes_on(tmp_path, body)


def test_what_objects_share_before_the_loop_they_share_after_a_restart(tmp_path: Path) -> None:
    def body(at: Callable[[int], None]) -> None:
        losses: list[float] = []
        history = {"loss": losses, "rows": []}
        start = np.zeros(2)
        state = {"weights": start}
        model = nn.Linear(2, 1)
        snapshot = None
        checkpoint = rb.Checkpoint("train", history=history, state=state, start=start, model=model)
        snapshot = checkpoint.restore(snapshot=snapshot)
        for epoch in checkpoint.remaining(range(PASSES)):
            at(epoch)
            losses.append(epoch)
            row = {"epoch": epoch}
            history["rows"] += [row, row]
            history["rows"][0]["epoch"] += 1
            state["weights"] = state["weights"] + 1.0  # another array: `start` stays as it is
            snapshot = model.state_dict() if snapshot is None else snapshot  # no copy: it follows the model
            with torch.no_grad():
                model.weight.add_(1.0)
            checkpoint.save(snapshot=snapshot)
        rb.log(losses=sum(history["loss"]), n=len(losses), first=history["rows"][1]["epoch"])
        rb.log(start=start.sum(), weights=state["weights"].sum(), snapshot=snapshot["weight"].sum())

    assert_goes_on(tmp_path, body)


def test_two_loops_a_pass_without_save_and_an_inner_loop(tmp_path: Path) -> None:
    def fit(total: list[float], at: Callable[[int], None]) -> None:
        checkpoint = rb.Checkpoint("fit", total=total)
        for number in checkpoint.remaining([1, 2, 3]):
            at(number + 2)
            total.append(random.gauss(0, 1))
            checkpoint.save()

    def body(at: Callable[[int], None]) -> None:
        total: list[float] = []
        outer = rb.Checkpoint("folds", total=total)
        for fold in outer.remaining(range(3)):
            at(fold)
            fit(total, lambda _: None)  # within a pass: it keeps nothing of its own
            if fold == 1:
                continue
            outer.save()
        rb.log(total=sum(total))
        fit(total, lambda _: None)
        fit(total, at)
        rb.log(total=sum(total))

    assert_goes_on(tmp_path, body)


def test_shown_metrics_and_a_line_that_was_not_ended_go_on(tmp_path: Path) -> None:
    def once(out: Path, *, stop: int | None = None, resume: bool = False) -> Any:
        with rb.job(out, config={}, printed_metrics=True, resume=resume):
            checkpoint = rb.Checkpoint("train")
            for epoch in checkpoint.remaining(range(PASSES)):
                if epoch == stop:
                    raise StoppedError
                print(f"loss: {epoch}", end="" if epoch == 3 else "\n")
                checkpoint.save()
        return json.loads((out / "result.json").read_bytes()), (out / "metrics.jsonl").read_bytes()

    whole = once(tmp_path / "whole")
    for stop in (2, 4):
        with pytest.raises(StoppedError):
            once(tmp_path / "out", stop=stop)
        assert once(tmp_path / "out", resume=True) == whole


def test_saving_moves_no_generator_and_changes_nothing(tmp_path: Path) -> None:
    own = {
        "python": random.Random(3),  # noqa: S311
        "generator": np.random.Generator(np.random.PCG64(1)),
        "legacy": np.random.RandomState(2),
        "torch": torch.Generator().manual_seed(5),
    }
    model = nn.Linear(3, 3)
    with rb.job(tmp_path, config={}):
        checkpoint = rb.Checkpoint("train", model=model, **own)
        for _ in checkpoint.remaining(range(2)):
            before = positions(), digest_value(own["generator"]).digest, digest_value(model).digest
            states = own["python"].getstate(), own["torch"].get_state().tolist(), own["legacy"].get_state()[1].tolist()
            checkpoint.save()
            after = positions(), digest_value(own["generator"]).digest, digest_value(model).digest
            assert before == after
            assert states == (
                own["python"].getstate(),
                own["torch"].get_state().tolist(),
                own["legacy"].get_state()[1].tolist(),
            )
            assert (tmp_path / "checkpoints" / "train.checkpoint").exists()


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=9) | st.complex_numbers()
)
values = st.recursive(
    scalars
    | st.sampled_from([np.float32(0.1), np.int8(-3), torch.float16, torch.device("cpu"), range(2, 9), Path("a/b")]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers() | st.text(), inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(lambda items: deque(items, maxlen=7))
        | st.lists(st.integers(), max_size=5).map(Counter)
        | st.sets(st.integers(), max_size=4)
        | st.lists(st.floats(width=32), max_size=5).map(lambda items: np.asarray(items, "f4")[::-1])
        | st.lists(st.floats(width=16), max_size=6).map(lambda items: torch.tensor(items, dtype=torch.bfloat16))
    ),
    max_leaves=12,
)


@given(values)
@settings(max_examples=80, deadline=None)
def test_any_value_comes_back_as_it_was(value: Any) -> None:
    assert digest_value(returned(value)).digest == digest_value(value).digest


@pytest.mark.parametrize(
    "value",
    [
        defaultdict(list, a=[1]),
        OrderedDict(b=1, a=2),
        nn.Linear(2, 2).state_dict(),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(["2020-01-01"], dtype="datetime64[ns]"),
        torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        torch.randn(3, 4).t(),
        torch.zeros(0, 3),
        torch.tensor(3.0, requires_grad=True),
        nn.Parameter(torch.ones(2), requires_grad=False),
        torch.tensor([1 + 2j]),
        bytearray(b"abc"),
        frozenset({1, 2}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_layouts_and_kinds_come_back(value: Any) -> None:
    found = returned(value)
    assert type(found) is type(value)
    assert digest_value(found).digest == digest_value(value).digest
    if isinstance(value, torch.Tensor):
        assert (found.stride(), found.requires_grad) == (value.stride(), value.requires_grad)
    if isinstance(value, np.ndarray):
        assert found.flags.f_contiguous == value.flags.f_contiguous
    if isinstance(value, defaultdict):
        assert found.default_factory is list


def returned(value: Any) -> Any:
    packer = Packer(Origins())
    node = json.loads(json.dumps(packer.value(value, "value"), allow_nan=False))
    return Unpacker(Origins(), packer.blobs).value(node)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (lambda: {"batches": iter([1, 2, 3])}, r"batches changes in the loop, and a list_iterator cannot be saved"),
        (lambda: {"log": Path(__file__).open()}, "log changes in the loop"),  # noqa: SIM115 - it is never used
        (lambda: {"trainer": type("Trainer", (), {})()}, r"trainer\.made changes in the loop, and a .*Stopper cannot"),
    ],
)
def test_what_cannot_be_saved_is_named_at_the_first_pass(
    tmp_path: Path, state: Callable[[], dict[str, Any]], message: str
) -> None:
    with rb.job(tmp_path, config={}):
        objects = state()
        checkpoint = rb.Checkpoint("train", **objects)
        for _ in checkpoint.remaining(range(3)):
            if "trainer" in objects:
                objects["trainer"].made = Stopper()
            if "batches" in objects:
                next(objects["batches"])
            with pytest.raises(InputError, match=message):
                checkpoint.save()
            break


def test_what_does_not_change_needs_no_saving(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415 - slow to import

    estimator = LinearRegression()
    with rb.job(tmp_path, config={}):
        checkpoint = rb.Checkpoint("train", estimator=estimator)
        for number in checkpoint.remaining(range(3)):
            if number == 0:
                checkpoint.save()
            else:
                estimator.fit([[0.0], [1.0]], [0.0, 1.0])
                with pytest.raises(InputError, match="estimator changes in the loop, and a sklearn"):
                    checkpoint.save()
                break


def test_a_checkpoint_of_other_parameters_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    run(tmp_path, by_hand, stop=3, lr=0.1)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=r"other parameters: lr was 0\.1, is 0\.2") as caught:
        run(tmp_path, by_hand, resume=True, lr=0.2)
    assert "same parameters" in caught.value.hint
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert run(tmp_path, by_hand, resume=True, lr=0.1)


def test_a_checkpoint_of_another_script_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, by_hand, stop=3)
    (tmp_path / "train.py").write_text("pass")
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(tmp_path / "train.py"), raising=False)
    with pytest.raises(InputError, match="another script"):
        run(tmp_path, by_hand, resume=True)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-40], lambda data: data.replace(b"weights", b"weighty"), lambda _: b""]
)
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    run(tmp_path, by_hand, stop=3)
    path = tmp_path / "checkpoints" / "train.checkpoint"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(IntegrityError, match=r"train\.checkpoint: the checkpoint is damaged"):
        run(tmp_path, by_hand, resume=True)


def test_a_start_that_gives_other_results_is_refused(tmp_path: Path) -> None:
    def body_with(start: float) -> Body:
        def body(at: Callable[[int], None]) -> None:
            rb.log(start=start)
            checkpoint = rb.Checkpoint("train")
            for epoch in checkpoint.remaining(range(PASSES)):
                at(epoch)
                checkpoint.save()

        return body

    run(tmp_path, body_with(1.0), stop=3)
    with pytest.raises(IntegrityError, match="gave other results"):
        run(tmp_path, body_with(2.0), resume=True)


def test_without_resume_it_begins_anew_and_with_it_says_that_there_is_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, by_hand, stop=3)
    whole = run(tmp_path, by_hand)
    assert "goes on" not in capsys.readouterr().err
    assert run(tmp_path, by_hand, resume=True) == whole
    assert f"no checkpoint in {tmp_path / 'checkpoints'}, so it starts from the beginning" in capsys.readouterr().err


def test_after_the_first_pass_it_saves_no_more_often_than_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SECONDS, "3600")
    whole = run(tmp_path / "whole", by_hand)
    run(tmp_path / "out", by_hand, stop=4)
    assert run(tmp_path / "out", by_hand, resume=True) == whole
    assert "resume: train goes on after pass 1\n" in capsys.readouterr().err
    monkeypatch.setenv(SECONDS, "often")
    with pytest.raises(InputError, match="often"):
        run(tmp_path / "out", by_hand)


def test_outside_a_job_a_checkpoint_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint = rb.Checkpoint("train", batches=iter([1]))
    assert checkpoint.restore(best=1.0) == 1.0
    for _ in checkpoint.remaining(range(2)):
        checkpoint.save(best=2.0)
    assert list(tmp_path.iterdir()) == []


SCRIPT = """
import os, pathlib, signal, sys
import reprobook as rb
kill = int(sys.argv[1])
replace = pathlib.Path.replace
count = 0
def dying(self, target):
    global count
    count += "checkpoints" in str(target)
    if count == kill:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
pathlib.Path.replace = dying
with rb.job("out", config={}, resume=True):
    total = []
    checkpoint = rb.Checkpoint("train", total=total)
    for number in checkpoint.remaining(range(5)):
        total.append(number)
        rb.log(total=sum(total), step=number)
        checkpoint.save()
"""


def test_killed_while_it_saves_the_checkpoint_before_is_whole(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)

    def start(kill: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "script.py", str(kill)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert start(3).returncode == -9
    done = start(0)
    assert (done.returncode, done.stderr) == (0, "resume: train goes on after pass 2\n")
    lines = [json.loads(line) for line in (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()]
    assert [(line["step"], line["value"]) for line in lines] == [(0, 0), (1, 1), (2, 3), (3, 6), (4, 10)]
    assert not (tmp_path / "out" / "checkpoints").exists()
