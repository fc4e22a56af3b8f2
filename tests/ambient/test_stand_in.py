from __future__ import annotations

import copy
import functools
import inspect
import math
import os
import pickle
import random
import sys
import time
import types
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reprobook.ambient.stand_in import Replacements, unwrapped
from reprobook.trace.content import digest_value


def call_through(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return original(*args, **kwargs)


@pytest.fixture
def replacements() -> Iterator[Replacements]:
    found = Replacements()
    yield found
    found.undo()


@pytest.fixture(params=[(time, "time"), (os, "listdir"), (uuid, "uuid4"), (random, "seed"), (math, "sqrt")])
def pair(request: pytest.FixtureRequest, replacements: Replacements) -> tuple[Any, Any]:
    """Return a function and what stands for it."""
    module, name = request.param
    original = getattr(module, name)
    replacements.stand_in(module, name, call_through)
    assert getattr(module, name) is not original
    return original, getattr(module, name)


def test_it_looks_like_the_function(pair: tuple[Any, Any]) -> None:
    original, stand_in = pair
    assert repr(stand_in) == repr(original)
    assert (stand_in.__name__, stand_in.__qualname__, stand_in.__doc__) == (
        original.__name__,
        original.__qualname__,
        original.__doc__,
    )
    assert stand_in == original
    assert original == stand_in
    assert {original, stand_in} == {stand_in}
    assert inspect.unwrap(stand_in) is original is unwrapped(stand_in)
    assert functools.wraps(stand_in)(lambda: None).__name__ == original.__name__


def test_it_is_copied_and_pickled_by_its_name(pair: tuple[Any, Any]) -> None:
    _, stand_in = pair
    assert copy.deepcopy(stand_in) is copy.copy(stand_in) is stand_in
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(stand_in, protocol)) is stand_in  # noqa: S301  # our own bytes
    assert b"reprobook" not in pickle.dumps(stand_in)


def test_it_has_the_digest_of_the_function(pair: tuple[Any, Any]) -> None:
    original, stand_in = pair
    assert digest_value(stand_in) == digest_value(original)
    assert digest_value([stand_in, {"f": stand_in}]) == digest_value([original, {"f": original}])


def test_kept_on_a_class_it_binds_only_where_the_function_does(replacements: Replacements) -> None:
    replacements.stand_in(time, "time", call_through)
    replacements.stand_in(uuid, "uuid4", call_through)

    class Holder:
        builtin = time.time
        plain = uuid.uuid4

    assert Holder().builtin() > 0
    with pytest.raises(TypeError):
        Holder().plain()
    assert isinstance(Holder.plain(), uuid.UUID)


def test_undone_nothing_is_left(replacements: Replacements) -> None:
    before = {name: vars(os)[name] for name in ("listdir", "stat")}
    for name in before:
        replacements.stand_in(os, name, call_through)
    replacements.put(os, "not_there_before", 1)
    mine = vars(os)["stat"] = lambda: None
    replacements.undo()
    assert os.listdir is before["listdir"]
    # What the user replaced since is the user's.
    assert os.stat is mine
    assert not hasattr(os, "not_there_before")
    vars(os)["stat"] = before["stat"]


def test_sets_of_functions_still_know_it(replacements: Replacements) -> None:
    known = os.listdir in os.supports_fd
    for name in ("listdir", "scandir", "stat"):
        replacements.stand_in(os, name, call_through)
    assert (os.listdir in os.supports_fd) is known
    assert {os.scandir} <= os.supports_fd


def test_modules_imported_later_are_reached(replacements: Replacements, tmp_path: Any, monkeypatch: Any) -> None:
    (tmp_path / "imported_later.py").write_text("def answer(): return 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    first: list[Any] = []
    second: list[Any] = []
    replacements.after_import({"imported_later": first.append})
    Replacements().after_import({"imported_later": second.append})
    import imported_later  # type: ignore[import-not-found]  # noqa: PLC0415  # it exists from here on

    assert first == second == [imported_later]
    assert isinstance(imported_later, types.ModuleType)
    assert not any("AfterImport" in type(each).__name__ for each in sys.meta_path)
