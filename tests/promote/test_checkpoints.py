from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.cli.app import run_command
from reprobook.errors import InputError, NotPromotableError
from reprobook.execute import RunOptions, run_notebook
from reprobook.promote import Plan, Promotion
from reprobook.runs import Store
from reprobook.verify import verify_job

Promote = Callable[..., tuple[Plan, str]]
Promoted = Callable[..., Promotion]
Write = Callable[..., Path]
Definition = Callable[[str, str], str]

IMPORTS = "import reprobook as rb\nimport numpy as np"
BY_HAND = (
    f"{IMPORTS}\nrng = np.random.default_rng(0)\nX = rng.normal(size=(40, 3))\nw = np.zeros(3)\nbest = 1e9",
    ("epochs = 6\nlr = 0.1", "parameters"),
    "md:## Training",
    """\
losses = []
# by hand
for epoch in range(epochs):
    batch = rng.integers(0, 40, 8)
    w -= lr * (w - X[batch].mean(axis=0))
    loss = float((w**2).sum())
    losses.append(loss)
    if loss < best:
        best = loss
        found = epoch
    rb.log(loss=loss, step=epoch)
rb.log(best=best, found=found, last=loss, n=len(losses))""",
)


def test_a_loop_keeps_what_it_carries_and_no_more(
    promote: Promote, ruff_says: Callable[[str], str], mypy_says: Callable[[str], str], definition: Definition
) -> None:
    planned, text = promote(*BY_HAND, resume=True, seed=1)
    (loop,) = planned.loops
    # `loss` is set in every pass, and the last is always done again; `batch` too. `found` may not be set.
    assert (set(loop.objects), set(loop.values)) == ({"rng", "losses"}, {"w", "best", "found"})
    assert loop.unset == {"found"}
    body = definition(text, loop.place)
    assert body.index("checkpoint = rb.Checkpoint(") < body.index(
        "for epoch in checkpoint.remaining(range(config.epochs))"
    )
    assert "found=None" in body
    assert body.count("checkpoint.save(") == 1
    assert "# by hand" in body
    assert "resume: bool" in definition(text, "main")
    assert ruff_says(text) == ""
    assert mypy_says(text) == ""


def test_without_being_asked_there_is_no_checkpoint(promote: Promote) -> None:
    planned, text = promote(*BY_HAND)
    assert planned.loops == ()
    assert "heckpoint" not in text
    assert "resume" not in text


INNER_BREAK = """\
for i in range(9):
    for j in a:
        break
    last = i
    items.append(i)
    rb.log(x=i)
rb.log(x=last, n=len(items))"""
# An inner loop over the same loader or range sets the same names in every pass; one over a list may not.
INNER_LOADER = """\
train_loader = [1, 2]
for i in range(9):
    for _, batch in enumerate(train_loader):
        for step in range(0, len(a), 2):
            last = batch + step
    items.append(last)
    rb.log(x=last)
rb.log(x=last, n=len(items))"""
INNER_LIST = """\
for i in range(9):
    for each in items:
        last = each
    items.append(i)
    rb.log(x=i)
rb.log(x=last)"""


@pytest.mark.parametrize(
    ("loop", "state"),
    [
        (
            "for i in range(9):\n    if i % 2:\n        continue\n    total = total + a\n    rb.log(x=total)",
            {"total", "a"},
        ),
        ("for i in range(9):\n    a += 1\n    last = i\n    rb.log(x=i)\nrb.log(last=last)", {"a"}),
        (
            "for i in range(9):\n    if i > 3:\n        break\n    last = i\n    rb.log(x=i)\nrb.log(last=last)",
            {"last"},
        ),
        (INNER_BREAK, {"items"}),
        (INNER_LOADER, {"items"}),
        (INNER_LIST, {"items", "last"}),
        (
            "from tqdm import tqdm\nfor i in tqdm(range(9), desc='x'):\n    items.append(i)\n    rb.log(x=len(items))",
            {"items"},
        ),
        ("for name in ['a', 'b']:\n    items.append(name)\n    rb.log(x=len(items))", {"items"}),
    ],
)
def test_what_is_carried(promote: Promote, loop: str, state: set[str]) -> None:
    planned, text = promote(f"{IMPORTS}\ntotal = [0]\na = np.zeros(2)\nitems = []", loop, resume=True)
    assert [each.reason for each in planned.loops] == [""]
    carried = {*planned.loops[0].objects, *planned.loops[0].values}
    assert carried - {"a"} == state - {"a"}
    assert "checkpoint.remaining(" in text


FUNCTION = """\
def fit(model, steps=4):
    history = []
    for step in range(steps):
        model["w"] = model["w"] + 1
        history.append(model["w"])
        rb.log(w=model["w"], step=step)
    return history"""
CLASS = """\
class Trainer:
    def __init__(self):
        self.w = 0.0

    def fit(self, steps):
        for _ in range(steps):
            self.w += 1.0
            rb.log(w=self.w)"""


def test_loops_of_functions_and_methods_are_kept_too(
    promote: Promote, definition: Definition, ruff_says: Callable[[str], str]
) -> None:
    planned, text = promote(
        IMPORTS, FUNCTION, "a = fit({'w': 0})\nb = fit({'w': 5})\nrb.log(n=len(a) + len(b))", resume=True
    )
    assert [(loop.place, set(loop.objects)) for loop in planned.loops] == [("fit", {"model", "history"})]
    assert "checkpoint.remaining(range(steps))" in definition(text, "fit")
    assert ruff_says(text) == ""
    _, text = promote(IMPORTS, CLASS, "trainer = Trainer()\ntrainer.fit(5)\nrb.log(w=trainer.w)", resume=True)
    assert 'rb.Checkpoint("fit", self=self)' in text


def test_only_the_outermost_loop_is_kept(promote: Promote, definition: Definition) -> None:
    planned, text = promote(
        IMPORTS,
        FUNCTION,
        "seen = []\nfor fold in range(3):\n    seen.append(fit({'w': fold})[-1])\n    rb.log(last=seen[-1])",
        resume=True,
    )
    assert len(planned.loops) == 1
    assert "heckpoint" not in definition(text, "fit")


@pytest.mark.parametrize(
    ("loop", "reason"),
    [
        ("i = 0\nwhile i < 3:\n    i += 1\n    rb.log(i=i)", "only `for` loops"),
        ("for x in iter([1, 2]):\n    a += x\n    rb.log(x=x)", "it runs over `iter"),
        (
            "for i in range(3):\n    open('log.txt', 'a').write(str(i))\n    a += 1\n    rb.log(i=i)",
            "appends to a file",
        ),
        (
            "if len(a):\n    b = 1\nfor i in range(3):\n    if i:\n        b = i\n    rb.log(b=b)",
            "`b` may or may not be set",
        ),
        (
            "def bump():\n    global n\n    n += 1\nn = [0][0]\nfor i in range(3):\n    bump()\n    rb.log(n=n)",
            "global `n`",
        ),
    ],
)
def test_a_loop_that_cannot_go_on_is_named_with_the_reason(promote: Promote, loop: str, reason: str) -> None:
    cells = (f"{IMPORTS}\na = np.zeros(2)", loop)
    with pytest.raises(NotPromotableError, match="no training loop can have a checkpoint") as caught:
        promote(*cells, resume=True)
    assert reason in str(caught.value)
    # Beside a loop that can, it is listed.
    planned, _ = promote(
        *cells, "items = []\nfor j in range(4):\n    items.append(j)\n    rb.log(n=len(items))", resume=True
    )
    assert [bool(each.reason) for each in planned.loops] == [True, False]


def test_an_estimator_that_a_run_saw_is_named(promote: Promote) -> None:
    cells = (IMPORTS, "model = make()", "for i in range(3):\n    model.partial_fit(i)\n    rb.log(i=i)")
    with pytest.raises(
        NotPromotableError, match=r"it changes `model`, and a sklearn\.linear_model\.SGD cannot be saved"
    ):
        promote(*cells, resume=True, kinds={1: {"model": "sklearn.linear_model.SGD"}})


def test_nothing_to_go_on_with_and_names_that_are_taken_are_said(promote: Promote, promoted: Promoted) -> None:
    with pytest.raises(NotPromotableError, match="there is no training loop"):
        promote(IMPORTS, "rb.log(x=1)", resume=True)
    with pytest.raises(NotPromotableError, match="a parameter is called resume"):
        promote(BY_HAND[0], ("epochs = 6\nlr = 0.1\nresume = 3", "parameters"), *BY_HAND[2:], resume=True)
    with pytest.raises(InputError, match="--style hydra goes without --resume"):
        promoted(*BY_HAND, style="hydra", resume=True)
    _, text = promote(*BY_HAND, "checkpoint = [1]\nrb.log(c=len(checkpoint))", resume=True)
    assert "loop_checkpoint.save(" in text


def test_a_promotion_kills_the_script_and_resumes_it(promoted: Promoted, tmp_path: Path) -> None:
    made = promoted(*BY_HAND, resume=True)
    assert (made.equivalent, made.resumed) == (True, True)
    assert [loop.model_dump() for loop in made.loops] == [
        {"function": "train", "state": ["rng", "losses", "w", "best", "found"], "reason": ""}
    ]
    assert "--resume" in (tmp_path / "job" / "README.md").read_text()


def test_state_that_is_lost_shows_in_the_proof(promoted: Promoted, monkeypatch: pytest.MonkeyPatch) -> None:
    import reprobook.promote.promotion as module  # noqa: PLC0415

    def forgetful(*arguments: Any) -> str:
        return str(render(*arguments).replace("losses=losses", ""))

    render = module.render
    monkeypatch.setattr(module, "render", forgetful)
    made = promoted(*BY_HAND, resume=True)
    assert (made.equivalent, made.resumed) == (True, False)
    assert made.first is not None
    assert "killed and resumed" in made.first["evidence"]


def test_a_loop_of_one_pass_is_not_proved(promoted: Promoted) -> None:
    made = promoted(
        IMPORTS, "items = []\nfor i in range(1):\n    items.append(i)\n    rb.log(n=len(items))", resume=True
    )
    assert (made.equivalent, made.resumed) == (True, None)


SEEDED = (
    "import random\nimport reprobook as rb",
    ("scale = 2.0", "parameters"),
    "noise = [random.random() for _ in range(3)]\nrb.log(total=scale * sum(noise))",
)


def test_several_seeds_are_proved_and_verified_later(promoted: Promoted, tmp_path: Path, store: Store) -> None:
    made = promoted(*SEEDED, seeds=(4, 5))
    assert made.equivalent is True
    assert [(each.seed, each.equivalent) for each in made.seeds] == [(4, True), (5, True)]
    records = [store.resolve(each.run_id).read_record() for each in made.seeds]
    assert [record.seed for record in records] == [4, 5]
    assert len({record.result_digest for record in records}) == 2
    found = verify_job(tmp_path / "job")
    assert (found.verdict, found.notes) == ("reproduced", ("checked with the seeds 4, 5",))
    # A script that ignores its seed still gives the result of the first one.
    script = tmp_path / "job" / "train.py"
    script.write_text(script.read_text().replace("random.seed(seed)", "random.seed(4)"))
    found = verify_job(tmp_path / "job")
    assert found.verdict == "diverged"
    assert found.first is not None
    assert found.first.evidence.startswith("with seed 5: train.py gave another result_digest")
    assert "edited since it was promoted: train.py" in found.notes


def test_a_script_that_is_right_for_one_seed_only_is_not_equivalent(promoted: Promoted) -> None:
    # The script leaves out a cell that the tag forbids: with seed 0 it moves no generator, with seed 1 it does.
    made = promoted(
        "import random\nimport reprobook as rb",
        ("if random.Random(0).random() != random.random():\n    random.random()", "skip"),
        "rb.log(x=[random.random()][0])",
        seeds=(0, 1),
    )
    assert made.equivalent is False


def test_seeds_of_a_run_without_one_are_refused(promoted: Promoted, write_notebook: Write, store: Store) -> None:
    run = run_notebook(write_notebook(*SEEDED), store, RunOptions())
    with pytest.raises(InputError, match="has no seed"):
        promoted(run, seeds=(1, 2))


def test_the_command_line_takes_and_shows_both(
    write_notebook: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_notebook(*BY_HAND)
    assert run_command(["promote", str(path), "-o", "job", "--resume", "--seeds", "2"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "train: checkpoint of rng, losses, w, best, found" in shown
    assert "seed 0: ✓ equivalent: true seed 1: ✓ equivalent: true" in shown
    assert "✓ killed and resumed, it gives the same result" in shown
    assert run_command(["verify", "job", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "reproduced"
    for words in (["--seeds", "5-2"], ["--seeds", "0"], ["--seeds", "2", "--no-verify"]):
        assert run_command(["promote", str(path), "-o", "job", *words]) == 2
        assert "--seeds" in capsys.readouterr().err


def test_a_file_that_the_notebook_left_behind_is_not_there_when_a_job_is_verified(
    promoted: Promoted, tmp_path: Path
) -> None:
    made = promoted(
        "import os\nimport reprobook as rb\nstart = int(open('ckpt.txt').read()) if os.path.exists('ckpt.txt') else 0",
        "with open('ckpt.txt', 'w') as file:\n    file.write('5')\nrb.log(start=start)",
    )
    assert made.equivalent is True
    assert (tmp_path / "ckpt.txt").exists()
    assert verify_job(tmp_path / "job").verdict == "reproduced"


TORCH = (
    """\
import copy
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import reprobook as rb

torch.set_num_threads(1)""",
    ("epochs = 9\npatience = 20\npause = 0.3", "parameters"),
    "md:## Data",
    "X = torch.randn(120, 6)\ny = (X[:, 0] * X[:, 1] > 0).long()\nX_val, y_val = X[:40], y[:40]",
    "md:## Model",
    "model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))",
    "md:## Training",
    """\
loader = DataLoader(TensorDataset(X[40:], y[40:]), batch_size=16, shuffle=True)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.7)
best, waited, best_state = 0.0, 0, None
history = []
for epoch in range(epochs):
    model.train()
    for features, target in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(features), target)
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(X_val).argmax(1) == y_val).float().mean().item()
    history.append({"loss": loss.item(), "lr": scheduler.get_last_lr()[0]})
    rb.log(loss=loss, accuracy=accuracy, step=epoch)
    rb.save("history", history)
    time.sleep(pause)
    if accuracy > best:
        best, waited = accuracy, 0
        best_state = copy.deepcopy(model.state_dict())
    else:
        waited += 1
        if waited >= patience:
            break""",
    "md:## Evaluation",
    """\
model.load_state_dict(best_state)
model.eval()
rb.log(final=model(X_val).sum(), best=best, waited=waited, size=len(best_state))
rb.save("model", model)""",
    "def slowly(value):\n    time.sleep(pause)\n    return value",
    "rb.log(noise=slowly(torch.randn(3)).sum())",
)


@pytest.mark.slow
def test_a_killed_training_gives_the_same_files_bit_by_bit(
    promoted: Promoted, write_notebook: Write, store: Store, tmp_path: Path, ruff_says: Callable[[str], str]
) -> None:
    """SIGKILL from outside, while a pass goes on, and once after the loop."""
    made = promoted(run_notebook(write_notebook(*TORCH), store, RunOptions(seed=3, values={"pause": 0.0})), resume=True)
    assert (made.equivalent, made.resumed) == (True, True)
    assert ruff_says((tmp_path / "job" / "train.py").read_text()) == ""
    environment = os.environ | {"REPROBOOK_CHECKPOINT_SECONDS": "0", "PYTHONHASHSEED": "3"}

    def start(out: str, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "train.py", "--pause", "0.5", "--out", out, *options]
        return subprocess.Popen(command, cwd=tmp_path / "job", env=environment, stderr=subprocess.PIPE, text=True)

    assert start("whole").wait() == 0
    whole = files(tmp_path / "job" / "whole")
    for lines in (2, 5, 8, 11):  # the last of them are those of the code after the loop
        job = start(f"killed-{lines}")
        out = tmp_path / "job" / f"killed-{lines}"
        while not ((out / "metrics.jsonl").exists() and (out / "metrics.jsonl").read_bytes().count(b"\n") >= 2 * lines):
            assert job.poll() is None
            time.sleep(0.02)
        time.sleep(0.1)
        job.send_signal(signal.SIGKILL)
        assert job.wait() == -signal.SIGKILL
        assert not (out / "result.json").exists()
        resumed = start(f"killed-{lines}", "--resume")
        said = resumed.communicate()[1]
        assert resumed.returncode == 0, said
        assert "resume: train goes on after pass" in said
        assert files(out) == whole


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_the_job_refuses_a_checkpoint_of_other_parameters(promoted: Promoted, tmp_path: Path) -> None:
    promoted(*BY_HAND, resume=True)
    environment = os.environ | {"REPROBOOK_CHECKPOINT_SECONDS": "0", "REPROBOOK_CHECKPOINT_KILL_AFTER": "2"}
    command = [sys.executable, "train.py", "--out", "out"]
    assert subprocess.run(command, cwd=tmp_path / "job", env=environment, check=False).returncode == -signal.SIGKILL
    done = subprocess.run(
        [*command, "--lr", "0.2", "--resume"], cwd=tmp_path / "job", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "other parameters: lr was 0.1, is 0.2" in done.stderr
    assert ast.literal_eval(done.stdout or "''") == ""


def test_a_notebook_without_a_result_claims_no_resumption(promoted: Promoted) -> None:
    setup = "import numpy as np\nrng = np.random.default_rng(0)\nw = np.zeros(3)"
    made = promoted(setup, "for i in range(4):\n    w += rng.normal(size=3)", resume=True)
    assert (made.equivalent, made.resumed) == (True, None)
