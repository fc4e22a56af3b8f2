"""Everything that was tried of a job: the proof itself, other seeds, and a restart after it was killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reprobook.execute import OnEvent
from reprobook.promote.proof import Candidate, Judgement, difference
from reprobook.promote.resumption import prove_resumption
from reprobook.promote.script_metrics import as_in_script
from reprobook.promote.seeds import SeedProof, prove_seeds
from reprobook.runs import Store

_FIX = "Promote it without --resume, or add what is missing to `rb.Checkpoint(...)` in train.py by hand."


@dataclass(frozen=True)
class Trial:
    """What came of the proofs of a job.

    Attributes:
        judgement: The comparison with the run that was promoted; None if nothing was tried.
        seeds: Those with runs of other seeds.
        resumed: Whether the script, killed and resumed, gave the same result; None if that was not tried.
        reason: Why it did not, or was not tried.
    """

    judgement: Judgement | None = None
    seeds: Sequence[SeedProof] = ()
    resumed: bool | None = None
    reason: str = ""

    @property
    def equivalent(self) -> bool | None:
        """Whether the script gave the notebook's result, with every seed."""
        if self.judgement is None:
            return None
        return self.judgement.equivalent and all(each.equivalent for each in self.seeds)

    @property
    def first(self) -> Mapping[str, Any] | None:
        """The first difference, in the form of verify's."""
        if self.judgement is None:
            return None
        found = [self.judgement.first, *(each.first for each in self.seeds)]
        if self.resumed is False:
            found.append(difference(None, [], self.reason) | {"fix": _FIX})
        return next((first for first in found if first), None)


def try_job(job: Candidate, judgement: Judgement, store: Store, on_event: OnEvent) -> Trial:
    """Try what else was asked for of a job that was proved once.

    Raises:
        InputError: If the notebook fails with one of the seeds.
    """
    if not judgement.equivalent:
        return Trial(judgement, reason="the script is not equivalent")
    seeds = prove_seeds(job, store, on_event)
    if not job.options.resume:
        return Trial(judgement, seeds)
    resumed, reason = prove_resumption(job.folder, as_in_script(job.recipe, job.plan))
    return Trial(judgement, seeds, resumed, reason)
