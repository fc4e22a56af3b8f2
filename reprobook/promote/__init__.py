"""Promotion: a notebook's recipe as a script that reads as if its author had written it."""

from reprobook.promote.cell_flow import Observed
from reprobook.promote.evidence import Evidence
from reprobook.promote.facts import Facts, Provenance
from reprobook.promote.files import job_files
from reprobook.promote.job_folder import PROOF
from reprobook.promote.model import Plan
from reprobook.promote.options import LAUNCHERS, STYLES, JobOptions
from reprobook.promote.outcome import Promotion
from reprobook.promote.plan import plan
from reprobook.promote.promotion import promote_notebook
from reprobook.promote.slice import Dropped
from reprobook.promote.text import render

__all__ = [
    "LAUNCHERS",
    "PROOF",
    "STYLES",
    "Dropped",
    "Evidence",
    "Facts",
    "JobOptions",
    "Observed",
    "Plan",
    "Promotion",
    "Provenance",
    "job_files",
    "plan",
    "promote_notebook",
    "render",
]
