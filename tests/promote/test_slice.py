from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from reprobook.errors import NotPromotableError
from reprobook.notebook import Notebook
from reprobook.promote.python import code_of
from reprobook.promote.slice import Slice, Wishes, slice_notebook
from reprobook.promote.source import read_source

IMPORTS = """
import os, random, warnings
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import matplotlib.pyplot as plt
from torch.utils.data import DataLoader
import reprobook as rb
"""


@dataclass(frozen=True)
class Seen:
    writes: tuple[str, ...] = ()
    rng_before: dict[str, str] = field(default_factory=dict)
    rng_after: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def sliced(make_notebook: Callable[..., Notebook]) -> Callable[..., Slice]:
    def build(
        *cells: str | tuple[str, str], observed: dict[int, Seen] | None = None, keep: set[int] | None = None
    ) -> Slice:
        notebook = make_notebook(IMPORTS, *cells)
        sources = [read_source(cell) for cell in notebook.code_cells]
        return slice_notebook(sources, Wishes(observed or {}, keep=frozenset(keep or ())))

    return build


def kept(found: Slice) -> list[int]:
    return [source.index for source in found.kept]


def reasons(found: Slice) -> dict[int, str]:
    return {dropped.cell: dropped.reason for dropped in found.dropped}


def test_exploration_is_left_out_with_its_reason(sliced: Callable[..., Slice]) -> None:
    found = sliced(
        "x = 1",
        "df_preview = pd.DataFrame([x])",
        "plt.plot(x)\nplt.show()",
        "print(x)",
        "x",
        "",
        "%reprotrain status",
        ("y = x", "skip"),
        "rb.log(x=x)",
    )
    assert kept(found) == [1, 9]
    assert reasons(found) == {
        0: "nothing imported here is used",
        2: "no result depends on `df_preview`",
        3: "only plots `x`",
        4: "only prints `x`",
        5: "only shows `x`",
        6: "empty",
        7: "reprobook magic",
        8: "tagged skip",
    }


@pytest.mark.parametrize(
    "cells",
    [
        # in-place changes, through methods, items, attributes and aliases
        ("a = []", "a.append(1)", "rb.log(n=len(a))"),
        ("a = {}", "a['k'] = 1", "rb.log(n=a['k'])"),
        ("m = nn.Linear(1, 1)", "m.weight.data = m.weight.data * 2", "rb.log(w=m.weight.item())"),
        ("m = nn.Linear(1, 1)", "o = torch.optim.SGD(m.parameters(), 1)", "o.step()", "rb.log(w=m.weight.item())"),
        ("d = pd.DataFrame({'a': [1]})", "d.drop(columns='a', inplace=True)", "rb.log(n=d.shape[1])"),
        ("a = np.ones(3)", "np.random.shuffle(a)", "rb.log(a=a[0])"),
        # functions: what they read, change and set
        ("k = 3", "def f(): return k", "rb.log(x=f())"),
        ("def g(): return 1", "def f(): return g()", "rb.log(x=f())"),
        ("a = []", "def f(x): x.append(1)", "f(a)", "rb.log(n=len(a))"),
        ("n = 0", "def f():\n    global n\n    n += 1", "f()", "rb.log(n=n)"),
        # settings of the process
        ("np.set_printoptions(precision=2)", "rb.log(x=1)"),
        ("os.environ['A'] = '1'", "rb.log(x=1)"),
        ("nn.Linear.extra = lambda self: 1", "rb.log(x=1)"),
        ("torch.set_num_threads(1)", "rb.log(x=1)"),
        ("warnings.filterwarnings('ignore')", "rb.log(x=1)"),
        # files
        ("a = np.ones(2)", "np.save('a.npy', a)", "b = np.load('a.npy')", "rb.log(b=b[0])"),
        ("p = 'a.pt'", "torch.save({}, p)", "d = torch.load(p)", "rb.log(n=len(d))"),
        ("open('f.txt', 'w').write('1')", "t = open('f.txt').read()", "rb.log(n=int(t))"),
    ],
)
def test_what_a_result_depends_on_is_kept(sliced: Callable[..., Slice], cells: tuple[str, ...]) -> None:
    assert kept(sliced(*cells)) == list(range(1, len(cells) + 1))


@pytest.mark.parametrize(
    ("draw", "again"),
    [
        ("random.random()", "random.random()"),
        ("np.random.rand()", "np.random.rand()"),
        ("torch.rand(1)", "torch.rand(1).item()"),
        ("nn.Linear(2, 2)", "torch.rand(1).item()"),
        ("pd.DataFrame({'a': [1, 2]}).sample(1)", "np.random.rand()"),
    ],
)
def test_drawing_random_numbers_is_a_dependency(sliced: Callable[..., Slice], draw: str, again: str) -> None:
    assert 1 in kept(sliced(f"unused = {draw}", f"rb.log(x={again})"))
    assert 1 not in kept(sliced(f"unused = {draw}", "rb.log(x=1)"))


def test_draws_after_the_last_result_or_before_a_seed_do_not_matter(sliced: Callable[..., Slice]) -> None:
    found = sliced("a = np.random.rand()", "np.random.seed(0)", "rb.log(x=np.random.rand())", "b = np.random.rand()")
    assert kept(found) == [2, 3]


def test_iterating_a_loader_draws_its_seed(sliced: Callable[..., Slice]) -> None:
    found = sliced("loader = DataLoader([1, 2])", "first = next(iter(loader))", "rb.log(x=torch.rand(1).item())")
    assert kept(found) == [1, 2, 3]


def test_a_draw_that_keeps_the_stream_in_step_says_so(sliced: Callable[..., Slice]) -> None:
    found = sliced("noise = np.random.randn(3)\nnoise", "rb.log(x=np.random.rand())")
    (statement,) = found.kept[0].statements
    assert code_of(statement.node).strip() == "np.random.randn(3)  # for the random numbers it draws"


def test_display_at_the_end_of_a_kept_cell_is_left_out(sliced: Callable[..., Slice]) -> None:
    found = sliced("x = np.ones(3)\nt0 = x.mean()\nx.shape", "rb.log(x=x[0])")
    assert [code_of(s.node).strip() for s in found.kept[0].statements] == ["x = np.ones(3)"]


def test_tags_and_wishes_decide(sliced: Callable[..., Slice]) -> None:
    assert 1 in kept(sliced(("a = 1", "keep"), "rb.log(x=1)"))
    assert 1 in kept(sliced("a = 1", "rb.log(x=1)", keep={1}))


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (("a = [1]", "rb.log(n=len(a))"), "a result needs `a` from it"),
        (("def f(): return 1", "rb.log(n=f())"), "a result needs `f` from it"),
        (("rb.log(n=1)", "rb.log(m=1)"), "it gives a result itself"),
    ],
)
def test_a_skipped_cell_that_a_result_needs_is_an_error(
    sliced: Callable[..., Slice], cells: tuple[str, str], why: str
) -> None:
    with pytest.raises(NotPromotableError, match=r"code cell \[1\] is tagged 'skip', but " + why) as caught:
        sliced((cells[0], "skip"), cells[1])
    assert "Remove the tag" in caught.value.hint
    assert kept(sliced((cells[0], "skip"), cells[1], keep={1})) == [1, 2]


def test_an_observation_decides_against_the_look_of_the_code(sliced: Callable[..., Slice]) -> None:
    cells = ("d = pd.DataFrame({'a': [1]})", "e = d[d.a > 0]\ne['b'] = mystery(d)", "rb.log(n=d.shape[1])")
    assert 2 in kept(sliced(*cells))
    assert 2 not in kept(sliced(*cells, observed={2: Seen(writes=("e",))}))


def test_an_observation_does_not_keep_what_only_shows(sliced: Callable[..., Slice]) -> None:
    found = sliced("x = np.ones(3)\nx.shape", "rb.log(x=x[0])", observed={1: Seen(writes=("x",))})
    assert [code_of(s.node).strip() for s in found.kept[0].statements] == ["x = np.ones(3)"]


def test_a_change_that_only_the_run_saw_keeps_the_call(sliced: Callable[..., Slice]) -> None:
    cells = ("x = np.ones(3)", "np.secretly(x)", "rb.log(x=x[0])")
    assert 2 not in kept(sliced(*cells))
    assert 2 in kept(sliced(*cells, observed={2: Seen(writes=("x",))}))


def test_an_observation_tells_whether_a_generator_moved(sliced: Callable[..., Slice]) -> None:
    cells = ("u = mystery.sample(1)", "rb.log(x=np.random.rand())")
    still = Seen(("u",), {"numpy": "a"}, {"numpy": "a"})
    moved = Seen(("u",), {"numpy": "a"}, {"numpy": "b"})
    assert 1 not in kept(sliced(*cells, observed={1: still}))
    assert 1 in kept(sliced(*cells, observed={1: moved}))


def test_a_notebook_without_results_keeps_what_works(sliced: Callable[..., Slice]) -> None:
    assert kept(sliced("x = [1]", "x.append(2)", "plt.plot(x)")) == [1, 2]


def test_a_draw_that_nothing_in_the_cell_explains_needs_its_seed(sliced: Callable[..., Slice]) -> None:
    cells = ("np.random.seed(3)", "heights = law.rvs(5)\nlabel = 'm'", "rb.log(mean=heights.mean())")
    moved = Seen(writes=("heights", "label"), rng_before={"numpy": "a"}, rng_after={"numpy": "b"})
    assert kept(sliced(*cells, observed={2: moved})) == [1, 2, 3]


def test_without_a_result_what_is_computed_and_printed_stays(sliced: Callable[..., Slice]) -> None:
    found = sliced("x = np.ones(3)", "total = x.sum()", "x", "print(total)", "plt.plot(x)")
    assert kept(found) == [1, 2, 4]
    assert [len(source.statements) for source in found.kept] == [1, 1, 1]


def test_what_pprint_prints_stays_with_what_is_printed_around_it(sliced: Callable[..., Slice]) -> None:
    found = sliced("from pprint import pprint\nx = np.ones(3)\nprint('all:')\npprint(x)", "rb.log(x=x[0])")
    assert [code_of(s.node).strip() for s in found.kept[0].statements][-1] == "pprint(x)"


def lines(found: Slice, cell: int) -> list[str]:
    (source,) = [source for source in found.kept if source.index == cell]
    return [code_of(statement.node).strip() for statement in source.statements]


def parts(found: Slice) -> list[tuple[int, str]]:
    return [(part.cell, part.reason) for part in found.trimmed]


def test_what_is_left_out_of_a_kept_cell_is_listed(sliced: Callable[..., Slice]) -> None:
    found = sliced("x = np.ones(3)\nt0 = x.mean()\nx.shape", "rb.log(x=x[0])")
    assert parts(found) == [(1, "no result depends on `t0`"), (1, "only shows `x.shape`")]


def test_a_list_that_only_a_dropped_plot_read_is_not_filled(sliced: Callable[..., Slice]) -> None:
    found = sliced(
        "losses, steps, log = [], [], {'loss': []}\nw = np.ones(2)",
        "for i in range(3):\n    w = w * 2\n    # for the plot\n    losses.append(w.sum())\n    log['loss'].append(w)\n"
        "    if i % 2 == 0:\n        steps += [i]\n    w = w + 1",
        "plt.plot(steps, losses)",
        "rb.log(w=w[0])",
    )
    assert lines(found, 2) == ["for i in range(3):\n    w = w * 2\n    # for the plot\n    w = w + 1"]
    assert parts(found) == [
        (1, "no result depends on `losses`, `steps`, `log`"),
        (2, "no result depends on `losses`, `log`, `steps`"),
    ]


@pytest.mark.parametrize(
    "cells",
    [
        # drawn, changed or logged on the way
        ("a = []", "for i in range(2):\n    a.append(np.random.rand())", "rb.log(x=np.random.rand())"),
        ("a, b = [], [1, 2]", "for i in range(2):\n    a.append(b.pop())", "rb.log(n=len(b))"),
        ("a = []\ndef f(): rb.log(x=1)", "for i in range(2):\n    a.append(f())"),
        # read in the loop, by a function that it calls, or through another name
        ("a = []", "for i in range(2):\n    a.append(i)\n    n = len(a)", "rb.log(n=n)"),
        ("a = []\ndef f(): return len(a)", "for i in range(2):\n    a.append(i)\n    n = f()", "rb.log(n=n)"),
        ("a = []\nb = {'a': a}", "for i in range(2):\n    a.append(i)", "rb.log(n=len(b['a']))"),
    ],
)
def test_what_is_filled_with_an_effect_or_read_stays(sliced: Callable[..., Slice], cells: tuple[str, ...]) -> None:
    assert any("append" in line for line in lines(sliced(*cells), 2))


@pytest.mark.parametrize("call", ["m.load_state_dict(best)", "m.to('cpu')", "sched.step()"])
def test_a_change_that_one_run_did_not_show_stays(sliced: Callable[..., Slice], call: str) -> None:
    start = "m = nn.Linear(1, 1)\nbest = m.state_dict()\nsched = torch.optim.SGD(m.parameters(), 1)"
    found = sliced(start, call, "rb.log(w=m.weight.item())", observed={2: Seen()})
    assert kept(found) == [1, 2, 3]


def test_a_tensor_shown_on_another_device_is_no_change(sliced: Callable[..., Slice]) -> None:
    found = sliced("x = torch.ones(3)", "y = x.to('cpu')", "x.mean()", "rb.log(x=x[0])", observed={2: Seen(("y",))})
    assert kept(found) == [1, 4]


def test_what_is_saved_of_what_was_trained_is_a_result(sliced: Callable[..., Slice]) -> None:
    found = sliced(
        "m = nn.Linear(1, 1)",
        "torch.save({}, 'untrained.pt')",
        "m(torch.ones(1)).backward()\nrb.log(w=m.weight.item())",
        "from pathlib import Path\nplace = Path('models')\nplace.mkdir(exist_ok=True)",
        "torch.save(obj=m.state_dict(), f=place / 'm.pt')",
        "plt.savefig('loss.png')",
    )
    assert kept(found) == [1, 3, 4, 5]


def test_a_method_of_the_notebook_does_what_its_body_does(sliced: Callable[..., Slice]) -> None:
    net = "class Net:\n    def __init__(self): self.n = 0\n    def predict(self): print('predicted', self.n)\n"
    net += "    def sample(self): self.n += 1\nnet = Net()"
    found = sliced(net, "net.sample()", "net.sample\nnet.predict()\nrb.log(n=net.n)")
    assert kept(found) == [1, 2, 3]
    assert lines(found, 3) == ["net.predict()", "rb.log(n=net.n)"]


def test_a_cell_that_only_sets_a_parameter_keeps_no_more(promote: Callable[..., object]) -> None:
    planned, text = promote(  # type: ignore[misc]  # a plan and its text
        "import numpy as np\nimport matplotlib.pyplot as plt\nimport reprobook as rb",
        "size = 20\nx = np.linspace(0, 1, size)\nplt.plot(x)",
        "rb.log(x=np.ones(size).sum())",
    )
    assert "plot" not in text
    assert [(part.cell, part.reason) for part in planned.trimmed] == [
        (1, "no result depends on `x`"),
        (1, "only plots `x`"),
    ]


def test_a_generator_that_came_with_an_import_did_not_move(sliced: Callable[..., Slice]) -> None:
    came = Seen(rng_after={"torch": "a"})
    found = sliced("import torch\nprint(torch.__version__)", "rb.log(x=torch.rand(1).item())", observed={1: came})
    assert kept(found) == [2]
    drawn = sliced("import torch\nx = torch.rand(1)", "rb.log(x=torch.rand(1).item())", observed={1: came})
    assert kept(drawn) == [1, 2]


@pytest.mark.parametrize(
    "loop",
    [
        "for ax in axes:\n    ax.plot(x)",
        "for ax, one in zip(axes.flat, x):\n    ax.set_title(one)",
        "for at, ax in enumerate(axes):\n    ax.plot(x[at])",
        "for row in axes:\n    for ax in row:\n        ax.plot(x)",
    ],
)
def test_axes_that_a_loop_goes_through_are_figures(sliced: Callable[..., Slice], loop: str) -> None:
    found = sliced("x = [1, 2]", f"fig, axes = plt.subplots(2, 2)\n{loop}", "rb.log(n=len(x))")
    assert reasons(found)[2] == "only plots `x`"


@pytest.mark.parametrize("call", ["torch.seed()", "torch.random.seed()", "np.random.seed()", "random.seed()"])
def test_a_seed_out_of_entropy_is_one(sliced: Callable[..., Slice], call: str) -> None:
    """It sets a generator: whoever draws from it needs the call, and nobody else does."""
    stream = {"t": "torch.rand(1)", "n": "np.random.rand()", "r": "random.random()"}[call[0]]
    found = sliced("x = 1", f"{call}\ny = float({stream})", "rb.log(x=x, y=y)")
    assert code_of(found.kept[1].statements[0].node).strip() == call
    assert 1 in kept(sliced(call, f"rb.log(x=float({stream}))"))
    assert reasons(sliced(call, "rb.log(x=1)"))[1] == f"no result draws from what `{call}` seeds"


def test_a_name_that_the_script_sets_elsewhere_is_told_apart(sliced: Callable[..., Slice]) -> None:
    found = sliced("p = [1]\nq = 2", "p = [2]\nrb.log(n=len(p))", "r = 1")
    assert reasons(found)[1] == "no result depends on `p`, `q` as set here"
    assert reasons(found)[3] == "no result depends on `r`"
