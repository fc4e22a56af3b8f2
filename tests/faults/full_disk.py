"""Run a notebook on a file system that is full after 0 KB, 8 KB, … until there is room enough (F3).

    unshare -m python full_disk.py FOLDER [STEP]

mounts a small tmpfs at FOLDER, for this process alone, and prints what `fault_loop` prints.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from fault_loop import Loop, attempt

from reprobook.runs import Store, fsck

_SIZE = 4 << 20
_PAGE = 4096
_TRIES = 200


def main(folder: Path, step: int) -> dict[str, Any]:
    """Fill the disk but for a little more each time, and report."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "none", folder], check=True)
    loop = Loop("run", folder)
    store = loop.store
    filler = folder / "filler"
    wrong = loop.wrong
    statuses: list[str] = []
    for number in range(_TRIES):
        filler.write_bytes(bytes(max(shutil.disk_usage(folder).free - number * step, 0) // _PAGE * _PAGE))
        before = len(store.names())
        status, _, said = attempt(loop.operation, loop.notebook, store, 0, "kill")
        code = os.waitstatus_to_exitcode(status)
        made = len(store.names()) - before
        statuses.append(store.records()[0].status if made else "none")
        if code not in {0, 2} or (code == 2 and "No space left" not in said):  # 2: said by name
            wrong.append(f"{number * step} bytes: code {code}: {said[-2000:]}")
        wrong += [f"{number * step} bytes: {each}" for each in loop.complaints()]
        wrong += [f"{number * step} bytes: torn: {each}" for each in _torn(store)]
        filler.unlink()
        if code == 0:
            break
    report = fsck(store, repair=True)
    wrong += [f"fsck: {each.place}: {each.problem}" for each in report.problems if not each.repaired]
    return {"steps": len(statuses), "wrong": wrong, "statuses": statuses}


def _torn(store: Store) -> list[str]:
    """Return the files of runs that are there but are no whole documents."""
    found = []
    for name in store.names():
        run_folder = store.folder(name)
        for path in (run_folder.executed, run_folder.header, run_folder.run, run_folder.trace):
            try:
                if path.exists():
                    json.loads(path.read_bytes())
            except ValueError:
                found.append(f"{name}/{path.name}")
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int((sys.argv[2:] or ["8192"])[0])), indent=1))
