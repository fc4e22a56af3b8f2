"""The training spec: what is meant to be done, frozen before the first run, and held against what a run did."""

from reprobook.spec.document import Change, Document, parse_document, read_document, read_spec, spec_path
from reprobook.spec.entries import ENTRIES, Entry, entry_text, with_entries
from reprobook.spec.finding import Finding, State
from reprobook.spec.model import Spec
from reprobook.spec.reading import Proposal, Written, proposals
from reprobook.spec.review import Review, frozen_spec, review
from reprobook.spec.revision import changed_lines, revised, write_document
from reprobook.spec.standing import SpecStanding, frozen_before, spec_standing

__all__ = [
    "ENTRIES",
    "Change",
    "Document",
    "Entry",
    "Finding",
    "Proposal",
    "Review",
    "Spec",
    "SpecStanding",
    "State",
    "Written",
    "changed_lines",
    "entry_text",
    "frozen_before",
    "frozen_spec",
    "parse_document",
    "proposals",
    "read_document",
    "read_spec",
    "review",
    "revised",
    "spec_path",
    "spec_standing",
    "with_entries",
    "write_document",
]
