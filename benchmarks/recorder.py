"""Cost of the recorder on a training notebook: its cells with `--trace light` and `full` against `off`.

Run: python benchmarks/recorder.py [REPEATS]. Each measurement is a process of its own, the three modes in turn; only
the ratios of medians carry over to other machines. Imports are not counted, nor is the freezing of the header.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

from reprobook.execute.request import RecordRequest
from reprobook.execute.session import begin, end
from reprobook.notebook import read_notebook
from reprobook.runs import NewRun, Store

MODES = ("off", "light", "full")
NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "01_digits.ipynb"
# A process that trains for a second is measured by its own time: other processes do not show in it.
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
SMALL_CELLS = 100


def measure(mode: str) -> dict[str, float]:
    """Run the notebook's cells and then small ones in this process; return seconds by name."""
    shell = InteractiveShell.instance()
    # Its thread writes every input to a database, at moments of its own choosing.
    shell.history_manager.enabled = False
    imports, *cells = [cell.source for cell in read_notebook(NOTEBOOK.read_bytes(), NOTEBOOK.name).code_cells][1:]
    shell.run_cell(imports, store_history=True)
    run = Store.open(None, Path.cwd()).create(NewRun(kind="run", notebook=str(NOTEBOOK)))
    begin(RecordRequest(folder=str(run.path), sources=(), cells=(), cwd=str(Path.cwd()), seed=1, trace=mode), shell)
    found = {name: -clock() for name, clock in CLOCKS.items()}
    for source in cells:
        shell.run_cell(source, store_history=True).raise_error()
    found = {name: seconds + CLOCKS[name]() for name, seconds in found.items()}
    shell.user_ns |= {f"name{number}": number for number in range(200)}
    times = []
    for number in range(SMALL_CELLS):
        start = time.perf_counter()
        shell.run_cell(f"x = {number}", store_history=True)
        times.append(time.perf_counter() - start)
    end()
    return {**found, "small cell": statistics.median(times)}


def measured(mode: str) -> dict[str, float]:
    """Measure in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {**os.environ, "IPYTHONDIR": folder, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__, "--mode", mode]
        done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure the modes in turn and print medians and ratios."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    found: dict[str, list[dict[str, float]]] = {mode: [] for mode in MODES}
    for _ in range(repeats):
        for mode in MODES:
            found[mode].append(measured(mode))
    for name in (*CLOCKS, "small cell"):
        medians = {mode: statistics.median(each[name] for each in found[mode]) for mode in MODES}
        for mode, seconds in medians.items():
            print(f"{name:<12} {mode:<6} {1000 * seconds:10.2f} ms   {seconds / medians['off'] - 1:+8.1%}")


if __name__ == "__main__":
    if "--mode" in sys.argv:
        with contextlib.redirect_stdout(io.StringIO()):
            result = measure(sys.argv[-1])
        print(json.dumps(result))
    else:
        main()
