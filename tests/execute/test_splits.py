"""Splits as a run keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import reprobook as rb
from reprobook.cli.app import run_command
from reprobook.execute.job import job
from reprobook.execute.replay import replay_run
from reprobook.runs import RunFolder, Store

Run = Callable[..., RunFolder]
CELLS = (
    "import reprobook as rb, numpy as np\nX = np.random.default_rng(0).normal(size=(200, 6))\nX[7] = X[8]",
    "parts = rb.split(range(200), {'train': 0.6, 'test': 0.4}, rows=X, name='digits')",
    "rb.log(rows=len(parts['train']))",
)


def test_a_run_keeps_its_split(run: Run, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    made = run(*CELLS)
    made.check_integrity()
    kept = json.loads((made.path / "splits" / "digits.json").read_bytes())
    expected = rb.split(range(200), {"train": 0.6, "test": 0.4})
    assert kept["parts"]["train"] == {"share": 0.6, "rows": expected["train"].tolist()}
    assert made.read_record().metrics == {"rows": len(expected["train"])}
    assert kept["leakage"]["checked"][0] == "ids"
    assert run_command(["show", made.run_id, "--store", str(store.root)]) == 0
    assert f"by hash: train {len(expected['train'])}, test {len(expected['test'])}" in capsys.readouterr().out
    again = replay_run(made, store)
    assert again.read_record().result_digest == made.read_record().result_digest
    assert (again.path / "splits" / "digits.json").read_bytes() == (made.path / "splits" / "digits.json").read_bytes()


def test_members_are_known_in_any_order(tmp_path: Path) -> None:
    def kept(name: str, ids: list[int]) -> dict[str, Any]:
        with job(tmp_path / name, config={}) as out:
            rb.split(ids, {"a": 0.5, "b": 0.5})
            document: dict[str, Any] = json.loads((out / "splits" / "split.json").read_bytes())
        return document

    here, there, other = kept("1", [1, 2, 3, 4]), kept("2", [4, 2, 1, 3]), kept("3", [1, 2, 3, 5])
    assert here["members"] == there["members"] != other["members"]
    assert here["parts"] != there["parts"]


def test_a_name_cannot_lead_out_of_the_run(tmp_path: Path) -> None:
    with job(tmp_path / "out", config={}), pytest.raises(rb.errors.InputError, match="no name for a file"):
        rb.split([1, 2], {"a": 0.5, "b": 0.5}, name="../../x")
