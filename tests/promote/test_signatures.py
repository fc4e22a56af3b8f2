from __future__ import annotations

from collections.abc import Callable

import pytest

from reprobook.promote import Plan
from reprobook.promote.naming import function_name, with_verb
from reprobook.promote.summaries import summary_of

Promote = Callable[..., tuple[Plan, str]]
CELLS = (
    "md:# T",
    "import numpy as np\nimport reprobook as rb\nfrom collections import OrderedDict",
    "md:## Data",
    "class Net:\n    pass\n\nx = np.ones(3)\nnet = Net()\nbag = OrderedDict(a=1)",
    "md:## Training",
    "rb.log(n=len(x) + len(bag), kind=isinstance(net, Net))",
)
KINDS = {1: {"x": "numpy.ndarray", "net": "__main__.Net", "bag": "collections.OrderedDict"}}


def test_sections_have_the_types_that_the_run_saw(promote: Promote, mypy_says: Callable[[str], str]) -> None:
    _, text = promote(*CELLS, kinds=KINDS)
    assert "def build_model() -> tuple[np.ndarray, Net, OrderedDict]:" in text
    assert "def train(x: np.ndarray, net: Net, bag: OrderedDict) -> None:" in text
    assert mypy_says(text) == ""


def test_a_type_that_the_script_cannot_name_is_any(promote: Promote, mypy_says: Callable[[str], str]) -> None:
    kinds = {1: {"x": "numpy.ma.core.MaskedArray", "net": "__main__.make.<locals>.Net", "bag": "sampled:list"}}
    cells = [cell.replace("OrderedDict(a=1)", "list('ab')") for cell in CELLS]
    _, text = promote(*cells, kinds=kinds)
    assert "def train(x: Any, net: Any, bag: list[Any]) -> None:" in text
    assert mypy_says(text) == ""


@pytest.mark.parametrize(
    "line",
    [
        "x = list(x)",
        "w = []\nw = tuple(w)\nrb.log(w=len(w))",
        "total = 0\nfor each in x:\n    total += each",
        "best = None\nfor each in x:\n    best = each\nrb.log(best=best is None)",
        "counts = [0] * 3\ncounts[0] += 0.5",
    ],
)
def test_where_variables_change_their_type_nothing_is_annotated(promote: Promote, line: str) -> None:
    _, text = promote(*CELLS[:-1], f"{line}\nrb.log(n=len(x) + len(bag), kind=isinstance(net, Net))", kinds=KINDS)
    assert "def build_model():" in text
    assert "def train(x, net, bag):" in text


def test_a_name_of_two_types_in_two_sections_is_not_annotated(promote: Promote) -> None:
    cells = ("md:# T", "import reprobook as rb", "md:## Data", "x = list('ab')", "md:## Split", "x = tuple(x)")
    _, text = promote(*cells, "md:## Training", "rb.log(n=len(x))", kinds={1: {"x": "list"}, 2: {"x": "tuple"}, 3: {}})
    assert "def train(x):" in text


def test_a_variable_that_a_loop_sets_is_not_asked_of_an_earlier_section(promote: Promote) -> None:
    loop = "for batch in list('ab'):\n    loss = len(batch)\nrb.log(loss=loss)"
    planned, _ = promote("md:# T", "import reprobook as rb", "md:## One", loop, "md:## Two", loop)
    assert [(each.arguments, each.returns) for each in planned.functions] == [((), ()), ((), ())]
    stopped = loop.replace("    loss", "    if batch == 'b':\n        continue\n    loss")
    planned, _ = promote("md:# T", "import reprobook as rb", "md:## One", loop, "md:## Two", stopped)
    assert planned.functions[1].arguments == ("loss",)


def test_a_section_says_what_it_does_and_what_comes_of_it(promote: Promote) -> None:
    planned, _ = promote(
        "md:# T",
        "import reprobook as rb",
        "md:## Reading and cleaning the two files",
        "x = list('ab')",
        "md:## Training",
        "w = list('a')\nfor epoch in range(2):\n    rb.log(loss=len(x), step=epoch)",
        "md:## Save",
        "rb.save('weights', w)",
    )
    assert [each.summary for each in planned.functions] == [
        "Read and clean the two files; return x.",
        "Train the model; log loss; return w.",
        "Save the weights.",
    ]


def test_what_does_not_fit_a_line_stands_below_it_and_what_is_clear_is_not_said() -> None:
    long = "x" * 70
    assert summary_of("split_data", "", ["log a", f"return {long}"]) == ("Split the data; log a.", f"Return {long}.")
    assert summary_of("build_model", "", ["return model"]) == ("Build the model.", "")
    assert summary_of("read_data", "Read data using pandas", ["return data"]) == ("Read data using pandas.", "")
    assert summary_of("policy_gradient", "", []) == ("Policy gradient.", "")
    assert summary_of("policy_gradient", "", ["log a", "return b"]) == ("Log a; return b.", "")


def test_a_long_result_behind_no_argument_is_shortened(promote: Promote, ruff_says: Callable[[str], str]) -> None:
    names = [f"value_{letter}" for letter in "abcdefgh"]
    make = "\n".join(f"{name} = {kind}" for name, kind in zip(names, ("list('a')", "set('a')") * 4, strict=True))
    kinds = {1: dict(zip(names, ("list", "set") * 4, strict=True)), 2: {}}
    use = f"rb.log(n={' + '.join(f'len({name})' for name in names)})"
    _, text = promote("md:# T", "import reprobook as rb", "md:## Data", make, "md:## Use", use, kinds=kinds)
    assert "def load_data() -> tuple[Any, ...]:" in text
    assert ruff_says(text) == ""


FIT = (
    "md:# T",
    """import reprobook as rb
from sklearn.datasets import make_regression
from sklearn.linear_model import LinearRegression""",
)
DATA = "x, y = make_regression(random_state=0)"
TRAIN = "model = LinearRegression()\nmodel.fit(x, y)"
LOG = "rb.log(score=model.score(x, y))"


def test_a_section_that_trains_is_called_so_whatever_its_heading_builds(promote: Promote) -> None:
    heading = "md:## Building a linear regression model"
    planned, _ = promote(*FIT, heading, DATA, TRAIN, LOG)
    assert [each.name for each in planned.functions] == ["load_data", "fit_linear_regression_model", "evaluate"]
    assert planned.functions[1].summary == "Fit a linear regression model."
    plain, _ = promote(*FIT, "md:## Building the model", DATA, TRAIN, "md:## Scores", LOG)
    assert "build_model" not in [each.name for each in plain.functions]


def test_a_heading_inside_names_what_alone_is_left_of_a_section(promote: Promote) -> None:
    outer, inner = "md:## Choosing functions for networks", ("md:### Rectified units", "n = 3", "md:### Logistic recap")
    planned, _ = promote(*FIT, outer, *inner, "x = len('ab')\nrb.log(n=x)")
    assert [each.name for each in planned.functions] == ["recap_logistic"]


def test_lists_that_a_training_fills_are_made_with_it(promote: Promote) -> None:
    cells = (DATA, "model = LinearRegression()", "losses = []\nsteps = {}", TRAIN)
    planned, _ = promote(*FIT, *cells, "losses.append(model.score(x, y))\nrb.log(n=losses[0], m=len(steps))")
    (train,) = [each for each in planned.functions if each.name == "train"]
    assert train.cells == (3, 4)


@pytest.mark.parametrize(
    ("wish", "earlier", "name"),
    [("train_model", ["train"], "train_2"), ("train", ["train_model"], "train_2"), ("train", ["fit_model"], "train")],
)
def test_no_two_sections_differ_by_the_word_model_alone(wish: str, earlier: list[str], name: str) -> None:
    assert function_name(wish, (), earlier) == name


@pytest.mark.parametrize(
    ("name", "kind", "called"),
    [
        ("adapter", "build_model", "build_adapter"),
        ("confusion_matrix", "evaluate", "report_confusion_matrix"),
        ("what_it_writes", "", "show_what_it_writes"),
        ("choose_threshold", "evaluate", "choose_threshold"),
        ("try_it", "build_model", "try_it"),
        ("counting", "", "counting"),
    ],
)
def test_a_noun_over_work_of_one_kind_has_its_verb(name: str, kind: str, called: str) -> None:
    assert with_verb(name, "", kind) == called


def test_loading_what_was_trained_before_is_no_training(promote: Promote) -> None:
    cells = ("def load(name):\n    return AutoModel.from_pretrained(name)", "network = load('a')\nnetwork.eval()")
    planned, _ = promote(
        "md:# T", "from transformers import AutoModel\nimport reprobook as rb", *cells, "rb.log(n=network.n)"
    )
    assert [each.name for each in planned.functions] == ["build_model"]


def test_a_training_that_goes_back_to_its_best_weights_is_one(promote: Promote) -> None:
    fit = "def fit_once(net):\n    net(torch.ones(1)).backward()\n    return net.state_dict()"
    use = "best = fit_once(net)\nnet.load_state_dict(best)\nrb.log(w=net.weight.item())"
    planned, _ = promote("import torch\nimport reprobook as rb", fit, "net = torch.nn.Linear(1, 1)", use)
    assert [each.name for each in planned.functions] == ["build_model", "train"]


def test_a_question_is_answered_without_a_full_stop(promote: Promote) -> None:
    planned, _ = promote(
        *FIT[:1], "import reprobook as rb", "md:## Does the order matter?", "rb.log(n=sorted('ba').index('a'))"
    )
    assert planned.functions[0].summary == "Does the order matter?"


LIBRARIES = "import json, os\nimport joblib\nimport numpy as np\nimport pandas as pd\nimport torch"
SKLEARN = "from sklearn.linear_model import LogisticRegression\nimport reprobook as rb"
FITTED = "x, y = np.eye(4), np.arange(4)\nmodel = LogisticRegression().fit(x, y)"
DIRECTORY = "os.makedirs('models', exist_ok=True)\n"


@pytest.mark.parametrize(
    ("cell", "name", "summary"),
    [
        (
            DIRECTORY + "joblib.dump(model, 'models/m.joblib')\npd.DataFrame({'y': y}).to_csv('y.csv')",
            "save_results",
            "Save models/m.joblib and y.csv.",
        ),
        ("json.dump({'n': 4}, open('metrics.json', 'w'))", "save_metrics", "Save metrics.json."),
        (
            "pd.DataFrame({'y': y, 'p': model.predict(x)}).to_csv('predictions.csv')",
            "save_predictions",
            "Save predictions.csv.",
        ),
        (DIRECTORY + "torch.save(model, 'models/last.pt')", "save_model", "Save models/last.pt."),
        ("name = str(y[0])\njoblib.dump(model, name)", "save_results", "Save the results."),
        ("rb.save('weights', model.coef_)", "save_weights", "Save the weights."),
    ],
)
def test_a_section_that_writes_files_is_called_so(promote: Promote, cell: str, name: str, summary: str) -> None:
    evidence = ("rb.log(n=model.score(x, y))", (cell, "keep"))
    planned, _ = promote("md:# T", f"{LIBRARIES}\n{SKLEARN}", "np.seterr(all='ignore')", FITTED, *evidence)
    assert (planned.functions[-1].name, planned.functions[-1].summary) == (name, summary)
    headed, _ = promote("md:# T", f"{LIBRARIES}\n{SKLEARN}", FITTED, evidence[0], "md:## Save", evidence[1])
    assert headed.functions[-1].name == name


def test_a_score_that_is_also_saved_is_an_evaluation(promote: Promote) -> None:
    cell = "test_loss = 1 - model.score(x, y)\nnp.save('loss.npy', test_loss)"
    planned, _ = promote("md:# T", f"{LIBRARIES}\n{SKLEARN}", FITTED, "rb.log(n=len(x))", (cell, "keep"))
    assert (planned.functions[-1].name, planned.functions[-1].summary) == (
        "evaluate",
        "Evaluate the model; save loss.npy.",
    )


def test_settings_folders_and_seeds_are_told_apart(promote: Promote) -> None:
    begin = f"{LIBRARIES}\n{SKLEARN}"
    model = "class Net(torch.nn.Module):\n    pass\n\n\ntorch.manual_seed(0)\nmodel = Net()"
    planned, _ = promote(begin, ("import warnings\nwarnings.filterwarnings('ignore')", "keep"), "rb.log(n=1)")
    assert [(each.name, each.summary) for each in planned.functions[:1]] == [("set_up", "Ignore warnings.")]
    for cell, name in ((DIRECTORY, "make_folders"), ("np.seterr(all='ignore')", "set_up"), (model, "build_model")):
        planned, _ = promote("md:# T", begin, (cell, "keep"), "rb.log(n=torch.rand(1).item())")
        assert planned.functions[0].name == name


@pytest.mark.parametrize(
    ("heading", "cell", "name"),
    [
        ("Multiple choice", "for each in x:\n    rb.log(n=each)", "report_multiple_choice"),
        ("Augmentation", "plt.plot(x)\nplt.show()\nx.append(1)", "draw_augmentation"),
        ("Batches", "loader = DataLoader(x)", "build_batches"),
        ("Collation", "y = len(x)\n\n\ndef pairs():\n    return x, y", "define_collation"),
        ("Counting", "x.append(1)", "counting"),
        ("Choice", "model = x", "choose_model"),
    ],
)
def test_a_heading_that_is_a_noun_gets_the_verb_of_what_is_done(
    promote: Promote, heading: str, cell: str, name: str
) -> None:
    libraries = "import matplotlib.pyplot as plt\nimport reprobook as rb\nfrom torch.utils.data import DataLoader"
    end = ("md:## Result", "rb.log(last=list(x)[0])")
    planned, _ = promote("md:# T", libraries, "md:## Data", "x = [1, 2]", f"md:## {heading}", (cell, "keep"), *end)
    assert name in [each.name for each in planned.functions]
