"""Verification: a run's recipe executed again, the two traces compared, the first difference named."""

from reprobook.verify.compare import Comparison, compare
from reprobook.verify.integrity import notebook_integrity
from reprobook.verify.job import verify_job
from reprobook.verify.model import Divergence, MetricPair, Verdict, Verification
from reprobook.verify.recorded import recorded_run
from reprobook.verify.tolerance import BITWISE, Tolerance, parse_tolerance
from reprobook.verify.verify import verify_notebook, verify_run

__all__ = [
    "BITWISE",
    "Comparison",
    "Divergence",
    "MetricPair",
    "Tolerance",
    "Verdict",
    "Verification",
    "compare",
    "notebook_integrity",
    "parse_tolerance",
    "recorded_run",
    "verify_job",
    "verify_notebook",
    "verify_run",
]
