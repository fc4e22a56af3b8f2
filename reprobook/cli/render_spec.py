"""A training spec, and whether a run kept to it, as people and programs read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from reprobook.cli.console import cell_text, table
from reprobook.spec import ENTRIES, Proposal, Review, SpecStanding, State, entry_text, spec_path
from reprobook.spec.text import MARKS

_WORDS: dict[State, str] = {"kept": "kept", "broken": "broken", "risk": "to look at", "unobserved": "not observed"}
_STYLES = {"kept": "green", "broken": "bold red", "risk": "yellow", "unobserved": "dim"}


def review_json(review: Review | None) -> dict[str, Any] | None:
    """Return the JSON of a run held against its spec."""
    if review is None:
        return None
    findings = [each.model_dump(mode="json") for each in review.findings]
    spec = review.document.spec
    return {"digest": spec.digest, "declared": spec.declared(), "findings": findings}


def standing_json(path: Path, standing: SpecStanding, proposed: Sequence[Proposal]) -> dict[str, Any]:
    """Return the JSON of `spec`."""
    document = standing.document
    return {
        "file": str(spec_path(path)),
        "digest": document.spec.digest if document else None,
        "declared": document.spec.declared() if document else {},
        "history": [each.model_dump(mode="json") for each in document.history] if document else [],
        "run_id": standing.run_id,
        "changed": list(standing.changed),
        "explained": standing.explained,
        "findings": (review_json(standing.review) or {}).get("findings", []),
        "proposals": [
            {"entry": p.key, "text": p.text, "line": p.line.text, "score": p.line.score, "problem": p.problem}
            for p in proposed
        ],
    }


def show_standing(out: Console, path: Path, standing: SpecStanding) -> None:
    """Show what is declared, its history, and what the newest run made of it."""
    if standing.document is not None:
        rows = table("", "")
        rows.show_header = False
        for entry in ENTRIES:
            if text := entry_text(standing.document.spec, entry.key):
                rows.add_row(cell_text(entry.key, "dim"), cell_text(text))
        out.print(Text(f"training spec of {path.name}", style="bold"))
        if rows.row_count:
            out.print(rows)
        for change in standing.document.history:
            why = f"  why: {change.why}" if change.why else ""
            out.print(cell_text(f"{change.at}  {'; '.join(change.changed) or 'no change'}{why}", "dim"))
    if standing.review is None:
        out.print(cell_text("no run was made with it yet", "dim"))
        return
    if standing.changed:
        reason = "" if standing.explained else ", without a reason (--why)"
        out.print(cell_text(f"changed since that run{reason}: {'; '.join(standing.changed)}", "yellow"))
    out.print(Text(f"run {standing.run_id}"))
    show_review(out, standing.review)


def show_count(out: Console, review: Review) -> None:
    """Show in a line how a run stands to its spec, and below it what it did otherwise."""
    states = Counter(finding.state for finding in review.findings)
    said = ", ".join(f"{states[state]} {_WORDS[state]}" for state in _WORDS if states[state])
    out.print(cell_text(f"training spec: {said}", "dim"))
    for finding in review.broken:
        out.print(Text.assemble((f"{MARKS[finding.state]} ", _STYLES[finding.state]), cell_text(finding.text)))


def show_review(out: Console, review: Review) -> None:
    """Show a sentence for each entry: kept, broken, a risk, or not observed."""
    rows = table("", "", "")
    rows.show_header = False
    for finding in review.findings:
        rows.add_row(
            Text(MARKS[finding.state], style=_STYLES[finding.state]),
            cell_text(finding.entry, "dim"),
            cell_text(finding.text),
        )
    out.print(rows)


def show_proposals(out: Console, proposed: Sequence[Proposal], path: Path) -> None:
    """Show what a photo says, where nobody can be asked: nothing of it is taken."""
    if not proposed:
        return
    out.print(Text("read off the photo, and not taken: there is no terminal to confirm it on", style="bold"))
    for each in proposed:
        said = f"  ({each.problem})" if each.problem else ""
        out.print(cell_text(f"  {each.key}={each.text}{said}"))
    out.print(cell_text(f"hint: reprobook spec {path} --set ENTRY=TEXT takes them", "dim"))
