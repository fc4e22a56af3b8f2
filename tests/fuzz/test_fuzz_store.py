"""Whatever the bytes of a store become, it is read or refused by name, and other runs are listed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reprobook.errors import IntegrityError, ReprobookError
from reprobook.execute import RunOptions, run_notebook
from reprobook.execute.inputs import recorded_modules
from reprobook.execute.journal import cells_done, trace_of
from reprobook.header import seal
from reprobook.runs import NewRun, RunFolder, Store, fsck
from reprobook.runs.aliases import Aliases
from reprobook.runs.archive import pack_run, unpack_run
from reprobook.runs.plain_zip import unzip
from reprobook.sweep.folder import SweepFolder, sweep_ids
from reprobook.sweep.record import read_record

NOTEBOOK = ("import helper\nimport reprobook as rb\nx = 1", "rb.log(loss=0.5)\nrb.save('model', [1])\nx += 1")
PLAN = {
    "schema": "reprobook.sweep/1", "sweep_id": "20261121-000000-swep", "notebook": "nb.ipynb", "created": "2026",
    "window": 4, "fixed": {},
    "options": {
        "metric": "loss", "direction": "min", "spaces": {"x": {"kind": "Float", "low": 0.1, "high": 1.0, "log": True}},
        "values": {}, "cwd": None, "constraints": [], "track": [], "conditions": {}, "texts": {},
    },
}  # fmt: skip
TRIALS = (
    {"event": "proposed", "number": 0, "parameters": {"x": 0.5}},
    {"event": "run", "number": 0, "seed_index": 0, "run_id": "20261121-000000-aaaa"},
    {
        "event": "ended", "number": 0, "state": "complete", "value": 0.5, "values": [0.5], "run_ids": [], "step": 1,
        "cached": False, "duration_s": 1.0, "error": None, "curve": [[1, 0.5]], "rungs": {},
    },
)  # fmt: skip
JSON = st.recursive(
    st.sampled_from([None, True, 0, -1, 1e308, "", "NaN", "../../x", "x" * 300, 2**70, "\ud800", {"$float": "nan"}])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store of two runs, one of them still going on, and a sweep."""
    root = tmp_path_factory.mktemp("fuzz")
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(NOTEBOOK)
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    (root / "nb.ipynb").write_text(json.dumps(content))
    (root / "helper.py").write_text("y = 1\n")
    whole = run_notebook(root / "nb.ipynb", Store(root / "whole"), RunOptions(kernel="inline", seed=1))
    assert whole.read_record().status == "succeeded"
    store = Store(root / "store")
    ended = _copied(whole, store)
    going = _copied(whole, store)
    going.log_metric("loss", 0.5)
    going.close_metrics()
    trace = json.loads(going.trace.read_bytes())
    going.trace_journal.write_text("".join(json.dumps({"cell": cell}) + "\n" for cell in trace["cells"]))
    going.trace.unlink()
    ended.seal(status="succeeded", result_digest=trace["result_digest"])
    Aliases(store.root, "model").set("best", f"{ended.run_id}/artifacts/model", "0" * 64)
    sweep = store.root / "sweeps" / str(PLAN["sweep_id"])
    sweep.mkdir(parents=True)
    (sweep / "plan.json").write_text(json.dumps(PLAN))
    (sweep / "state.json").write_text('{"status": "running", "owner": null, "error": null}')
    (sweep / "control").write_text("run\n")
    (sweep / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in TRIALS))
    assert len(read_all(store.root)) == 2
    return store.root


def _copied(whole: RunFolder, store: Store) -> RunFolder:
    """Return a run that goes on, with the files of another and a header of few packages: a long one takes long."""
    run = store.create(NewRun(parameters={"x": 1}, seed=1))
    header = whole.read_header()
    assert header.environment is not None
    environment = header.environment.model_copy(update={"distributions": header.environment.distributions[:2]})
    run.write_header(seal(header.model_copy(update={"environment": environment})))
    for name in ("trace.json", "source.ipynb", "executed.ipynb", "modules.json", "artifacts"):
        source, target = whole.path / name, run.path / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    run.update(status="running")
    return run


@pytest.fixture(scope="module")
def packed(original: Path) -> bytes:
    store = Store(original)
    (ended,) = store.records(where="status == 'succeeded'")
    return pack_run(store.folder(ended.run_id))


# A copy of a store an example: without shrinking, which would take minutes.
STORE = settings(
    suppress_health_check=list(HealthCheck),
    max_examples=settings.default.max_examples // 2,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def read_all(root: Path) -> set[str]:
    """Read everything by every way there is; only errors made on purpose may come of it. Returns what is listed."""
    listed: set[str] = set()
    try:
        store = Store(root)
        listed = {record.run_id for record in store.records()} | {each.run_id for each in store.corrupt()}
        fsck(store)
    except ReprobookError:
        return listed | {"refused"}
    runs = [RunFolder(store.runs / name) for name in store.names()]
    calls: list[Any] = [call for run in runs for call in _reads(run)]
    calls += [Aliases(root, "model").current]
    calls += [lambda name=name: read_record(SweepFolder(root / "sweeps" / name)) for name in sweep_ids(store)]
    for call in calls:
        try:
            call()
        except ReprobookError as error:
            assert str(error)  # noqa: PT017 - whatever is refused says why
    return listed


def _reads(run: RunFolder) -> list[Any]:
    return [
        *(run.read_record, run.read_header, run.check_integrity, run.read_metrics, run.last_metrics),
        *(lambda: trace_of(run), lambda: cells_done(run), lambda: recorded_modules(run)),
    ]


def mutated(data: bytes, draw: st.DataObject) -> bytes:
    """Return other bytes: structure-aware where they are JSON, else cut, doubled or overwritten."""
    lines = data.split(b"\n")
    which = draw.draw(st.integers(0, len(lines) - 1), "line")
    try:
        value = json.loads(data if len(lines) < 3 or data.startswith(b"{\n") else lines[which])
    except (ValueError, RecursionError):
        value = None
    if value is not None and draw.draw(st.booleans(), "by structure"):
        changed = json.dumps(_edited(value, draw)).encode()
        return changed + b"\n" if len(lines) < 3 or data.startswith(b"{\n") else data.replace(lines[which], changed)
    start = draw.draw(st.integers(0, len(data)), "start")
    length = draw.draw(st.integers(0, 40), "length")
    return data[:start] + draw.draw(st.binary(max_size=40), "bytes") + data[start + length :]


def _edited(value: Any, draw: st.DataObject) -> Any:
    """Replace one place of a JSON value, wherever it is."""
    if isinstance(value, dict) and value and draw.draw(st.booleans(), "deeper"):
        key = draw.draw(st.sampled_from(sorted(value)), "key")
        if draw.draw(st.booleans(), "drop"):
            return {name: item for name, item in value.items() if name != key}
        return value | {key: _edited(value[key], draw)}
    if isinstance(value, list) and value and draw.draw(st.booleans(), "deeper"):
        index = draw.draw(st.integers(0, len(value) - 1), "index")
        return [*value[:index], _edited(value[index], draw), *value[index + 1 :]]
    return draw.draw(JSON, "value")


@STORE
@given(draw=st.data())
def test_any_edit_of_any_file_is_read_or_refused(original: Path, draw: st.DataObject) -> None:
    root = original.with_name("copy")
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(original, root)
    # The index is a cache; its turn comes too.
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name not in {".gitignore", ".lock"})
    path = draw.draw(st.sampled_from(files), "file")
    path.chmod(0o600)
    path.write_bytes(mutated(path.read_bytes(), draw))
    listed = read_all(root)
    assert listed >= set(Store(original).names()) or "refused" in listed
    assert "refused" not in listed or path.name == "store.json"
    fsck_again = path.name != "store.json"
    if fsck_again:
        fsck(Store(root), repair=True)
        read_all(root)


@STORE
@given(draw=st.data())
def test_any_edit_of_an_archive_is_refused_or_harmless(packed: bytes, draw: st.DataObject, tmp_path: Path) -> None:
    outside = sorted(tmp_path.rglob("*"))
    into = tmp_path / "into"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    for read in (unpack_run, lambda changed, place: unzip(changed, place, largest=1 << 24)):
        changed = mutated(packed, draw)
        try:
            read(changed, into)
        except ReprobookError as error:
            assert str(error)  # noqa: PT017 - it says why
        shutil.rmtree(into)
        into.mkdir()
    assert sorted(path for path in tmp_path.rglob("*") if path != into) == [path for path in outside if path != into]


FOUND = {
    "modules.json": (b'"helper.py": "00"}', b"[]", b'{"helper.py": 1}', b"[" * 100_000),
    "trials.jsonl": (
        b'{"event": "ended", "number": 0}\n',
        b'{"number": 0}\n',
        b'{"event": "proposed", "number": 0, "parameters": {"x": {"$float": 1}}}\n',
        json.dumps(TRIALS[0]).encode() + b"\n" + json.dumps({**TRIALS[2], "rungs": "x"}).encode() + b"\n",
        json.dumps(TRIALS[0]).encode() + b"\n" + json.dumps({**TRIALS[2], "value": "x"}).encode() + b"\n",
    ),
    "state.json": (b'{"status": "flying", "owner": null, "error": 3}', b"[" * 100_000, b"[]"),
    "model.jsonl": (
        b'{"name": {"a": 1}, "place": "p", "content": "c", "time": "t"}\n',
        b'{"name": 1, "place": [], "content": "c", "time": "t"}\n',
    ),
    "trace.jsonl": (b'{"cell": 1}\n', b'{"sink": {}}\n'),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_before_is_refused_by_name(original: Path, tmp_path: Path, name: str) -> None:
    """Each of these was once an error of Python's."""
    root = tmp_path / "copy"
    shutil.copytree(original, root)
    path = max(root.rglob(name))
    for data in FOUND[name]:
        path.write_bytes(data)
        assert read_all(root) == set(Store(original).names())


def test_an_archive_that_lacks_some_bytes_is_refused_wherever_they_are(packed: bytes, tmp_path: Path) -> None:
    """The standard library answers some of these cuts with a ValueError."""
    for number, start in enumerate(range(0, len(packed), 61)):
        with pytest.raises(IntegrityError):
            unpack_run(packed[:start] + packed[start + 34 :], tmp_path / str(number))
