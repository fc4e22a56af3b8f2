from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reprobook.execute import RunOptions, run_notebook
from reprobook.notebook import Notebook
from reprobook.promote import Plan, Promotion, Provenance, plan, render
from reprobook.runs import Store
from reprobook.space import declared_parameters

Promote = Callable[..., tuple[Plan, str]]
HOSTILE = [
    '""" + __import__("os").system("x") + """',
    "{7*7} {{x}} {x.__class__}",
    "\\N{BULLET} \\u0041 \\",
    "\u202egnp.exe\u2066",
    "%(prog)s %s %%",
    "'\"'\"",
    "a\x00b\x1b[31m",
    "\u2028x = 1\n",
]


def test_docstring_tells_where_the_script_comes_from(promote: Promote) -> None:
    _, text = promote("md:# Digits\n\nA baseline.", "import reprobook as rb", "rb.log(x=1)")
    assert ast.get_docstring(ast.parse(text)) == (
        "Digits.\n\nA baseline.\n\n"
        "Made from digits.ipynb (sha256 abababababababab, recipe cdcdcdcdcdcdcdcd) by:\n"
        "    reprobook run digits.ipynb --seed 7"
    )


def test_a_notebook_without_a_title_is_called_by_its_name_in_a_sentence(promote: Promote) -> None:
    _, text = promote("import reprobook as rb", "rb.log(x=1)")
    assert text.startswith('"""The notebook digits as a script.\n')


@pytest.mark.parametrize(
    ("headings", "title"),
    [
        ("md:# A book\n# -- Code examples\n\nmd:# Chapter 12: Networks (Part 2/2)", "Networks (Part 2/2)"),
        ("md:# Lecture 3: Attention", "Attention"),
        ("md:# Imports", "digits"),
        ("md:# Introduction\n\nmd:# Data", "digits"),
        ("md:# Digits\n\nmd:## Chapter 2", "Digits"),
    ],
)
def test_the_title_says_what_the_notebook_is_about(promote: Promote, headings: str, title: str) -> None:
    planned, _ = promote(*headings.split("\n\n"), "import reprobook as rb", "rb.log(x=1)")
    assert planned.title == title


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_of_the_notebook_becomes_code(make_notebook: Callable[..., Notebook], hostile: str) -> None:
    notebook = make_notebook(
        f"md:# {hostile}\n\n{hostile}.",
        "import reprobook as rb\nfrom reprobook import Choice",
        ("a: Choice(1, 2) = 1  # " + " ".join(hostile.split()).replace("\x00", ""), "parameters"),
        f"md:## {hostile}\n\n{hostile}.",
        "rb.log(a=a)",
        name=f"{hostile}.ipynb",
    )
    planned = plan(notebook, declared_parameters(notebook))
    text = render(planned, Provenance(notebook.name, "0" * 64, commands=(f"python train.py --a '{hostile}'",)))
    tree = ast.parse(text)
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert "__import__" not in calls
    assert all(char.isprintable() or char == "\n" for char in text)
    # The same statements as from a harmless notebook: only literals differ.
    kinds = [type(node).__name__ for node in tree.body]
    assert kinds[:1] == ["Expr"]
    assert kinds.count("ClassDef") == 1
    assert kinds[-1] == "If"


@given(st.text(max_size=60))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_title_and_text_give_a_script_that_parses(promote: Promote, words: str) -> None:
    literal = repr(words)
    _, text = promote(
        f"md:# {words}", "import reprobook as rb", f"md:## {words}", f"s = [{literal}]\nrb.log(n=len(s[0]))"
    )
    values = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    assert words in values


def test_more_than_five_arguments_are_passed_by_name(promote: Promote) -> None:
    names = [f"value_{letter}" for letter in "abcdef"]
    make = "\n".join(f"{name} = list('a')" for name in names)
    _, text = promote(
        "md:# T", "import reprobook as rb", "md:## Make", make, "md:## Use", f"rb.log(n=len({' + '.join(names)}))"
    )
    assert f"def use(*, {', '.join(names)}):" in text.replace("\n    ", " ").replace("( ", "(").replace(",\n", "")
    assert "value_a=value_a" in text


def test_comments_of_the_author_stay(promote: Promote) -> None:
    _, text = promote(
        "import reprobook as rb",
        "# first the list\nx = list('ab')  # two letters\n\n# then more\nx.append('c')",
        "def f():\n    # inside\n    return 1  # one",
        "rb.log(n=len(x) + f())",
    )
    for comment in ("# first the list", "# two letters", "# then more", "# inside", "# one"):
        assert comment in text


def test_what_takes_more_than_a_line_stands_below_the_summary(
    promote: Promote, definition: Callable[[str, str], str], ruff_says: Callable[[str], str]
) -> None:
    said = (
        "70 % to learn from, 15 % to watch the training, 15 % that only the last lines \\ see. "
        "Every class keeps its share."
    )
    _, text = promote(
        "md:# Digits",
        "import reprobook as rb",
        f"md:## Split\n\n{said}",
        "first, last = [1, 2], [3]",
        "md:## Training",
        "rb.log(n=sum(first), m=sum(last))",
    )
    lines = ast.get_docstring(ast.parse(definition(text, "split_data")).body[0])
    assert lines == (
        "Split the data; return first and last.\n\n"
        "70 % to learn from, 15 % to watch the training, 15 % that only the last lines \\ see.\n"
        "Every class keeps its share."
    )
    assert ruff_says(text) == ""


@pytest.mark.parametrize(
    ("heading", "code", "name", "said"),
    [
        (
            "Data",
            "torch.manual_seed(1)\nd = load_iris()\na, b = train_test_split(d.data)\nc = DataLoader(a)",
            "split_data",
            "Load, split and batch the data; seed torch; return b and c.",
        ),
        (
            "Build a multilayer perceptron for classifying the flowers of a set",
            "torch.manual_seed(1)\nb = torch.nn.Linear(4, 2)\nc = [b]",
            "build_multilayer_perceptron",
            "Build a multilayer perceptron for classifying the flowers of a set.\n\nSeed torch; return b and c.",
        ),
        (
            "Data\n\nLoads the flowers of the library. Petals are in centimetres.",
            "d = load_iris()\nb, c = d.data, d.target",
            "load_data",
            "Loads the flowers of the library.\n\nReturn b and c.\n\nPetals are in centimetres.",
        ),
    ],
)
def test_the_docstring_of_a_section_says_what_it_does_and_returns(
    promote: Promote, *, heading: str, code: str, name: str, said: str
) -> None:
    imports = (
        "import torch\nimport reprobook as rb\nfrom sklearn.datasets import load_iris\n"
        "from sklearn.model_selection import train_test_split\nfrom torch.utils.data import DataLoader"
    )
    _, text = promote("md:# Flowers", imports, f"md:## {heading}", code, "md:## Report", "rb.log(n=len(b), m=len(c))")
    (section,) = [node for node in ast.walk(ast.parse(text)) if getattr(node, "name", "") == name]
    assert ast.get_docstring(section) == said


IMPORTS = """\
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset
import reprobook as rb
from reprobook import Choice, Float, Int
"""
PARAMETERS = """\
# optimisation
lr: Float(1e-5, 1e-1, log=True) = 1e-3  # learning rate
batch_size: Choice(16, 32, 64) = 32
epochs: Int(1, 50, lite=2) = 2

# architecture
hidden = 32
dropout = 0.1  # 10% of the hidden units
warmup = epochs // 2  # epochs of linear warm-up
"""
DATA = """\
digits = load_digits()
X = torch.tensor(digits.data[:900] / 16.0, dtype=torch.float32)
y = torch.tensor(digits.target[:900])
X.shape
"""
SPLIT = """\
X_train, y_train, X_test, y_test = X[:700], y[:700], X[700:], y[700:]
loader = DataLoader(TensorDataset(X_train, y_train), batch_size=batch_size, shuffle=True)
"""
MODEL = """\
class MLP(nn.Module):
    '''Two layers and a dropout.'''
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, 10))

    def forward(self, x):
        return self.net(x)

def accuracy(model):
    # on the test set
    model.eval()
    with torch.no_grad():
        return (model(X_test).argmax(1) == y_test).float().mean().item()
"""
TRAIN = """\
for epoch in range(epochs):
    model.train()
    for group in opt.param_groups: group['lr'] = lr * min(1.0, (epoch + 1) / max(warmup, 1))
    for xb, yb in loader:
        loss = F.cross_entropy(model(xb), yb)
        opt.zero_grad(); loss.backward(); opt.step()
    rb.log(loss=loss.item(), accuracy=accuracy(model), step=epoch)
    print(f'epoch {epoch}: loss {loss.item():.4f}')
"""
DIGITS = (
    "md:# Digits with a small MLP\n\nA first baseline for the 8x8 digits.",
    "%load_ext reprobook\n%matplotlib inline",
    IMPORTS,
    "md:## Parameters",
    (PARAMETERS, "parameters"),
    "md:## Data\n\nPixels are scaled to [0, 1]. The last images are the test set.",
    DATA,
    "plt.imshow(X[0].view(8, 8))\nplt.show()",
    SPLIT,
    "md:## Model",
    MODEL,
    "first = next(iter(loader))[0]\nfirst.shape",
    "model = MLP()\nopt = torch.optim.Adam(model.parameters(), lr=lr)",
    "md:## Training\n\nPlain Adam; the learning rate grows linearly.",
    TRAIN,
    "md:## Evaluation",
    "final = accuracy(model)\nrb.log(final_accuracy=final)\nrb.save('model', model.state_dict())",
    "md:## Scratch",
    "wrong = (model(X_test).argmax(1) != y_test).nonzero()\nwrong[:5]",
)


@pytest.fixture
def digits(promote: Promote) -> tuple[Plan, str]:
    return promote(*DIGITS, seed=42)


def test_ruff_has_nothing_to_say(digits: tuple[Plan, str], ruff_says: Callable[[str], str]) -> None:
    assert ruff_says(digits[1]) == ""


def test_the_digits_script_reads_like_a_script(digits: tuple[Plan, str]) -> None:
    planned, text = digits
    assert planned.kept == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert [(dropped.cell, dropped.reason) for dropped in planned.dropped] == [
        (0, "reprobook magic"),
        (4, "only plots `X`"),
        (11, "no result depends on `wrong`"),
    ]
    assert text[text.index("    with rb.job") : text.index("if __name__")].rstrip() == (
        "    with rb.job(out, config=asdict(config), seed=config.seed):\n"
        "        seed_everything(config.seed)\n"
        "        X_test, y_test, loader = load_data(config)\n"
        "        model, opt = build_model(loader, config)\n"
        "        train(X_test, y_test, loader, model, opt, config)\n"
        "        evaluate(X_test, y_test, model)"
    )


def test_the_digits_script_gives_the_result_of_the_notebook(
    write_notebook: Callable[..., Path], store: Store, promoted: Callable[..., Promotion]
) -> None:
    promotion = promoted(run_notebook(write_notebook(*DIGITS), store, RunOptions(seed=42)))
    assert promotion.first is None
    assert promotion.equivalent
    assert promotion.checked == {"metrics": 5, "artifacts": 1, "names": 0}
    assert promotion.kept == [1, 2, 3, 5, 6, 7, 8, 9, 10]


def test_what_is_unpacked_for_nobody_has_an_underscore(promote: Promote, ruff_says: Callable[[str], str]) -> None:
    loop = "for each in a:\n    e, f = each, c\n    d = f"
    cells = ("md:# T", "md:## Split", f"a, b, c = list('abc')\n{loop}", "md:## End")
    _, text = promote("import reprobook as rb", *cells, "rb.log(n=len(a) + len(d))")
    assert "    a, _b, c = list" in text
    assert "        _e, f = each, c" in text
    assert ruff_says(text) == ""


def test_an_option_without_a_comment_names_the_sections_that_read_it(promote: Promote) -> None:
    cells = (("lr = 0.1\nsteps = 3  # of each", "parameters"), "md:# T", "md:## Load", "n = list(range(steps))")
    _, text = promote(
        "import reprobook as rb", *cells, "md:## Train", "rb.log(a=lr * len(n))", "md:## End", "rb.log(b=lr)"
    )
    assert re.search(r'lr: Annotated\[float, "read by \w+ and \w+"\] = 0\.1', text), text
    assert 'steps: Annotated[int, "of each"] = 3' in text


def test_where_one_section_reads_options_none_is_named(promote: Promote) -> None:
    _, text = promote("import reprobook as rb", ("lr = 0.1", "parameters"), "md:# T", "rb.log(a=lr)")
    assert "read by" not in text
    assert "lr: float = 0.1" in text
