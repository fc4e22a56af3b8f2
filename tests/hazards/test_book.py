"""Names are resolved, not matched as text; odd sources do no harm; big notebooks take no time."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable

import pytest

from reprobook.hazards import find_hazards, possible_causes
from reprobook.hazards.book import Book
from reprobook.hazards.course import Course
from reprobook.notebook import Notebook

MakeNotebook = Callable[..., Notebook]


def dotted(notebook: MakeNotebook, *cells: str) -> str:
    """Return what the last cell's expression stands for."""
    book = Book(notebook(*cells))
    last = book.trees[-1]
    assert last is not None
    assert isinstance(last.body[-1], ast.Expr)
    return book.dotted(last.body[-1].value)


MEANINGS = [
    (("import numpy as np", "np.random.rand"), "numpy.random.rand"),
    (("import torch.nn.functional as F", "F.dropout"), "torch.nn.functional.dropout"),
    (("import os.path", "os.path.exists"), "os.path.exists"),
    (
        ("from sklearn.model_selection import train_test_split as tts", "tts"),
        "sklearn.model_selection.train_test_split",
    ),
    (("import random", "mix = random.shuffle", "mix"), "random.shuffle"),
    (("import numpy as np", "rng = np.random.default_rng(0)", "rng.shuffle"), "numpy.random.default_rng().shuffle"),
    (
        ("import pandas as pd", "df = pd.read_csv('a')\ndf = df.dropna()", "df.sample"),
        "pandas.read_csv().dropna().sample",
    ),
    (("def make():\n    return {1}", "make()"), "set()"),
    (("class A:\n    pass", "A()"), "@A()"),
    (("import torch", "a, b = torch.rand(2)", "a"), "torch.rand()[]"),
    (("for x in range(3):\n    pass", "x"), "range()[]"),
    (
        ("from concurrent.futures import ThreadPoolExecutor as T", "with T() as ex:\n    pass", "ex.map"),
        "concurrent.futures.ThreadPoolExecutor().map",
    ),
    (("import time", "(time.time() * 1000) % 7"), "time.time()"),
    (("nothing",), "?"),
    (("set",), "set"),
    (("x = x + 1", "x"), "?"),
]


@pytest.mark.parametrize(("cells", "expected"), MEANINGS)
def test_what_an_expression_stands_for(notebook: MakeNotebook, cells: tuple[str, ...], expected: str) -> None:
    assert dotted(notebook, *cells) == expected


def test_a_local_name_is_not_the_module_of_that_name(notebook: MakeNotebook) -> None:
    code = (
        "def pick(random):\n    return random.random()\n\nclass R:\n"
        "    def random(self):\n        return 1\n\npick(R())"
    )
    assert find_hazards(notebook("import random", code)) == ()


def test_words_in_texts_and_comments_are_nothing(notebook: MakeNotebook) -> None:
    assert find_hazards(notebook("# np.random.rand()\nx = 'os.listdir()'\n'''random.random()'''")) == ()


def test_functions_count_from_where_they_are_called(notebook: MakeNotebook) -> None:
    book = Book(notebook("def a():\n    return b()\n\ndef b():\n    return 1", "a()", "xs = list(map(a, [1]))"))
    reached = {node.name: cells for node, cells in Course(book).reached.items() if isinstance(node, ast.FunctionDef)}
    assert reached == {"a": [1, 2], "b": [1, 2]}


def test_a_model_given_as_an_argument_is_called(notebook: MakeNotebook) -> None:
    model = "import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x + torch.rand(1)\n"
    use = "def train(model):\n    return model(1)\n"
    found = [
        h for h in possible_causes(notebook(model, use, "net = Net()", "y = train(net)")) if h.function == "forward"
    ]
    assert {(hazard.cell, hazard.called_from) for hazard in found} == {(0, (2, 3))}
    assert all("y" in hazard.names for hazard in found if hazard.cause == "unseeded_rng.torch")


ODD = [
    "def broken(:",
    "%%bash\nrm -rf x",
    "!pip list\n%matplotlib inline\n?print",
    "x = " + "+".join(["1"] * 3000),
    "x = " + "(" * 80 + "1" + ")" * 80,
    "def f():\n    return f()\n\nf()",
    "a = b\nb = a\nlist(a)",
    "x: int\nx[0]: int = 3",
    "lambda: (yield)",
    "async def f():\n    async for x in y:\n        await x",
    "try:\n    pass\nexcept* ValueError:\n    pass",
    "class A(B, metaclass=C):\n    x = x\n    def f(self, *a, k=1, **b): self.y = self.y + 1",
    "print(*[1], **{})",
    "\u00e9 = 'x'\r\nset(\u00e9)",
    "",
]


@pytest.mark.parametrize("code", ODD)
def test_odd_sources_do_no_harm(notebook: MakeNotebook, code: str) -> None:
    possible_causes(notebook(code, "x = 1", code))


def test_what_time_runs_is_part_of_the_cell(notebook: MakeNotebook) -> None:
    found = find_hazards(notebook("import random", "%time x = random.random()", "y = x"))
    assert [(hazard.cell, hazard.line, hazard.cause) for hazard in found] == [(1, 1, "unseeded_rng.python_random")]


def test_hazards_come_in_the_order_of_the_notebook(notebook: MakeNotebook) -> None:
    found = find_hazards(
        notebook(
            "import os, random", "x = os.listdir()\ny = list(x)", "z = random.random()\nw = os.listdir()\nv = list(w)"
        )
    )
    assert [(hazard.cell, hazard.line) for hazard in found] == sorted((hazard.cell, hazard.line) for hazard in found)


def test_two_hundred_cells_within_a_second(notebook: MakeNotebook) -> None:
    cells = ["import random, os, time\nimport numpy as np, torch"]
    cells += [
        (
            f"def f{number}(x):\n    y = x * {number}\n    return np.sqrt(y).sum() + len(os.listdir('d'))\n"
            f"a{number} = f{number}(a{number - 1 if number else 0}) if {number} else 1\n"
            f"for i in range(3):\n    w = torch.rand(3) @ torch.rand(3)\n    t = time.time() - time.time()"
        )
        for number in range(200)
    ]
    large = notebook(*cells)
    best = min(_seconds(large) for _ in range(2))
    assert best < 2  # of processor time; the target is one second, other work on the machine gets twice that


def _seconds(large: Notebook) -> float:
    start = time.process_time()
    find_hazards(large)
    return time.process_time() - start
