from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.notebook import Notebook, read_notebook
from reprobook.promote import Evidence, JobOptions, Plan, Promotion, Provenance, plan, promote_notebook, render
from reprobook.runs import RunFolder, Store
from reprobook.space import declared_parameters

RUFF = str(Path(sys.executable).with_name("ruff"))
PROVENANCE = Provenance("digits.ipynb", "ab" * 32, "cd" * 32, ("reprobook run digits.ipynb --seed 7",), "20260101-run")

CellText = str | tuple[str, str]


@pytest.fixture
def make_notebook() -> Callable[..., Notebook]:
    """Build a notebook: a text that begins with ``md:`` is Markdown; ``(source, tag)`` has a tag."""

    def build(*cells: CellText, name: str = "digits.ipynb") -> Notebook:
        raw: list[dict[str, Any]] = []
        for cell in cells:
            source, tags = (cell, []) if isinstance(cell, str) else (cell[0], [cell[1]])
            kind = "markdown" if source.startswith("md:") else "code"
            of_code = {"outputs": [], "execution_count": None} if kind == "code" else {}
            common = {"cell_type": kind, "id": f"cell-{len(raw)}", "metadata": {"tags": tags}}
            raw.append({**common, **of_code, "source": source.removeprefix("md:")})
        content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": raw}
        return read_notebook(json.dumps(content).encode(), name)

    return build


@pytest.fixture
def write_notebook(make_notebook: Callable[..., Notebook], tmp_path: Path) -> Callable[..., Path]:
    """Write a notebook of these cells to ``nb.ipynb``, or another name."""

    def write(*cells: CellText, name: str = "nb.ipynb") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(dict(make_notebook(*cells).content)), encoding="utf-8")
        return path

    return write


@pytest.fixture
def promote(make_notebook: Callable[..., Notebook]) -> Callable[..., tuple[Plan, str]]:
    """Plan and render a notebook given by its cells."""

    def build(*cells: CellText, **evidence: Any) -> tuple[Plan, str]:
        notebook = make_notebook(*cells)
        planned = plan(notebook, declared_parameters(notebook), Evidence(**evidence))
        return planned, render(planned, PROVENANCE)

    return build


@pytest.fixture
def promoted(write_notebook: Callable[..., Path], store: Store, tmp_path: Path) -> Callable[..., Promotion]:
    """Run and promote a notebook of these cells, or a run, into ``job``, proof included."""

    def promoted(*cells: CellText | RunFolder, verify: bool = True, **options: Any) -> Promotion:
        run = isinstance(cells[0], RunFolder)
        target = cells[0] if run else write_notebook(*cells)
        return promote_notebook(target, store, JobOptions(**options), out=tmp_path / "job", verify=verify)

    return promoted


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script's text in a folder of its own."""

    def run(text: str, *options: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "train.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "train.py", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    return run


@pytest.fixture
def definition() -> Callable[[str, str], str]:
    """Return the source of one definition of a script."""

    def find(text: str, name: str) -> str:
        (found,) = [node for node in ast.walk(ast.parse(text)) if getattr(node, "name", "") == name]
        return ast.get_source_segment(text, found) or ""

    return find


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


@pytest.fixture
def mypy_says(tmp_path: Path) -> Callable[[str], str]:
    """Return what mypy has to say of a script; empty if nothing."""

    def check(text: str) -> str:
        (tmp_path / "typed.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "mypy", "--ignore-missing-imports", "--follow-imports=silent", "typed.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout if done.returncode else ""

    return check
