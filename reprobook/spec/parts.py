"""Which part of the data a metric is of, as its name says."""

from __future__ import annotations

import re
from typing import Literal

Part = Literal["train", "validation", "test"]
_WORDS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "cv": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
    "holdout": "test",
}


def part_of(name: str) -> Part | None:
    """Return the part that a name speaks of, None if it speaks of none: ``val_loss``, ``accuracy/test``."""
    words = re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    return next((_WORDS[word] for word in words if word in _WORDS), None)
