"""Whether a run kept to its budget, and was tracked as its spec says."""

from __future__ import annotations

from collections.abc import Iterator

from reprobook.spec.finding import Finding, judged, unobserved
from reprobook.spec.model import Budget
from reprobook.spec.observed import Observed

_SECONDS = 60


def check_budget(budget: Budget, run: Observed) -> Iterator[Finding]:
    """Yield findings on time and device."""
    if budget.minutes:
        if run.record.ended:
            took = run.record.duration_s / _SECONDS
            kept = took <= budget.minutes
            text = f"The run took {took:.2g} minutes of {budget.minutes:g}{'' if kept else ', more than declared'}."
            yield judged("budget.minutes", text, kept=kept)
        else:
            yield unobserved("budget.minutes", "the run has not ended.")
    if budget.device:
        yield _device(budget.device, run)


def _device(declared: str, run: Observed) -> Finding:
    """Compare the device with what was asked for, and what there was."""
    entry, asked = "budget.device", run.header.seeds.device
    if asked != "auto":
        kept = asked == declared
        return judged(entry, f"The run asked for {asked}{', as' if kept else f'; {declared} is'} declared.", kept=kept)
    if run.header.hardware is None:
        return unobserved(entry, f"{declared} is declared; the hardware could not be captured.")
    gpus = ", ".join(gpu.name for gpu in run.header.hardware.gpus)
    if declared == "cuda" and not gpus:
        return judged(entry, "cuda is declared; the machine had no such GPU.", kept=False)
    if declared == "cpu" and not gpus:
        return judged(entry, "The run had the CPU alone, as declared.", kept=True)
    there = f", and there was {gpus}" if gpus else ""
    return unobserved(entry, f"{declared} is declared; the run was left to choose{there}.")


def check_tracking(declared: tuple[str, ...], sent: frozenset[str]) -> Iterator[Finding]:
    """Yield a finding for each tracker; ``sent`` are those that were told of the run."""
    for name in declared:
        text = f"{name} was told of the run, as declared." if name in sent else f"{name} was not told of the run."
        yield judged("tracking", text, kept=name in sent)
