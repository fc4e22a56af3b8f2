"""Make the store that later releases are held against: one of each thing that a store holds, as this release writes it.

    python golden_store.py FOLDER tests/faults/golden/NAME.tar.xz

``test_golden.py`` reads all of them. Make one when the format of anything in a store changes, beside the older ones,
which stay as they are; FOLDER is a path that may be read by everybody, since it stands in the records.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

CELLS = (
    "lr = 0.5",
    "import reprobook as rb\nrows = rb.data('rows', source='rows.csv')",
    "parts = rb.split(range(20), {'train': 0.75, 'test': 0.25})",
    "rb.log(loss=lr, step=0)\nrb.log(loss=lr / 2, step=1)\nrb.save('note', [1, 2])",
    "rb.save('model', {'w': [1.0]}, step=1)",
    "lr * 2",
)
SPEC = "schema: reprobook.spec/1\nhypothesis: it learns\nevaluation:\n  metrics:\n    loss: epoch\n"
COMMANDS = (
    "run nb.ipynb --seed 1 --profile --name golden",
    "verify latest",
    "models alias model best",
    "sweep nb.ipynb --param lr=uniform:0:1 --metric loss --sampler random --trials 1",
)


def make(folder: Path, archive: Path) -> None:
    """Make the store in an empty folder, and pack it; its index and its locks are left out."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(CELLS)
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    (folder / "nb.ipynb").write_text(json.dumps(content))
    (folder / "rows.csv").write_text("id,y\n1,2\n3,4\n")
    (folder / "nb.spec.yaml").write_text(SPEC)
    for words in COMMANDS:
        command = [sys.executable, "-m", "reprobook", *words.split(), "--store", ".reprobook"]
        subprocess.run(command, cwd=folder, check=True)
    store = folder / ".reprobook"
    with tarfile.open(archive, "w:xz") as out:  # most of it are the same names of packages again
        for path in sorted(path for path in store.rglob("*") if path.is_file()):
            if ".lock" not in path.name and "index." not in path.name:
                out.add(path, path.relative_to(store), filter=_of_nobody)


def _of_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
