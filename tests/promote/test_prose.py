from __future__ import annotations

import pytest

from reprobook.promote.naming import snake_case
from reprobook.promote.prose import plain


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
        ("ROC curves and area under the curve", "roc_curves_and_area"),
        ("On", "on"),
    ],
)
def test_a_name_that_is_cut_short_does_not_end_in_a_joining_word(heading: str, name: str) -> None:
    assert snake_case(heading) == name
