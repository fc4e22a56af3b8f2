from __future__ import annotations

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import pathlib
import random
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobook.trace import Digester, digest_value
from reprobook.trace.content import digester as digester_module

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text() | st.binary()
keys = st.integers() | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.lists(inner).map(tuple) | st.frozensets(keys),
    max_leaves=20,
)


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Plain:
    a: Any = 1
    b: Any = 2


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: object) -> None:
        self.a = a


class Words(list[str]):
    pass


def of(value: object) -> str:
    return digest_value(value).digest


@given(values)
def test_a_deep_copy_has_the_same_digest(value: object) -> None:
    assert of(value) == of(copy.deepcopy(value))


@given(values, values)
def test_different_values_have_different_digests(one: object, other: object) -> None:
    # The text of a value tells 1, 1.0 and True apart, and NaN from nothing.
    if not isinstance(one, frozenset) and repr(one) != repr(other) and one != other:
        assert of(one) != of(other)


@given(st.lists(keys, unique=True), st.randoms())
def test_the_order_of_a_set_is_no_content(items: list[object], chance: random.Random) -> None:
    shuffled = items[:]
    chance.shuffle(shuffled)
    assert of(set(items)) == of(set(shuffled))
    assert of({(item, "x") for item in items}) == of({(item, "x") for item in shuffled})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        (1.0, 1.0 + 2**-52),
        ("1", 1),
        ("ab", b"ab"),
        (b"ab", bytearray(b"ab")),
        ([1], (1,)),
        ({1}, frozenset({1})),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 1}, collections.OrderedDict(a=1)),
        ([1, [2]], [[1], 2]),
        ([[], [1]], [[1], []]),
        (["ab", "c"], ["a", "bc"]),
        (range(3), range(4)),
        (slice(1), slice(2)),
        (Color.RED, Color.BLUE),
        (Color.RED, 1),
        (2**70, 2**70 + 1),
        (complex(1, 2), complex(1, 3)),
        (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),
        (
            dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")),
            dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")),
        ),
        (dt.date(2026, 1, 1), dt.date(2026, 1, 2)),
        (dt.time(1), dt.time(2)),
        (dt.timedelta(1), dt.timedelta(2)),
        (dt.timezone(dt.timedelta(hours=1)), dt.UTC),
        (pathlib.PurePosixPath("a"), pathlib.PurePosixPath("b")),
        (decimal.Decimal("1.0"), decimal.Decimal("1.00")),
        (fractions.Fraction(1, 2), fractions.Fraction(1, 3)),
        (uuid.UUID(int=1), uuid.UUID(int=2)),
        (re.compile("a"), re.compile("a", re.IGNORECASE)),
        (collections.deque([1], 2), collections.deque([1], 3)),
        (collections.defaultdict(int), collections.defaultdict(list)),
        (collections.Counter("ab"), collections.Counter("abb")),
        (Plain(), Plain(b=3)),
        (Slotted(1), Slotted(2)),
        (Words(["a"]), ["a"]),
        (Words(["a"]), Words(["b"])),
        (types.SimpleNamespace(a=1), types.SimpleNamespace(a=2)),
        (types.MappingProxyType({1: 2}), types.MappingProxyType({1: 3})),
        ({1: 2}.keys(), {3: 2}.keys()),
        (memoryview(b"ab"), memoryview(b"ac")),
        (functools.partial(int, base=2), functools.partial(int, base=3)),
        (ValueError("a"), ValueError("b")),
        (random.Random(1), random.Random(2)),  # noqa: S311
        (len, print),
        ([].append, [1].append),
        (int, float),
        (None, ...),
    ],
)
def test_a_small_difference_shows_and_a_copy_does_not(one: Any, other: Any) -> None:
    assert of(one) != of(other)
    assert of([one]) != of([other])
    for value in (one, other):
        assert not digest_value(value).opaque
        if not isinstance(value, (memoryview, types.MappingProxyType, type({}.keys()), types.BuiltinFunctionType)):
            assert of(copy.deepcopy(value)) == of(value)


def test_an_object_shared_is_equal_to_its_copies() -> None:
    part = [[1], {"a": []}]
    assert of([part, part]) == of([part, copy.deepcopy(part)])


def test_cycles_end_and_are_told_apart() -> None:
    def ring(length: int) -> dict[str, Any]:
        first: dict[str, Any] = {}
        last = first
        for _ in range(length - 1):
            last["next"] = {}
            last = last["next"]
        last["next"] = first
        return first

    assert of(ring(2)) == of(ring(2))
    assert len({of(ring(length)) for length in (1, 2, 3)}) == 3


def test_what_was_walked_before_changes_no_digest() -> None:
    one: list[Any] = [1]
    other: list[Any] = [2, one]
    one.append(other)
    alone = of(other)
    together = Digester()
    together.digest(one)
    together.digest([one, other])
    assert together.digest(other).digest == alone


class Node:
    def __init__(self, number: int) -> None:
        self.number = number
        self.edges: list[Node] = []
        self.peers: set[Node] = set()


def test_a_dense_graph_is_walked_in_linear_time() -> None:
    def graph(last: int) -> Node:
        nodes = [Node(number) for number in [*range(99), last]]
        for node in nodes:
            node.edges = nodes
        return nodes[0]

    assert of(graph(99)) == of(graph(99)) != of(graph(100))


def test_sets_of_objects_in_cycles_do_not_depend_on_their_order() -> None:
    def circle() -> Node:
        nodes = [Node(number) for number in range(6)]
        for node in nodes:
            node.peers = {*nodes[node.number + 1 :], nodes[0]}
        return nodes[0]

    assert len({of(circle()) for _ in range(5)}) == 1


def test_nesting_has_no_limit() -> None:
    def nested(value: object) -> object:
        for _ in range(50_000):
            value = [value]
        return value

    assert of(nested(1)) == of(nested(1)) != of(nested(2))


def test_order_of_an_ordered_dict_is_that_of_the_ordered_dict() -> None:
    moved = collections.OrderedDict(a=1, b=2)
    moved.move_to_end("a")
    assert of(moved) == of(collections.OrderedDict(b=2, a=1))


def made(source: str, name: str = "f") -> Any:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, f"/tmp/cell_{random.random()}.py", "exec"), namespace)  # noqa: S102, S108, S311
    return namespace[name]


@pytest.mark.parametrize(
    "other",
    [
        "def f(x, y=2): return x + 2",
        "def f(x, y=3): return x + 1",
        "def f(x, *, y=2): return x + 1",
        "def f(x, y=2): return z + 1",
        "def f(x, y=2): return (lambda: x + 2)()",
    ],
)
def test_a_function_is_its_code_and_defaults(other: str) -> None:
    assert of(made("def f(x, y=2): return x + 1")) == of(made("\n\ndef f(x, y=2):\n    return x + 1"))
    assert of(made("def f(x, y=2): return x + 1")) != of(made(other))


def test_a_function_is_what_it_closes_over_too() -> None:
    def adder(number: int) -> Callable[[int], int]:
        return lambda x: x + number

    assert of(adder(1)) == of(adder(1)) != of(adder(2))
    assert of(functools.lru_cache(adder)) != of(functools.lru_cache(of))


def test_a_class_of_the_notebook_is_its_members() -> None:
    one = "class C:\n    k = 1\n    def m(self): return 1"
    assert of(made(one, "C")) == of(made(one, "C"))
    assert of(made(one, "C")) != of(made(one.replace("k = 1", "k = 2"), "C"))
    assert of(made(one, "C")) != of(made(one.replace("return 1", "return 2"), "C"))
    assert of(made(f"{one}\nx = C().m", "x")) != of(made(f"{one}\nx = C().m\nx.__self__.k = 2", "x"))


def test_a_module_is_its_name_and_version() -> None:
    module = types.ModuleType("m")
    before = of(module)
    module.data = 1  # type: ignore[attr-defined]
    assert of(module) == before
    module.__version__ = "2"  # type: ignore[attr-defined]
    assert of(module) != before


def test_summaries_show_numbers_and_hide_text() -> None:
    assert digest_value(0.5).summary == "0.5"
    assert digest_value("sk-secret").summary == "str[9]"
    assert digest_value(b"secret").summary == "bytes[6]"
    assert digest_value(10**5000).summary == "int of 16610 bits"
    assert digest_value([1, "secret"]).summary == "list[2]"


def test_above_the_budget_a_sample_is_digested_and_marked() -> None:
    big = list(range(100_000))
    found = digest_value(big, budget=100_000)
    assert found.kind == "sampled:list"
    assert found == digest_value(list(range(100_000)), budget=100_000)
    assert found.digest != digest_value([1, *big[1:]], budget=100_000).digest
    assert digest_value(big).kind == "list"


def test_the_budget_bounds_the_number_of_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    registry = digester_module._registry  # noqa: SLF001  # its calls are what is counted
    describe = registry.describe

    def counted(value: object) -> Any:
        nonlocal calls
        calls += 1
        return describe(value)

    monkeypatch.setattr(registry, "describe", counted)
    chain: list[Any] = []
    for _ in range(10_000):
        chain = [chain, "x"]
    assert digest_value(chain, budget=100 * 4096).kind == "sampled:list"
    assert calls < 200


def test_what_fits_the_budget_does_not_depend_on_what_was_walked_before() -> None:
    parts = [bytes([number]) * 30_000 for number in range(10)]
    boxes = [[part, [number]] for number, part in enumerate(parts)]
    alone = Digester(budget=150_000).digest(boxes)
    together = Digester(budget=150_000)
    for box in boxes:
        together.digest(box)
    assert together.digest(boxes) == alone
    assert alone.kind.startswith("sampled:")
