"""A run held against the spec that was frozen before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reprobook.runs import RunFolder, Store
from reprobook.runs.files import read_bytes
from reprobook.spec.budget import check_budget, check_tracking
from reprobook.spec.checkpoints import check_checkpoints
from reprobook.spec.division import check_split
from reprobook.spec.document import Document, parse_document
from reprobook.spec.evaluation import check_evaluation
from reprobook.spec.finding import Finding, judged
from reprobook.spec.loop import check_loop
from reprobook.spec.observed import observe
from reprobook.spec.revision import changed_lines, explained
from reprobook.trace import Trace

_SHORT = 12


@dataclass(frozen=True)
class Review:
    """The spec of a run, and what was found of each of its entries."""

    document: Document
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> tuple[Finding, ...]:
        """What the run did otherwise."""
        return tuple(each for each in self.findings if each.state == "broken")


def frozen_spec(run: RunFolder) -> Document | None:
    """Return the spec that a run was made with, None if it had none.

    Raises:
        IntegrityError: If the file cannot be read.
        InputError: If it is no spec.
    """
    if not run.spec.exists():
        return None
    return parse_document(read_bytes(run.spec, run.place(run.spec)), run.place(run.spec))


def newest_frozen(runs: Iterable[RunFolder]) -> tuple[Document, RunFolder] | None:
    """Return the first of these runs that had a spec, with it."""
    found = ((frozen_spec(run), run) for run in runs)
    return next(((document, run) for document, run in found if document is not None), None)


def review(run: RunFolder, store: Store, trace: Trace) -> Review | None:
    """Hold a run against its spec; None if it has none.

    Args:
        run: The run.
        store: Its store: earlier runs of the notebook are looked up there.
        trace: What it did.

    Raises:
        IntegrityError: If a file of the run is damaged.
    """
    document = frozen_spec(run)
    if document is None:
        return None
    seen, spec = observe(run, store, trace), document.spec
    # Files that tracking leaves: one for each tracker that has the whole run.
    notes = (store.root / "trackers" / "sent").glob(f"{run.run_id}.*.json")
    sent = frozenset(path.name.split(".")[-2] for path in notes)
    findings = (
        *_frozen(run, document),
        *_history(run, store, document),
        *check_split(spec.split, seen),
        *check_loop(spec.loop, seen),
        *check_evaluation(spec.evaluation, seen),
        *check_checkpoints(spec.checkpoints, seen),
        *check_tracking(spec.tracking, sent),
        *check_budget(spec.budget, seen),
    )
    return Review(document, findings)


def _frozen(run: RunFolder, document: Document) -> Iterator[Finding]:
    """Check that the spec is the one whose digest the header holds."""
    digest = run.read_header().spec
    kept = digest == document.spec.digest
    text = f"Frozen before the first cell: {document.spec.digest[:_SHORT]}… is in the header."
    yield judged("spec", text if kept else "The spec beside the run is not the one that its header names.", kept=kept)


def _history(run: RunFolder, store: Store, document: Document) -> Iterator[Finding]:
    """Check that a spec which differs from that of the run before comes with a reason."""
    record = run.read_record()
    where = f"kind in ('run', 'live') and source == {record.source!r} and sequence < {record.sequence}"
    before = newest_frozen(store.folder(each.run_id) for each in store.records(where=where)) if record.source else None
    if before is None or before[0].spec == document.spec:
        return
    earlier, former = before
    lines = "; ".join(changed_lines(earlier.spec, document.spec))
    why = next((change.why for change in reversed(document.history) if change.digest == document.spec.digest), "")
    if explained(document, document.spec.digest):
        yield Finding(entry="spec", state="risk", text=f"Changed after run {former.run_id}: {lines}. Reason: {why}")
    else:
        yield judged("spec", f"Changed after run {former.run_id} without a reason: {lines}.", kept=False)
