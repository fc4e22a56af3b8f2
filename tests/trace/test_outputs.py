from __future__ import annotations

from typing import Any

import pytest

from reprobook.trace import CellOutput
from reprobook.trace.outputs import normalised


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a\n  5%|#   |\r 50%|##  |\r100%|####|\nb\n", "a\n100%|####|\nb\n"),
        ("<A object at 0x7f0a1b2c3d4e>", "<A object at 0x7fffffffffff>"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\r\nb", "a\nb"),
        ("/tmp/ipykernel_123/99.py:3: UserWarning", "/tmp/ipykernel_77/12.py:3: UserWarning"),  # noqa: S108
        ("2026-01-02 03:04:05,678 INFO x", "2026-01-02T03:04:06 INFO x"),
        ("100%|##| 10/10 [00:01<00:00, 9.5it/s]", "100%|##| 10/10 [00:02<00:00, 4.5it/s]"),
        ("9/9 - 2s 12ms/step - loss: 0.5", "9/9 - 3s 9ms/step - loss: 0.5"),
        ("[CV] END C=1; total time=   0.1s", "[CV] END C=1; total time=   0.3s"),
        ("Done 2 out of 2 | elapsed:    1.5s", "Done 2 out of 2 | elapsed:    0.1s"),
        ("/tmp/tmpab3_x9k1/a.csv", "/tmp/tmp0123abcd/a.csv"),  # noqa: S108
        ("CPU times: user 3 ms\nWall time: 4 ms\n", "CPU times: user 9 ms\nWall time: 1 ms\n"),
    ],
)
def test_what_differs_in_every_run_is_masked(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("loss 0.1", "loss 0.2"),
        ("total=3", "total=4"),
        ("dir/a", "dir/b"),
        ("0x1f", "0x2f"),
        ("a\nb", "ab"),
        ("\ud800", "x"),
    ],
)
def test_content_stays(one: str, other: str) -> None:
    assert CellOutput(stdout=one).digest() != CellOutput(stdout=other).digest()


def test_streams_and_displays_are_apart() -> None:
    digests = {CellOutput("a").digest(), CellOutput("", "a").digest(), CellOutput("", "", ("a",)).digest()}
    assert len(digests) == 3


def test_the_outputs_of_a_notebook_in_any_chunks() -> None:
    chunks: list[dict[str, Any]] = [
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
        {"output_type": "execute_result", "data": {"text/plain": ["x", "y"]}, "execution_count": 7},
        {"output_type": "stream", "name": "stderr", "text": "warn"},
        {"output_type": "stream", "name": "stdout", "text": "c"},
        {"output_type": "display_data", "data": {"image/png": "…"}},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": []},
    ]
    assert CellOutput.of_notebook(chunks) == CellOutput("a\nbc", "warn", ("xy",))
