"""Promotion: a notebook's recipe as a script that reads as if its author had written it."""

from reprobook.promote.facts import Facts
from reprobook.promote.files import job_files
from reprobook.promote.model import Plan
from reprobook.promote.plan import plan
from reprobook.promote.slice import Dropped, Observed
from reprobook.promote.text import Provenance, render

__all__ = ["Dropped", "Facts", "Observed", "Plan", "Provenance", "job_files", "plan", "render"]
