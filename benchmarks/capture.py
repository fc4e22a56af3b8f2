"""Cost of `%reprotrain init` and of the recorder, as ratios against peers in the same process.

Run: python benchmarks/capture.py [REPEATS]. Prints medians; only the ratios carry over to other machines.
The peer is wandb in offline mode (`pip install reprobook[wandb]`); without it, its line is left out.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
import torch
from IPython.core.interactiveshell import InteractiveShell

from reprobook.execute.live import begin_live, end_live
from reprobook.notebook import InitOptions

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
CELL = "x = x + 1"


def median_ms(action: Callable[[], object], after: Callable[[], object] = lambda: None) -> float:
    """Return the median time of an action in milliseconds; what ``after`` does is not counted."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
        after()
    return 1000 * statistics.median(times)


def wandb_ms() -> float | None:
    """Return the time of ``wandb.init`` in offline mode, None if wandb is not installed."""
    if importlib.util.find_spec("wandb") is None:
        return None
    import wandb  # noqa: PLC0415 - optional

    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_CONSOLE": "off"}
    return median_ms(lambda: wandb.init(project="bench"), wandb.finish)


def cell_ms(shell: InteractiveShell, source: str, cells: int = 200) -> float:
    """Return the median time of one cell in milliseconds."""
    times = []
    for _ in range(cells):
        start = time.perf_counter()
        shell.run_cell(source, store_history=True)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def main() -> None:
    """Measure and print."""
    shell = InteractiveShell.instance()
    shell.user_ns |= {"x": 0, "model": torch.nn.Linear(512, 512), "data": np.zeros(1_000_000)}
    shell.user_ns |= {f"name{i}": i for i in range(200)}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        subprocess.run(["git", "init", "-q"], check=True)  # noqa: S607 - the git on the PATH, as users have it
        options = InitOptions(name="bench", seed=1)
        begin_live(shell, options)  # the first one pays for imports
        init = median_ms(lambda: begin_live(shell, options), end_live)
        print(f"%reprotrain init, packages imported   {init:8.1f} ms")
        with contextlib.redirect_stdout(io.StringIO()):
            peer = wandb_ms()
        if peer is not None:
            print(f"wandb.init, offline                   {peer:8.1f} ms   ratio {init / peer:.2f} (target 0.10)")
        for label, source in (("a cell", CELL), ("a cell that reads 8 MB", "y = float(data[0])")):
            bare = cell_ms(shell, source)
            begin_live(shell, options)
            recorded = cell_ms(shell, source)
            end_live()
            print(f"{label:<24} bare {bare:.2f} ms, recorded {recorded:.2f} ms: + {recorded - bare:.2f} ms")


if __name__ == "__main__":
    main()
