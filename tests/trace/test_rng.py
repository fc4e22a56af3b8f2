# The legacy global generators are the subject here.
# ruff: noqa: NPY002, S311

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch

from reprobook.trace import positions


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("python", random.random),
        ("numpy", np.random.rand),
        ("torch", lambda: torch.rand(1)),
    ],
)
def test_a_draw_moves_its_own_generator_only(name: str, draw: Callable[[], object]) -> None:
    before = positions()
    assert positions() == before
    draw()
    after = positions()
    assert {each for each in before if before[each] != after[each]} == {name}


def test_equal_seeds_give_equal_positions() -> None:
    found = []
    for _ in range(2):
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        random.gauss(0, 1)  # keeps half of a pair for the next call
        found.append(positions())
    assert found[0] == found[1]
    random.gauss(0, 1)
    assert positions()["python"] != found[0]["python"]


def test_reading_draws_nothing_and_starts_no_device() -> None:
    random.seed(2)
    np.random.seed(2)
    torch.manual_seed(2)
    expected = (random.random(), np.random.rand(), torch.rand(1))
    random.seed(2)
    np.random.seed(2)
    torch.manual_seed(2)
    positions()
    assert (random.random(), np.random.rand(), torch.rand(1)) == expected
    assert not torch.cuda.is_initialized()


def test_replaced_functions_do_not_hide_a_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    before = positions()
    for module, name in ((random, "getstate"), (np.random, "get_state"), (torch, "get_rng_state")):
        monkeypatch.setattr(module, name, None)
    assert positions() == before
