"""Run one notebook N times in this process: `python busy_store.py NOTEBOOK STORE N` prints the ids (F6)."""

import sys
from pathlib import Path

from reprobook.execute import RunOptions, run_notebook
from reprobook.runs import Store

if __name__ == "__main__":
    store = Store(Path(sys.argv[2]))
    for number in range(int(sys.argv[3])):
        options = RunOptions(kernel="inline", seed=number, values={"x": number})
        print(run_notebook(Path(sys.argv[1]), store, options).run_id, flush=True)
