"""Commands that read the store: no kernel is needed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.header import Code, Header, Origin, seal, sha256_hex
from reprobook.runs import NewRun, RunError, RunFolder, Store

Reprobook = Callable[..., Any]
Record = Callable[..., RunFolder]
FIELDS = {
    "run_id",
    "status",
    "notebook",
    "run_dir",
    "parameters",
    "seed",
    "recipe_digest",
    "result_digest",
    "metrics",
    "duration_s",
    "error",
}


def test_runs_of_an_empty_store(reprobook: Reprobook) -> None:
    assert reprobook("runs", "--json").document == []
    found = reprobook("runs")
    assert (found.code, found.out) == (0, "")
    assert found.err.startswith("No runs in ")


def test_runs_are_listed_filtered_and_sorted(reprobook: Reprobook, record: Record) -> None:
    worse = record(parameters={"lr": 0.1}, metrics={"accuracy": 0.5}, name="[red]exp[/red]")
    better = record(parameters={"lr": 0.2}, metrics={"accuracy": 0.9})
    listed = reprobook("runs", "--json").document
    assert [each["run_id"] for each in listed] == [better.run_id, worse.run_id]
    assert listed[0].keys() >= FIELDS
    assert [e["run_id"] for e in reprobook("runs", "--sort", "accuracy", "--limit", "1", "--json").document] == [
        worse.run_id
    ]
    found = reprobook("runs", "--where", "accuracy > 0.6")
    assert better.run_id in found.out
    assert worse.run_id not in found.out
    # Text of a notebook is no markup.
    assert "[red]exp[/red]" in reprobook("runs").out
    assert reprobook("runs", "--where", "accuracy >").code == 2


def test_numbers_that_json_has_not_are_text(reprobook: Reprobook, record: Record) -> None:
    record(metrics={"loss": math.nan}, parameters={"top": math.inf})
    (found,) = reprobook("runs", "--json").document
    assert found["metrics"] == {"loss": "NaN"}
    assert "nan" in reprobook("runs").out


def test_show(reprobook: Reprobook, record: Record) -> None:
    run = record(parameters={"lr": 0.1}, metrics={"accuracy": 0.5}, artifact=b"weights", seed=7)
    document = reprobook("show", "latest", "--json").document
    assert document.keys() >= FIELDS
    assert document["artifacts"] == ["artifacts/model.bin"]
    assert document["header"]["header_digest"] == document["header_digest"]
    shown = reprobook("show", run.run_id[:-1]).out
    for text in (run.run_id, "✓ succeeded", "lr", "0.1", "accuracy", "0.5", "artifacts/model.bin", "rb1-", "7"):
        assert text in shown


def test_show_names_the_failing_cell(reprobook: Reprobook, record: Record) -> None:
    record(error=RunError(cell=3, ename="ValueError", evalue="bad \x1b[31mvalue", hint="Mend it."))
    shown = reprobook("show", "latest").out
    assert "cell 3: ValueError: bad [31mvalue" in shown
    assert "hint: Mend it." in shown


def test_an_edited_file_ends_show_with_4(reprobook: Reprobook, record: Record) -> None:
    run = record(artifact=b"weights")
    (run.artifacts / "model.bin").write_bytes(b"heights")
    found = reprobook("show", "latest", "--json")
    assert found.code == 4
    assert found.document["error"]["kind"] == "IntegrityError"
    assert "artifacts/model.bin" in found.err


def test_show_of_a_notebook_finds_its_run(
    reprobook: Reprobook, record: Record, write_notebook: Callable[..., Path]
) -> None:
    path = write_notebook("x = 1")
    assert reprobook("show", str(path)).code == 2
    run = record(source=path.name)
    assert reprobook("show", str(path), "--json").document["run_id"] == run.run_id


def test_diff(reprobook: Reprobook, record: Record) -> None:
    a = record(parameters={"lr": 0.1, "shape": (1, 2)}, metrics={"loss": math.nan})
    b = record(parameters={"lr": 0.2, "shape": (1, 3)}, metrics={"loss": 1.0})
    document = reprobook("diff", a.run_id, b.run_id, "--json").document
    assert (document["a"], document["b"]) == (a.run_id, b.run_id)
    rows = {(each["section"], each["key"]): (each["a"], each["b"]) for each in document["differences"]}
    assert rows["parameters", "lr"] == (0.1, 0.2)
    assert rows["parameters", "shape"] == ({"$tuple": [1, 2]}, {"$tuple": [1, 3]})
    assert rows["results", "metrics.loss"] == ("NaN", 1.0)
    assert "lr" in reprobook("diff", a.run_id, b.run_id).out
    assert "do not differ" in reprobook("diff", a.run_id, a.run_id).out


def test_diff_shows_the_lines_of_the_cells_that_differ(
    reprobook: Reprobook, store: Store, write_notebook: Callable[..., Path]
) -> None:
    def run_of(*cells: str, history: list[dict[str, Any]] | None = None) -> RunFolder:
        run = store.create(NewRun(kind="live" if history else "run", parameters={cells[0]: 1}))
        digests = tuple(sha256_hex(cell.encode()) for cell in cells)
        run.write_header(seal(Header(code=Code(cells=digests), origin=Origin(created="2026-11-21T00:00:00Z"))))
        run.source.write_bytes(write_notebook(*cells).read_bytes())
        if history:
            (run.path / "history.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in history))
        run.seal(status="succeeded")
        return run

    a = run_of("import os", "lr = 0.1\nepochs = 3", "train()")
    b = run_of("import os", "import math", "lr = 0.2\nepochs = 3", "train()")
    document = reprobook("diff", a.run_id, b.run_id, "--json").document
    sections = [each["section"] for each in document["differences"]]
    assert sections == sorted(sections, key=["parameters", "code", "results"].index)
    # The cell that was added makes no other one differ.
    assert not [line for line in document["code"] if "train()" in line]
    shown = reprobook("diff", a.run_id, b.run_id).out
    assert f"--- {a.run_id} cell 1" in shown
    assert "+import math" in shown
    assert "-lr = 0.1" in shown
    assert "cell 3 " not in shown  # no digests of cells beside their lines
    executed = ["import os", "lr = 0.1\nepochs = 3", "train(2)"]
    history = [
        {"digest": sha256_hex(text.encode()), "source": text, "count": count}
        for count, text in enumerate(executed, start=1)
    ]
    live = run_of("import os", history=history)
    shown = reprobook("diff", a.run_id, live.run_id).out
    assert f"+++ {live.run_id} [3]" in shown
    assert "+train(2)" in shown


def test_whence_knows_renamed_copies(reprobook: Reprobook, record: Record, tmp_path: Path) -> None:
    run = record(artifact=b"weights")
    copy = tmp_path / "downloaded"
    copy.write_bytes(b"weights")
    document = reprobook("whence", str(copy), "--json").document
    assert document["runs"] == [{"run_id": run.run_id, "path": "artifacts/model.bin"}]
    assert run.run_id in reprobook("whence", str(copy)).out
    copy.write_bytes(b"other")
    assert reprobook("whence", str(copy)).code == 2
    assert reprobook("whence", str(tmp_path / "nothing")).code == 2


def test_fsck(reprobook: Reprobook, record: Record) -> None:
    run = record(artifact=b"weights")
    assert reprobook("fsck", "--json").document == {"checked": 1, "damaged": False, "problems": []}
    assert "no damage" in reprobook("fsck").out
    (run.artifacts / "model.bin").unlink()
    found = reprobook("fsck", "--json")
    assert found.code == 4
    assert found.document["damaged"]
    assert found.document["problems"][0]["place"] == f"{run.run_id}/artifacts/model.bin"
    assert "model.bin" in reprobook("fsck", "--repair").out


@pytest.mark.parametrize("way", ["option", "environment"])
def test_another_store(
    reprobook: Reprobook, record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    record()
    moved = (tmp_path / ".reprobook").rename(tmp_path / "elsewhere")
    assert reprobook("runs", "--json").document == []
    if way == "environment":
        monkeypatch.setenv("REPROBOOK_STORE", str(moved))
    options = ["--store", str(moved)] if way == "option" else []
    assert len(reprobook("runs", "--json", *options).document) == 1


def test_a_damaged_record_does_not_hide_the_others(reprobook: Reprobook, record: Record) -> None:
    bad, good = record(), record()
    bad.run.write_text("garbage")
    found = reprobook("runs", "--json")
    assert [each["run_id"] for each in found.document] == [good.run_id]
    assert f"warning: {bad.run_id} cannot be read" in found.err


def test_whence_knows_what_a_cell_wrote_by_itself(
    reprobook: Reprobook, tmp_path: Path, write_notebook: Callable[..., Path]
) -> None:
    save = "import torch\ntorch.save({'w': torch.ones(2)}, 'mlp.pt')"
    table = "import pandas as pd\npd.DataFrame({'y': [1, 2]}).to_csv('out.csv')"
    path = write_notebook("x = 1", save, table)
    run = reprobook("run", str(path), "--json").document
    for name, cell in (("mlp.pt", 1), ("out.csv", 2)):
        copy = (tmp_path / name).rename(tmp_path / f"renamed-{name}")
        found = reprobook("whence", str(copy), "--json").document["runs"]
        assert found == [{"run_id": run["run_id"], "path": name, "cell": cell}]
        assert f"cell {cell}" in reprobook("whence", str(copy)).out
    (tmp_path / "out.csv").write_text("edited")
    edited = reprobook("whence", "out.csv")
    assert edited.code == 2
    assert f"cell 2 of run {run['run_id']} wrote this file with other content" in edited.err
