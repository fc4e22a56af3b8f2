"""`reprobook card`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Reprobook = Callable[..., Any]


def test_cards_are_printed_or_written(
    reprobook: Reprobook, write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text("a\n1\n")
    notebook = write_notebook("import reprobook as rb\npath = rb.data('d', 'd.csv')", "rb.log(x=1)")
    assert reprobook("run", str(notebook)).code == 0
    assert "model-index" in reprobook("card", "latest").out
    assert reprobook("card", "latest", "-o", "card.md", "--license", "mit").code == 0
    assert "license: mit" in (tmp_path / "card.md").read_text()
    (tmp_path / "card.md").write_text("mine")
    refused = reprobook("card", "latest", "-o", "card.md")
    assert (refused.code, (tmp_path / "card.md").read_text()) == (2, "mine")
    assert "--force" in refused.err
    assert reprobook("card", "latest", "-o", "card.md", "--force").code == 0
    assert "pretty_name: d" in reprobook("card", "latest", "--data", "d", "--json").document["text"]
    assert "sc:Dataset" in reprobook("card", "latest", "--data", "d", "--croissant").out
    assert reprobook("card", "latest", "--croissant").code == 2
    assert reprobook("card", "latest", "--data", "e").code == 2
