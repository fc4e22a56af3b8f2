from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.notebook import Notebook, read_notebook
from reprobook.promote import Plan, Provenance, plan, render
from reprobook.space import declared_parameters

RUFF = str(Path(sys.executable).with_name("ruff"))
PROVENANCE = Provenance("digits.ipynb", "ab" * 32, "cd" * 32, "python train.py --out out")

MakeNotebook = Callable[..., Notebook]
Promote = Callable[..., tuple[Plan, str]]


@pytest.fixture
def make_notebook() -> MakeNotebook:
    """Build a notebook: a text that begins with ``md:`` is Markdown; ``(source, tag)`` has a tag."""

    def build(*cells: str | tuple[str, str], name: str = "digits.ipynb") -> Notebook:
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
def promote(make_notebook: MakeNotebook) -> Promote:
    """Plan and render a notebook given by its cells."""

    def build(*cells: str | tuple[str, str], **options: Any) -> tuple[Plan, str]:
        notebook = make_notebook(*cells)
        planned = plan(notebook, declared_parameters(notebook), **options)
        return planned, render(planned, PROVENANCE)

    return build


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script's text in a folder of its own."""

    def run(text: str, *options: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "train.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "train.py", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

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
