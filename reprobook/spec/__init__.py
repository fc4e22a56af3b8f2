"""The training spec: what is meant to be done, frozen before the first run, and held against what a run did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobook.lazy import lazy_names

if TYPE_CHECKING:
    from reprobook.spec.document import Change, Document, parse_document, read_document
    from reprobook.spec.entries import ENTRIES, Entry, entry_text, with_entries
    from reprobook.spec.finding import Finding, State
    from reprobook.spec.model import Spec
    from reprobook.spec.place import read_spec, spec_path
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

_HOMES = {
    "document": ("Change", "Document", "parse_document", "read_document"),
    "entries": ("ENTRIES", "Entry", "entry_text", "with_entries"),
    "finding": ("Finding", "State"),
    "model": ("Spec",),
    "place": ("read_spec", "spec_path"),
    "reading": ("Proposal", "Written", "proposals"),
    "review": ("Review", "frozen_spec", "review"),
    "revision": ("changed_lines", "revised", "write_document"),
    "standing": ("SpecStanding", "frozen_before", "spec_standing"),
}

__getattr__ = lazy_names(__name__, _HOMES)
