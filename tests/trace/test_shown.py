from __future__ import annotations

import math
from decimal import Decimal
from time import perf_counter
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest
import torch

from reprobook.trace import SinkChain, scalar_metrics, shown_metrics
from reprobook.trace.shown import is_look


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accuracy: 0.97", [("accuracy", 0.97)]),
        ("accuracy=0.97", [("accuracy", 0.97)]),
        ("accuracy: 97.2%", [("accuracy", 97.2)]),
        ("Test accuracy : 97 %", [("Test accuracy", 97)]),
        ("epoch 3: loss=0.12, acc 0.9", [("loss", 0.12)]),
        ("Epoch 1/10 - loss: 0.5 - val_loss: 0.6", [("loss", 0.5), ("val_loss", 0.6)]),
        ("Epoch: 3, Loss: 4e-1", [("Loss", 0.4)]),
        ("{'loss': 0.5, \"acc\": 1}", [("loss", 0.5), ("acc", 1)]),
        ("[INFO] rmse: -1.5e+3 (n=20)", [("rmse", -1500.0), ("n", 20)]),
        ("rows: 1,234,567", [("rows", 1234567)]),
        ("loss: 0.25.", [("loss", 0.25)]),
        ("val/acc@1: .5", [("val/acc@1", 0.5)]),
        ("best C: 10 gamma: 0.1", [("best C", 10), ("gamma", 0.1)]),
        ("Genauigkeit für Größe: 0.5", [("Genauigkeit für Größe", 0.5)]),
        ("a: 1\r a: 2\nb: 3", [("a", 1), ("a", 2), ("b", 3)]),
        ("loss: inf", [("loss", math.inf)]),
        ("Train accuracy = 0.99\nTest accuracy = 0.91", [("Train accuracy", 0.99), ("Test accuracy", 0.91)]),
        ("epoch 3 loss=0.5 acc=0.9", [("loss", 0.5), ("acc", 0.9)]),
        ("AUC (logreg): 0.98", [("AUC (logreg)", 0.98)]),
        ("Accuracy (train)=0.97", [("Accuracy (train)", 0.97)]),
        ("loss: 0.5 12 s", [("loss", 0.5)]),
        ("Final parameters: 2.67 4.87", [("Final parameters[0]", 2.67), ("Final parameters[1]", 4.87)]),
        ("w = -1 +2e-3 1,000 ", [("w[0]", -1), ("w[1]", 0.002), ("w[2]", 1000)]),
        (f"w:{' 1' * 40}", [(f"w[{at}]", 1) for at in range(16)]),
        ("best C: 10 1e-3 (mean)", [("best C", 10)]),
        ("R^2: 0.4, R²: 0.5", [("R^2", 0.4), ("R²", 0.5)]),
    ],
)
def test_printed_metrics(text: str, expected: list[tuple[str, float]]) -> None:
    found = shown_metrics(text)
    assert found == expected
    assert [type(number) for _, number in found] == [type(number) for _, number in expected]


@pytest.mark.parametrize(
    "text",
    [
        "time: 3.2",
        "took: 5 s",
        "speed: 3.5 it/s",
        "Training time: 12",
        "Training time (s): 12",
        "Wall time: 4.05 μs",
        "total: 8 µs",
        "epoch: 3",
        "global_step=100",
        "date: 2024-01-01",
        "at: 12:30",
        "ratio: 3/4",
        "version: 1.2.3",
        "shape: 3x4",
        "http://localhost:8888",
        "LogisticRegression(C=1.0, max_iter=100)",
        "a sentence of far more than six words: 5",
        "loss 0.5",
        "12:30: 5",
        "name: value",
        "",
    ],
)
def test_printed_text_that_is_no_metric(text: str) -> None:
    assert shown_metrics(text) == []


def test_nan_is_a_metric() -> None:
    ((name, number),) = shown_metrics("loss: nan")
    assert name == "loss"
    assert math.isnan(number)


def test_a_long_line_is_read_in_linear_time() -> None:
    lines = [
        "word " * 20_000,
        "x" * 200_000,
        "f(" * 50_000,
        "f(" + "=" * 100_000,
        "a: 1 " * 10_000,
        "1" * 100_000,
        f"b: {'1' * 100_000}x",
        f"c: {'1 ' * 100_000}x",
        "_" * 100_000,
    ]
    started = perf_counter()
    assert shown_metrics("\n".join(lines)) == [*[("a", 1)] * 10_000, ("c", 1)]
    assert perf_counter() - started < 5


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [
        ("acc", 0.5, [("acc", 0.5)]),
        ("len(x)", 3, [("len(x)", 3)]),
        ("0.5", 0.5, []),
        ("x.mean()", np.float32(0.5), [("x.mean()", 0.5)]),
        ("x", np.array(2), [("x", 2)]),
        ("loss", torch.tensor(0.5, requires_grad=True), [("loss", 0.5)]),
        ("d", {"a": 1, "b": np.float64(2)}, [("a", 1), ("b", 2.0)]),
        ("loss, acc", (0.5, 1), [("loss", 0.5), ("acc", 1)]),
        ("f(x), y[0]", (0.5, 1), [("f(x)", 0.5), ("y[0]", 1)]),
        ("pair", (0.5, 1), []),
        ("d", {"a": 1, "b": "text"}, []),
        ("d", {1: 1}, []),
        ("ok", True, []),
        ("x", np.bool_(1), []),
        ("x", np.array([1]), []),
        ("x", 1j, []),
        ("x", np.datetime64("2026"), []),
        ("x", Decimal(1), []),
        ("x", pd.Series([1]), []),
        ("x", "1", []),
        ("x", [], []),
        ("x", {}, []),
    ],
)
def test_shown_values(expression: str, value: object, expected: list[tuple[str, float]]) -> None:
    assert scalar_metrics(expression, value) == expected


def test_no_code_of_a_shown_value_runs() -> None:
    def fail(*_: object) -> NoReturn:
        raise BaseException  # noqa: TRY002  # no boundary may swallow it

    members: dict[str, Any] = dict.fromkeys(("__float__", "__eq__", "__getattr__", "item", "__iter__", "__len__"), fail)
    for base in (object, dict, tuple, float):
        value: object = base.__new__(type("Hostile", (base,), members))
        assert scalar_metrics("x", value) == []


@pytest.mark.parametrize(
    ("expression", "look"),
    [
        ("len(words)", True),
        ("x.shape[0]", True),
        ("x.size", True),
        ("sum(p.nelement() for p in parameters)", True),
        ("sum([p.numel() for p in parameters])", True),
        ("np.sum(probabilities)", True),
        ("x.mean()", True),
        ("(predicted == y).mean()", False),
        ("losses.mean()", False),
        ("loss", False),
        ("len(wrong) / len(y)", False),
        ("model.score(x, y)", False),
        ("sum(losses)", False),
        ("acc (size", False),
    ],
)
def test_a_look_at_data_is_told_from_a_metric(expression: str, look: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_look(expression) is look


def test_a_size_counts_only_where_nothing_else_does() -> None:
    chain = SinkChain()
    chain.metric("len(x)", 3, explicit=False)
    assert [sink.name for sink in chain.results] == ["len(x)"]
    chain.metric("loss", 0.5, explicit=False)
    assert [sink.name for sink in chain.results] == ["loss"]
