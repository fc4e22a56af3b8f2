"""A verification as a notebook shows it: the cells as a strip, the first difference side by side, cause and fix."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from reprobook.header import OWN_MIME_TYPES
from reprobook.verify import Divergence, Verification

MIME_TYPE = f"{OWN_MIME_TYPES}verification+json"
_VERDICTS = {
    "reproduced": ("✓", "reproduced, bit by bit", "#1a7f37"),
    "within_tolerance": ("≈", "reproduced within the tolerance", "#1a7f37"),
    "diverged": ("✗", "diverged", "#cf222e"),
    "failed": ("✗", "the replay failed", "#cf222e"),
}
_BOX = "border:1px solid rgba(128,128,128,.4);border-radius:6px;padding:8px 12px;max-width:60em;font-size:90%"
_CELL = "display:inline-block;min-width:1.6em;text-align:center;border-radius:3px;margin:1px;padding:0 3px;color:#fff"
_DIM = "opacity:.75"


def report_bundle(found: Verification) -> dict[str, Any]:
    """Return the report by MIME type: text, HTML, and the verification itself for other front ends."""
    return {"text/plain": _text(found), "text/html": _html(found), MIME_TYPE: found.model_dump(mode="json")}


def _text(found: Verification) -> str:
    """Return the report as plain text."""
    mark, words, _ = _VERDICTS[found.verdict]
    lines = [f"{mark} {words}  {found.run_id} against {found.replay_id}"]
    lines += [f"  restored {pin.setting}: {pin.found} -> {pin.recorded} ({pin.cause})" for pin in found.pinned]
    for each in found.all:
        lines += [f"  {_where(each)}: {', '.join(each.names)}", f"    cause: {_cause(each)}", f"    {each.evidence}"]
        lines += [f"    fix: {each.fix}"] if each.fix else []
    return "\n".join(lines)


def _html(found: Verification) -> str:
    """Return the report as HTML; everything that came from a notebook is escaped."""
    mark, words, colour = _VERDICTS[found.verdict]
    head = f"<b style='color:{colour}'>{mark} {escape(words)}</b> <span style='{_DIM}'>{escape(found.run_id)}</span>"
    parts = [head, _strip(found), *_pinned(found), *(_divergence(each) for each in found.all)]
    return f"<div style='{_BOX}'>{''.join(parts)}</div>"


def _strip(found: Verification) -> str:
    """Return the cells in a row: green up to the first that differs by itself, its consequences pale."""
    origins, differing = {each.cell for each in found.all}, set(found.differing)
    cells = []
    for cell in found.cells:
        colour = "#cf222e" if cell in origins else "#e0848a" if cell in differing else "#2da44e"
        meaning = "differs by itself" if cell in origins else "differs in consequence" if cell in differing else "equal"
        cells.append(f"<span style='{_CELL};background:{colour}' title='cell {cell}: {meaning}'>{cell}</span>")
    return f"<div style='margin:6px 0'>{''.join(cells)}</div>"


def _pinned(found: Verification) -> Iterator[str]:
    """Yield the settings that were restored."""
    for pin in found.pinned:
        text = f"{pin.setting} was restored to {pin.recorded} (found: {pin.found}): {pin.cause}"
        yield f"<div style='{_DIM}'>{escape(text)}</div>"


def _divergence(each: Divergence) -> str:
    """Return one divergence: where, cause, fix, values side by side."""
    rows = "".join(
        f"<tr><td style='text-align:left'><code>{escape(change.name)}</code></td>"
        f"<td style='text-align:left'>{escape(change.original)}</td>"
        f"<td style='text-align:left'>{escape(change.replay)}</td></tr>"
        for change in each.values
    )
    table = f"<table><tr><th></th><th>recorded</th><th>again</th></tr>{rows}</table>" if rows else ""
    far = "".join(f"<div>{escape(line)}</div>" for line in each.distance_lines())
    fix = f"<div><b>Fix:</b> {escape(each.fix)}</div>" if each.fix else ""
    return (
        f"<div style='margin-top:6px'><b>{escape(_where(each))}</b> <code>{escape(', '.join(each.names))}</code>"
        f"<div><b>Cause:</b> {escape(_cause(each))}</div>"
        f"<div><b>Why:</b> {escape(each.evidence)}</div>{fix}{table}{far}</div>"
    )


def _where(each: Divergence) -> str:
    """Return the place of a divergence."""
    return "results" if each.cell is None else f"cell [{each.cell}]"


def _cause(each: Divergence) -> str:
    """Return the cause, and how sure it is."""
    why = f": {each.unproven}" if each.unproven else ""
    return f"{each.cause} ({'proven by experiment' if each.confirmed else f'not proven{why}'})"
