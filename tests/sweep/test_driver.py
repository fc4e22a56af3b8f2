"""The driver with computed runs: whatever order they end in, and wherever it is killed, the result is the same."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from comparing import results
from function_executor import FunctionExecutor, KilledError

from reprobook.errors import ExecutionError, InputError
from reprobook.runs.files import StorageError
from reprobook.space import Choice, Float, Int
from reprobook.sweep import drive as drive_module
from reprobook.sweep.folder import SweepFolder
from reprobook.sweep.handle import SweepHandle, resume_sweep, run_sweep
from reprobook.sweep.model import SweepEvent, SweepOptions, SweepRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reprobook.runs import Store

    Run = Callable[..., SweepRecord]
    Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save the time of thousands of disk flushes: no power fails in these tests."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


OPTIONS = SweepOptions(metric="loss", direction="min", trials=16, jobs=3)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[FunctionExecutor], None]:
    """Have the next sweeps run by this executor."""

    def use(executor: FunctionExecutor) -> None:
        monkeypatch.setattr(drive_module, "open_executor", lambda *_: executor)

    return use


@pytest.fixture
def run(use: Callable[[FunctionExecutor], None], store: Store, write: Write) -> Run:
    """Run a sweep with an executor."""

    def run(executor: FunctionExecutor, on_event: Any = lambda _: None, **changes: Any) -> SweepRecord:
        use(executor)
        return run_sweep(write(), store, replace(OPTIONS, **{"cache": False, **changes}), on_event)

    return run


@pytest.mark.parametrize("changes", [{}, {"prune": "median"}, {"prune": "asha"}, {"sampler": "random"}, {"seeds": 2}])
def test_the_same_trials_and_values_whatever_the_jobs_and_the_order_of_events(
    run: Run, changes: dict[str, Any]
) -> None:
    alone = FunctionExecutor()
    expected = run(alone, jobs=1, **changes)
    assert expected.status == "succeeded"
    assert alone.most == 1
    for order, jobs in ((1, 2), (2, 4)):
        together = FunctionExecutor(order=order)
        assert results(run(together, jobs=jobs, **changes)) == results(expected)
        assert together.most == jobs


def test_every_kind_of_end_is_in_the_record(run: Run) -> None:
    events: list[SweepEvent] = []
    found = run(FunctionExecutor(order=4), events.append, prune="median", trials=30)
    states = {trial.state for trial in found.trials}
    assert states == {"complete", "pruned", "failed"}
    assert [trial.number for trial in found.trials] == list(range(30))
    for trial in found.trials:
        assert (trial.error is not None) == (trial.state == "failed")
        assert (trial.step is not None) == (trial.state == "pruned")
        assert (trial.value is None) == (trial.state == "failed")
        assert trial.run_id is not None
    assert found.best is not None
    assert found.best.value == min(trial.value for trial in found.trials if trial.state == "complete")  # type: ignore[type-var]
    ended = [event.trial.number for event in events if event.trial and event.trial.finished]
    assert sorted(ended) == list(range(30))


def test_a_pruned_trial_is_cut_short(run: Run, store: Store) -> None:
    found = run(FunctionExecutor(order=5), prune="median", jobs=1, trials=30)
    pruned = [trial for trial in found.trials if trial.state == "pruned"]
    logged = {trial.number: len(store.folder(str(trial.run_id)).read_metrics().records) for trial in pruned}
    assert pruned
    assert min(logged.values()) < 6
    for trial in pruned:
        assert trial.step is not None
        assert logged[trial.number] > trial.step


def test_a_run_that_is_lost_is_made_once_more(run: Run, store: Store) -> None:
    expected = run(FunctionExecutor(), jobs=1, prune="asha")
    losing = FunctionExecutor(order=6, lose=0.3)
    found = run(losing, prune="asha")
    assert results(found) == results(expected)
    again = [key for key in losing.submitted if losing.submitted.count(key) > 1]
    assert again
    runs = store.records(f"sweep == '{found.sweep_id}'")
    assert len(runs) == len(losing.submitted)
    assert sum(record.status == "interrupted" and len(record.metrics) == 0 for record in runs) <= len(again)


def test_what_is_lost_twice_has_failed_and_the_others_go_on(run: Run) -> None:
    class Broken(FunctionExecutor):
        def _advance(self, running: Any) -> Any:
            if running.task.key.number == 2:
                running.run.seal(status="interrupted")
                return self._end(running, "lost")
            return super()._advance(running)

    broken = Broken()
    found = run(broken, trials=6)
    assert found.trials[2].state == "failed"
    assert found.trials[2].error is not None
    assert "(twice)" in found.trials[2].error
    assert [key.number for key in broken.submitted].count(2) == 2
    alone = run(FunctionExecutor(), trials=6)
    assert [each for each in results(found) if each[0] < 2] == [each for each in results(alone) if each[0] < 2]
    assert all(trial.finished for trial in found.trials)


@pytest.mark.parametrize("changes", [{}, {"prune": "median"}, {"prune": "asha"}, {"seeds": 2}, {"sampler": "grid"}])
def test_killed_anywhere_and_resumed_it_ends_as_if_nothing_had_happened(
    run: Run, use: Callable[[FunctionExecutor], None], store: Store, changes: dict[str, Any]
) -> None:
    changes = {"trials": 14, **changes}
    expected = run(FunctionExecutor(), **changes)
    for die_after in (1, 9, 40):
        with pytest.raises(KilledError):
            run(FunctionExecutor(order=die_after, die_after=die_after), **changes)
        handle = SweepHandle.open(store, "latest")
        before = handle.record()
        assert before.status == "interrupted"
        resumed = FunctionExecutor(order=die_after + 1)
        use(resumed)
        after = resume_sweep(store, handle.sweep_id)
        assert results(after) == results(expected)
        # What had ended is neither lost nor made again.
        finished = {trial.number: trial for trial in before.trials if trial.finished}
        assert all(after.trials[number] == trial for number, trial in finished.items())
        assert not finished.keys() & {key.number for key in resumed.submitted}


@pytest.mark.parametrize("changes", [{}, {"seeds": 2}])
def test_trials_that_a_full_disk_failed_are_made_again_when_the_sweep_is_resumed(
    run: Run, use: Callable[[FunctionExecutor], None], store: Store, changes: dict[str, Any]
) -> None:
    changes = {"trials": 10, "sampler": "random", **changes}
    expected = run(FunctionExecutor(), **changes)
    before = run(FunctionExecutor(full_disk=frozenset({2, 9})), **changes)
    assert {trial.number for trial in before.trials if "No space left" in (trial.error or "")} == {2, 9}
    resumed = FunctionExecutor()
    use(resumed)
    after = resume_sweep(store, before.sweep_id)
    assert results(after) == results(expected)
    assert {key.number for key in resumed.submitted} == {2, 9}
    # What the notebook itself failed has failed, and a sweep without such a trial is not driven again.
    again = FunctionExecutor()
    use(again)
    assert results(resume_sweep(store, before.sweep_id)) == results(expected)
    assert again.submitted == []


def test_killed_between_the_seal_of_a_run_and_the_journal_the_run_counts(
    run: Run, use: Callable[[FunctionExecutor], None], store: Store
) -> None:
    expected = run(FunctionExecutor(), prune="asha")
    journal = store.root / "sweeps" / expected.sweep_id / "trials.jsonl"
    state = journal.with_name("state.json")
    lines = journal.read_bytes().splitlines(keepends=True)
    for kept in (0, 1, len(lines) // 3, len(lines) - 1):
        # A torn line, as a full disk or a power loss leaves it, is as if it had not been written.
        journal.write_bytes(b"".join(lines[:kept]) + lines[kept][:-5])
        state.unlink()
        executor = FunctionExecutor(order=kept)
        use(executor)
        assert results(resume_sweep(store, expected.sweep_id)) == results(expected)
        assert executor.submitted == []


def test_a_metric_that_no_run_logs_ends_the_sweep_with_the_names_that_there_are(
    use: Callable[[FunctionExecutor], None], write: Write, store: Store
) -> None:
    use(FunctionExecutor())
    # From this source nobody can tell what is logged.
    path = write("lr = 0.1\nwidth = 1\nkind = 'a'", "import reprobook as rb\nrb.log(**measured())")
    spaces = {"lr": Float(0.01, 0.1), "width": Int(1, 8), "kind": Choice("a", "b")}
    with pytest.raises(ExecutionError, match="did you mean loss") as refused:
        run_sweep(path, store, replace(OPTIONS, metric="losss", sampler="random", seed=3, jobs=1, spaces=spaces))
    assert "rb.log" in refused.value.hint
    record = SweepHandle.open(store, "latest").record()
    assert [trial.state for trial in record.trials] == ["failed"]  # the first that ended, and no other
    assert record.status == "failed"
    assert record.error is not None
    assert "losss" in record.error


def test_pause_stop_and_resume_by_the_control_file(run: Run, use: Any, store: Store) -> None:
    expected = run(FunctionExecutor())
    seen: list[tuple[str, int]] = []

    class Told(FunctionExecutor):
        def events(self, timeout: float) -> Any:
            handle = SweepHandle.open(store, "latest")
            if self._count == 20:
                handle.pause()
            if self._count > 20:
                seen.append((handle.record().status, len(self._running)))
            if self._count == 60:
                handle.stop()
            return super().events(timeout)

    stopped = run(Told())
    assert stopped.status == "stopped"
    assert ("paused", 0) in seen  # what ran went on to its end
    assert all(trial.finished for trial in stopped.trials)
    use(FunctionExecutor(order=2))
    assert results(resume_sweep(store, stopped.sweep_id)) == results(expected)


def test_seeds_give_mean_deviation_interval_and_ties(run: Run) -> None:
    found = run(FunctionExecutor(), seeds=4, trials=8)
    best = found.best
    assert best is not None
    assert len(best.values) == 4
    assert best.value == pytest.approx(sum(best.values) / 4)
    assert best.deviation is not None
    assert found.interval is not None
    assert found.interval[0] < best.value < found.interval[1]
    assert set(found.tied) < {trial.number for trial in found.trials}
    assert len(best.run_ids) == 4


def test_one_driver_at_a_time(run: Run, store: Store) -> None:
    refusals: list[str] = []

    class Watched(FunctionExecutor):
        def events(self, timeout: float) -> Any:
            if not refusals:
                with pytest.raises(InputError, match="driven by process") as refused:
                    resume_sweep(store, "latest")
                refusals.append(str(refused.value))
            return super().events(timeout)

    assert run(Watched(), trials=3).status == "succeeded"
    assert refusals


def test_a_disk_that_takes_no_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def full(path: Any, *args: Any, **options: Any) -> int:
        if str(path).startswith(str(tmp_path)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, *args, **options)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(StorageError, match=r"cannot lock .*: No space left on device"), SweepFolder(tmp_path).driven():
        pass
