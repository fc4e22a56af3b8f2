"""What it takes to find where two runs part, and why, as ratios to a plain run of the notebook.

Run: python benchmarks/diagnosis.py [REPEATS]. Whole processes of the command line, in turn; medians.
The notebook trains a small torch model on scikit-learn's digits, split by an unseeded generator.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
CELLS = (
    "import random\nimport torch\nimport torch.nn.functional as F\nfrom sklearn.datasets import load_digits",
    "seed = 0\nepochs = 12\nlr = 0.05",
    "torch.manual_seed(seed)\ndigits = load_digits()",
    "X = torch.tensor(digits.data / 16, dtype=torch.float32)\ny = torch.tensor(digits.target)",
    "order = list(range(len(X)))\nrandom.shuffle(order)\ntrain, test = order[:1400], order[1400:]",
    (
        "model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)"
    ),
    (
        "for epoch in range(epochs):\n    for batch in torch.randperm(1400).split(32):\n"
        "        rows = [train[int(i)] for i in batch]\n        loss = F.cross_entropy(model(X[rows]), y[rows])\n"
        "        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()"
    ),
    "accuracy = (model(X[test]).argmax(1) == y[test]).float().mean().item()\naccuracy",
)


def write_notebook(folder: Path) -> Path:
    """Write the notebook."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
        for n, s in enumerate(CELLS)
    ]
    path = folder / "train.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    return path


def seconds(folder: Path, *arguments: str) -> float:
    """Run a command of reprobook and return how long it took."""
    command = [sys.executable, "-m", "reprobook", *arguments]
    start = time.perf_counter()
    environment = os.environ | {"REPROBOOK_STORE": str(folder / "store")}
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return time.perf_counter() - start


def main() -> None:
    """Measure in turn, and print medians and ratios."""
    steps = {
        "run, nothing recorded": ("run", "train.ipynb", "--trace", "off"),
        "run --trace light": ("run", "train.ipynb", "--trace", "light"),
        "run --trace full": ("run", "train.ipynb"),
        "verify (localise)": ("verify", "latest"),
        "verify --diagnose": ("verify", "latest", "--diagnose"),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            write_notebook(folder)
            for name, arguments in steps.items():
                times[name].append(seconds(folder, *arguments))
    plain = statistics.median(times["run, nothing recorded"])
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:24}{median:7.1f} s{median / plain:8.2f} x")


if __name__ == "__main__":
    main()
