"""A run that was made to harm: whatever its files hold, sealed anew, it is imported and shown, or refused by name.

Digests protect against accidents. Whoever makes an archive makes its digests too, so what is behind them reads what a
stranger wrote. Nothing of it may be executed, end in a traceback, steer the terminal, or be written elsewhere.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from reprobook.cli.app import run_command
from reprobook.crate import import_run
from reprobook.errors import IntegrityError, ReprobookError
from reprobook.execute import RunOptions, run_notebook
from reprobook.header import Header, header_bytes, seal, sha256_hex
from reprobook.runs import RunFolder, Store, fsck
from reprobook.runs.checkpoints import read_metadata
from reprobook.runs.plain_zip import write_zip
from reprobook.runs.seal import file_digests

CELLS = (
    "lr = 0.5",
    "import pathlib\nimport reprobook as rb\nrows = rb.data('rows', source='rows.csv')",
    "parts = rb.split(range(20), {'train': 0.75, 'test': 0.25})",
    "rb.log(loss=lr, step=0)\nrb.save('note', [1, 2])\nrb.save('model', {'w': [1.0]}, step=1)",
    "pathlib.Path('out.txt').write_text('x')\nthe = 1",
)
SPEC = b"schema: reprobook.spec/1\nhypothesis: it learns\nloop:\n  epochs: 3\nevaluation:\n  metrics: {loss: epoch}\n"
HOSTILE = st.sampled_from(
    [
        *("../../pwned", "/pwned", "\x1b[31mred", "<img src=x onerror=pwned()>", "\ud800", "{x.pwned}", "$(pwned)"),
        *("", "x" * 400, "\u202e", "http://[", "NaN", "2020-13-45", "sha256:", "a\0b", "~nobody/x", "file:///etc/passwd"),
        *(None, True, 0, -1, 1e308, 2**70, [], {}, [[]], {"": None}, {"$float": "nan"}, ["a", 1], {"a": {"b": []}}),
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Make a run with all that a run may hold: data, a split, a spec, checkpoints, artifacts."""
    root = tmp_path_factory.mktemp("made")
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(CELLS)
    ]
    (root / "nb.ipynb").write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    (root / "rows.csv").write_text("id,y\n1,2\n3,4\n")
    (root / "nb.spec.yaml").write_bytes(SPEC)
    run = run_notebook(root / "nb.ipynb", Store(root / "store"), RunOptions(kernel="inline", seed=1, profile=True))
    assert run.read_record().status == "succeeded", run.read_record().error
    return run


# Runs of commands an example: without shrinking, which would take minutes.
COMMANDS = settings(
    suppress_health_check=list(HealthCheck),
    max_examples=max(20, settings.default.max_examples // 4),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def edited(value: Any, draw: st.DataObject) -> Any:
    """Replace one place of a JSON value, most often deep in it."""
    if isinstance(value, dict) and value and draw.draw(st.integers(0, 5), "deeper"):
        key = draw.draw(st.sampled_from(sorted(value)), "key")
        how = draw.draw(st.sampled_from(["edit", "edit", "edit", "drop", "rename"]), "how")
        rest = {name: item for name, item in value.items() if name != key}
        if how == "drop":
            return rest
        if how == "rename":
            return {**rest, str(draw.draw(HOSTILE, "name")): value[key]}
        return value | {key: edited(value[key], draw)}
    if isinstance(value, list) and value and draw.draw(st.integers(0, 5), "deeper"):
        index = draw.draw(st.integers(0, min(len(value), 10) - 1), "index")
        return [*value[:index], edited(value[index], draw), *value[index + 1 :]]
    return draw.draw(HOSTILE, "value")


def edited_file(path: Path, draw: st.DataObject) -> None:
    """Edit a file by its structure: JSON, lines of JSON, YAML or bytes."""
    data, how = path.read_bytes(), path.suffix
    try:
        if how in {".json", ".ipynb"}:
            data = json.dumps(edited(json.loads(data), draw)).encode()
        elif how == ".jsonl":
            lines = data.splitlines()
            which = draw.draw(st.integers(0, len(lines) - 1), "line")
            lines[which] = json.dumps(edited(json.loads(lines[which]), draw)).encode()
            data = b"\n".join(lines) + b"\n"
        else:
            start = draw.draw(st.integers(0, len(data)), "start")
            data = data[:start] + draw.draw(st.binary(max_size=20), "bytes") + data[start + 3 :]
    except ValueError:
        data = data[::-1]
    path.chmod(0o600)
    path.write_bytes(data)


def sealed_anew(run: RunFolder) -> None:
    """Bring all digests up to what the files hold, as whoever made the edit would."""
    try:
        header: Any = seal(Header.model_validate_json(run.header.read_bytes()))
        run.header.write_bytes(header_bytes(header))
    except (ValueError, ReprobookError):  # it is none any more
        header = None
    path = run.path / "run.json"
    record = json.loads(path.read_bytes())
    if isinstance(record, dict):
        record["files"] = file_digests(run.path)
        if header is not None:
            record |= {"header_digest": header.header_digest, "recipe_digest": header.recipe_digest}
        record.pop("record_digest", None)
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
        path.write_text(json.dumps({**record, "record_digest": sha256_hex(text.encode())}))


def packed(store: Path, target: Path) -> None:
    """Pack what lies in a store, as ``export`` would a sound run."""
    kept = [path for name in ("runs", "blobs") for path in (store / name).rglob("*") if path.is_file()]
    with target.open("wb") as out:
        write_zip({path.relative_to(store).as_posix(): path for path in kept if path.name != ".lock"}, out, 1)


def shown(run: RunFolder, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Read it by every command that reads; a fault is shown as one, and nothing of it reaches the terminal raw."""
    name, where = run.run_id, f"--store={store.root}"
    out = store.root.parent / "out"
    for words in (
        *(["show", name], ["show", name, "--json"], ["runs"], ["diff", name, name], ["models"]),
        *(
            ["card", name],
            ["card", name, "--data", "rows"],
            ["card", name, "--data", "rows", "--croissant"],
            ["whence", str(run.path / "artifacts" / "note.json")],
        ),
        *(["fsck"], ["export", name, "-o", str(out), "--force"], ["compare", name, name, "--metric", "loss"]),
        *(["verify", name], ["promote", name, "-o", str(store.root.parent / "job")], ["env", "check", name]),
    ):
        code = run_command([*words, where])
        assert code in {0, 1, 2, 3, 4, 5}, words
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        assert not {"\x1b", "\u202e"} & set(said.out + said.err) or "--json" in words, words


FOUND = (
    ("data/rows.json", b'""'),
    ("data/rows.json", b'{"name": "rows", "source": "http://[", "digest": ""}'),
    (
        "data/rows.json",
        b'{"name": "rows", "source": "a.csv", "digest": "0", "size": 1, "modified": "\xe2\x80\xae"}',
    ),
    (
        "data/rows.json",
        b'{"name": "\\ud800", "source": "a.csv", "digest": "0", "size": 1, "modified": "2026-11-29T00:00:00Z"}',
    ),
    ("splits/split.json", b"[]"),
    ("splits/split.json", b'{"by": "hash", "parts": {"train": {}}, "leakage": {"found": [1]}}'),
    ("executed.ipynb", b'{"cells": 3}'),
    ("executed.ipynb", b'{"cells": [{"cell_type": "code", "source": "", "outputs": [{"traceback": [1]}]}]}'),
    ("metrics.jsonl", b"[1]\n"),
    ("metrics.jsonl", b'{"name": "loss", "step": 0}\n{"name": "loss", "step": 1}\n'),
    ("profile.json", b"[" * 100_000),
)


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_was_found_before_is_shown_or_refused(
    made: RunFolder, tmp_path: Path, name: str, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of these was once an error of Python's, or could be one."""
    shutil.copytree(made.path.parents[1], tmp_path / "away")
    away = RunFolder(tmp_path / "away" / "runs" / made.run_id)
    (away.path / name).write_bytes(data)
    sealed_anew(away)
    packed(tmp_path / "away", tmp_path / "run.zip")
    store = Store(tmp_path / "here" / ".reprobook")
    shown(import_run(tmp_path / "run.zip", store), store, capsys)


@pytest.mark.parametrize("created", ["http://[", "\u202e", "2026-11-29\u202e00:00:00", 1])
def test_a_record_whose_time_is_none_is_damaged(made: RunFolder, tmp_path: Path, created: object) -> None:
    """One such was shown, and turned the text of the line around."""
    shutil.copytree(made.path.parents[1], tmp_path / "away")
    away = RunFolder(tmp_path / "away" / "runs" / made.run_id)
    record = json.loads((away.path / "run.json").read_bytes())
    (away.path / "run.json").write_text(json.dumps({**record, "created": created}))
    sealed_anew(away)
    with pytest.raises(IntegrityError, match="created"):
        away.read_record()


def test_a_checkpoint_whose_metric_is_no_number_is_damaged(made: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(made.path.parents[1], tmp_path / "away")
    away = RunFolder(tmp_path / "away" / "runs" / made.run_id)
    (metadata,) = away.path.rglob("metadata.json")
    metadata.write_text(json.dumps({**json.loads(metadata.read_bytes()), "metrics": {"loss": "red"}}))
    with pytest.raises(IntegrityError, match=r"metadata\.json"):
        read_metadata(metadata.parent, "here")


@COMMANDS
@given(draw=st.data())
def test_a_run_that_was_made_to_harm_is_shown_or_refused(
    made: RunFolder, tmp_path: Path, draw: st.DataObject, capsys: pytest.CaptureFixture[str]
) -> None:
    for old in tmp_path.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copytree(made.path.parents[1], tmp_path / "away")
    away = RunFolder(tmp_path / "away" / "runs" / made.run_id)
    files = sorted(path for path in away.path.rglob("*") if path.is_file() and path.name != ".lock")
    for _ in range(draw.draw(st.integers(1, 3), "edits")):
        edited_file(draw.draw(st.sampled_from(files), "file"), draw)
    sealed_anew(away)
    packed(tmp_path / "away", tmp_path / "run.zip")
    store = Store(tmp_path / "here" / ".reprobook")
    before = _listed(tmp_path)
    try:
        taken = import_run(tmp_path / "run.zip", store)
    except ReprobookError as error:
        assert str(error)  # noqa: PT017 - it says why
        assert not store.runs.is_dir() or store.names() == []
    else:
        event("imported")
        assert taken.read_record().foreign
        shown(taken, store, capsys)
    fsck(store, repair=True)
    new = {path.relative_to(tmp_path).as_posix() for path in _listed(tmp_path) - before}
    assert {name for name in new if not name.startswith("here/.reprobook/")} <= {"here", "here/.reprobook", "here/out"}


def _listed(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))
