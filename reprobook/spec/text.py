"""A spec, and whether a run kept to it, as plain text."""

from __future__ import annotations

from pathlib import Path

from reprobook.spec.entries import ENTRIES, entry_text
from reprobook.spec.finding import Finding, State
from reprobook.spec.model import Spec
from reprobook.spec.place import spec_path
from reprobook.spec.standing import SpecStanding

MARKS: dict[State, str] = {"kept": "✓", "broken": "✗", "risk": "!", "unobserved": "·"}
_WIDTH = max(len(each.key) for each in ENTRIES) + 2


def spec_text(notebook: Path, standing: SpecStanding) -> str:
    """Return the form as text: every entry, what the newest run made of it, and how it is changed."""
    spec = standing.document.spec if standing.document else Spec()
    lines = [f"training spec of {notebook.name} ({spec_path(notebook).name})"]
    lines += [f"  {each.key:<{_WIDTH}}{entry_text(spec, each.key) or f'(open) {each.about}'}" for each in ENTRIES]
    if standing.changed:
        why = "" if standing.explained else ", without a reason"
        lines.append(f"changed since run {standing.run_id}{why}: {'; '.join(standing.changed)}")
    if standing.review:
        lines.append(f"run {standing.run_id}:")
        lines += [f"  {finding_line(each)}" for each in standing.review.findings]
    lines += ["Change it with:", f"  reprobook spec {notebook.name} --set ENTRY=TEXT --why REASON"]
    return "\n".join(lines)


def finding_line(finding: Finding) -> str:
    """Return a finding with its mark."""
    return f"{MARKS[finding.state]} {finding.entry}: {finding.text}"
