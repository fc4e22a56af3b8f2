"""The sweep panel where there are no widgets: what stands, and the command that does the same."""

from __future__ import annotations

from reprobook.sweep.model import SweepRecord
from reprobook.widgets.field import Field
from reprobook.widgets.form import SweepForm
from reprobook.widgets.standing import best_words, counts_words, status_words

_NAME = 18


def panel_text(form: SweepForm, record: SweepRecord | None) -> str:
    """Return form and sweep as plain text."""
    lines = [f"reprobook sweep of {form.notebook}"]
    lines += [f"  {field.name:<{_NAME}} {_entry(field)}" for field in form.fields]
    lines += [f"  ! {problem}" for problem in form.problems().values()]
    if record is not None:
        lines.append(f"sweep {record.sweep_id}: {status_words(record)} · {counts_words(record)}")
        lines += [f"  {best_words(record)}"] if best_words(record) else []
    return "\n".join([*lines, "The same from a terminal:", f"  {form.command()}"])


def _entry(field: Field) -> str:
    """Return the entries of a field on one line."""
    return f"fixed   {field.value}" if field.kind == "fixed" else f"varied  {field.text()}"
