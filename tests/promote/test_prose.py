from __future__ import annotations

import pytest

from reprobook.promote.commented_code import without_commented_code
from reprobook.promote.descriptions import deed, description, first_sentence, heading_sentence, without_questions
from reprobook.promote.naming import snake_case
from reprobook.promote.prose import plain
from reprobook.promote.python import code_of, statements


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("A model ([video #6](https://example.org/x?a=b))", "A model (video #6)"),
        ("Does **Newspaper** *belong* in __our__ model?", "Does Newspaper belong in our model?"),
        ("![plot](a.png) Seen <b>twice</b><br/> &amp; kept", "Seen twice & kept"),
        ("`a * b` and x_train_2 and 2 * 3 * 4 stay", "`a * b` and x_train_2 and 2 * 3 * 4 stay"),
        ("if a < b and c > d", "if a < b and c > d"),
    ],
)
def test_markdown_becomes_plain_text(markdown: str, text: str) -> None:
    assert plain(markdown) == text


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Splitting X and y into training and testing sets", "split_x_and_y"),
        ("Evaluating the trained model on the test dataset", "evaluate_trained_model"),
        ("Building a multilayer perceptron for classifying flowers in Iris", "build_multilayer_perceptron"),
        ("Choosing activation functions for multilayer neural networks", "choose_activation_functions"),
        ("Saving and reloading the trained model", "save_and_reload_trained_model"),
        ("Data loading and training", "data_loading_and_training"),
        ("ROC curves and area under the curve", "roc_curves_and_area"),
        ("Model training via the torch.nn and torch.optim modules", "train_model"),
        ("Linear regression in scikit-learn", "linear_regression"),
        ("Weight initialization", "initialize_weight"),
        ("Feature selection", "select_features"),
        ("Train test splitting", "train_test_splitting"),
        ("On", "on"),
    ],
)
def test_a_name_that_is_cut_short_does_not_end_in_a_joining_word(heading: str, name: str) -> None:
    assert snake_case(heading) == name


@pytest.mark.parametrize(
    ("prose", "text"),
    [
        ("Pixels run from 0 to 16. And more.", "Pixels run from 0 to 16."),
        ("How many characters do we take?", ""),
        ("We count letters.", ""),
        ("Let's look at the data.", ""),
        ("Here's another problem.", ""),
        ("Consider a deck of cards.", ""),
        ("A caption without an end", ""),
        ("Adapted from the work of others.", ""),
        ("Code by @someone, see https://example.org.", ""),
        ("Next, the loader is built.", ""),
        ("The output of the cell below looks like this: ``` 1 ```.", ""),
        (f"A {'very ' * 40}long sentence.", ""),
    ],
)
def test_a_docstring_describes(prose: str, text: str) -> None:
    assert first_sentence(prose) == text


@pytest.mark.parametrize(
    ("prose", "text"),
    [
        ("Pixels run from 0 to 16. Labels are digits.", "Pixels run from 0 to 16. Labels are digits."),
        ("70 % that the last section sees. Every class keeps its share.", "Every class keeps its share."),
        ("We count letters. They are sorted. Blanks do not count.", "Blanks do not count."),
        ("It has two parts:\n- one. Yes.\n- two.", ""),
        ("Blanks do not count. Neither do:\n1. dots.", "Blanks do not count."),
        ("Letters are counted, e.g. a and b.\n\nAnother paragraph.", "Letters are counted, e.g. a and b."),
        (f"We {'very ' * 50} well. Blanks do not count.", ""),
        (f"Blanks do not count. A {'very ' * 50} long one. Dots do.", "Blanks do not count. Dots do."),
    ],
)
def test_a_short_paragraph_is_kept_but_for_what_it_tells_its_reader(prose: str, text: str) -> None:
    assert description(prose) == text


@pytest.mark.parametrize(
    ("heading", "name", "text"),
    [
        ("3. Fit a line to the points using `SGD`", "fit_line_to_points", "Fit a line to the points using `SGD`."),
        ("Training the network", "train_network", ""),
        ("What is a tensor?", "what_is_tensor", ""),
        ("Data", "load_data", ""),
    ],
)
def test_a_heading_is_a_docstring_where_it_says_more_than_the_name(heading: str, name: str, text: str) -> None:
    assert heading_sentence(heading, name) == text


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Training the RNN", "train_rnn"),
        ("5. Save your trained model's `state_dict()` to file.", "save_trained_model_state_dict"),
        ("Clustering", "clustering"),
    ],
)
def test_a_heading_becomes_what_a_function_does(heading: str, name: str) -> None:
    assert snake_case(heading) == name


def test_a_comment_that_asks_is_no_meaning() -> None:
    assert without_questions("context length: how many characters do we take?") == "context length"
    assert without_questions("rate of learning") == "rate of learning"


@pytest.mark.parametrize(
    ("comments", "kept"),
    [
        ("# print(w)\n# lr = lrs[i]\n# steps += 1", ""),
        ("# ## Option 2\n# class Net:\n#     def run(self):\n#         return 1", ""),
        ("# x (batch_size, length)\n# hidden (layers, batch)", "# x (batch_size, length)\n# hidden (layers, batch)\n"),
        ("# z = w * x + b", "# z = w * x + b\n"),
        ("# the forward pass", "# the forward pass\n"),
        ("# read it back with:\n# torch.load('m.pt')", "# read it back with:\n# torch.load('m.pt')\n"),
    ],
)
def test_code_that_was_commented_out_goes(comments: str, kept: str) -> None:
    inner = "".join(f"    {line}\n" for line in comments.splitlines())
    body = statements(f"for i in x:\n{inner}    y = 1  # f(x)\n")
    expected = "".join(f"    {line}\n" for line in kept.splitlines())
    assert "".join(map(code_of, without_commented_code(body))) == f"for i in x:\n{expected}    y = 1  # f(x)\n"


@pytest.mark.parametrize(
    ("heading", "phrase"),
    [
        ("2. Saving and reloading the trained model", "Save and reload the trained model"),
        ("Split the data", "Split the data"),
        ("Model training via the torch.nn module", "Train the model via the torch.nn module"),
        ("Feature selection", ""),
        ("Training", ""),
        ("Building our model", ""),
    ],
)
def test_a_heading_says_what_is_done(heading: str, phrase: str) -> None:
    assert deed(heading, snake_case(heading)) == phrase
