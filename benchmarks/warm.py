"""Warm runs against papermill and a plain script: one run, 200 small cells, and the memory of a run that goes on.

Run: python benchmarks/warm.py [--rounds N] [--budget SECONDS]. All in turn, in processes of their own, round by round
until the budget is spent; only ratios of medians carry over. One line of JSON for each measurement goes to the screen.
*Warm* has prepaid its imports: the server is started before the clock, and its start is stated apart. *Lean* papermill
runs without the grammar of `rfc3987_syntax`, whose import takes longer than all else that papermill imports. Every
run of reprobook records in full.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

IMPORTS = """import os, time
import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
begun = time.perf_counter()"""
TRAINING = (
    """torch.manual_seed(0)
x, y = load_digits(return_X_y=True)
x, x_test, y, y_test = train_test_split(x.astype(np.float32) / 16, y, random_state=0)
x, x_test, y, y_test = (torch.from_numpy(each) for each in (x, x_test, y, y_test))
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)""",
    """for epoch in range(60):
    for at in range(0, len(x), 64):
        loss = nn.functional.cross_entropy(model(x[at:at + 64]), y[at:at + 64])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()""",
    "accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()\nprint('accuracy =', accuracy)",
)
# What a script's own work takes, once everything is imported.
OWN_WORK = "import torch._dynamo\nbegun = time.perf_counter()"
OWN_WORK_END = "print('own', time.perf_counter() - begun)"
# Its share of what it uses together with others (PSS), and what is its own: what one run more takes.
MEMORY = """kinds = dict(line.split(':') for line in open('/proc/self/smaps_rollup').read().splitlines()[1:])
kilobytes = {kind: int(text.split()[0]) for kind, text in kinds.items()}
own = kilobytes['Private_Clean'] + kilobytes['Private_Dirty']
open(f'memory-{os.getpid()}', 'w').write(f"{kilobytes['Pss']} {own}\\n")
time.sleep(20)"""
PAPERMILL = "import sys\nsys.modules['rfc3987_syntax'] = None\nfrom papermill.cli import papermill\npapermill()"
SMALL = [f"value_{number} = {number}\nprint(value_{number})" for number in range(200)]


class Bench:
    """A folder with the notebooks and scripts, and servers of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {
            # Installed packages have bytecode; ours, which may be a working tree, would be compiled in each process.
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "XDG_RUNTIME_DIR": str(folder),
            "REPROBOOK_STORE": str(folder / "store"),
            "PYTHONHASHSEED": "0",
            # Two threads that wait for each other measure what else the machine does.
            "OMP_NUM_THREADS": "1",
        }
        self.write("train", [IMPORTS, *TRAINING])
        self.write("small", SMALL)
        self.write("empty", ["pass"])
        self.write("memory", [IMPORTS, *TRAINING[:2], MEMORY])
        (folder / "train.py").write_text("\n".join([IMPORTS, *TRAINING]))
        (folder / "own.py").write_text("\n".join([IMPORTS, OWN_WORK, *TRAINING, OWN_WORK_END]))

    def write(self, name: str, sources: Sequence[str]) -> None:
        """Write a notebook."""
        code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        cells = [{**code, "id": f"c{number}", "source": source} for number, source in enumerate(sources)]
        spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        content = {"nbformat": 4, "nbformat_minor": 5, "metadata": spec, "cells": cells}
        (self.folder / f"{name}.ipynb").write_text(json.dumps(content))

    def process(self, *command: str) -> subprocess.Popen[str]:
        """Start a command in the folder."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def seconds(self, *command: str) -> float:
        """Return how long a command takes."""
        start = time.perf_counter()
        process = self.process(*command)
        _, said = process.communicate()
        if process.returncode != 0:
            msg = f"{' '.join(command)}: {said[-500:]}"
            raise RuntimeError(msg)
        return time.perf_counter() - start

    def warm(self, name: str) -> float:
        """Run a notebook warm."""
        return self.seconds(sys.executable, "-m", "reprobook", "run", f"{name}.ipynb", "--kernel", "warm")

    def cold(self, name: str) -> float:
        """Run a notebook cold."""
        return self.seconds(sys.executable, "-m", "reprobook", "run", f"{name}.ipynb")

    def papermill(self, name: str) -> float:
        """Run a notebook by lean papermill."""
        return self.seconds(sys.executable, "-c", PAPERMILL, f"{name}.ipynb", f"{name}.out.ipynb", "--no-progress-bar")

    def script(self, name: str) -> float:
        """Run a script."""
        return self.seconds(sys.executable, f"{name}.py")

    def own_work(self) -> float:
        """Return the seconds that the work of the script takes, its imports prepaid."""
        said, _ = self.process(sys.executable, "own.py").communicate()
        return float(said.split()[-1])

    def memory(self, command: Sequence[str], together: int) -> tuple[float, float]:
        """Return the mean memory (MiB) of runs that go on at the same time: PSS, and what is a run's own."""
        for file in self.folder.glob("memory-*"):
            file.unlink()
        processes = [self.process(sys.executable, *command) for _ in range(together)]
        try:
            while len(found := self._found()) < together:
                time.sleep(0.1)
        finally:
            for process in processes:
                os.killpg(process.pid, signal.SIGINT)
                process.communicate()
        shares, own = zip(*found, strict=True)
        return statistics.mean(shares) / 1024, statistics.mean(own) / 1024

    def _found(self) -> list[tuple[int, int]]:
        """Return what the runs have written by now."""
        texts = [file.read_text() for file in self.folder.glob("memory-*")]
        return [(int(share), int(own)) for share, own in (text.split() for text in texts if text.endswith("\n"))]

    def close(self) -> None:
        """End the servers."""
        for process in psutil.process_iter(["cmdline"]):
            line = process.info["cmdline"] or []
            if "reprobook.execute.warm.process" in line and str(self.folder) in line[-1]:
                process.kill()


WARM, COLD, PEER = "reprobook run --kernel warm", "reprobook run", "papermill, lean"
SCRIPT, OWN, EMPTY = "python train.py", "own work, imports prepaid", "reprobook run --kernel warm, one empty cell"


def ways(bench: Bench) -> dict[str, dict[str, Callable[[], float]]]:
    """Return what is measured, in seconds: by title, the one that all are compared with first."""
    return {
        "one run: a small torch model": {
            PEER: lambda: bench.papermill("train"),
            WARM: lambda: bench.warm("train"),
            COLD: lambda: bench.cold("train"),
            SCRIPT: lambda: bench.script("train"),
            OWN: bench.own_work,
        },
        "200 small cells": {
            PEER: lambda: bench.papermill("small"),
            WARM: lambda: bench.warm("small"),
            EMPTY: lambda: bench.warm("empty"),
        },
    }


def measured(bench: Bench, rounds: int, until: float) -> dict[str, dict[str, float]]:
    """Measure in turn, print medians and ratios to the first of each title, and return the medians."""
    found: dict[str, dict[str, list[float]]] = {
        title: {name: [] for name in each} for title, each in ways(bench).items()
    }
    for number in range(rounds):
        for title, each in ways(bench).items():
            for name, way in each.items():
                if number == 0 or time.monotonic() < until:
                    found[title][name].append(way())
                    print(
                        json.dumps({"of": title, "way": name, "seconds": round(found[title][name][-1], 3)}), flush=True
                    )
    medians = {title: {name: statistics.median(times) for name, times in each.items()} for title, each in found.items()}
    for title, values in medians.items():
        base = next(iter(values.values()))
        print(f"\n{title}")
        for name, value in values.items():
            print(f"  {name:<44} {value:8.3f} s  {value / base:6.2f} x   ({len(found[title][name])} rounds)")
    return medians


def main() -> None:
    """Measure, and print the ratios that have a target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=200.0, help="after these seconds, no measurement but the last")
    options = parser.parse_args()
    until = time.monotonic() + options.budget
    with tempfile.TemporaryDirectory(prefix="rb-") as name:
        bench = Bench(Path(name))
        try:
            starts = {each: round(bench.warm(each), 2) for each in ("train", "small", "empty")}
            print(json.dumps({"first runs, which start a server": starts}), flush=True)
            single, small = measured(bench, options.rounds, until).values()
            run = ("-m", "reprobook", "run", "memory.ipynb")
            warm = bench.memory((*run, "--kernel", "warm"), 2)
            cold = bench.memory(run, 2)
        finally:
            bench.close()
    print(f"\none run, warm / papermill        {single[WARM] / single[PEER]:6.3f}  (target 0.25)")
    print(f"one run, warm / own work         {single[WARM] / single[OWN]:6.3f}  (target 1.15)")
    print(f"one run, cold / papermill        {single[COLD] / single[PEER]:6.3f}  (target 0.85)")
    print(f"one run, cold / script           {single[COLD] / single[SCRIPT]:6.3f}  (target 1.15)")
    print(f"200 cells, warm / papermill      {small[WARM] / small[PEER]:6.3f}  (target 0.05)")
    print(f"200 cells beyond an empty run    {small[WARM] - small[EMPTY]:6.3f} s  (target 0.3)")
    for kind, ours, theirs in zip(("PSS, two at a time", "its own alone"), warm, cold, strict=True):
        print(
            f"memory of a run ({kind}): warm {ours:.0f} MiB, cold {theirs:.0f} MiB: {ours / theirs:.3f}  (target 0.25)"
        )


if __name__ == "__main__":
    main()
