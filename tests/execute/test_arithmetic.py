from __future__ import annotations

from pathlib import Path

import pytest

import reprobook as rb
from reprobook.errors import InputError

torch = pytest.importorskip("torch")


def losses(out: Path, precision: str) -> list[float]:
    """Fit a line within a job, and return the loss after each step."""
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.randn(64, 4)
    y = x.sum(dim=1, keepdim=True)
    found = []
    with rb.job(out, config={}, precision=precision):
        for _ in range(30):
            loss = ((model(x) - y) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
    assert model.weight.dtype == torch.float32
    return found


def test_mixed_arithmetic_differs_learns_and_repeats(tmp_path: Path) -> None:
    full, mixed = losses(tmp_path, "32-true"), losses(tmp_path, "bf16-mixed")
    assert full != mixed
    # Weights that autocast keeps from the first step would leave the loss where it was.
    assert mixed[-1] < mixed[0] / 10
    assert losses(tmp_path, "bf16-mixed") == mixed
    assert torch.get_autocast_dtype("cpu") == torch.bfloat16
    assert not torch.is_autocast_enabled("cpu")


def test_arithmetic_that_needs_more_than_this_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="16-mixed") as caught, rb.job(tmp_path, config={}, precision="16-mixed"):
        pass
    assert "--style fabric" in caught.value.hint
