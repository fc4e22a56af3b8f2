from __future__ import annotations

import ast

import pytest

from reprobook.promote.flow import flow_of, local_names
from reprobook.promote.identifiers import identifiers, names_in_order


@pytest.mark.parametrize(
    ("code", "reads", "writes", "binds"),
    [
        ("x = f(x)\ny = x", "f x", "x y", "x y"),
        ("for i in a: s += i", "a s", "i s", ""),
        ("if t: x = 1\nelse: x = y", "t y", "x", "x"),
        ("if t: x = 1", "t", "x", ""),
        ("with open(p) as h: d = h.read()", "open p", "d h", "d h"),
        ("try:\n    import a\nexcept ImportError:\n    a = None", "ImportError", "a", "a"),
        ("p = [i for i in L if i > k]\ndel p", "L k", "p", "p"),
        ("x: int = y", "int y", "x", "x"),
        ("x: int", "int", "", ""),
        ("a.b = c\nd[0] = e", "a c d e", "", ""),
        ("if (n := len(q)) > 2: print(n)", "len print q", "n", "n"),
        ("match v:\n    case [a, *rest]: w = a", "v", "a rest w", ""),
        ("while c: c = f(c)", "c f", "c", ""),
        ("class A(B):\n    x = 1\n    y = x + w", "B w", "A", "A"),
        ("g = {k: v for k, v in d.items()}", "d", "g", "g"),
    ],
)
def test_names_follow_python_scoping(code: str, reads: str, writes: str, binds: str) -> None:
    flow = flow_of(ast.parse(code))
    assert (set(reads.split()), set(writes.split()), set(binds.split())) == (flow.reads, flow.writes, flow.binds)


def test_function_bodies_read_when_they_are_called() -> None:
    flow = flow_of(ast.parse("def f(a, b=c):\n    global g\n    g = a + h\n    return [z for z in q if z > k]"))
    assert flow.reads == {"c"}
    assert flow.later == {"h", "q", "k"}
    assert flow.later_writes == {"g"}


def test_lambda_and_methods_read_later_too() -> None:
    flow = flow_of(ast.parse("f = lambda t: t * alpha\nclass A:\n    def m(self): return beta"))
    assert flow.later == {"alpha", "beta"}
    assert flow.reads == set()


def test_local_names_leave_out_globals() -> None:
    function = ast.parse("def f(a, *b, c=1, **d):\n    global g\n    g = e = 1\n    for h in a: pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert local_names(function) == {"a", "b", "c", "d", "e", "h"}


def test_names_come_in_the_order_of_the_text() -> None:
    assert names_in_order(ast.parse("z = f(b, a.c)[d]")) == ["z", "f", "b", "a", "d"]


def test_identifiers_are_all_that_the_script_must_not_use_again() -> None:
    code = "import a.b as c, d.e\nfrom f import *\ndef g(h, *i): j = k.l\nclass M: pass"
    assert identifiers([ast.parse(code)]) >= {"c", "d", "g", "h", "i", "j", "k", "M"}
