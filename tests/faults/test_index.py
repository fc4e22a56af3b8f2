"""The table in README.md: every line is there once, with tests that exist and a result."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXPECTED = {"F": 24, "B": 26, "A": 28}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (HERE / "README.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [FBA]\d", line)
]


def test_no_line_is_missing_or_there_twice() -> None:
    numbers = [row[0] for row in ROWS]
    assert numbers == [f"{part}{number}" for part, last in EXPECTED.items() for number in range(1, last + 1)]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_line_names_tests_that_exist_and_its_result(row: list[str]) -> None:
    _, _, tests, result = row
    assert result.startswith(("holds", "partly"))
    named = re.findall(r"`([^`]+\.py)::(test_\w+)`", tests)
    assert named
    for place, name in named:
        path = ROOT / place if "/" in place else HERE / place
        tree = ast.parse(path.read_bytes())
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in defined, f"{place} has no {name}"
