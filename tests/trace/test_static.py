from __future__ import annotations

import pytest

from reprobook.trace import CellNames, names_of
from reprobook.trace.static import last_expression


@pytest.mark.parametrize(
    ("source", "stores", "inputs"),
    [
        ("x = y", "x", "y"),
        ("x += 1", "x", "x"),
        ("a, (b, *c) = d", "a b c", "d"),
        ("x: int = y", "x", "int y"),
        ("x: int", "", "int"),
        ("import a.b, c as d\nfrom e import f, g as h\nfrom i import *", "a d f h", ""),
        ("x.y = 1", "", "x"),
        ("x['k'] = y", "", "x y"),
        ("x.append(1)", "", "x"),
        ("if (n := f(x)) > 1: y = n", "n y", "f x"),
        ("z = [y for y in xs if y > t]", "z", "xs t"),
        ("z = {k: v for k, v in d.items()}", "z", "d"),
        ("any((last := y) for y in xs)", "last", "any xs"),
        ("s = sum(x * y for x in xs for y in f(x))", "s", "sum xs f"),
        ("for i in xs:\n    t = i\nelse:\n    u = t", "i t u", "xs t"),
        ("while c:\n    c = f()", "c", "c f"),
        ("with open(p) as f, g() as (h, k): pass", "f h k", "open p g"),
        ("try:\n    x = f()\nexcept E as e:\n    print(e)\nfinally:\n    y = x", "x y", "f E print x"),
        ("match s:\n    case {'a': a, **rest}: b = a\n    case [q, *r] | q as w: pass", "a rest b q r w", "s"),
        ("def f(x=d, *a: T) -> R:\n    return x + g", "f", "d T R"),
        ("@dec\nclass C(B, metaclass=M):\n    k = one\n    j = k\n    def m(self): return two", "C", "dec B M one"),
        ("f = lambda x, y=d: x + y + g", "f", "d g"),
        ("def f():\n    global n\n    n = 1", "f n", ""),
        ("def f():\n    def g():\n        global n\n        n = 1", "f n", ""),
        ("x = 1\ny = x", "x y", ""),
        ("y = x\nx = 1", "x y", "x"),
        ("if c:\n    x = 1\ny = x", "x y", "c x"),
        ("with c:\n    x = 1\ny = x", "x y", "c"),
        ("x = 1\ndel x\nx", "x", "x"),
        ("await f(x)", "", "f x"),
        ("async with a as b: pass\nasync for c in d: pass", "b c", "a d"),
        ("print(f'{x!r:>{w}}')", "", "print x w"),
        ("not python at all", "", ""),
        ("", "", ""),
        ("x = \x00", "", ""),
    ],
)
def test_names_bound_and_names_needed_from_before(source: str, stores: str, inputs: str) -> None:
    names = names_of(source)
    assert names.stores == set(stores.split())
    assert names.inputs == set(inputs.split())


def test_every_load_counts_and_deletions_are_apart() -> None:
    names = names_of("x = 1\nprint(x)\ndel y, z[0]")
    assert names == CellNames(
        stores=frozenset({"x"}),
        loads=frozenset({"print", "x", "z"}),
        deletes=frozenset({"y"}),
        inputs=frozenset({"print", "z"}),
    )


def test_names_of_function_bodies_are_deferred() -> None:
    function = "def f(a):\n    b = a + c\n    def g(): return b + d\n    return [b for b in g()]\n"
    source = function + "class K:\n    def m(self): e()"
    assert names_of(source).deferred == {"c", "d", "e"}
    assert "c" not in names_of(source).loads


def test_code_nested_too_deep_is_no_error() -> None:
    assert names_of("(" * 5000 + ")" * 5000) == CellNames()
    assert names_of("x = " + "-" * 50_000 + "1") in (CellNames(), CellNames(stores=frozenset({"x"})))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\nf(x,\n  y)", "f(x, y)"),
        ("a, b", "a, b"),
        ("x;", "x"),
        ("x = 1", None),
        ("if x:\n    y", None),
        ("", None),
        ("1 +", None),
    ],
)
def test_the_last_expression(source: str, expected: str | None) -> None:
    assert last_expression(source) == expected
