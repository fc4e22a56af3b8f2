"""Two sets of runs compared: better, worse, or not to be told apart from the noise of seeds."""

from reprobook.comparison.api import compare
from reprobook.comparison.assess import assess
from reprobook.comparison.code import code_diff
from reprobook.comparison.model import CompareOptions, ComparisonReport, Pairing, Side
from reprobook.comparison.select import Selection, select

__all__ = [
    "CompareOptions",
    "ComparisonReport",
    "Pairing",
    "Selection",
    "Side",
    "assess",
    "code_diff",
    "compare",
    "select",
]
