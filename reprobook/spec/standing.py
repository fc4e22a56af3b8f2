"""How a notebook's spec stands: what it declares, what the newest run was made with, and whether that was kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reprobook.runs import RunFolder, Store
from reprobook.spec.document import Document
from reprobook.spec.review import Review, newest_frozen, review
from reprobook.spec.revision import changed_lines, explained
from reprobook.trace import Trace


@dataclass(frozen=True)
class SpecStanding:
    """How a spec stands.

    Attributes:
        document: The file beside the notebook; None if there is none.
        run_id: The newest run that was made with a spec.
        review: That run, held against its spec.
        changed: What the file says otherwise than that run's spec.
        explained: Whether the history gives a reason for that.
    """

    document: Document | None
    run_id: str | None = None
    review: Review | None = None
    changed: tuple[str, ...] = ()
    explained: bool = True


def spec_standing(
    document: Document | None, store: Store, where: str, trace_of: Callable[[RunFolder], Trace]
) -> SpecStanding:
    """Return how a spec stands.

    Args:
        document: The file beside the notebook.
        store: Where its runs are.
        where: The condition that holds for the runs of the notebook, as ``--where`` takes it.
        trace_of: Gives what a run did.

    Raises:
        IntegrityError: If a file of the run is damaged.
    """
    found = frozen_before(store, where)
    if found is None:
        return SpecStanding(document)
    frozen, run = found
    changed = changed_lines(frozen.spec, document.spec) if document else ()
    return SpecStanding(
        document=document,
        run_id=run.run_id,
        review=review(run, store, trace_of(run)),
        changed=changed,
        explained=not changed or (document is not None and explained(document, document.spec.digest)),
    )


def frozen_before(store: Store, where: str) -> tuple[Document, RunFolder] | None:
    """Return the spec of the newest run for which a condition holds, and the run; replays do not count."""
    records = store.records(where=f"({where}) and kind != 'replay'")
    return newest_frozen(store.folder(record.run_id) for record in records)
