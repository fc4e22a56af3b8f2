"""Real kernels: each run takes about two seconds, so one run serves several claims."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.errors import InputError, IntegrityError, NotebookError
from reprobook.execute import RunOptions, run_notebook
from reprobook.execute.journal import Journal
from reprobook.header import Code, Header, Origin, open_header, seal
from reprobook.runs import NewRun, Store
from reprobook.trace import Recorder
from reprobook.verify import Tolerance, VerifyOptions, recorded_run, run_of_header, verify_notebook, verify_run

WriteNotebook = Callable[..., Path]


def test_a_deterministic_notebook_is_reproduced_and_its_damage_found(
    store: Store, write_notebook: WriteNotebook
) -> None:
    path = write_notebook("lr = 0.1", "loss = lr * 2\nloss")
    run = run_notebook(path, store, RunOptions(texts={"lr": "0.5"}))
    found = verify_run(run, store)
    assert (found.verdict, found.first, found.all) == ("reproduced", None, ())
    assert found.metrics["loss"].original == found.metrics["loss"].replay == 1.0
    replay = store.folder(found.replay_id or "").read_record()
    assert (replay.kind, replay.parent, replay.parameters) == ("replay", run.run_id, {"lr": 0.5})

    # A replay does not count, the newest recorded run of this very file does.
    newest = recorded_run(path, store)
    assert newest is not None
    assert newest.run_id == run.run_id
    header = open_header(run.header.read_bytes(), "header")
    by_header = run_of_header(header, store)
    assert by_header is not None
    assert by_header.run_id == run.run_id
    assert recorded_run(path.with_name("other.ipynb"), store) is None

    run.trace.write_bytes(run.trace.read_bytes().replace(b"0", b"1", 1))
    with pytest.raises(IntegrityError, match=f"{run.run_id}/trace.json"):
        verify_run(run, store)


def test_metrics_that_agree_by_luck_are_not_within_the_tolerance(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook(
        "import random\nn = 50", "order = random.sample(range(n), n)", "accuracy = len(order) / n\naccuracy"
    )
    found = verify_notebook(path, store, VerifyOptions(tolerance=Tolerance(1e-6)))
    assert found.metrics["accuracy"].original == found.metrics["accuracy"].replay == 1.0
    assert found.verdict == "diverged"
    (note,) = found.notes
    assert "by luck" in note
    assert "cell 1 differs in order" in note


def test_an_unseeded_notebook_diverges_in_the_cell_that_draws(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook(
        "import random\nn = 3", "x = [1 + 1e-9 * random.random() for _ in range(n)]", "loss = sum(x)\nloss"
    )
    found = verify_notebook(path, store, VerifyOptions(tolerance=Tolerance(1e-6)))
    assert found.verdict == "within_tolerance"
    assert found.first is not None
    assert (found.first.cell, found.first.cell_id, found.first.names) == (1, "c1", ("x",))
    assert "python" in found.first.evidence
    assert [each.cell for each in found.all] == [1]
    assert (found.cells, found.differing) == ((0, 1, 2), (1, 2))
    assert (found.first.cause, found.first.confirmed) == ("unseeded_rng.python_random", False)


def test_a_changed_file_diverges_with_its_path(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook("text = open('data.txt').read()", "n = len(text)\nprint(f'n: {n}')")
    data = path.with_name("data.txt")
    data.write_text("abc")
    run = run_notebook(path, store, RunOptions())
    data.write_text("abcdef")
    found = verify_run(run, store)
    assert found.verdict == "diverged"
    assert found.first is not None
    assert (found.first.cell, found.first.names) == (0, ("text",))
    assert "data.txt" in found.first.evidence
    assert found.metrics["n"].model_dump() == {"original": 3.0, "replay": 6.0}


def test_a_replay_that_fails_alike_is_reproduced_and_otherwise_has_failed(
    store: Store, write_notebook: WriteNotebook
) -> None:
    path = write_notebook("a = 1", "open('flag.txt').read()")
    run = run_notebook(path, store, RunOptions())
    assert run.read_record().status == "failed"
    assert verify_run(run, store).verdict == "reproduced"

    flag = path.with_name("flag.txt")
    flag.write_text("")
    good = run_notebook(path, store, RunOptions())
    os.remove(flag)  # noqa: PTH107
    found = verify_run(good, store)
    assert found.verdict == "failed"
    assert found.error is not None
    assert (found.error.cell, found.error.ename) == (1, "FileNotFoundError")
    assert found.first is not None
    assert found.first.cell == 1


def test_the_notebook_as_it_is_now_is_compared(store: Store, write_notebook: WriteNotebook) -> None:
    run_notebook(write_notebook("a = 1", "b = a + 1\nb"), store, RunOptions())
    found = verify_notebook(write_notebook("a = 1", "b = a + 2\nb"), store)
    assert found.verdict == "diverged"
    assert found.first is not None
    assert (found.first.cell, found.first.names) == (1, ("b",))
    assert "edited" in found.first.evidence
    assert any(line.startswith("code: cell 1 ") for line in found.environment)


def test_a_live_session_is_compared_cell_by_cell(store: Store, write_notebook: WriteNotebook) -> None:
    """As a kernel without a known file leaves it: no index, and a journal only while it goes on."""
    path = write_notebook("x = 1", "x = x + 1", "y = x * 2\ny")
    sources = ["x = 1", "x = x + 1", "x = x + 1", "y = x * 2\ny"]
    live = store.create(NewRun(kind="live", notebook=str(path)))
    header = seal(Header(code=Code(cells=()), origin=Origin(created="2026-11-21T00:00:00Z", folder=str(path.parent))))
    live.write_header(header)
    live.source.write_bytes(path.read_bytes())
    live.update(status="running")
    namespace: dict[str, Any] = {}
    journal = Journal(live)
    recorder = Recorder(namespace, on_cell=journal.cell, resolve=lambda *_: None)
    for source in sources:
        recorder.begin(source)
        exec(source, namespace)  # noqa: S102 - the cells of this test
        recorder.end()
    found = verify_notebook(path, store)
    assert (found.run_id, found.verdict) == (live.run_id, "diverged")
    assert found.first is not None
    assert (found.first.cell, found.first.names) == (1, ("x",))
    assert [each.cell for each in found.all] == [1]
    assert found.differing == (1, 2)

    with pytest.raises(InputError, match="none of the cells"):
        verify_notebook(write_notebook("z = 5"), store)


def test_a_run_without_evidence_is_refused(store: Store) -> None:
    with pytest.raises(InputError, match="left no trace"):
        verify_run(store.create(NewRun()), store)


def test_a_missing_notebook_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="cannot be read"):
        verify_notebook(tmp_path / "no.ipynb", store)
    assert not store.root.exists()
