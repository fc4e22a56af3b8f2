from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reprobook.promote import Promotion

Promoted = Callable[..., Promotion]
SIZES = (
    "import numpy as np",
    "size = 3  # of a word",
    "rows = 4\nx = np.ones((rows, size))\nw = np.arange(3.0)",
    "size = 3  # of a word\n\ndef widen(x):\n    return np.ones((len(x), size)) + x\n",
    "total = widen(x) @ w",
    "score = total.sum()\nscore",
)


def test_an_option_that_only_works_at_its_default_is_a_constant(promoted: Promoted, tmp_path: Path) -> None:
    made = promoted(*SIZES)
    text = (tmp_path / "job" / "train.py").read_text()
    assert made.equivalent is True
    assert text.count("size = 3") == 1
    assert "\nsize = 3  # of a word\n" in text
    assert "    rows: int = 4" in text
    assert (tmp_path / "job" / "config.yaml").read_text() == "rows: 4\n"


def test_a_parameter_that_its_author_declares_stays_one(promoted: Promoted, tmp_path: Path) -> None:
    cells = list(SIZES)
    made = promoted(cells[0], (cells[1], "parameters"), *cells[2:3], cells[3].partition("\n\n")[2], *cells[4:])
    assert made.equivalent is True
    assert "    size: Annotated" in (tmp_path / "job" / "train.py").read_text()
