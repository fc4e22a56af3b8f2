"""Options that make no sweep, refused before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, get_args

from reprobook.errors import InputError
from reprobook.sweep.model import Direction, ExecutorName, Pruner, Sampler, SweepKernel, SweepOptions

_WORDS: Mapping[str, tuple[Any, ...]] = {
    "direction": get_args(Direction),
    "sampler": get_args(Sampler),
    "executor": get_args(ExecutorName),
    "kernel": get_args(SweepKernel),
    "prune": (*get_args(Pruner), True, False, None),
    "device": ("auto", "cpu", "cuda", "mps"),
}
_LOWEST = {"jobs": 1, "seeds": 1, "trials": 1, "threads": 0, "seed": 0}
_OPTIONAL = {"trials", "threads"}
_SEEDS = 2**32


def check_options(options: SweepOptions) -> None:
    """Check words and numbers.

    Raises:
        InputError: For the first that is wrong.
    """
    for name, words in _WORDS.items():
        value = getattr(options, name)
        if not any(value is word or (isinstance(value, str) and value == word) for word in words):
            near = difflib.get_close_matches(str(value), [word for word in words if isinstance(word, str)], n=1)
            listed = ", ".join(str(word) for word in words)
            msg = f"{name} = {value!r} is none of {listed}"
            raise InputError(msg, hint=f"Did you mean {near[0]!r}?" if near else "Choose one of them.")
    for name, lowest in _LOWEST.items():
        value = getattr(options, name)
        wanted = isinstance(value, int) and not isinstance(value, bool) and value >= lowest
        if not wanted and not (value is None and name in _OPTIONAL):
            msg = f"{name} = {value!r} is no whole number from {lowest} on"
            raise InputError(msg, hint=f"For example {name}={max(1, lowest)}.")
    if options.seed + options.seeds > _SEEDS:
        msg = f"seed = {options.seed} is too high for {options.seeds} seeds"
        raise InputError(msg, hint="Seeds go from 0 to 4294967295.")
    if not options.metric.strip():
        msg = "the metric has no name"
        raise InputError(msg, hint="Name one that the notebook logs: --metric val_accuracy")
