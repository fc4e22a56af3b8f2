"""Promotion: a notebook's recipe as a script that reads as if its author had written it."""

from reprobook.promote.facts import Facts
from reprobook.promote.files import job_files
from reprobook.promote.model import Plan
from reprobook.promote.plan import plan
from reprobook.promote.promotion import PROOF, Promotion, promote_notebook
from reprobook.promote.slice import Dropped, Observed
from reprobook.promote.text import Provenance, render

__all__ = [
    "PROOF",
    "Dropped",
    "Facts",
    "Observed",
    "Plan",
    "Promotion",
    "Provenance",
    "job_files",
    "plan",
    "promote_notebook",
    "render",
]
