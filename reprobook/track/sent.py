"""Which runs were handed over, to what: a small file for each, so that sending again sends nothing twice."""

from __future__ import annotations

import json
import os
from pathlib import Path

from reprobook.track.model import Subject


def note_sent(subject: Subject, tracker: str, target: str, place: str) -> None:
    """Write down that a run is in a tracker as a whole."""
    path = _path(subject, tracker)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps({"target": target, "place": place}), encoding="utf-8")
    temporary.replace(path)


def sent_place(subject: Subject, tracker: str, target: str) -> str | None:
    """Return where a run is, if it was handed over to this target."""
    try:
        noted = json.loads(_path(subject, tracker).read_bytes())
        return str(noted["place"]) if noted["target"] == target else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _path(subject: Subject, tracker: str) -> Path:
    return subject.home / "sent" / f"{subject.run_id}.{tracker}.json"
