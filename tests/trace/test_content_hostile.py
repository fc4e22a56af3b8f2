"""Objects that raise, recurse, lie or take notes: none of their code runs, and none of them breaks a digest."""

from __future__ import annotations

import asyncio
import builtins
import itertools
import random
import socket
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest

from reprobook.trace import digest_value


class Called(BaseException):
    """Not an Exception: no boundary may swallow it."""


def fail(*_: object, **__: object) -> NoReturn:
    raise Called


NAMES = """__eq__ __hash__ __len__ __repr__ __str__ __bool__ __getattr__ __getattribute__ __iter__ __getitem__
    __contains__ __reduce__ __reduce_ex__ __getstate__ __sizeof__ __dir__ __format__ __array__ __index__ __int__
    __float__ keys items values copy get __setattr__ __delattr__ __fspath__ __bytes__ __enter__ __call__"""
HOSTILE: dict[str, Any] = dict.fromkeys(NAMES.split(), fail)
BASES: list[type] = [object, list, dict, tuple, set, frozenset, int, float, str, bytes, bytearray, ValueError]


class HostileMeta(type):
    def __instancecheck__(cls, _: object) -> bool:
        raise Called

    def __subclasscheck__(cls, _: object) -> bool:
        raise Called

    def __getattribute__(cls, _: str) -> NoReturn:
        raise Called

    def __eq__(cls, _: object) -> bool:
        raise Called

    def __hash__(cls) -> int:
        raise Called


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.__name__)
def test_no_method_of_a_value_is_called(base: type) -> None:
    members = {**HOSTILE, "__class__": property(fail), "field": property(fail)}
    hostile = HostileMeta("Hostile", (base,), members)
    value: object = cast("Any", base).__new__(hostile)
    assert digest_value(value).kind.endswith("Hostile")
    assert digest_value([value, {"a": value}]).kind == "list"


def test_a_property_called_dict_is_not_read() -> None:
    class Liar:
        __slots__ = ("kept",)
        __dict__ = property(fail)

    value: Any = Liar()
    before = digest_value(value)
    value.kept = 1
    assert not before.opaque
    assert digest_value(value).digest != before.digest


def test_containers_that_lie_about_their_content_are_read_as_they_are() -> None:
    class Liar(list[int]):
        def __iter__(self) -> Iterator[int]:
            return iter([1, 2])

        def __len__(self) -> int:
            return 10**9

    assert digest_value(Liar([3])).digest != digest_value(Liar([4])).digest


def test_iterators_are_not_consumed() -> None:
    generator = (number for number in range(3))
    iterators = [generator, iter([1, 2, 3]), zip([1], [2], strict=True), itertools.count(), map(str, [1])]
    for iterator in iterators:
        digest_value(iterator)
    assert digest_value(generator).opaque
    assert list(generator) == [0, 1, 2]
    assert next(itertools.count()) == 0
    assert [next(iterator) for iterator in iterators[1:]] == [1, (1, 2), 0, "1"]


async def pause() -> None:
    await asyncio.sleep(0)


def test_what_belongs_to_the_process_is_opaque_and_of_equal_digest(tmp_path: Path) -> None:
    coroutine = pause()
    path = tmp_path / "f"
    path.write_text("abc")
    with path.open() as file, socket.socket() as end:
        values = [file, end, threading.Lock(), threading.Thread(), coroutine, random.SystemRandom()]
        for value in values:
            assert digest_value(value).opaque, value
        assert file.read() == "abc"
    assert digest_value(threading.Thread()).digest == digest_value(threading.Thread()).digest
    coroutine.close()


def test_part_of_a_value_that_is_opaque_marks_the_whole() -> None:
    assert digest_value({"a": [threading.Lock()]}).opaque
    assert not digest_value({"a": [weakref.ref(Called)]}).opaque


def test_a_weak_reference_does_not_tell_whether_its_object_lives() -> None:
    class Thing:
        pass

    thing = Thing()
    reference = weakref.ref(thing)
    before = digest_value([reference])
    del thing
    assert digest_value([reference]) == before


def test_user_overrides_of_builtins_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest_value({"a": [1, 2.5, {3}]})
    for name in ("print", "open", "hash", "id", "repr"):
        if name not in ("id", "repr"):
            monkeypatch.setattr(builtins, name, fail)
    after = digest_value({"a": [1, 2.5, {3}]})
    monkeypatch.undo()
    assert after == before


def test_libraries_are_never_imported(python: Any) -> None:
    loaded = python(
        """
        import sys
        from reprobook.trace import digest_value, positions
        digest_value([1]), positions()
        print(sorted({"numpy", "pandas", "torch", "IPython", "sklearn"} & set(sys.modules)))
        """
    )
    assert loaded == "[]"


def test_a_stub_in_place_of_a_library_is_left_alone(python: Any) -> None:
    found = python(
        """
        import sys, types
        class Stub:
            def __getattr__(self, name): raise SystemExit("touched")
        sys.modules["numpy"] = Stub()
        from reprobook.trace import digest_value, positions
        print(digest_value([1]).kind, sorted(positions()))
        """
    )
    assert found == "list ['python']"
