from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reprobook.trace.numbers import save_numbers
from reprobook.verify.distance import distances
from reprobook.verify.model import Distance, Divergence


def measured(tmp_path: Path, a: Any, b: Any) -> Distance:
    for side, content in (("a", a), ("b", b)):
        save_numbers({"x": content}, ("x", "absent"), tmp_path / side)
    (found,) = distances(("x", "absent"), tmp_path / "a", tmp_path / "b")
    return found


def test_the_next_float_is_one_unit_away(tmp_path: Path) -> None:
    one = np.ones(3, np.float32)
    other = one.copy()
    other[1] = np.nextafter(np.float32(1), np.float32(2))
    found = measured(tmp_path, one, other)
    assert (found.count, found.size, found.max_ulp) == (1, 3, 1)
    assert found.max_abs == pytest.approx(2**-23)


def test_units_are_counted_across_zero(tmp_path: Path) -> None:
    smallest = float(np.nextafter(0.0, 1.0))
    assert measured(tmp_path, -smallest, smallest).max_ulp == 2


def test_units_are_only_told_where_they_say_something() -> None:
    rounded = Distance(name="x", count=1, size=3, max_abs=1e-7, max_ulp=1)
    other = Distance(name="y", count=3, size=3, max_abs=1.75e3, max_ulp=4604080339376684610)
    assert list(Divergence(cell=0, distances=(rounded, other)).distance_lines()) == [
        "x: 1 of 3 numbers differ, by up to 1e-07, 1 units in the last place",
        "y: 3 of 3 numbers differ, by up to 1.75e+03",
    ]


def test_nan_is_as_good_as_nan(tmp_path: Path) -> None:
    assert measured(tmp_path, np.array([np.nan, 1.0]), np.array([np.nan, 1.0])).count == 0


def test_integers_have_no_last_place(tmp_path: Path) -> None:
    found = measured(tmp_path, [1, 2, 3], [1, 2, 7])
    assert (found.count, found.max_abs, found.max_ulp) == (1, 4.0, None)


def test_another_shape_has_no_distance(tmp_path: Path) -> None:
    found = measured(tmp_path, np.zeros(2), np.zeros(3))
    assert (found.max_abs, found.count) == (None, 3)


def test_models_frames_and_nested_values_are_measured_by_their_numbers(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pandas = pytest.importorskip("pandas")
    model = torch.nn.Linear(2, 1)
    before = {
        "model": {k: v.clone() for k, v in model.state_dict().items()},
        "frame": pandas.DataFrame({"a": [1.0], "s": ["t"]}),
    }
    with torch.no_grad():
        model.bias += 1
    after = {"model": model.state_dict(), "frame": pandas.DataFrame({"a": [1.0], "s": ["u"]})}
    found = measured(tmp_path, before, after)
    assert (found.count, found.size) == (1, 4)
    assert found.max_abs == pytest.approx(1.0)


def test_values_without_numbers_are_left_out(tmp_path: Path) -> None:
    recursive: list[Any] = []
    recursive.append(recursive)
    save_numbers({"a": "text", "b": recursive}, ("a", "b"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_integers_beyond_64_bits_are_no_array_of_numbers(tmp_path: Path) -> None:
    save_numbers({"keys": [2**100, 3], "x": 1.5}, ("keys", "x"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]
