"""A photo of a whiteboard: what is written there is proposed, and nothing else is."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image, ImageFilter

from reprobook.errors import InputError
from reprobook.spec import Proposal, Written, proposals

BOARD = {
    "Hypothesis: wider beats deeper": ("hypothesis", "wider beats deeper"),
    "Split: stratified 80/10/10": ("split.parts", "train 0.8, val 0.1, test 0.1"),
    "Optimizer: AdamW": ("loop.optimizer", "AdamW"),
    "Batch size: 32": ("loop.batch_size", "32"),
    "Epochs = 20": ("loop.epochs", "20"),
    "Metrics: val_loss epoch, test_accuracy end": ("evaluation.metrics", "val_loss epoch, test_accuracy end"),
    "Select on: val": ("evaluation.selection_set", "val"),
    "Save: model": ("checkpoints.what", "model"),
    "Budget: 10 min": ("budget.minutes", "10"),
    "lunch at noon!": (),
}


def draw(path: Path) -> Path:
    """Draw a board in a font, and take its photo: from the side, unevenly lit, a little out of focus, with noise."""
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")

    figure = Figure(figsize=(10, 7), facecolor="#eceae0")
    for number, line in enumerate(BOARD):
        figure.text(0.06, 0.9 - 0.09 * number, line, fontsize=21, rotation=0.6, color="#20408a", family="DejaVu Sans")
    figure.savefig(path, dpi=100)
    with Image.open(path) as drawn:
        flat = drawn.convert("RGB")
    width, height = flat.size
    # The corners of the picture, on a board that is seen from the right.
    corners = (0, 0, 0, height, width, height + 60, width, -60)
    seen = flat.transform(flat.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
    pixels = np.asarray(seen.filter(ImageFilter.GaussianBlur(0.7)), dtype=float)
    light = np.linspace(1.0, 0.6, width)[None, :, None]
    noise = np.random.default_rng(0).normal(0, 8, pixels.shape)
    Image.fromarray((pixels * light + noise).clip(0, 255).astype("uint8")).save(path)
    return path


def entries(found: tuple[Proposal, ...]) -> set[tuple[str, str]]:
    return {(each.key, each.text) for each in found}


def test_a_board_is_read_without_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = draw(tmp_path / "board.png")

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("reading a photo asks for the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    from reprobook.spec.photo import read_photo  # noqa: PLC0415  # only where there is a reader

    lines = read_photo(picture)
    assert len(lines) == len(BOARD)
    assert all(0.8 < line.score <= 1 for line in lines)
    found = proposals(lines)
    assert entries(found) == {each for each in BOARD.values() if each} | {("split.strategy", "stratified")}
    assert not [each.problem for each in found if each.problem]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("BS: 64", {("loop.batch_size", "64")}),
        ("- lr schedule -> OneCycleLR", {("loop.schedule", "OneCycleLR")}),
        ("split by entity", set()),
        ("Split: by entity, 90/10", {("split.parts", "train 0.9, test 0.1"), ("split.strategy", "entity")}),
        ("time budget: 1.5 h", {("budget.minutes", "90")}),
        ("Device: GPU", {("budget.device", "gpu")}),
        ("Meeting: 10:30", set()),
        ("leakage: same patient, twice", {("split.leakage_risks", "same patient, twice")}),
    ],
)
def test_what_a_line_says(line: str, expected: set[tuple[str, str]]) -> None:
    assert entries(proposals([Written(line)])) == expected


def test_a_value_that_makes_no_sense_is_shown_with_the_reason() -> None:
    (found,) = proposals([Written("Epochs: 2O", 0.7)])
    assert "loop.epochs" in found.problem
    assert found.line.score == pytest.approx(0.7)


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_what_is_no_picture_is_said(content: bytes | None, tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    from reprobook.spec.photo import read_photo  # noqa: PLC0415  # only where there is a reader

    path = tmp_path / "board.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"board\.jpg"):
        read_photo(path)


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reprobook.spec.photo import read_photo  # noqa: PLC0415  # as a user without the extra comes here

    (tmp_path / "board.png").write_bytes(b"")
    monkeypatch.setitem(__import__("sys").modules, "rapidocr", None)
    with pytest.raises(InputError) as refused:
        read_photo(tmp_path / "board.png")
    assert "reprobook[ocr]" in refused.value.hint
