"""Sections as functions: what is handed on between them, where one ends, and what they are called."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.promote import Plan

Promote = Callable[..., tuple[Plan, str]]
Definition = Callable[[str, str], str]
IMPORTS = "import reprobook as rb"
FIRST = "n = 3\nx = [len('ab')] * n\nrb.log(x=sum(x))"
OTHER = "n = 5\nrb.log(z=n)"


def test_a_literal_is_set_by_each_section_that_reads_it(promote: Promote, definition: Definition) -> None:
    second = "rb.log(y=n * sum(x))"
    planned, text = promote("md:# T", IMPORTS, "md:## One", FIRST, "md:## Two", second, "md:## Three", OTHER)
    assert [(each.arguments, each.returns) for each in planned.functions] == [((), ("x",)), (("x",), ()), ((), ())]
    one, two = (definition(text, each.name) for each in planned.functions[:2])
    assert one.count("n = 3") == two.count("n = 3") == 1


def test_a_literal_that_only_another_section_reads_moves_there(promote: Promote, definition: Definition) -> None:
    first = "# how often\nn = 3\nx = len('ab')\nrb.log(x=x)"
    planned, text = promote("md:# T", IMPORTS, "md:## One", first, "md:## Two", "rb.log(y=n)", "md:## Three", OTHER)
    one, two = (definition(text, each.name) for each in planned.functions[:2])
    assert "n = 3" not in one
    assert "    # how often\n    n = 3\n    rb.log(y=n)" in two


@pytest.mark.parametrize(
    ("sections", "metrics"),
    [
        (("rb.log(a=n)", "rb.log(b=n)", "rb.log(c=n)"), {"a": 3, "b": 3, "c": 3}),  # too often to be repeated
        (("n += 1\nrb.log(a=n)", "rb.log(b=n)"), {"a": 4, "b": 4}),
        (("if len('ab') > 2:\n    n = 7", "rb.log(b=n)"), {"b": 3}),
        (("n = 4", "if len('ab') < 3:\n    n = 7", "rb.log(b=n)"), {"b": 7}),
    ],
)
def test_every_section_reads_what_the_notebook_had(
    promote: Promote,
    run_script: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    sections: tuple[str, ...],
    metrics: dict[str, int],
) -> None:
    below = [cell for at, each in enumerate(sections) for cell in (f"md:## Part {'abcd'[at]}", each)]
    _, text = promote("md:# T", IMPORTS, "md:## One", FIRST, *below, "md:## Last", OTHER)
    done = run_script(text)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "result.json").read_bytes())["metrics"] == {"x": 6, **metrics, "z": 5}


def test_main_shows_where_nothing_is_handed_on_any_more(promote: Promote, definition: Definition) -> None:
    data, use = "x = list('ab')", "rb.log(n=len(x))"
    cells = ("md:## Data", data, "md:## Count", use, "md:## Other data", f"{data}\nx.pop()", "md:## Other size", use)
    planned, text = promote("md:# T", IMPORTS, *cells)
    names = [each.name for each in planned.functions]
    (block,) = [each for each in definition(text, "main").split("\n\n") if f"{names[2]}(" in each]
    assert f"{names[1]}(" not in block
    assert definition(text, "main").count("\n\n") == 1


def test_what_comes_to_a_value_for_itself_is_no_part_of_a_model(promote: Promote, definition: Definition) -> None:
    by_hand = ("w = torch.rand(2)", "loss = w.sum()", "loss")
    anew = ("g = torch.Generator().manual_seed(1)\nw = torch.rand(2, generator=g)", "loss = w.sum() * 2\nloss")
    cells = ("import torch", *by_hand, *anew)
    planned, text = promote(*cells, shown={3: ["loss"], 5: ["loss"]})
    first, second = planned.functions[:2]
    assert (first.name, first.summary) == ("compute_loss", "Compute the loss of an untrained model; log loss_1.")
    assert (first.cells, first.returns) == ((1, 2, 3), ())
    assert second.name == "build_model"
    assert "manual_seed" in definition(text, "build_model")
    whole, _ = promote(
        *cells[:-2], "v = w * 2\ng = torch.Generator().manual_seed(1)", anew[1], shown={3: ["loss"], 5: ["loss"]}
    )
    assert "compute_loss" not in [each.name for each in whole.functions]


def test_a_comment_opens_a_section_after_another_that_one_named(promote: Promote) -> None:
    show = "# visualize the first and the second coefficient of what was fitted\n"
    cells = ("model = LinearRegression().fit([[1], [2]], [1, 2])", f"{show}print(f'coef: {{model.coef_}}')")
    sample = "# sample from the model\nprint(f'value: {model.intercept_}')"
    planned, _ = promote(
        "from sklearn.linear_model import LinearRegression", *cells, sample, shown={2: ["a"], 3: ["b"]}
    )
    assert [each.name for each in planned.functions] == [
        "train",
        "visualize_first_and_second_coefficient",
        "sample_from_model",
    ]


def test_a_section_is_not_taken_for_a_function_of_the_author(promote: Promote) -> None:
    author = "def evaluate(model, data):\n    return len(data)"
    planned, _ = promote("md:# T", IMPORTS, author, "md:## Evaluation", "rb.log(n=evaluate(1, [2]))")
    (section,) = planned.functions
    assert (section.name, section.summary) == ("run_evaluation", "Evaluate the model; log n.")


def test_words_that_say_nothing_of_what_is_done_stand_below_those_that_do(
    promote: Promote, definition: Definition
) -> None:
    cells = (
        "md:## Data\n\nPixels run from 0 to 16.",
        "x = list('ab')",
        "md:## Size\n\nCount the items.",
        "rb.log(n=len(x))",
    )
    _, text = promote("md:# T", IMPORTS, *cells)
    assert '"""Load the data; return x.\n\n    Pixels run from 0 to 16.\n    """' in definition(text, "load_data")
    assert '"""Count the items."""' in text


def test_a_section_that_builds_a_model_says_which(promote: Promote) -> None:
    net = "class Net:\n    def __init__(self, size):\n        self.size = size"
    planned, _ = promote(
        "md:# T", IMPORTS, ("size = 3", "parameters"), net, "md:## Model", "model = Net(size)", "rb.log(n=model.size)"
    )
    assert planned.functions[0].summary.startswith("Build a Net with the configured size")


def test_a_question_is_answered_by_an_experiment(promote: Promote) -> None:
    planned, _ = promote("md:# T", IMPORTS, "md:## Does the order matter?", "rb.log(n=sorted('ba').index('a'))")
    assert [(each.name, each.summary) for each in planned.functions] == [("run_experiment", "Does the order matter?")]
