"""Cells whose code or output holds what looks like a token or a password: a run keeps both, and is shared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reprobook.capture import strip_credentials
from reprobook.execute.options import OnEvent, RunEvent
from reprobook.runs import RunFolder
from reprobook.runs.executed import executed_cells

_MOST = 1 << 20  # characters that are looked at of one text


def report_shown_secrets(run: RunFolder, total: int, on_event: OnEvent) -> None:
    """Send a note of each cell of an executed notebook that shows one; nothing is removed."""
    for index, cell in enumerate(executed_cells(run)):
        if any(strip_credentials(text) != text for text in _texts(cell)):
            text = f"cell {index} shows what looks like a password or token; it stands in {run.executed}"
            on_event(RunEvent("note", index, total, text))


def _texts(cell: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of a cell: its code, what it printed, showed or raised."""
    yield _joined(cell["source"])
    for output in cell["outputs"]:
        yield _joined(output.get("text", ""))
        yield _joined(output.get("traceback", ""))
        data = output.get("data", {})
        yield from (_joined(value) for name, value in data.items() if name.startswith("text/"))


def _joined(text: str | list[str]) -> str:
    return (text if isinstance(text, str) else "".join(text))[:_MOST]
