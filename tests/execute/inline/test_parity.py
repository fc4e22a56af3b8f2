"""The test of truth: a notebook that runs in this process leaves what it leaves in a kernel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from casebook.build import own_cases
from feature_notebooks import NOTEBOOKS, Cell

from reprobook.execute import RunOptions, read_trace, run_notebook
from reprobook.runs import RunFolder, Store

SEED = 7
# Of the casebook: notebooks that give the same results again as they stand, every so many.
_EVERY = 17
_RUN_ALL = """
import sys
from pathlib import Path
from reprobook.execute import RunOptions, run_notebook
from reprobook.runs import Store
store = Store(Path(sys.argv[1]))
for path in sys.argv[2:]:
    try:
        run_notebook(Path(path), store, RunOptions(seed=7, kernel="inline", name=Path(path).stem))
    except KeyboardInterrupt:
        print("interrupted", path)
"""


def written(index: int, cell: Cell) -> dict[str, Any]:
    source, tags = (cell, []) if isinstance(cell, str) else cell
    metadata = {"tags": tags} if tags else {}
    kind = {"cell_type": "code", "outputs": [], "execution_count": None}
    return kind | {"id": f"c{index}", "metadata": metadata, "source": source}


def contents() -> dict[str, Any]:
    """Return all notebooks by name."""
    found: dict[str, Any] = {}
    for name, cells in NOTEBOOKS.items():
        made = [written(index, cell) for index, cell in enumerate(cells)]
        found[name] = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}
    rerun = [case for case in own_cases() if case.kind == "rerun" and case.fixed and not case.run_a.setup]
    return found | {case.id: case.fixed for case in rerun[::_EVERY]}


CONTENTS = contents()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the notebooks, each in a folder of its own."""
    folder = tmp_path_factory.mktemp("notebooks")
    for name, content in CONTENTS.items():
        place = folder / name
        place.mkdir()
        (place / "helper.py").write_text(
            "VALUE = 1\nstate = []\ndef bump():\n    state.append(1)\n    return len(state)\n"
        )
        (place / "script.py").write_text("print('a script', __name__)\nscripted = 1\n")
        (place / f"{name}.ipynb").write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def inline(folder: Path) -> dict[str, RunFolder]:
    """Run all notebooks, one after the other, in one process that hashes with the seed."""
    store = Store(folder / "inline-store")
    paths = [str(folder / name / f"{name}.ipynb") for name in CONTENTS]
    environment = os.environ | {"PYTHONHASHSEED": str(SEED)}
    command = [sys.executable, "-c", _RUN_ALL, str(store.root), *paths]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return {str(record.name): RunFolder(Path(record.run_dir)) for record in store.records()}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_run_in_this_process_equals_one_in_a_kernel(
    name: str, folder: Path, inline: dict[str, RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # ipykernel leaves the file descriptors alone where it is set
    store = Store(folder / "cold-store")
    cold = run_notebook(folder / name / f"{name}.ipynb", store, RunOptions(seed=SEED, name=name))
    warm = inline[name]
    ours, theirs = warm.read_record(), cold.read_record()
    assert (ours.status, ours.error, ours.metrics) == (theirs.status, theirs.error, theirs.metrics)
    assert ours.result_digest == theirs.result_digest
    assert ours.recipe_digest == theirs.recipe_digest
    assert executed(warm) == executed(cold)
    assert trace(warm) == trace(cold)


def executed(run: RunFolder) -> dict[str, Any]:
    """Return the executed notebook without what differs in every run."""
    content = json.loads(_masked(run.executed.read_text()))
    content["metadata"]["reprobook"] = sorted(content["metadata"]["reprobook"])
    for cell in content["cells"]:
        if "papermill-error-cell-tag" in cell["metadata"]["tags"]:
            cell["id"] = ""
        else:
            _timeless(cell["metadata"])
        if "outputs" in cell:
            cell["outputs"] = _merged([output for output in cell["outputs"] if not _is_card(output)])
    _timeless(content["metadata"])
    return content


def _is_card(output: dict[str, Any]) -> bool:
    """Tell whether an output is the card of ``%reprotrain init``, which names the run and what is imported by now."""
    return "application/vnd.reprobook.header+json" in output.get("data", {})


def _timeless(metadata: dict[str, Any]) -> None:
    """Keep of each time that it was taken."""
    for key in ("start_time", "end_time", "duration"):
        metadata["papermill"][key] = metadata["papermill"][key] is not None
    if "execution" in metadata:
        metadata["execution"] = sorted(metadata["execution"])


def _merged(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the pieces of each stream: nbclient makes an output of each time that one was flushed.

    What another process writes comes through a pipe for each stream, and in which order these are read is chance.
    """
    found: list[dict[str, Any]] = []
    streams: dict[str, dict[str, Any]] = {}
    for output in outputs:
        if "text" not in output:
            found.append(output)
            continue
        text = "".join(output["text"])
        if output["name"] in streams:
            streams[output["name"]]["text"] += text
        else:
            streams[output["name"]] = {**output, "text": text}
            found.append(streams[output["name"]])
    return found


_MASKS = (
    (r"ipykernel_\d+", "ipykernel_PID"),
    (r"0x[0-9a-f]{8,}", "0xADDRESS"),
    (r"CPU times: [^\\]*", "CPU times"),
    (r"Wall time: [^\\]*", "Wall time"),
    (r"tmp\w{8}", "tmpNAME"),
    # scikit-learn numbers what it shows
    (r"sk-(container|estimator)-id-\d+", "sk-id"),
    # matplotlib's svg has a date and ids of its own
    (r"<dc:date>[^<]*</dc:date>", ""),
    (r"\b[mp]?[0-9a-f]{10}\b", "ID"),
)


def _masked(text: str) -> str:
    for pattern, stand_in in _MASKS:
        text = re.sub(pattern, stand_in, text)
    return text


def trace(run: RunFolder) -> list[dict[str, Any]]:
    """Return the trace without times.

    A library that an earlier notebook imported is there from the first cell on, and reads no files of its own again:
    only what is the notebook's own counts.
    """
    cells = [cell.model_dump(mode="json", exclude={"duration_s"}) for cell in read_trace(run).cells]
    for cell in cells:
        for state in ("rng_before", "rng_after", "settings_before", "settings_after"):
            cell[state] = {key: value for key, value in cell[state].items() if key.startswith("python")}
        for files in ("files_read", "files_written"):
            cell[files] = {path: digest for path, digest in cell[files].items() if not path.startswith("/")}
        cell["calls"] = [call for call in cell["calls"] if not call["via"] and call["kind"] not in _NEVER_EQUAL]
    return cells


_NEVER_EQUAL = {"pid", "clock", "entropy"}
