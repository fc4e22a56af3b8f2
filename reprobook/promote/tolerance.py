"""How far the metrics of a job may be off on another machine: said in its test, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from reprobook.promote.model import Import, Plan
from reprobook.promote.python import literal

# Models of these learn in many small steps, mostly in 32 bits.
_STEPPING = frozenset({"accelerate", "flax", "jax", "keras", "lightning", "pytorch_lightning", "tensorflow", "torch"})
_STEPPING |= {"transformers"}
_SHARES = frozenset({"acc", "accuracy", "auc", "f1", "precision", "recall"})
_SHARE_OFF = 0.03
_STEPS = """\
# Another processor adds in another order: the last bits of a sum differ, and every step
# of a training carries that on. With the kernels of older processors, losses of small
# networks moved by up to 2.3 %, and what is counted by up to 1.4 examples of a hundred.
# Another version of a library, other data or a mistake may move them by more.
TOLERANCE = 0.05
"""
_NO_STEPS = """\
# Another processor adds in another order: the last bits of a sum differ. No training in
# many small steps carries that on here: with the kernels of older processors, metrics
# of such scripts agreed in 15 digits. This leaves room for an iteration that ends a step
# earlier. Another version of a library, other data or a mistake may move them by more.
TOLERANCE = 1e-3
"""
_COUNTED = """\
# What is counted, and by how much it may be off: by three examples of a hundred.
SHARES: dict[str, float] = {shares}
"""


def tolerance(plan: Plan, metrics: Mapping[str, float]) -> str:
    """Return the constants of a job's test that say how far each metric may be off on another machine.

    A loss of a network moves with every step; an accuracy, by the few examples between two classes. What is solved
    without such steps keeps all but the last digits.
    """
    if not _trains_in_steps(plan.imports):
        return _NO_STEPS
    shares = {name: _off(value) for name, value in metrics.items() if _is_share(name, value)}
    return _STEPS + (_COUNTED.format(shares=literal(shares)) if shares else "")


def _trains_in_steps(imports: Iterable[Import]) -> bool:
    modules = [each.module for each in imports]
    return any(each.partition(".")[0] in _STEPPING or each.startswith("sklearn.neural_network") for each in modules)


def _is_share(name: str, value: float) -> bool:
    return not _SHARES.isdisjoint(re.split(r"[\W_]+", name.lower())) and 0 <= value <= 100  # noqa: PLR2004 - per cent


def _off(value: float) -> float:
    """Return how much a share may be off: one above 1 is in per cent."""
    return _SHARE_OFF if value <= 1 else 100 * _SHARE_OFF
