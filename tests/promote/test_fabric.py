from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.errors import NotPromotableError
from reprobook.execute import RunOptions, run_notebook
from reprobook.notebook import Notebook
from reprobook.promote import Evidence, Plan, Promotion, Provenance, plan, render
from reprobook.runs import Store
from reprobook.space import declared_parameters

pytest.importorskip("lightning_fabric")

Fabricated = Callable[..., tuple[Plan, str]]
IMPORTS = """\
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
import reprobook as rb
torch.set_num_threads(1)
"""
PARAMETERS = "lr = 0.1\nepochs = 3\nbatch_size = 16"
DATA = """\
x = torch.randn(96, 8)
y = (x.sum(dim=1) > 0).long()
train_loader = DataLoader(TensorDataset(x[:64], y[:64]), batch_size=batch_size, shuffle=True)
val_loader = DataLoader(TensorDataset(x[64:], y[64:]), batch_size=32)
"""
MODEL = """\
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 16), nn.Linear(16, 2)])

    def forward(self, x):
        return self.layers[1](torch.relu(self.layers[0](x)))

    def scores(self, x):
        return self.layers[1](torch.relu(self.layers[0](x))).softmax(dim=1)

model = Net().to(device)
"""
TRAINING = """\
def train_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, y in loader:
        loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
    return total / len(loader.dataset)

@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    right = sum((model(x.to(device)).argmax(1) == y.to(device)).sum().item() for x, y in loader)
    return right / len(loader.dataset)
"""
LOOP = """\
optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9)
scheduler = optim.lr_scheduler.StepLR(optimizer, 2)
best = -1.0
for epoch in range(epochs):
    train_loss = train_epoch(model, train_loader, optimizer)
    accuracy = evaluate(model, val_loader)
    scheduler.step()
    rb.log(train_loss=train_loss, accuracy=accuracy, lr=scheduler.get_last_lr()[0], step=epoch)
    print(f"epoch {epoch}")
    if accuracy > best:
        best = accuracy
        torch.save(model.state_dict(), "best.pt")
"""
SAVING = """\
model.load_state_dict(torch.load("best.pt"))
with torch.no_grad():
    rb.log(best=evaluate(model, val_loader), score=model.scores(x.to(device)).max().item())
rb.save("model", model)
"""
CELLS = (IMPORTS, (PARAMETERS, "parameters"), DATA, MODEL, TRAINING, LOOP, SAVING)
# One step of training with what stands before it, for cells that show how models and optimizers may be made.
STEP = "loss = nn.functional.cross_entropy(model(x), y)\nloss.backward()\noptimizer.step()\nrb.log(loss=loss.item())"
TRAINER = """\
class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = optim.SGD(model.parameters(), 0.1)

    def step(self, x, y):
        loss = nn.functional.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()
"""
OWN_OPTIMIZER = """\
class Own(nn.Linear):
    def make(self):
        self.optimizer = optim.SGD(self.parameters(), 0.1)
"""
READY = "model = nn.Linear(8, 2)\noptimizer = optim.SGD(model.parameters(), 0.1)"
BATCH = "x, y = torch.randn(4, 8), torch.tensor([0, 1, 0, 1])"


@pytest.fixture
def fabricated(make_notebook: Callable[..., Notebook]) -> Fabricated:
    """Plan and render a notebook of these cells in the style for Fabric."""

    def build(*cells: str | tuple[str, str], **evidence: object) -> tuple[Plan, str]:
        notebook = make_notebook(*cells)
        known = Evidence(**evidence)  # type: ignore[arg-type]
        planned = plan(notebook, declared_parameters(notebook), known, "fabric")
        return planned, render(planned, Provenance("a.ipynb", "0" * 64), "fabric")

    return build


@pytest.fixture
def job(write_notebook: Callable[..., Path], store: Store, promoted: Callable[..., Promotion], tmp_path: Path) -> Path:
    """Promote ``CELLS`` and prove it, with one process."""
    run = run_notebook(write_notebook(*CELLS), store, RunOptions(seed=3))
    made = promoted(run, style="fabric", launchers=("slurm",))
    assert (made.first, made.equivalent) == (None, True)
    return tmp_path / "job"


def start(job: Path, *words: str, script: str = "train.py") -> subprocess.CompletedProcess[str]:
    """Run a script of a job in its folder, each process with one thread."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, script, *words]
    return subprocess.run(command, cwd=job, env=environment, capture_output=True, text=True, check=False, timeout=300)


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def test_functions_of_the_notebook_are_given_fabric(
    fabricated: Fabricated,
    definition: Callable[[str, str], str],
    ruff_says: Callable[[str], str],
    mypy_says: Callable[[str], str],
) -> None:
    _, text = fabricated(*CELLS, seed=3, kinds={5: {"scheduler": "torch.optim.lr_scheduler.StepLR"}})
    assert ruff_says(text) == ""
    assert mypy_says(text) == ""
    epoch = definition(text, "train_epoch")
    assert epoch.startswith("def train_epoch(model, loader, optimizer, device, fabric):")
    assert "        fabric.backward(loss)\n" in epoch
    assert "return total / len(loader.sampler)" in epoch
    lines = lines_of(text)
    at = lines.index('model = set_up_model(fabric, model, "scores")')
    assert lines[at + 1] == "optimizer = fabric.setup_optimizers("
    assert "device = fabric.device" in lines
    assert 'write_once(fabric, torch.save, model.state_dict(), "best.pt")' in lines
    assert 'rb.save("model", whole(model))' in lines
    assert "scheduler = optim.lr_scheduler.StepLR(optimizer, 2)" in lines
    loaders = re.findall(r"fabric\.setup_dataloaders\((.*?)\n    \)", text, re.DOTALL)
    assert [("use_distributed_sampler=False" in each, "shuffle=True" in each) for each in loaders] == [
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param(
            ["model = nn.Linear(8, 2)", "optimizer = optim.Adam(model.parameters())", BATCH, STEP],
            [
                "model = fabric.setup_module(model)",
                "optimizer = fabric.setup_optimizers(optim.Adam(model.parameters()))",
            ],
            id="plain",
        ),
        pytest.param(
            [
                "model = nn.Linear(8, 2)",
                "weights = list(model.parameters())\noptimizer = optim.Adam(weights)",
                BATCH,
                STEP,
            ],
            ["model = fabric.setup_module(model)", "weights = list(model.parameters())"],
            id="weights first in a variable",
        ),
        pytest.param(
            [
                "model = nn.Sequential(nn.Linear(8, 2))",
                "for wide in (True, False):\n    optimizer = optim.Adam(model[0].parameters())",
                BATCH,
                STEP,
            ],
            [
                "model = fabric.setup_module(model)",
                "for wide in (True, False):",
                "optimizer = fabric.setup_optimizers(optim.Adam(model.module[0].parameters()))",
            ],
            id="before a loop that makes no model",
        ),
        pytest.param(
            [
                BATCH,
                "for rate in (0.1, 0.2):\n    model = nn.Linear(8, 2)\n    # why\n"
                "    optimizer = optim.SGD(model.parameters(), rate)\n    " + STEP.replace("\n", "\n    "),
            ],
            ["model = nn.Linear(8, 2)", "model = fabric.setup_module(model)", "# why"],
            id="in a loop that makes one",
        ),
        pytest.param(
            [
                "def make(net, lr):\n    return optim.SGD(net.parameters(), lr)",
                "model = nn.Linear(8, 2)\noptimizer = make(model, 0.1)",
                BATCH,
                STEP,
            ],
            [
                "model = nn.Linear(8, 2)",
                "model = fabric.setup_module(model)",
                "optimizer = make(model, 0.1, fabric=fabric)",
            ],
            id="before the call of a function that makes the optimizer",
        ),
        pytest.param(
            [
                "def make():\n    return optim.SGD(model.parameters(), 0.1)",
                "model = nn.Linear(8, 2)\noptimizer = make()",
                BATCH,
                STEP,
            ],
            ["model = nn.Linear(8, 2)", "model = fabric.setup_module(model)"],
            id="before the call of a function that reads the model",
        ),
        pytest.param(
            [
                BATCH,
                'def fit(model, x, y):\n    """Fit."""\n    optimizer = optim.SGD(model.parameters(), 0.1)\n    '
                + STEP.replace("\n", "\n    "),
                "fit(nn.Linear(8, 2), x, y)",
            ],
            [
                '"""Fit."""',
                "model = fabric.setup_module(model)",
                "optimizer = fabric.setup_optimizers(optim.SGD(model.parameters(), 0.1))",
            ],
            id="in a function that is given a fresh model",
        ),
        pytest.param(
            [
                BATCH,
                TRAINER,
                "rb.log(loss=Trainer(nn.Linear(8, 2)).step(x, y))",
            ],
            ["def __init__(self, model):", "model = fabric.setup_module(model)", "self.model = model"],
            id="at the start of a method",
        ),
        pytest.param(
            [
                "encoder = nn.Linear(8, 4)\ndecoder = nn.Linear(4, 2)\nmodel = nn.Sequential(encoder, decoder)",
                "optimizer = optim.Adam([*encoder.parameters(), *decoder.parameters()])",
                BATCH,
                STEP,
            ],
            ["encoder = fabric.setup_module(encoder)", "decoder = fabric.setup_module(decoder)"],
            id="several modules",
        ),
    ],
)
def test_modules_are_set_up_before_their_optimizer(
    fabricated: Fabricated, cells: list[str], expected: list[str], ruff_says: Callable[[str], str]
) -> None:
    _, text = fabricated(IMPORTS, *((cell, "keep") for cell in cells))
    lines = lines_of(text)
    at = lines.index(expected[0])
    assert lines[at : at + len(expected)] == expected
    modules = {line.partition(" ")[0] for line in expected if "setup_module" in line}
    assert text.count(".setup_module(") == len(modules)
    assert ruff_says(text) == ""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("loader = DataLoader(x, 2, True)", "DataLoader(x, 2, True))"),
        ("loader = DataLoader(x, shuffle=flag)", "DataLoader(x, shuffle=flag), use_distributed_sampler=flag)"),
        ("loader = DataLoader(x, sampler=own)", "DataLoader(x, sampler=own))"),
        ("device = torch.device('cpu')", 'device = torch.device("cpu")'),
        ("device = 'cuda' if torch.cuda.is_available() else 'cpu'", "device = str(fabric.device)"),
        ("with open('a.txt', 'w') as f:\n    f.write('a')", "if fabric.is_global_zero:"),
        ("with open('a.txt') as f:\n    f.read()", 'with open("a.txt") as f:'),
        ("loader = tools.make(x)", "loader = fabric.setup_dataloaders(loader)"),
    ],
)
def test_what_fabric_does_in_its_own_way(fabricated: Fabricated, cell: str, expected: str) -> None:
    before = f"import tools\nflag, own = bool(1), None\n{READY}"
    kinds = {3: {"loader": "torch.utils.data.dataloader.DataLoader"}}
    _, text = fabricated(IMPORTS, before, BATCH, (cell, "keep"), STEP, kinds=kinds)
    assert expected in " ".join(lines_of(text)).replace("( ", "(").replace(" )", ")")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["n = 3", "rb.log(n=n)"], "no cell that a result needs calls .backward()"),
        (["w = torch.zeros(2, requires_grad=True)\no = optim.SGD([w], 0.1)", "w.sum().backward()\nrb.save('w', w)"],
         "no module is found"),
        ([OWN_OPTIMIZER, "model = Own(8, 2)\nmodel.make()", "model(torch.ones(8)).sum().backward()\nrb.save('m', 1)"],
         r"code cell \[1\], line 3: a module makes its own optimizer"),
        ([READY, BATCH, f"{STEP}\nwrite_once = 1\nrb.log(n=write_once)"], "that of a helper"),
    ],
)  # fmt: skip
def test_what_has_no_form_in_this_style_is_refused(fabricated: Fabricated, cells: list[str], reason: str) -> None:
    with pytest.raises(NotPromotableError, match=reason) as caught:
        fabricated(IMPORTS, *((cell, "keep") for cell in cells))
    assert "--style plain" in caught.value.hint


def test_its_options_stand_beside_parameters_of_the_same_name(fabricated: Fabricated) -> None:
    cells = ["model = nn.Linear(8, 2)\noptimizer = optim.SGD(model.parameters(), lr)", BATCH, STEP]
    planned, text = fabricated(
        IMPORTS, ("lr = 0.1\nprecision = 'high'", "parameters"), *cells, "rb.log(n=len(precision))"
    )
    assert planned.fabric["precision"] == "fabric_precision"
    assert "precision: Any = config.fabric_precision\n" in text
    assert "fabric.seed_everything(fabric.broadcast(randbits(32)), verbose=False)" in text
    # A notebook that names no device ran on the CPU.
    assert {field.name: field.default for field in planned.fields}["accelerator"] == "cpu"


@pytest.mark.slow
def test_a_job_is_proved_and_its_own_test_passes(job: Path) -> None:
    assert "lightning-fabric==" in (job / "requirements.txt").read_text()
    assert "metrics, prints and files are those of the first process" in (job / "README.md").read_text()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests"], cwd=job, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert start(job, "--precision", "bf16-mixed", "--out", "mixed").returncode == 0
    assert start(job, "--out", "full").returncode == 0
    assert result(job / "mixed")["metrics"] != result(job / "full")["metrics"]


@pytest.mark.slow
def test_two_processes_train_one_model(job: Path) -> None:
    """Gloo on the CPU, for real: both ways to share a model give the same weights, in every process, every time."""
    (job / "watched.py").write_text(WATCHED, encoding="utf-8")
    found: dict[str, bytes] = {}
    for run, strategy in (("a", "ddp"), ("b", "ddp"), ("c", "fsdp"), ("d", "fsdp")):
        words = ["--devices", "2", "--strategy", strategy, "--out", f"out-{run}"]
        done = start(job, *words, script="watched.py")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("epoch 0\n") == 1  # the first process speaks alone
        out = job / f"out-{run}"
        assert sorted(path.name for path in out.rglob("*") if path.is_file()) == [
            "metrics.jsonl", "model.safetensors", "result.json"
        ]  # fmt: skip
        logged = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        losses = [line["value"] for line in logged if line["name"] == "train_loss"]
        assert len(losses) == 3
        assert losses[-1] < losses[0]
        ranks = [(job / f"weights-{rank}").read_bytes() for rank in (0, 1)]
        assert ranks[0] == ranks[1]
        found[run] = (out / "artifacts" / "model.safetensors").read_bytes()
    assert found["a"] == found["b"]
    assert found["c"] == found["d"]
    assert result(job / "out-a") == result(job / "out-b")
    assert result(job / "out-c") == result(job / "out-d")
    assert found["a"] == found["c"]


def result(out: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((out / "result.json").read_text())
    return found


# Starts the script, and keeps the bytes of what each process was about to save.
WATCHED = """\
import os
from pathlib import Path

import reprobook as rb
import train

save = rb.save


def watched(name, value):
    state = value if isinstance(value, dict) else value.state_dict()
    rank = os.environ.get("LOCAL_RANK", "0")
    Path(f"weights-{rank}").write_bytes(b"".join(tensor.numpy().tobytes() for tensor in state.values()))
    save(name, value)


rb.save = watched
if __name__ == "__main__":
    train.main(*train.parse_args())
"""
