"""One verification: a recorded run, its replay, and what follows from the two."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from reprobook.environment import restore_hint
from reprobook.errors import InputError
from reprobook.execute import ReplayOptions, replay_run
from reprobook.execute.inputs import files_read, modules_elsewhere
from reprobook.execute.journal import trace_of
from reprobook.hazards import possible_causes
from reprobook.notebook import read_notebook
from reprobook.runs import RunFolder, RunRecord, Side, Store, diff
from reprobook.trace import MISSING, Trace
from reprobook.verify.causes.scene import Knowledge
from reprobook.verify.closeness import by_luck, is_close, luck_note
from reprobook.verify.compare import compare
from reprobook.verify.counterfactual import counterfactual
from reprobook.verify.diagnose import attributed, diagnose
from reprobook.verify.evidence import of_headers
from reprobook.verify.judgement import divergence_of, failure_of, left_to_chance, notes_of, verdict_of
from reprobook.verify.laboratory import Conditions, Laboratory
from reprobook.verify.live.diagnosis import HistoryFinding, Live, diagnose_history, history_findings, live_session
from reprobook.verify.model import Divergence, MetricPair, Verdict, Verification
from reprobook.verify.options import VerifyOptions
from reprobook.verify.placing import placed
from reprobook.verify.recorded import is_live
from reprobook.verify.restore import pins_of, restored
from reprobook.verify.tolerance import metrics_agree, pair_metrics
from reprobook.verify.untouched import Folders
from reprobook.verify.walk import Source

# Replays of a notebook that is bound to differ sooner or later.
_ATTEMPTS = 3


class Case:
    """One verification: the recorded run, its replay, and what follows from the two."""

    def __init__(
        self, original: RunFolder, store: Store, options: VerifyOptions, folders: Folders, source: bytes
    ) -> None:
        self._original = original
        self._store = store
        self._options = options
        self._bytes, self._folders = source, folders
        self._record, self._header = original.read_record(), original.read_header()
        self._recorded = trace_of(original)
        self._pinned = restored(self._header, self._recorded, os.environ)
        self._conditions = Conditions(pins=pins_of(self._pinned))
        self._notes: tuple[str, ...] = ()
        self._live: Live | None = None
        if is_live(original):
            self._live = live_session(original, read_notebook(source, original.source.name))
            if self._live.is_empty:
                msg = f"run {original.run_id} recorded none of the cells of the notebook that would be run again"
                raise InputError(msg, hint="Name the notebook of that session: reprobook verify NOTEBOOK.ipynb")

    def verification(self) -> Verification:
        """Execute, compare, look for causes and judge."""
        replay, known, source = self._replayed()
        after = replay.read_record()
        comparison = known.comparison
        if self._recorded.cells and not comparison.pairs and after.status == "succeeded":
            msg = f"none of the cells that run {self._original.run_id} recorded is in the notebook that was run again"
            raise InputError(msg, hint="Name the notebook of that session: reprobook verify NOTEBOOK.ipynb")
        verdict = verdict_of(self._record, after, comparison)
        metrics = pair_metrics(self._record.metrics, after.metrics)
        found = self._causes(known, source)
        if verdict == "diverged":
            verdict = self._tolerated(found, known, metrics)
        first = next(iter(found), None)
        return Verification(
            run_id=self._original.run_id,
            replay_id=replay.run_id,
            verdict=verdict,
            first=first or (failure_of(after.error) if verdict == "failed" and after.error else None),
            all=found,
            metrics=metrics,
            pinned=self._pinned,
            notes=(*notes_of(comparison), *self._notes, *self._environment_note(replay)),
            opaque=comparison.opaque,
            benign=comparison.benign,
            environment=of_headers(known.headers),
            cells=comparison.cells,
            differing=comparison.differing,
            error=after.error,
        )

    def _tolerated(self, found: tuple[Divergence, ...], known: Knowledge, metrics: Mapping[str, MetricPair]) -> Verdict:
        """Judge what differs bit by bit: within the tolerance only if it is all a matter of rounding."""
        tolerance = self._options.tolerance
        if tolerance is None or not metrics_agree(metrics, tolerance):
            return "diverged"
        with self._laboratory() as laboratory:
            lucky = by_luck(
                found, metrics, lambda each: is_close(each, known, laboratory, self._conditions, tolerance.largest)
            )
        if lucky is not None:
            self._notes += (luck_note(lucky),)
        return "diverged" if lucky else "within_tolerance"

    def _laboratory(self) -> Laboratory:
        """Return a place for experiments."""
        return Laboratory(
            self._original,
            self._bytes,
            cwd=self._cwd(),
            recorded=self._recorded_folder(),
            on_event=self._options.on_event,
            on_cells=self._folders.wrote,
        )

    def enter(self) -> None:
        """Keep what the replays may write; what an edited notebook writes, or one that was not traced, it names."""
        whole = self._record.status == "succeeded" and self._recorded.cells
        same = whole and self._bytes == self._original.source.read_bytes()
        sources = [] if same else [cell.source for cell in read_notebook(self._bytes, "notebook").code_cells]
        for folder in {self._cwd(), self._recorded_folder()} if self._options.diagnose else {self._cwd()}:
            if folder.is_dir():
                self._folders.enter(folder, self._recorded.cells, sources)

    def _environment_note(self, replay: RunFolder) -> Iterator[str]:
        """Yield the hint to restore the recorded environment, where the replay had another one."""
        if replay.header.exists():
            hint = restore_hint(self._header.environment, replay.read_header().environment, self._original.run_id)
            if hint is not None:
                yield hint

    def _replayed(self) -> tuple[RunFolder, Knowledge, Source]:
        """Run it again; in a diagnosis up to three times, where chance may have given the same by chance."""
        how = ReplayOptions(
            cwd=self._options.cwd,
            notebook=(self._live and self._live.clean_notebook()) or self._bytes,
            pins=self._conditions.pins,
            kernel=self._options.kernel,
        )
        for attempt in range(1, _ATTEMPTS + 1):
            replay = replay_run(self._original, self._store, how, self._options.on_event)
            self._folders.wrote(self._cwd(), trace_of(replay).cells)
            known, source = self._known(replay)
            settled = known.comparison.first or not self._options.diagnose or not left_to_chance(known.hazards)
            if settled or attempt == _ATTEMPTS:
                break
        return replay, known, source

    def _known(self, replay: RunFolder) -> tuple[Knowledge, Source]:
        """Gather what both runs show."""
        # Headless kernels are sent no cell ids: those of the file are taken.
        notebook = read_notebook(replay.source.read_bytes(), replay.source.name)
        source = Source(
            tuple(cell.source for cell in notebook.code_cells), tuple(cell.id for cell in notebook.code_cells)
        )
        repeated = trace_of(replay)
        original = self._live.trace if self._live else placed(self._recorded, repeated, notebook)
        known = Knowledge(
            original=original,
            replay=repeated,
            comparison=compare(original, repeated, source),
            hazards=possible_causes(notebook),
            headers=diff(_side(self._original, self._record), _side(replay, replay.read_record())),
            sources=source.sources,
            grown=self._grown(repeated),
            moved=self._options.cwd is not None,
            elsewhere=modules_elsewhere(self._original, self._cwd()),
            local_modules=self._local_modules(),
        )
        return known, source

    def _causes(self, known: Knowledge, source: Source) -> tuple[Divergence, ...]:
        """Return the independent divergences with their causes, proven if that was asked."""
        origins = known.comparison.origins
        found: list[Divergence] = []
        if self._live is not None:
            findings = self._of_history(self._live, known)
            explained = {cell for finding in findings for cell in finding.cells}
            found = [divergence_of(finding, known.comparison) for finding in findings]
            origins = tuple(each for each in origins if each.cell not in explained)
        found += self._of_evidence(known, source, origins)
        return tuple(sorted(found, key=lambda each: (each.cell is None, each.cell or 0)))

    def _of_evidence(self, known: Knowledge, source: Source, origins: tuple[Divergence, ...]) -> tuple[Divergence, ...]:
        """Return divergences with the causes that hazards and traces speak for."""
        if not self._options.diagnose:
            return tuple(attributed(each, known) for each in origins)
        with self._laboratory() as laboratory:
            found, known, conditions = diagnose(origins, known, laboratory, source, self._conditions)
            if self._pinned and known.comparison.first is None:
                without = counterfactual(known, laboratory, source, self._pinned, conditions)
                found += tuple({each.cell: each for each in without.values()}.values())
                # The experiment knows better which cause a setting stands for.
                causes = {setting: each.cause for setting, each in without.items()}
                self._pinned = tuple(
                    pin.model_copy(update={"cause": causes.get(pin.setting, pin.cause)}) for pin in self._pinned
                )
            return found

    def _of_history(self, live: Live, known: Knowledge) -> tuple[HistoryFinding, ...]:
        """Return what the history of a live session explains."""
        benign = known.comparison.benign
        if not self._options.diagnose:
            return history_findings(live, known.replay, benign)
        diagnosis = diagnose_history(
            live,
            known.replay,
            benign=benign,
            cwd=self._options.cwd,
            pins=self._conditions.pins,
            on_event=self._options.on_event,
            on_cells=self._folders.wrote,
        )
        self._notes += diagnosis.notes
        return diagnosis.findings

    def _local_modules(self) -> frozenset[str]:
        """Return the modules beside the notebook that it imported when it was recorded."""
        environment = self._header.environment
        return frozenset(environment.local_modules if environment else ())

    def _cwd(self) -> Path:
        """Return the working folder of the replay."""
        return self._options.cwd.resolve() if self._options.cwd else self._recorded_folder()

    def _recorded_folder(self) -> Path:
        """Return the working folder of the recorded run."""
        return Path(self._header.origin.folder or self._original.path).resolve()

    def _grown(self, repeated: Trace) -> frozenset[str]:
        """Return the files that begin with the bytes they had when they were recorded."""
        recorded, found = files_read(self._recorded), files_read(repeated)
        changed = {path for path in recorded.keys() & found.keys() if recorded[path] != found[path]}
        return frozenset(path for path in changed if self._begins_as_recorded(path, recorded[path]))

    def _begins_as_recorded(self, path: str, digest: str) -> bool:
        """Tell whether a file begins with the bytes that were kept of it."""
        blobs, file = self._original.blobs, self._cwd() / path
        if digest == MISSING or not blobs.path(digest).exists() or not file.is_file():
            return False
        before = blobs.read(digest)
        with file.open("rb") as stream:
            return stream.read(len(before)) == before


def _side(run: RunFolder, record: RunRecord) -> Side:
    """Return a run as the comparison of headers takes it."""
    return Side(record, run.read_header() if run.header.exists() else None)
