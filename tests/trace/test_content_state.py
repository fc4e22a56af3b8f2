"""Objects with a state: two made alike are equal, and each change of the state shows."""

from __future__ import annotations

import collections
import functools
import io
import itertools
import mmap
import queue
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neural_network import MLPClassifier
from torch.optim import lr_scheduler
from torch.utils import data

from reprobook.trace import digest_value


def of(value: object) -> str:
    return digest_value(value).digest


def network() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))


def optimizer(make: Any = torch.optim.SGD, **settings: Any) -> Any:
    net = network()
    net(torch.ones(2, 2)).sum().backward()
    return make(net.parameters(), lr=0.1, **settings)


class Numbers(data.Dataset):  # type: ignore[misc]
    def __init__(self) -> None:
        self.items = torch.arange(6.0)

    def __len__(self) -> int:
        return 6

    def __getitem__(self, place: int) -> Any:
        return self.items[place]


def loader() -> Any:
    return data.DataLoader(Numbers(), 2, shuffle=True, generator=torch.Generator().manual_seed(1))


def counting(limit: int) -> Iterator[int]:
    yield from map(int, range(limit))


def opened() -> Any:
    return Path(__file__).open("rb")


def remembering() -> Any:
    return functools.lru_cache(maxsize=3)(lambda x: x)


FEATURES, LABELS = make_classification(60, random_state=0)

STATES: list[tuple[Callable[[], Any], Callable[[Any], object]]] = [
    (optimizer, lambda value: value.param_groups[0].update(lr=0.2)),
    (lambda: optimizer(momentum=0.9), lambda value: value.step()),
    (lambda: optimizer(torch.optim.AdamW), lambda value: value.step()),
    (lambda: lr_scheduler.StepLR(optimizer(), 1), lambda value: value.step()),
    (lambda: lr_scheduler.CosineAnnealingLR(optimizer(), 5), lambda value: value.step()),
    (lambda: lr_scheduler.OneCycleLR(optimizer(momentum=0.9), 0.1, total_steps=5), lambda value: value.step()),
    (lambda: lr_scheduler.ReduceLROnPlateau(optimizer()), lambda value: value.step(1.0)),
    (lambda: torch.amp.GradScaler("cpu"), lambda value: value.load_state_dict({**value.state_dict(), "scale": 2.0})),
    (lambda: torch.Generator().manual_seed(1), lambda value: torch.rand(1, generator=value)),
    (network, lambda value: value.eval()),
    (network, lambda value: value(torch.ones(2, 2))),  # moves the running mean
    (network, lambda value: value(torch.eye(2)).sum().backward()),
    (network, lambda value: value.register_forward_hook(lambda *_: None)),
    (network, lambda value: value[0].register_buffer("hidden", torch.ones(1), persistent=False)),
    (network, lambda value: setattr(value, "forward", types.MethodType(torch.relu, value))),
    (network, lambda value: value[0].requires_grad_(requires_grad=False)),
    (lambda: torch.optim.swa_utils.AveragedModel(network()), lambda value: value.update_parameters(network())),
    (lambda: torch.jit.trace(torch.nn.Identity(), torch.ones(1)), lambda value: value.eval()),
    (lambda: torch.ones(2).untyped_storage(), lambda value: value.__setitem__(0, 7)),
    (loader, lambda value: next(iter(value))),
    (lambda: iter(loader()), next),
    (lambda: data.Subset(Numbers(), [0, 1]), lambda value: value.indices.append(2)),
    (lambda: data.DistributedSampler(Numbers(), 2, 0), lambda value: value.set_epoch(1)),
    (lambda: data.RandomSampler(Numbers(), generator=torch.Generator()), list),
    (lambda: np.random.default_rng(1), lambda value: value.random()),
    (lambda: np.random.default_rng(1), lambda value: value.spawn(1)),
    (lambda: np.random.RandomState(1), lambda value: value.rand()),
    (lambda: np.random.SeedSequence(1), lambda value: value.spawn(1)),
    (lambda: RandomForestClassifier(2, random_state=np.random.RandomState(1)), lambda value: value.random_state.rand()),
    (lambda: RandomForestClassifier(2, random_state=0), lambda value: value.fit(FEATURES, LABELS)),
    (lambda: SGDClassifier(random_state=0), lambda value: value.partial_fit(FEATURES, LABELS, [0, 1])),
    (lambda: pd.DataFrame({"a": [1]}), lambda value: value.attrs.update(unit="m")),
    (lambda: pd.DataFrame({"a": [1]}), lambda value: setattr(value.index, "name", "i")),
    (lambda: Image.new("RGB", (2, 2)), lambda value: value.putpixel((0, 0), (1, 2, 3))),
    (lambda: io.StringIO("abc"), lambda value: value.read(1)),
    (lambda: io.BytesIO(b"abc"), lambda value: value.write(b"x")),
    (opened, lambda value: value.seek(5)),
    (lambda: mmap.mmap(-1, 8), lambda value: value.write(b"x")),
    (lambda: counting(3), next),
    (lambda: iter([1, 2]), next),
    (lambda: iter((1, 2)), next),
    (lambda: iter(range(3)), next),
    (lambda: iter({1: 2, 3: 4}), next),
    (lambda: iter("ab"), next),
    (lambda: reversed([1, 2]), next),
    (lambda: enumerate([1, 2]), next),
    (lambda: zip([1, 2], [3, 4], strict=True), next),
    (lambda: map(str, [1, 2]), next),
    (lambda: (number for number in [1, 2]), next),
    (remembering, lambda value: value(1)),
    (queue.Queue, lambda value: value.put(1)),
    (lambda: collections.deque([1, 2], 2), lambda value: value.append(3)),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("make", "change"), STATES)
def test_a_state_is_content(make: Callable[[], Any], change: Callable[[Any], object]) -> None:
    value, same = make(), make()
    before = of(value)
    assert before == of(same) == of(value)
    change(value)
    assert of(value) != before == of(same)
    change(same)
    assert of(value) == of(same)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="itertools no longer tells")
@pytest.mark.parametrize(
    "make",
    [
        lambda: itertools.count(3),
        lambda: itertools.cycle([1, 2]),
        lambda: itertools.chain([1], [2]),
        lambda: itertools.islice([1, 2, 3], 2),
        lambda: itertools.product([1, 2]),
        lambda: itertools.permutations([1, 2]),
        lambda: itertools.accumulate([1, 2, 3]),
        lambda: itertools.tee([1, 2])[0],
        lambda: itertools.groupby([1, 2, 2]),
    ],
)
def test_iterators_are_what_they_have_left(make: Callable[[], Any]) -> None:
    value, same, expected = make(), make(), make()
    assert of(value) == of(same)
    next(value)
    assert of(value) != of(same)
    next(expected)
    left, expected_left = (list(itertools.islice(each, 3)) for each in (value, expected))
    if not isinstance(value, itertools.groupby):
        assert left == expected_left


@pytest.mark.parametrize(
    "make",
    [
        lambda: GradientBoostingClassifier(n_estimators=2, random_state=0).fit(FEATURES, LABELS),
        lambda: MLPClassifier((3,), max_iter=2, random_state=0, early_stopping=True).fit(FEATURES, LABELS),
        lambda: GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2).fit(FEATURES, LABELS),
        lambda: cross_validate(LogisticRegression(), FEATURES, LABELS, cv=2),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_the_seconds_that_a_fit_took_are_no_content(make: Callable[[], Any]) -> None:
    assert of(make()) == of(make())


def test_the_scores_beside_those_seconds_are() -> None:
    one, other = ({"fit_time": [0.1], "score_time": [0.2], "test_score": [score]} for score in (0.5, 0.6))
    assert of(one) != of(other)
    assert digest_value(one).opaque


def test_a_quantized_tensor_is_its_integers_and_scales() -> None:
    def quantized(value: float, scale: float = 0.1) -> Any:
        return torch.quantize_per_tensor(torch.tensor([value]), scale, 0, torch.quint8)

    assert of(quantized(1.0)) == of(quantized(1.0)) != of(quantized(2.0))
    assert of(quantized(1.0)) != of(quantized(2.0, 0.2))  # the same integers


def test_what_torch_compile_returns_is_what_was_compiled() -> None:
    def made(add: int) -> Any:
        return torch.compile(lambda x: x + add)

    assert of(made(1)) == of(made(1)) != of(made(2))
    assert of(torch.compile(network())) == of(torch.compile(network()))


def test_an_image_that_was_only_opened_is_not_read(tmp_path: Path) -> None:
    Image.new("L", (2, 2)).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert digest_value(image).opaque
        assert image.tile
        image.load()
        assert not digest_value(image).opaque


def test_a_file_that_is_written_is_left_unflushed(tmp_path: Path) -> None:
    path = tmp_path / "f"
    with path.open("w") as file:
        file.write("abc")
        assert digest_value(file).opaque
        assert path.read_text() == ""


def test_the_calls_that_a_cache_holds_are_content_and_its_hits_are_not() -> None:
    one, other = (functools.cache(lambda x: [x]) for _ in range(2))
    one(1), other(1), other(1)
    assert of(one) == of(other)
    other(2)
    assert of(one) != of(other)
    one(1).append(9)
    assert not digest_value(one).opaque
