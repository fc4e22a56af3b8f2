"""Verification: a run's recipe executed again, the two traces compared, the first difference named."""

from reprobook.verify.compare import Comparison, compare
from reprobook.verify.integrity import notebook_integrity
from reprobook.verify.job import is_job, verify_job
from reprobook.verify.live.belonging import notebook_of_session
from reprobook.verify.model import Divergence, MetricPair, ValueChange, Verdict, Verification
from reprobook.verify.options import VerifyOptions
from reprobook.verify.recorded import recorded_run, run_of_header
from reprobook.verify.tolerance import BITWISE, Tolerance, parse_tolerance
from reprobook.verify.verify import verify_notebook, verify_run

__all__ = [
    "BITWISE",
    "Comparison",
    "Divergence",
    "MetricPair",
    "Tolerance",
    "ValueChange",
    "Verdict",
    "Verification",
    "VerifyOptions",
    "compare",
    "is_job",
    "notebook_integrity",
    "notebook_of_session",
    "parse_tolerance",
    "recorded_run",
    "run_of_header",
    "verify_job",
    "verify_notebook",
    "verify_run",
]
