"""Statistics of runs that differ by their seed: intervals, comparisons, and who cannot be told apart from the best.

Pure: numbers in, frozen values out. scipy and numpy are imported when they are first needed.
"""

from reprobook.statistics.compare import compare_paired, compare_unpaired
from reprobook.statistics.correction import corrected, holm
from reprobook.statistics.interval import bootstrap_interval
from reprobook.statistics.model import Comparison, Direction, Interval, Verdict
from reprobook.statistics.power import seeds_needed
from reprobook.statistics.ranking import tied_with_best

__all__ = [
    "Comparison",
    "Direction",
    "Interval",
    "Verdict",
    "bootstrap_interval",
    "compare_paired",
    "compare_unpaired",
    "corrected",
    "holm",
    "seeds_needed",
    "tied_with_best",
]
