from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import reprobook
from reprobook.notebook import Notebook, read_notebook
from reprobook.promote import Plan, Provenance, plan, render
from reprobook.space import declared_parameters

RUFF = str(Path(sys.executable).with_name("ruff"))
PROVENANCE = Provenance("digits.ipynb", "ab" * 32, "cd" * 32, "python train.py --out out")

# Stands in for the runtime of a job until `rb.job` exists: it keeps what is logged.
SHIM = """
import contextlib, json
LOG = []
def _plain(value):
    return value.item() if hasattr(value, "item") else value
def log(*, step=None, **metrics):
    LOG.extend([name, _plain(value), step] for name, value in metrics.items())
def show(name, value):
    print(value)
    LOG.append([name, _plain(value), None])
def save(name, value):
    LOG.append([name, "saved", None])
class Float:
    def __init__(self, *args, **options): pass
Int = Choice = Float
@contextlib.contextmanager
def job(out, *, config, seed=None, printed_metrics=False):
    out.mkdir(parents=True, exist_ok=True)
    yield
    (out / "log.json").write_text(json.dumps({"log": LOG, "config": config, "seed": seed}))
"""
# Runs the cells as a kernel does, after seeding as reprobook does.
KERNEL = """
import json, random, sys
import numpy as np
from IPython.core.interactiveshell import InteractiveShell
import reprobook
cells, seed = json.loads(sys.argv[1])
if seed is not None:
    import torch
    random.seed(seed); np.random.seed(seed); torch.manual_seed(seed)
shell = InteractiveShell.instance()
for cell in cells:
    shell.run_cell(cell, store_history=True).raise_error()
print("LOG" + json.dumps(reprobook.LOG))
"""

Cells = tuple[str, ...]
MakeNotebook = Callable[..., Notebook]
Promote = Callable[..., tuple[Plan, str]]


@pytest.fixture
def make_notebook() -> MakeNotebook:
    """Build a notebook: a text that begins with ``#`` + blank or ``md:`` is Markdown; ``(source, tag)`` has a tag."""

    def build(*cells: str | tuple[str, str], name: str = "digits.ipynb") -> Notebook:
        raw: list[dict[str, Any]] = []
        for cell in cells:
            source, tags = (cell, []) if isinstance(cell, str) else (cell[0], [cell[1]])
            kind = "markdown" if source.startswith("md:") else "code"
            raw.append({"cell_type": kind, "metadata": {"tags": tags}, "source": source.removeprefix("md:")})
        content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": raw}
        return read_notebook(json.dumps(content).encode(), name)

    return build


@pytest.fixture
def promote(make_notebook: MakeNotebook) -> Promote:
    """Plan and render a notebook given by its cells."""

    def build(*cells: str | tuple[str, str], **options: Any) -> tuple[Plan, str]:
        notebook = make_notebook(*cells)
        planned = plan(notebook, declared_parameters(notebook), **options)
        return planned, render(planned, PROVENANCE)

    return build


@pytest.fixture
def job_environment(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which a script finds the runtime of a job."""
    folder = tmp_path / "runtime"
    if not hasattr(reprobook, "job"):
        (folder / "reprobook").mkdir(parents=True)
        (folder / "reprobook" / "__init__.py").write_text(SHIM)
    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.fixture
def run_script(tmp_path: Path, job_environment: Mapping[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script's text in a folder of its own."""

    def run(text: str, *options: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "train.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "train.py", *options]
        return subprocess.run(
            command, cwd=tmp_path, env=job_environment, capture_output=True, text=True, check=False, timeout=120
        )

    return run


@pytest.fixture
def run_cells(tmp_path: Path, job_environment: Mapping[str, str]) -> Callable[..., list[Any]]:
    """Run cells in IPython and return what they logged."""

    def run(cells: list[str], seed: int | None = None) -> list[Any]:
        folder = tmp_path / "notebook"
        folder.mkdir()
        command = [sys.executable, "-c", KERNEL, json.dumps([cells, seed])]
        environment = {**job_environment, "IPYTHONDIR": str(folder / "ipython")}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        log: list[Any] = json.loads(done.stdout.rpartition("LOG")[2])
        return log

    return run


@pytest.fixture
def ruff_says(tmp_path: Path) -> Callable[[str], str]:
    """Return what ruff's formatter and its default rules have to say of a script; empty if nothing."""

    def check(text: str) -> str:
        (tmp_path / "checked.py").write_text(text, encoding="utf-8")
        said = ""
        for command in (["format", "--check", "--diff"], ["check", "--output-format=concise"]):
            done = subprocess.run(
                [RUFF, *command, "--isolated", "--no-cache", "checked.py"],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            said += done.stdout if done.returncode else ""
        return said

    return check
