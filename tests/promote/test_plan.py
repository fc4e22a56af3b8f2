from __future__ import annotations

import ast
import re
from collections.abc import Callable

import pytest

from reprobook.errors import NotPromotableError
from reprobook.promote import Plan

Promote = Callable[..., tuple[Plan, str]]
Definition = Callable[[str, str], str]


# Sections


def test_headings_name_functions_and_variables_flow_through_them(promote: Promote) -> None:
    planned, _ = promote(
        "md:# Title\n\nWhat it is. More.",
        "import reprobook as rb",
        "md:## 1. Load the data\n\nFrom a file; see `x`. And more.",
        "a = list('1')\nb = 2",
        "c = a[0]",
        "md:## Model",
        "model = a + [c]",
        "md:### A detail\nstays in its section",
        "model.append(b)",
        "md:## Results",
        "rb.log(n=len(model))",
    )
    # Without a parameters cell, b is offered as one.
    assert [(f.name, f.arguments, f.returns, f.cells) for f in planned.functions] == [
        ("load_data", (), ("a", "c"), (1, 2)),
        ("build_model", ("a", "c"), ("model",), (3, 4)),
        ("report", ("model",), (), (5,)),
    ]
    assert (planned.title, planned.summary) == ("Title", "What it is.")
    data = planned.functions[0]
    assert (data.summary, data.detail) == ("Load the data; return a and c.", "From a file; see `x`.")
    assert [field.name for field in planned.fields] == ["b"]


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("class", "run_class"),
        ("print", "run_print"),
        ("Training", "train"),
        ("The loss curves & metrics!", "report_loss_curves_metrics"),
        ("2.1 Pre-processing", "pre_processing"),
        ("模型 🚀", "模型"),
        ("x", "run_x"),
    ],
)
def test_function_names_are_free_identifiers(promote: Promote, heading: str, name: str) -> None:
    planned, _ = promote("md:# T", "import reprobook as rb", f"md:## {heading}", "x = list('1')[0]\nrb.log(x=x)")
    assert [f.name for f in planned.functions] == [name]


def test_the_same_heading_twice_gives_two_names(promote: Promote) -> None:
    planned, _ = promote(
        "md:# T", "import reprobook as rb", "md:## Step", "x = list('ab')", "md:## Step", "rb.log(n=len(x))"
    )
    assert [f.name for f in planned.functions] == ["step", "step_2"]


def test_without_headings_functions_are_named_by_what_they_do(promote: Promote) -> None:
    planned, _ = promote(
        "import numpy as np\nfrom sklearn.datasets import load_digits\nfrom sklearn.linear_model import SGDClassifier",
        "np.random.seed(0)",
        "X, y = load_digits(return_X_y=True)",
        "X = X / 16",
        "X_train, X_test = X[:9], X[9:]",
        "clf = SGDClassifier()\nclf.fit(X_train, y[:9])",
        "accuracy = clf.score(X_test, y[9:])\naccuracy",
    )
    assert [f.name for f in planned.functions] == ["set_seeds", "load_data", "split_data", "train", "evaluate"]


def test_one_kind_of_cells_is_one_function(promote: Promote) -> None:
    planned, _ = promote("import reprobook as rb", "x = list('ab')", "x.append(2)", "rb.log(n=len(x))")
    assert [f.name for f in planned.functions] == ["run_experiment"]


def test_without_headings_data_weights_and_samples_have_sections_of_their_own(promote: Promote) -> None:
    planned, text = promote(
        "import torch\nimport torch.nn.functional as F",
        "words = open('names.txt').read().splitlines()",
        "# build the pairs\npairs = [(1, 2) for w in words]",
        "Xtr, Xdev = pairs[:9], pairs[9:]",
        "device = 'cuda' if torch.cuda.is_available() else 'cpu'",
        "W = torch.randn(2, 2)\nb = torch.zeros(2)\nparameters = [W, b]",
        "for p in parameters:\n    p.requires_grad = True",
        "for i in range(3):\n    loss = (W @ b).sum()\n    loss.backward()",
        "loss = F.cross_entropy(W, torch.tensor([0, 1]))\nprint('loss:', loss.item(), len(Xtr), len(Xdev), device)",
        "# draw from the model\nprint('drawn:', torch.rand(1).item())",
    )
    names = ["load_data", "split_data", "choose_device", "build_model", "train", "evaluate", "draw_from_model"]
    assert [f.name for f in planned.functions] == names
    assert '"""Draw from the model."""\n    print(' in text


@pytest.mark.parametrize(
    ("heading", "cells", "names"),
    [
        # the class stands at module level: nothing is defined here any more
        ("Define the Net", ("class Net:\n    n = 1", "model = Net()\nrb.log(n=model.n)"), ["build_model"]),
        # it speaks of the data, and only a model is left
        ("The data", ("model = sum(list(range(3)))\nrb.log(n=model)",), ["build_model"]),
        # it speaks of the beginning only
        (
            "Loss and optimizer",
            ("opt = list('ab')", "class P:\n    def fit(self): self.n = 1\np = P()\np.fit()\nrb.log(n=p.n + len(opt))"),
            ["loss_and_optimizer", "train"],
        ),
        (
            "The network",
            ("import numpy as np\nx = np.array([1.0])", "md:## End", "rb.log(n=x[0])"),
            ["prepare_data", "end"],
        ),
        (
            "Linear regression",
            ("class P:\n    def fit(self): return 1\nrb.log(n=P().fit())",),
            ["fit_linear_regression"],
        ),
    ],
)
def test_a_heading_that_does_not_fit_its_cells_does_not_name_them(
    promote: Promote, heading: str, cells: tuple[str, ...], names: list[str]
) -> None:
    planned, _ = promote("md:# T", "import reprobook as rb", f"md:## {heading}", *cells)
    assert [f.name for f in planned.functions] == names


def test_a_long_section_is_split_at_its_inner_headings(promote: Promote) -> None:
    long = "".join(f"a{n} = len('{n}')\n" for n in range(25))
    planned, _ = promote(
        "md:# T",
        "import reprobook as rb",
        "md:## Study",
        "md:### First look",
        long,
        "md:### Second look",
        long.replace("a", "b") + f"rb.log(n={' + '.join(f'a{n} + b{n}' for n in range(25))})",
    )
    assert [f.name for f in planned.functions] == ["first_look", "second_look"]


@pytest.mark.parametrize(
    ("own", "lines", "names"),
    [
        ("", 6, ["count_letters", "sort_letters"]),
        ("rb.log(z=1)", 6, ["choose_order"]),  # it has code of its own, which the others go on from
        ("", 2, ["choose_order"]),  # too short for two
    ],
)
def test_a_heading_above_others_alone_does_not_name_what_they_do(
    promote: Promote, own: str, lines: int, names: list[str]
) -> None:
    count, sort = ("\n".join(f"rb.log({name}{at}={at})" for at in range(lines)) for name in "ab")
    cells = ("md:## Choosing an order", *([own] if own else []))
    inner = ("md:### Counting letters", count, "md:### Sorting letters", sort)
    planned, _ = promote("md:# T", "import reprobook as rb", *cells, *inner, "md:## Last", "rb.log(c=1)")
    assert [each.name for each in planned.functions][:-1] == names


def test_a_section_that_only_draws_random_numbers_says_why_it_is_there(promote: Promote) -> None:
    _, text = promote(
        "md:# T",
        "import torch\nimport reprobook as rb",
        "md:## Try it",
        "trial = torch.nn.Linear(2, 2)\nprint(trial)",
        "md:## Result",
        "rb.log(x=torch.rand(1).item())",
    )
    assert 'def try_it():\n    """Kept for the random numbers that it draws:' in text
    assert text.count("Kept for the random numbers") == 1


def test_a_section_that_changes_what_an_earlier_one_made_is_not_there_for_its_draws(promote: Promote) -> None:
    _, text = promote(
        "md:# T",
        "import torch\nimport reprobook as rb",
        "md:## Weights",
        "parameters = [torch.zeros(2)]",
        "md:## Step it",
        "for _ in range(3):\n    noise = torch.rand(2)\n    for p in parameters:\n        p.data += noise",
        "md:## Result",
        "rb.log(x=parameters[0].sum().item() + torch.rand(1).item())",
    )
    assert "p.data += noise" in text
    assert "Kept for the random numbers" not in text


def test_cells_of_one_line_make_one_paragraph(promote: Promote) -> None:
    _, text = promote("import reprobook as rb", "a = list('1')", "b = a + a", "# sum\nc = b + a", "rb.log(n=len(c))")
    assert '    a = list("1")\n    b = a + a\n\n    # sum\n    c = b + a\n    rb.log(' in text


def test_a_comment_that_repeats_the_name_goes(promote: Promote) -> None:
    _, text = promote(
        "md:# T", "import reprobook as rb", "md:## Count the letters", "# count letters\nn = len('ab')\nrb.log(n=n)"
    )
    assert "# count letters" not in text


# Configuration


def test_a_comment_stays_with_the_code_that_it_speaks_of(promote: Promote, definition: Definition) -> None:
    _, text = promote(
        "import reprobook as rb",
        "# how large it is: is that enough?\nsize = 3  # length: how many?\n\n"
        "# build it\nrate = 2\nx = list(range(size * rate))",
        "# kept elsewhere\nPLACE = 'a'\ny = x + [len(PLACE)]\nrb.log(n=len(y))",
    )
    config = definition(text, "Config")
    assert "    # how large it is: is that enough?\n" in config
    assert 'size: Annotated[int, "length"] = 3' in config
    assert "# build it" not in config
    assert "    # build it\n    x = list(" in text
    assert "    # kept elsewhere\n    y = x" in text


def test_parameters_become_a_configuration(promote: Promote, definition: Definition) -> None:
    _, text = promote(
        "from reprobook import Float, Choice\nimport reprobook as rb",
        (
            "# speed\nlr: Float(1e-5, 1e-1, log=True) = 1e-3  # learning rate\nsize: Choice(1, 2) = 2\nhalf = lr / 2",
            "parameters",
        ),
        "x = [lr, half]\nf = lambda lr: lr + size\nrb.log(x=f(x[0]))",
    )
    config = definition(text, "Config")
    assert "    # speed\n" in config
    assert 'lr: Annotated[float, "learning rate; 1e-05 to 0.1, log scale"] = 1e-3' in config
    assert 'size: Annotated[int, "one of 1, 2"] = 2' in config
    assert "return self.lr / 2" in config
    assert "if not 1e-05 <= self.lr <= 0.1:" in config
    body = definition(text, "run_experiment")
    assert "x = [config.lr, config.half]" in body
    assert "lambda lr: lr + config.size" in body  # the parameter of the lambda is its own


def test_one_value_assigned_twice_is_one_field(promote: Promote, definition: Definition) -> None:
    planned, text = promote(
        "import reprobook as rb",
        "size = 3\nx = list(range(size))",
        "size = 3\ny = x * size\nrb.log(n=len(y))",
    )
    assert [field.name for field in planned.fields] == ["size"]
    assert "size = 3" not in definition(text, "run_experiment")
    assert "y = x * config.size" in text


def test_a_parameter_that_changes_becomes_a_variable(promote: Promote) -> None:
    _, text = promote(
        "import reprobook as rb",
        ("lr = 0.1\nsteps = 3", "parameters"),
        "for _ in range(steps):\n    lr *= 0.5",
        "rb.log(lr=lr)",
    )
    assert "    lr = config.lr\n    for _ in range(config.steps):\n        lr *= 0.5" in text


def test_mutable_and_special_defaults(promote: Promote, definition: Definition) -> None:
    planned, text = promote(
        "import reprobook as rb",
        ('sizes = [64, 32]\non = True\nname = None\nrate = float("nan")\npair = (1, 2)', "parameters"),
        "rb.log(n=len(sizes) + len(pair), on=on, named=name is None)",
    )
    config = definition(text, "Config")
    assert "sizes: list = field(default_factory=lambda: [64, 32])" in config
    assert "on: bool = True" in config
    assert "name: Any = None" in config
    assert [field.name for field in planned.fields] == ["sizes", "on", "name", "pair"]


def test_names_of_the_script_avoid_those_of_the_notebook(promote: Promote) -> None:
    planned, text = promote(
        "import reprobook as rb",
        ("a = 1", "parameters"),
        "config = [a]\nout = main = parse_args = Config = config\nrb.log(n=len(out))",
    )
    assert planned.words.config == "cfg"
    assert "config = [cfg.a]" in text
    assert "run_job(*parse_command_line())" in text


def test_a_parameter_named_like_an_option_is_refused(promote: Promote) -> None:
    with pytest.raises(NotPromotableError, match=r"code cell \[1\].*out") as caught:
        promote("import reprobook as rb", ("out = 1", "parameters"), "rb.log(x=out)")
    assert "Rename" in caught.value.hint


def test_the_seed_of_reprobook_becomes_a_field(promote: Promote, definition: Definition) -> None:
    cells = ("import numpy as np\nimport reprobook as rb", "x = np.random.rand()\nrb.log(x=x)")
    planned, text = promote(*cells, seed=7)
    assert planned.seed == "seed"
    assert "random.seed(seed)\n    np.random.seed(seed % 2**32)" in definition(text, "seed_everything")
    assert "torch" not in text
    assert "seed_everything" not in promote(*cells)[1]


@pytest.mark.parametrize(("value", "field"), [(7, "seed"), (8, "run_seed")])
def test_a_parameter_called_seed_is_the_seed_if_it_is_the_same(promote: Promote, value: int, field: str) -> None:
    planned, _ = promote(
        "import random\nimport reprobook as rb",
        (f"seed = {value}", "parameters"),
        "rb.log(x=seed + random.random())",
        seed=7,
    )
    assert planned.seed == field


def test_deterministic_kernels_are_asked_for(promote: Promote, definition: Definition) -> None:
    _, text = promote("import torch\nimport reprobook as rb", "rb.log(x=torch.rand(1))", seed=1, deterministic=True)
    block = definition(text, "seed_everything")
    assert "torch.use_deterministic_algorithms(True)" in block
    assert 'os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"' in block


# Definitions


def test_helpers_get_the_globals_they_read_as_arguments(promote: Promote, definition: Definition) -> None:
    _, text = promote(
        "import reprobook as rb",
        ("scale = 2\nhidden = 3", "parameters"),
        "X = [1, 2]\nLIMIT = 5",
        "def inner(v):\n    return [x * scale for x in X if x < LIMIT] + v",
        "def outer(a, b=1):\n    return inner([a, b])",
        "class Net:\n    def __init__(self):\n        self.size = hidden\n    def forward(self, x):\n        return x",
        "rb.log(n=len(outer(1)) + Net().size)",
    )
    assert "\nLIMIT = 5\n" in text
    assert definition(text, "inner").startswith("def inner(v, X, scale):")
    assert "return inner([a, b], X=X, scale=scale)" in text
    assert definition(text, "outer").startswith("def outer(a, b=1, *, X, scale):")
    assert "def __init__(self, hidden):" in text
    assert "outer(1, X=X, scale=config.scale)" in text
    assert "Net(hidden=config.hidden).size" in text


@pytest.mark.parametrize(
    ("definition", "use"),
    [
        ("def f(x): return x + a[0]", "list(map(f, [1]))[0]"),
        ("import functools\n@functools.lru_cache\ndef f(x): return x + a[0]", "f(1)"),
        ("class C:\n    def get(self): return a[0]", "C().get() + 1"),
        ("def f(x=a): return x[0] + 1", "f()"),
    ],
)
def test_what_cannot_be_handed_its_globals_stays_a_closure(promote: Promote, definition: str, use: str) -> None:
    _, text = promote("import reprobook as rb", "a = [1]", definition, f"rb.log(x={use})")
    tree = ast.parse(text)
    assert not [node for node in tree.body if getattr(node, "name", "") in {"f", "C"}]
    assert "global" not in text


def test_a_closure_over_what_a_later_section_changes_goes_through_the_module(promote: Promote) -> None:
    _, text = promote(
        "md:# T",
        "import reprobook as rb",
        "md:## A",
        'k = list("a")\nf = lambda: k[0]\nfirst = f()',
        "md:## B",
        'k = list("b")\nrb.log(x=f() == first)',
    )
    assert text.count("global k") == 2


def test_redefined_functions_stay_in_order(promote: Promote) -> None:
    _, text = promote(
        "import reprobook as rb", "def f(): return 1", "x = [f()]", "def f(): return 2", "rb.log(x=x[0] + f())"
    )
    assert text.index("return 1") < text.index("x = [f()]") < text.index("return 2")


# Imports, settings, display


def test_imports_are_gathered_sorted_and_only_those_used(promote: Promote) -> None:
    _, text = promote(
        "import os, sys\nimport torch.nn as nn\nfrom tqdm.notebook import tqdm\nimport json\nimport reprobook as rb",
        "for i in tqdm([1]):\n    m = nn.Linear(1, 1)\nrb.log(x=len(os.sep))",
    )
    block = text[text.index("import argparse") : text.index("\n\n\ndef ") + 1]
    assert "import os\n" in block
    assert "from torch import nn\nfrom tqdm import tqdm\n" in block
    assert "sys" not in block
    assert "json" not in block


def test_the_environment_is_set_before_libraries_are_imported(promote: Promote) -> None:
    _, text = promote(
        "import os\nos.environ['OMP_NUM_THREADS'] = '1'",
        "import numpy as np\nimport reprobook as rb",
        "rb.log(x=np.pi)",
    )
    assert text.index('os.environ["OMP_NUM_THREADS"] = "1"') < text.index("import numpy as np")


def test_imports_with_a_fallback_stay_at_module_level(promote: Promote) -> None:
    guarded = "try:\n    import cupy as xp\nexcept ImportError:\n    xp = None"
    _, text = promote("import reprobook as rb", guarded, "rb.log(x=xp is None)")
    assert guarded in text


def test_kept_figures_go_to_files(promote: Promote) -> None:
    _, text = promote(
        "import matplotlib.pyplot as plt\nimport reprobook as rb",
        "md:## Training",
        ("x = [1, 2]\nplt.plot(x)\nplt.show()", "keep"),
        ("plt.hist(x)\nx.append(3)", "keep"),
        "rb.log(n=len(x))",
    )
    assert 'matplotlib.use("Agg")' in text
    assert '    (out / "figures").mkdir(exist_ok=True)\n' in text
    assert 'plt.savefig(out / "figures" / "train.png")\n    plt.close()' in text
    assert 'plt.savefig(out / "figures" / "train-2.png")' in text
    assert "plt.show" not in text


TRAINING = (
    """import matplotlib.pyplot as plt
import numpy as np
import reprobook as rb
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler""",
    "x = StandardScaler().fit_transform(np.arange(8.0).reshape(4, 2))\ny = [0, 1, 0, 1]\nplt.hist(x)",
    "plt.plot(x, y)",
    "scores = []",
    """model = SGDClassifier(random_state=1)
for epoch in range(3):
    model.partial_fit(x, y, classes=[0, 1])
    scores.append(model.score(x, y))""",
    "rb.log(score=model.score(x, y))",
)


def test_figures_that_show_what_training_made_are_kept(promote: Promote) -> None:
    planned, text = promote(*TRAINING, "plt.plot(scores)\nplt.ylabel('score')")
    assert planned.kept == [0, 1, 3, 4, 5, 6]
    assert "scores.append(" in text
    assert text.count("plt.savefig(") == 1
    assert [(each.cell, each.reason) for each in planned.dropped] == [(2, "only plots `x`, `y`")]
    assert [(each.cell, each.reason) for each in planned.trimmed] == [(1, "only plots `x`")]
    without, _ = promote(*TRAINING, "plt.plot(scores)", figures=False)
    assert without.kept == [0, 1, 4, 5]


@pytest.mark.parametrize(
    "cell",
    [
        "for c in (1, 2):\n    plt.plot(SGDClassifier(alpha=c).fit(x, y).predict(x))",
        "plt.plot(model.predict(x + np.random.randn(4, 2)))",
        "plt.plot(scores, globals()['x'])",
        "from sklearn.model_selection import learning_curve\nplt.plot(learning_curve(model, x, y)[1])",
    ],
)
def test_no_figure_is_worth_another_training_or_other_random_numbers(promote: Promote, cell: str) -> None:
    assert promote(*TRAINING, cell)[0].kept == [0, 1, 4, 5]


def test_a_figure_that_needs_another_training_goes_without_the_others(promote: Promote) -> None:
    other = "rival = SGDClassifier(random_state=2).fit(x, y)"
    planned, _ = promote(*TRAINING, other, "plt.plot(rival.predict(x))", "plt.plot(scores)")
    assert planned.kept == [0, 1, 3, 4, 5, 8]


def test_a_figure_that_nothing_would_save_is_left_out(promote: Promote) -> None:
    cells = [cell.replace("import matplotlib.pyplot as plt\n", "").replace("\nplt.hist(x)", "") for cell in TRAINING]
    planned, _ = promote(cells[0] + "\nimport pandas as pd", cells[1], *cells[3:], "pd.Series(scores).plot()")
    assert planned.kept == [0, 1, 3, 4]


def test_a_printed_result_of_training_is_kept(promote: Promote) -> None:
    cells = ["wrong = (model.predict(x) != y).sum()", "print('wrong:', wrong)", "print(model)", "print(f'{x[0]}')"]
    assert promote(*TRAINING, *cells)[0].kept == [0, 1, 4, 5, 6, 7]


def test_await_makes_the_script_asynchronous(promote: Promote) -> None:
    _, text = promote("import reprobook as rb", "async def f(): return 1", "x = await f()\nrb.log(x=x)")
    assert "async def run_experiment():" in text
    assert "await run_experiment()" in text
    assert "asyncio.run(main(parse_args()))" in text


def test_display_prints(promote: Promote) -> None:
    _, text = promote(
        "from IPython.display import display, clear_output\nimport reprobook as rb",
        "x = [1]\nclear_output()\ndisplay(x)\nx.append(1)",
        "rb.log(n=len(x))",
    )
    assert "print(x)" in text
    assert "IPython" not in text


def test_what_reprobook_magics_do_the_job_does(promote: Promote) -> None:
    planned, text = promote(
        "%load_ext reprobook\nimport reprobook as rb", "rb.init(seed=3)\nx = [1]", "rb.log(n=len(x))"
    )
    assert "init" not in text
    assert planned.kept == [0, 1, 2]


# Cells of comments


def test_a_cell_of_comments_belongs_to_the_cell_below(promote: Promote) -> None:
    planned, text = promote(
        *("import reprobook as rb", "# the letters\n# in order\n", "\n# of the alphabet", "x = list('ab')"),
        *("# nobody reads it", "y = x * 2", "# is spoken of", "md:Something else.", "z = x * 3"),
        *("# count them", "# and log the number\nrb.log(n=len(x), m=len(z))"),
        *("# the end", "# plot(x)", "rb.log(k=1)", "# an empty cell", "rb.log(l=1)"),
    )
    assert "    # the letters\n    # in order\n\n    # of the alphabet\n    x = list" in text
    assert "    # count them\n\n    # and log the number\n    rb.log" in text
    assert not any(words in text for words in ("nobody", "spoken", "the end", "empty"))
    assert planned.kept == [0, 1, 2, 3, 7, 8, 9, 12, 14]
    assert [each.cell for each in planned.dropped] == [4, 5, 6, 10, 11, 13]  # 11 was code


def test_the_comment_above_a_definition_goes_where_it_goes(promote: Promote) -> None:
    _, text = promote("import reprobook as rb", "# the model", "class Net:\n    n = 2", "rb.log(n=Net().n)")
    assert "\n\n\n# the model\nclass Net:" in text


# Shown metrics


def test_a_variable_shown_as_the_result_is_logged(promote: Promote) -> None:
    _, text = promote("acc = [0.5][0]\nacc", 'metrics = {"a": acc}\nmetrics', shown={0: ["acc"], 1: ["a"]})
    assert "print(acc)\n    rb.log(acc=acc)" in text
    assert "print(metrics)\n    rb.log(**metrics)" in text
    assert "printed_metrics" not in text


@pytest.mark.parametrize(
    ("second", "names"),
    [
        ("loss = sum(tests)\nloss", ["loss_trains", "loss_tests"]),  # what each is computed from
        ("other = tests\nloss = sum(other)\nloss", ["loss_trains", "loss_other"]),
        ("loss = sum(trains) + 1\nloss", ["loss_1", "loss_2"]),  # nothing tells them apart
        ("loss", ["loss_1", "loss_2"]),
        ("cost = sum(tests)\ncost", ["loss", "cost"]),
    ],
)
def test_values_shown_under_one_name_are_logged_under_several(promote: Promote, second: str, names: list[str]) -> None:
    shown = {1: ["loss"], 2: [second.splitlines()[-1]]}
    planned, text = promote(
        "trains = list((1, 2))\ntests = list((3,))", "loss = sum(trains)\nloss", second, shown=shown
    )
    assert re.findall(r"rb\.log\((\w+)=", text) == names
    assert list(planned.renamed.values()) == ([] if "cost" in names else names)


def test_other_shown_values_are_asked_for_as_the_script_runs(promote: Promote) -> None:
    _, text = promote("x = list((1, 2))\nlen(x)", "print(f'acc: {x[0]}')", shown={0: ["len(x)"], 1: ["acc"]})
    assert 'rb.show("len(x)", len(x))' in text
    assert 'print(f"acc: {x[0]}")' in text
    assert "printed_metrics=True" in text


def test_a_figure_shown_below_a_printed_metric_is_no_value(promote: Promote) -> None:
    _, text = promote(
        "import matplotlib.pyplot as plt\nx = list((1, 2))",
        "print(f'acc: {x[0]}')\nplt.plot(x)\nplt.show()",
        "def scored():\n    plt.plot(x)\n    plt.show()\n    return x[0]\nscored()",
        shown={1: ["acc"], 2: ["scored()"]},
    )
    assert 'rb.show("plt' not in text
    assert text.count("    plt.savefig(out /") >= 1
    assert 'rb.show("scored()", ' in text


def test_explicit_metrics_make_shown_ones_display_only(promote: Promote, definition: Definition) -> None:
    _, text = promote("import reprobook as rb", "acc = [0.5][0]\nrb.log(acc=acc)\nacc", shown={1: ["acc"]})
    assert "print" not in definition(text, "run_experiment")


def test_without_a_run_the_look_of_the_code_decides(promote: Promote) -> None:
    planned, _ = promote("x = [1]\nx", "y = x[0]\nprint('n:', y)", "accuracy = y\naccuracy", "x.count(1)")
    assert planned.kept == [0, 1, 2]


# Refusals


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("import os\nx = [input('who?')]", r"code cell \[1\], line 2: asks for input\(\)"),
        ("import getpass\nx = [getpass.getpass()]", r"code cell \[1\], line 2: asks for getpass\(\)"),
        ("x = [1]\nget_ipython().magic('x')", r"code cell \[1\], line 2: calls get_ipython\(\)"),
        ("globals()['x'] = [1]\nx = [2]", r"code cell \[1\], line 1: works on globals\(\)"),
        ("x = [_ + 1]", r"code cell \[1\], line 1: reads _"),
        ("x = [1]\n%run other.py", r"code cell \[1\], line 2: %run"),
        ("x = [1]\n!cat {a} > b", r"code cell \[1\], line 2: !cat {a} > b"),
    ],
)
def test_what_a_script_cannot_do_is_refused_with_its_place(promote: Promote, cell: str, message: str) -> None:
    with pytest.raises(NotPromotableError, match=message) as caught:
        promote("import reprobook as rb", cell, "rb.log(n=len(x))")
    assert caught.value.hint


def test_what_is_left_out_need_not_be_translated(promote: Promote) -> None:
    planned, _ = promote("import reprobook as rb", "x = [1]", "rb.log(n=len(x))", "y = input()\n!a | b")
    assert planned.kept == [0, 1, 2]


def test_a_bare_tuple_is_shown_as_one_value(promote: Promote) -> None:
    _, text = promote("x = list((1.0, 2.0))", "min(x), max(x)", shown={1: ["min(x)", "max(x)"]})
    assert 'rb.show("min(x), max(x)", (min(x), max(x)))' in text


def test_a_class_that_names_itself_to_super_moves_to_module_level(promote: Promote) -> None:
    cell = (
        "class Net(Base):\n    def __init__(self):\n        super(Net, self).__init__()\n        self.size = len(rows)"
    )
    _, text = promote(
        "class Base:\n    pass", "rows = list(range(3))", cell, "size = Net().size\nsize", shown={3: ["size"]}
    )
    assert "\nclass Net(Base):\n    def __init__(self, rows):" in text
    assert "Net(rows=rows)" in text


def test_a_cell_that_only_sets_how_figures_look_saves_none(promote: Promote, definition: Definition) -> None:
    cells = (
        "import matplotlib.pyplot as plt\nimport reprobook as rb",
        'plt.rc("figure", figsize=(3, 2))\nx = list("ab")',
    )
    _, text = promote(*cells, "plt.plot(x)\nrb.log(n=len(x))")
    assert definition(text, "run_experiment").count("plt.savefig") == 1
    assert 'plt.rc("figure", figsize=(3, 2))\n    x = list' in text


def test_work_beside_other_sections_is_not_called_training(promote: Promote) -> None:
    cells = ("md:# T", "import reprobook as rb\nprint('ready')", "md:## Counting", "rb.log(n=len('ab'))")
    assert [f.name for f in promote(*cells, keep={0})[0].functions] == ["prepare_data", "counting"]


def test_a_function_does_not_begin_with_a_blank_line(promote: Promote) -> None:
    _, text = promote(
        "md:# T", "md:## Count\nCounts letters.", "import reprobook as rb\n\nx = list('ab')\nrb.log(n=len(x))"
    )
    assert '"""Counts letters."""\n    x = list("ab")' in text


def test_scores_of_the_parts_of_the_data_are_an_evaluation_not_a_split(promote: Promote) -> None:
    cells = ("x = list('abcd')", "x_train, x_test = x[:2], x[2:]", "train_cost = len(x_train)\ntest_cost = len(x_test)")
    planned, _ = promote("import reprobook as rb", *cells, "rb.log(train=train_cost, test=test_cost)")
    assert [function.name for function in planned.functions][-2:] == ["split_data", "evaluate"]


# Controls


def test_controls_become_parameters(promote: Promote) -> None:
    planned, text = promote(
        "import ipywidgets as widgets\nimport reprobook as rb",
        "lr = widgets.FloatSlider(value=0.1, min=0.0, max=1.0, description='step')\nwidgets.VBox([lr])",
        "display(lr)\nx = 2 * lr.value\nrb.log(x=x)",
    )
    (field,) = planned.fields
    assert (field.name, field.default, field.comment) == ("lr", 0.1, "step")
    assert "2 * config.lr" in text
    assert "widgets" not in text
    assert "display" not in text


def test_an_observed_control_stays_one(promote: Promote) -> None:
    planned, text = promote(
        "import ipywidgets as widgets\nimport reprobook as rb",
        "lr = widgets.FloatSlider(value=0.1)\nseen = []\nlr.observe(seen.append)\nlr.value = 0.5",
        "rb.log(x=lr.value, n=len(seen))",
    )
    assert planned.fields == ()
    assert "lr.observe(seen.append)" in text
    assert "lr.value" in text


# Comments


def test_a_comment_above_an_import_stays_with_what_follows(promote: Promote) -> None:
    _, text = promote(
        "import reprobook as rb",
        "# count the letters\nimport string\nn = len(list(string.ascii_letters))",
        "# import what is needed\nimport math\nm = math.floor(n / 2)\nrb.log(m=m)",
    )
    assert "# count the letters\n    n = len(" in text
    assert "import what is needed" not in text


def test_a_comment_behind_a_shown_value_stays(promote: Promote) -> None:
    _, text = promote("n = len(list('ab'))", "n + 1  # and one", shown={1: ["n + 1"]})
    assert 'rb.show("n + 1", n + 1)  # and one' in text


# Results without a name


def test_what_is_printed_of_what_was_trained_stays(promote: Promote) -> None:
    planned, text = promote(
        "import reprobook as rb\nfrom sklearn import metrics\nfrom sklearn.linear_model import LogisticRegression",
        "x = [[float(i)] for i in range(9)]\ny = [0, 1, 1] * 3\nprint(max(y))",
        "model = LogisticRegression().fit(x, y)",
        "print(metrics.accuracy_score(y, model.predict(x)))",
        "print(y[:3], len(x), model.coef_.shape)",
        "rb.log(n=model.score(x, y))",
    )
    assert planned.kept == [0, 1, 2, 3, 5]
    assert "print(metrics.accuracy_score(y, model.predict(x)))" in text


def test_what_is_computed_and_printed_after_training_stays_in_one_line_or_two(promote: Promote) -> None:
    planned, text = promote(
        "import reprobook as rb\nfrom sklearn.linear_model import LinearRegression\ndef f(z):\n    return sorted(z)",
        "z = list((2, 1))",
        "before = f(z)\nprint('before', before)",
        "model = LinearRegression().fit([[1], [2]], [1, 2])",
        "print(f'in one: {f(z)}')",
        "two = f(z)\nprint('in two', two)\nsum(two)",
        "look = f(z)\nprint(look)",
        "head = z[:1]\nprint('the first', head)",
        "rb.log(n=model.intercept_)",
    )
    assert planned.kept == [0, 1, 3, 4, 5, 8]
    assert 'print("in two", two)' in text
    assert "sum(two)" not in text


def test_a_figure_that_is_kept_is_kept_whole(promote: Promote, definition: Definition) -> None:
    _, text = promote(
        "import matplotlib.pyplot as plt\nx = list((1, 2))",
        "print(f'acc: {x[0]}')\nfig = plt.figure()\nax = fig.add_subplot(1, 2, 1)\nplt.plot(x)\n"
        "ax.set_xlabel('x')\nplt.show()",
        shown={1: ["acc"]},
    )
    body = definition(text, "run_experiment")
    assert all(line in body for line in ("ax = fig.add_subplot(1, 2, 1)", 'ax.set_xlabel("x")', "fig = plt.figure()"))
    assert body.count("plt.savefig(") == 1


def test_a_name_that_is_more_than_a_figure_is_none(promote: Promote) -> None:
    planned, text = promote(
        "import matplotlib.pyplot as plt\nimport reprobook as rb",
        "ax = plt.gca()",
        "ax = [1]",
        "ax.append(2)",
        "rb.log(n=len(ax))",
    )
    assert "ax.append(2)" in text
    assert planned.kept == [0, 2, 3, 4]


@pytest.mark.parametrize(
    ("cells", "meaning"),
    [
        (
            ["x = torch.rand(2) + random.random()", "torch.manual_seed(1)", "x = x + torch.rand(2)"],
            "affects Python's random; torch only until the code seeds it",
        ),
        (["torch.manual_seed(1)", "x = torch.rand(2) + random.random()"], "affects Python's random"),
        (
            ["x = torch.rand(2)", "torch.manual_seed(1)", "x = x + torch.rand(2)"],
            "affects torch only until the code seeds it",
        ),
        (
            ["x = torch.rand(2)", "torch.seed()", "x = x + torch.rand(2)"],
            "affects torch only until the code seeds it",
        ),
        (["if len('a'):\n    torch.manual_seed(1)", "x = torch.rand(2)"], "seeds every generator"),
    ],
)
def test_a_seed_that_the_code_overrides_is_said_to_be(
    promote: Promote, definition: Definition, cells: list[str], meaning: str
) -> None:
    planned, text = promote("import random\nimport torch\nimport reprobook as rb", *cells, "rb.log(x=x.sum())", seed=5)
    (field,) = [field for field in planned.fields if field.name == "seed"]
    assert field.comment == meaning
    assert '"""Seed Python and torch."""' in definition(text, "seed_everything")


SEEDED = "torch.manual_seed(1)\ny = torch.rand(2)"


@pytest.mark.parametrize(
    ("cells", "meaning"),
    [
        (["x = torch.rand(2)\nrb.log(first=x.sum())", f"{SEEDED}\nrb.log(y=y.sum())"], "decides first"),
        ([f"x = torch.rand(2)\n{SEEDED}\nrb.log(y=y.sum())\nprint(x.sum())"], "decides what code cell 1 prints"),
        (
            ["x = torch.rand(2)\nrb.log(a=x.sum())\nrb.log(y=1)", f"{SEEDED}\nrb.log(b=y.sum(), **{{'y': 1}})"],
            "decides a",
        ),
    ],
)
def test_a_seed_that_decides_some_results_says_which(promote: Promote, cells: list[str], meaning: str) -> None:
    planned, _ = promote("import torch\nimport reprobook as rb", *cells, seed=5)
    assert [(field.name, field.comment) for field in planned.fields] == [("seed", meaning)]


PASSING = (
    "import torch\nimport reprobook as rb",
    "md:## Model",
    "w = torch.rand(2)\nloss = w.sum()\nrb.log(loss=loss)",
    "md:## Training",
    "random.seed(3)\ng = torch.Generator().manual_seed(3)\nw = torch.rand(2, generator=g)",
    "for i in range(2):\n    loss = (w * torch.rand(2, generator=g)).sum()\n    loss.backward()\nrb.log(loss=loss)",
)


def test_a_seed_for_values_that_others_follow_under_the_same_name_is_no_option(
    promote: Promote, ruff_says: Callable[[str], str]
) -> None:
    cells = (f"import random\n{PASSING[0]}", *PASSING[1:])
    planned, text = promote(*cells, seed=5)
    assert [field.name for field in planned.fields] == []
    assert "seed_everything(5)  # decides only the loss of build_model" in text
    assert "seed=5)" in text
    assert ruff_says(text) == ""
    assert [field.name for field in promote(*cells, seed=5, seeds=True)[0].fields] == ["seed"]  # it is to be varied
    last = (*cells[:-1], cells[-1].replace(", generator=g", ""))
    assert [field.name for field in promote(*last, seed=5)[0].fields] == ["seed"]


@pytest.mark.parametrize(
    "cells",
    [
        ["x = torch.ones(2)"],
        ["torch.manual_seed(1)", "x = torch.rand(2)"],
        ["def fix(seed):\n    torch.manual_seed(seed)", ("fix(3)", "keep"), "x = torch.rand(2)"],
        ["torch.manual_seed(1)", "random.seed(1)", "x = torch.rand(2) + random.random()"],
        ["torch.seed()", "random.seed()", "x = torch.rand(2) + random.random()"],
    ],
)
def test_a_seed_without_any_effect_is_no_option(promote: Promote, cells: list[str | tuple[str, str]]) -> None:
    planned, text = promote("import random\nimport torch\nimport reprobook as rb", *cells, "rb.log(x=x.sum())", seed=5)
    assert (planned.seed, planned.fields, planned.seeded) == (None, (), ())
    assert "seed=" not in text
    assert "seed_everything" not in text


def test_the_parameters_come_last(promote: Promote) -> None:
    _, text = promote(
        "import reprobook as rb",
        ("rate = 2", "parameters"),
        "md:## Data",
        "x = list('12')",
        "md:## Training",
        "rb.log(n=len(x) * rate)",
    )
    assert "def train(x, config):" in text
    assert "train(x, config)" in text


def test_what_no_kept_code_reads_is_no_option(promote: Promote) -> None:
    planned, _ = promote(
        "import reprobook as rb", "rate = 2\nevery = 10\nhalf = rate / 2", "x = [rate]\ny = x * every", "rb.log(n=x[0])"
    )
    assert [field.name for field in planned.fields] == ["rate"]


def test_a_search_path_goes_where_nothing_of_ones_own_is_imported(promote: Promote) -> None:
    cells = ("import sys\nsys.path.insert(0, '..')", "import numpy as np\nimport helpers\nimport reprobook as rb")
    installed = ("numpy", "reprobook")
    planned, text = promote(*cells, "rb.log(n=np.sqrt(4))", installed=installed)
    assert "sys.path" not in text
    assert planned.kept == [1, 2]
    reason = "no module is imported from what it adds to `sys.path`"
    assert [(each.cell, each.reason) for each in planned.dropped] == [(0, reason)]
    used = ("import sys\nsys.path.insert(0, '..')\nx = len('ab')", "import numpy as np\nimport reprobook as rb")
    planned, _ = promote(*used, "rb.log(n=np.sqrt(x))", installed=installed)
    assert [(each.cell, each.reason) for each in planned.trimmed] == [(0, reason)]
    planned, text = promote(*cells, "rb.log(n=np.sqrt(4) + helpers.n)", installed=installed)
    assert 'sys.path.insert(0, "..")' in text
    assert planned.kept == [0, 1, 2]


def test_a_cell_of_which_only_the_imports_are_used_is_accounted_for(promote: Promote) -> None:
    planned, _ = promote(
        "import reprobook as rb",
        "import numpy as np\n\nx = np.zeros(3)\nx",
        "import math",
        "rb.log(n=np.sqrt(4) + math.pi)",
        "!pwd  # `here`",
        "y = 1",
    )
    assert planned.kept == [0, 1, 2, 3]
    assert [(each.cell, each.reason) for each in planned.trimmed] == [(1, "no result depends on `x`")]
    assert [(each.cell, each.reason) for each in planned.dropped] == [
        (4, "no result reads what `!pwd  # 'here'` does"),
        (5, "no result depends on `y`"),
    ]
