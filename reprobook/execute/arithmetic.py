"""The arithmetic that torch computes in while a job goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from reprobook.errors import InputError

FULL, MIXED = "32-true", "bf16-mixed"


@contextmanager
def arithmetic(precision: str) -> Iterator[None]:
    """Compute in bfloat16 where torch deems it safe (``bf16-mixed``), or leave torch as it is (``32-true``).

    Raises:
        InputError: If it is neither of the two.
    """
    if precision not in {FULL, MIXED}:
        msg = f"precision {precision!r} is neither {FULL} nor {MIXED}"
        raise InputError(msg, hint="float16 needs its gradients scaled: promote with --style fabric for 16-mixed.")
    torch: Any = sys.modules.get("torch")
    with ExitStack() as stack:
        for device in _devices(torch) if torch and precision == MIXED else ():
            # No cache: it would keep the weights of the first step until the job ends.
            stack.enter_context(torch.autocast(device, torch.bfloat16, cache_enabled=False))
        yield


def _devices(torch: Any) -> list[str]:
    """Return the kinds of device that tensors may lie on here."""
    accelerator = torch.accelerator.current_accelerator()
    return ["cpu", *([accelerator.type] if accelerator else [])]
