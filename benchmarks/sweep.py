"""A sweep of 16 short trials on 2 jobs: reprobook, with forks and with cold kernels, and what else one would use.

Run: python benchmarks/sweep.py [--rounds N] [--only TEXT] [--budget SECONDS].

Each trial is the notebook below: about half a second of training. The peers do the same work in the same run, in turn,
round by round, until the budget is spent; the table gives the median of each, and its ratio to the others that the
targets speak of. All start from nothing: a sweep starts a server of its own, which imports once; only the one called
*warm* finds a server, of a run before the clock. One line of JSON for each measurement goes to the screen first. A peer
that is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

TRIALS, JOBS = 16, 2
IMPORTS = "import numpy as np\nimport torch\nfrom sklearn.datasets import load_digits"
WORK = """\
torch.set_num_threads(1)
torch.manual_seed(0)
digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32) / 16
y = torch.tensor(digits.target)
model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
for epoch in range(18):
    for start in range(0, len(x), 64):
        loss = torch.nn.functional.cross_entropy(model(x[start : start + 64]), y[start : start + 64])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
accuracy = float((model(x).argmax(1) == y).float().mean())"""
RATES = [0.001 * 1.3**n for n in range(TRIALS)]

FUNCTION = f"""\
{IMPORTS}
def train(lr):
{chr(10).join("    " + line for line in WORK.splitlines())}
    return accuracy
"""
FORKED = f"""\
{FUNCTION}
import multiprocessing
with multiprocessing.get_context("fork").Pool({JOBS}) as pool:
    print(max(pool.map(train, {RATES}, chunksize=1)))
"""
OPTUNA = f"""\
{FUNCTION}
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(lambda trial: train(trial.suggest_float("lr", 1e-3, 1e-1, log=True)), n_trials={TRIALS})
print(study.best_value)
"""
PAPERMILL = f"""\
import sys
from concurrent.futures import ThreadPoolExecutor
import papermill
def run(number):
    out = f"out-{{number}}.ipynb"
    papermill.execute_notebook("nb.ipynb", out, {{"lr": {RATES}[number]}}, progress_bar=False, kernel_name="python3")
with ThreadPoolExecutor({JOBS}) as pool:
    list(pool.map(run, range({TRIALS})))
"""
RAY_TUNE = f"""\
import os
os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_AIR_NEW_OUTPUT="0", TUNE_DISABLE_AUTO_CALLBACK_LOGGERS="1")
import logging
import ray
from ray import tune
class Trainable(tune.Trainable):
    def setup(self, config):
        self.lr = config["lr"]
    def reset_config(self, config):
        self.lr = config["lr"]
        return True
    def step(self):
        import trial
        return {{"accuracy": trial.train(self.lr), "done": True}}
    def save_checkpoint(self, folder):
        return folder
    def load_checkpoint(self, checkpoint):
        pass
ray.init(num_cpus={JOBS}, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
         runtime_env={{"env_vars": {{"PYTHONPATH": os.getcwd()}}}})
result = tune.run(Trainable, config={{"lr": tune.grid_search({RATES})}}, reuse_actors=True, verbose=0,
                  max_concurrent_trials={JOBS}, metric="accuracy", mode="max", storage_path=os.getcwd() + "/tune",
                  checkpoint_config=ray.tune.CheckpointConfig(checkpoint_at_end=False))
print(result.best_result["accuracy"])
ray.shutdown()
"""


@dataclass(frozen=True)
class Peer:
    """One way to run the trials.

    Attributes:
        name: In the table.
        needs: Module without which it is left out (Ray Tune: `pip install "ray[tune]"`).
        command: What is timed.
        first: What is done before.
    """

    name: str
    needs: str
    command: tuple[str, ...]
    first: tuple[str, ...] = ()


def script(text: str) -> tuple[str, ...]:
    """Return the command that runs Python text."""
    return (sys.executable, "-c", text)


def sweep(*options: str) -> tuple[str, ...]:
    """Return the command of our own sweep."""
    space = f"lr=choice:{','.join(map(repr, RATES))}"
    fixed = ("--param", space, "--sampler", "grid", "--metric", "accuracy", "--jobs", str(JOBS), "--no-cache", "--json")
    return (sys.executable, "-m", "reprobook", "sweep", "nb.ipynb", *fixed, *options)


# Of the notebook's own number of threads, and of the seed of the sweep: what its server was started for.
WARM_RUN = (sys.executable, "-m", "reprobook", "run", "nb.ipynb", "--kernel", "warm", "--seed", "0")
PEERS = (
    Peer("reprobook, forks", "reprobook", sweep()),
    Peer("reprobook, warm", "reprobook", sweep("--threads", "0"), WARM_RUN),
    Peer("reprobook, cold kernels", "reprobook", sweep("--kernel", "cold")),
    Peer("forked pool of functions", "torch", script(FORKED)),
    Peer("Optuna, one process", "optuna", script(OPTUNA)),
    Peer("Ray Tune, actors reused", "tensorboardX", script(RAY_TUNE)),
    Peer("papermill, pool", "papermill", script(PAPERMILL)),
)
TARGETS = (
    ("reprobook, forks", "Ray Tune, actors reused", 0.35),
    ("reprobook, forks", "papermill, pool", 0.20),
    ("reprobook, forks", "forked pool of functions", 1.15),
    ("reprobook, warm", "Ray Tune, actors reused", 0.20),
)


def lay_out(folder: Path) -> None:
    """Write the notebook, and the module that Ray's workers import."""
    sources = (IMPORTS, "lr = 0.01", WORK, "accuracy")
    tags = ([], ["parameters"], [], [])
    cells = [
        {
            "cell_type": "code",
            "id": f"c{index}",
            "metadata": {"tags": tag},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for index, (source, tag) in enumerate(zip(sources, tags, strict=True))
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}
    (folder / "nb.ipynb").write_text(json.dumps(notebook))
    (folder / "trial.py").write_text(FUNCTION)


def measure(peer: Peer, folder: Path) -> float | None:
    """Return the seconds that the trials took; None if it failed, and then it says why."""
    # Installed packages have bytecode; ours, which may be a working tree, would be compiled in each process.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    variables["XDG_RUNTIME_DIR"] = str(folder)
    if peer.first:
        subprocess.run(peer.first, cwd=folder, env=variables, capture_output=True, check=True)
    started = time.monotonic()
    done = subprocess.run(peer.command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    end_servers(folder)
    if done.returncode != 0:
        print(json.dumps({"peer": peer.name, "failed": done.stderr.strip()[-300:]}), flush=True)
        return None
    print(json.dumps({"peer": peer.name, "seconds": round(seconds, 2)}), flush=True)
    return seconds


def end_servers(folder: Path) -> None:
    """End the servers that wait for more runs."""
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "reprobook.execute.warm.process" in line and str(folder) in line[-1]:
            process.kill()


def own_work(folder: Path) -> float:
    """Return the seconds of one trial's own work, imports prepaid."""
    timed = "train(0.01)\nstarted = time.monotonic()\ntrain(0.01)\nprint(time.monotonic() - started)"
    code = f"{FUNCTION}\nimport time\n{timed}"
    done = subprocess.run(script(code), cwd=folder, capture_output=True, text=True, check=True)
    return float(done.stdout)


def table(times: dict[str, list[float]], ideal: float) -> None:
    """Print medians and ratios."""
    medians = {name: statistics.median(seconds) for name, seconds in times.items() if seconds}
    print(f"\n{TRIALS} trials, {JOBS} jobs; own work alone: {ideal:.1f} s")
    for name, seconds in medians.items():
        print(f"{name:28}{seconds:8.1f} s{seconds / ideal:8.2f} x own work   ({len(times[name])} rounds)")
    for ours, theirs, most in TARGETS:
        if ours in medians and theirs in medians:
            print(f"{ours} / {theirs}: {medians[ours] / medians[theirs]:.2f} (aim: {most:.2f} at most)")


def main() -> None:
    """Measure in rounds, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="peers whose name contains this text")
    parser.add_argument("--budget", type=float, default=330.0, help="no measurement begins after these seconds")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sweep-benchmark-"))
    until = time.monotonic() + options.budget
    peers = [peer for peer in PEERS if options.only in peer.name and importlib.util.find_spec(peer.needs)]
    times: dict[str, list[float]] = {peer.name: [] for peer in peers}
    try:
        lay_out(folder)
        ideal = own_work(folder) * TRIALS / JOBS
        for _ in range(options.rounds):
            for peer in peers:
                if time.monotonic() < until and (seconds := measure(peer, folder)) is not None:
                    times[peer.name].append(seconds)
        table(times, ideal)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
