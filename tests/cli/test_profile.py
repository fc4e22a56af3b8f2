"""`reprobook run --profile`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Reprobook = Callable[..., Any]


def test_a_profile_is_shown_with_the_run(reprobook: Reprobook, write_notebook: Callable[..., Path]) -> None:
    notebook = write_notebook("import time", "time.sleep(0.4)")
    made = reprobook("run", str(notebook), "--profile")
    assert made.code == 0
    assert "data-bound: cell 1" in made.out
    shown = reprobook("show", "latest")
    assert "data-bound: cell 1" in shown.out
    assert "turn: " in shown.out
    found = reprobook("show", "latest", "--json").document["profile"]
    assert found["schema"] == "reprobook.profile/1"
    assert [each["cell"] for each in found["cells"]] == [0, 1]
    assert reprobook("run", str(notebook), "--json").code == 0
    assert reprobook("show", "latest", "--json").document["profile"] is None
