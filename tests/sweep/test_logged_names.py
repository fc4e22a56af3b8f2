"""A mistyped metric is refused before anything runs, where the source leaves no doubt, and only there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reprobook.errors import InputError
from reprobook.notebook import Notebook, read_notebook
from reprobook.sweep.logged_names import check_metric

LOOP = "for epoch in range(3):\n    rb.log(loss=1.0, val_loss=2.0, step=epoch)"


def notebook(*cells: str) -> Notebook:
    made = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in cells]
    return read_notebook(json.dumps({"nbformat": 4, "cells": made}).encode(), "nb.ipynb")


@pytest.mark.parametrize(
    "cells", [("import reprobook as rb", LOOP), ("from reprobook import log", LOOP.replace("rb.", ""))]
)
def test_a_name_that_is_surely_not_logged_is_refused(tmp_path: Path, cells: tuple[str, ...]) -> None:
    check_metric(notebook(*cells), tmp_path, "val_loss")
    with pytest.raises(InputError, match="logs no metric 'val_los'") as refused:
        check_metric(notebook(*cells), tmp_path, "val_los")
    assert refused.value.hint == "Did you mean val_loss?"
    with pytest.raises(InputError) as refused:
        check_metric(notebook(*cells), tmp_path, "zz")
    assert refused.value.hint == "It logs loss, val_loss."
    with pytest.raises(InputError):
        check_metric(notebook(*cells), tmp_path, "step")


@pytest.mark.parametrize(
    "more",
    [
        ("rb.log(**metrics)",),
        ("record = rb.log", "record(f1=1)"),
        ("train(rb)",),
        ("from helper import train",),
        ("exec(code)",),
        ("def broken(",),
        ("%run other.ipynb",),
        ("from reprobook import *",),
        ("import reprobook.execute.active",),
        ("from reprobook.execute import active",),
    ],
)
def test_what_may_log_more_is_left_to_the_first_run(tmp_path: Path, more: tuple[str, ...]) -> None:
    (tmp_path / "helper.py").write_text("import reprobook as rb\ndef train(): rb.log(f1=1)")
    check_metric(notebook("import reprobook as rb", LOOP, *more), tmp_path, "f1")


@pytest.mark.parametrize(
    "cells",
    [
        ("print('f1:', 1)",),
        # Perhaps never called: then what is printed counts.
        ("import reprobook as rb", "if done:\n    rb.log(loss=1)", "print('f1:', 1)"),
        ("import reprobook as rb", "def train():\n    rb.log(loss=1)", "print('f1:', 1)"),
    ],
)
def test_what_is_printed_may_count(tmp_path: Path, cells: tuple[str, ...]) -> None:
    check_metric(notebook(*cells), tmp_path, "f1")
