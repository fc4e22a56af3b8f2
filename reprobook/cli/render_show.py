"""A run with its header, as people and programs read it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from reprobook.cli.console import cell_text, table
from reprobook.cli.render_profile import show_profile
from reprobook.cli.render_run import show_facts, show_failure, status_text
from reprobook.cli.render_spec import review_json, show_review
from reprobook.header import Header, header_data, short_id
from reprobook.runs import record_json
from reprobook.spec import Review
from reprobook.verify.subject import Subject


def subject_json(subject: Subject, review: Review | None) -> dict[str, Any]:
    """Return the JSON of `show`: the run's record, header, artifacts, data and splits by name, profile, and spec."""
    record = record_json(subject.record) if subject.record else {}
    header = header_data(subject.header) if subject.header else None
    measured = subject.profile.model_dump(mode="json", by_alias=True) if subject.profile else None
    kept = {"data": dict(subject.data), "splits": dict(subject.splits), "profile": measured}
    return {**record, "artifacts": list(subject.artifacts), "header": header, **kept, "spec": review_json(review)}


def show_subject(out: Console, subject: Subject, review: Review | None) -> None:
    """Show a run, its header, and what it made of its spec."""
    record = subject.record
    if record:
        out.print(Text.assemble(status_text(record), f"  run {record.run_id}", (f"  {record.created}", "dim")))
        show_facts(out, record)
    if subject.header:
        _show_header(out, subject.header)
    _show_data(out, subject)
    if subject.profile:
        show_profile(out, subject.profile)
    for name in subject.artifacts:
        out.print(cell_text(f"  {name}"))
    if review:
        out.print(Text("training spec", style="bold"))
        show_review(out, review)
    if subject.run and record:
        show_failure(out, subject.run, record)


def _show_header(out: Console, header: Header) -> None:
    """Show the recipe, one aligned row a fact."""
    rows = table("", "")
    rows.show_header = False
    for name, value in _facts(header).items():
        if value:
            rows.add_row(cell_text(name, "dim"), cell_text(value))
    out.print(rows)


def _show_data(out: Console, subject: Subject) -> None:
    """Show what was read, how it was divided, and what leaks."""
    rows = table("", "", "")
    rows.show_header = False
    for name, found in subject.data.items():
        sizes = [
            f"{found[unit]} {word}" for unit, word in (("rows", "rows"), ("size", "bytes")) if found[unit] is not None
        ]
        about = (found["source"], *sizes, found["version"] or "", found["license"] or "", f"{found['digest'][:12]}…")
        rows.add_row("data", cell_text(name), cell_text(", ".join(filter(None, about))))
    for name, made in subject.splits.items():
        counts = ", ".join(f"{part} {len(each['rows'])}" for part, each in made["parts"].items())
        rows.add_row("split", cell_text(name), cell_text(f"by {made['by']}: {counts}"))
        for leak in made["leakage"]["found"]:
            rows.add_row("leakage", "", cell_text(leak["text"], "bold red"))
    if rows.row_count:
        out.print(rows)


def _facts(header: Header) -> dict[str, str]:
    """Return the facts of a header that people ask for first."""
    environment, hardware, git = header.environment, header.hardware, header.git
    seeds = header.seeds
    facts = {
        "recipe": f"{short_id(header)}  ({header.recipe_digest})",
        "experiment": header.name or "",
        "recorded": f"{header.origin.created}  {header.origin.notebook or ''}".strip(),
        "code": f"{len(header.code.cells)} cells",
        "seed": "none" if seeds.seed is None else str(seeds.seed),
        "not effective": "; ".join(f"{name}: {why}" for name, why in seeds.ineffective.items()),
        "git": f"{(git.commit or '')[:12]} {git.branch or ''}{' (uncommitted changes)' if git.dirty else ''}"
        if git
        else "",
        "data": ", ".join(f"{source.name} ({source.sha256[:12]}…)" for source in header.data),
    }
    if environment:
        count = len(environment.distributions)
        facts["environment"] = f"{environment.implementation} {environment.python}, {count} distributions"
    if hardware:
        gpus = ", ".join(gpu.name for gpu in hardware.gpus)
        facts["hardware"] = (
            f"{hardware.cpu or hardware.machine}, {hardware.cpu_count} CPUs{', ' + gpus if gpus else ''}"
        )
    return facts | {f"missing {name}": why for name, why in header.missing.items()}
