"""Data: splits that stay as they are, and what leaks between their parts."""

from reprobook.dataset.assign import BY, Rows, SplitPlan, assign
from reprobook.dataset.leakage import LeakageReport, find_leakage
from reprobook.dataset.membership import membership

__all__ = ["BY", "LeakageReport", "Rows", "SplitPlan", "assign", "find_leakage", "membership"]
