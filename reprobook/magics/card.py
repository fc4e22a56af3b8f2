"""The header as a notebook shows it: HTML, plain text, and the whole header beside them."""

from __future__ import annotations

from html import escape
from typing import Any

from reprobook.header import MIME_TYPE, Header, header_data, sha256_hex, short_id

_STYLE = "border:1px solid rgba(128,128,128,.4);border-radius:6px;padding:8px 12px;max-width:48em;font-size:90%"
_WARNING = "color:#b35900;margin-top:4px"


def card_lines(header: Header, run_id: str) -> list[tuple[str, str]]:
    """Return what the card says of a header, as pairs of label and text."""
    environment, hardware, seeds = header.environment, header.hardware, header.seeds
    lines = [("run", run_id), ("recipe", f"{short_id(header)}  (sha256 {header.recipe_digest[:16]}…)")]
    if seeds.seed is not None:
        mode = ", deterministic kernels" if seeds.deterministic else ""
        lines.append(("seed", f"{seeds.seed}{mode}"))
    if header.spec is not None:
        lines.append(("spec", f"sha256 {header.spec[:16]}…"))
    if header.parameters:
        lines.append(("parameters", ", ".join(f"{name}={value!r}" for name, value in header.parameters.items())))
    if environment is not None:
        lines.append(("environment", f"Python {environment.python}, {len(environment.distributions)} packages locked"))
    if hardware is not None:
        gpus = "".join(f", {gpu.name}" for gpu in hardware.gpus)
        lines.append(("hardware", f"{hardware.machine}, {hardware.cpu_count} CPUs{gpus}"))
    if header.git is not None and header.git.commit:
        lines.append(("git", f"{header.git.commit[:10]}{' + changes' if header.git.dirty else ''}"))
    return lines


def warnings(header: Header) -> list[str]:
    """Return what was requested and did not take effect, with the fix, and what could not be captured."""
    ineffective = [f"{name} is not effective: {reason}" for name, reason in header.seeds.ineffective.items()]
    return ineffective + [f"{section} could not be captured: {reason}" for section, reason in header.missing.items()]


def card_bundle(header: Header, run_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the card's data and metadata by MIME type; the metadata seals the shown texts."""
    data: dict[str, Any] = {
        "text/plain": _text(header, run_id),
        "text/html": _html(header, run_id),
        MIME_TYPE: header_data(header),
    }
    sealed = {mime: sha256_hex(data[mime].encode()) for mime in ("text/plain", "text/html")}
    return data, {"reprobook": {"run_id": run_id, **sealed}}


def _text(header: Header, run_id: str) -> str:
    lines = [f"reprobook  {header.name or 'run'} frozen"]
    lines += [f"  {label:<12}{text}" for label, text in card_lines(header, run_id)]
    return "\n".join([*lines, *(f"  ! {warning}" for warning in warnings(header))])


def _html(header: Header, run_id: str) -> str:
    rows = "".join(
        f"<tr><td style='text-align:left;opacity:.7;padding-right:1em'>{escape(label)}</td>"
        f"<td style='text-align:left'>{escape(text)}</td></tr>"
        for label, text in card_lines(header, run_id)
    )
    notes = "".join(f"<div style='{_WARNING}'>⚠ {escape(warning)}</div>" for warning in warnings(header))
    head = f"<b>reprobook</b> · {escape(header.name or 'run')} frozen"
    return f"<div style='{_STYLE}'>{head}<table style='margin:4px 0'>{rows}</table>{notes}</div>"
