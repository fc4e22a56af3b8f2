"""Runs, headers and edits over REST: the same as the command line says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reprobook.runs import Store
from reprobook.template import templates

pytestmark = pytest.mark.usefixtures("notebook")
PATH = "train.ipynb"


async def test_runs_come_in_pages_filtered_and_sorted(ask: Any, record: Any) -> None:
    ids = [record(metrics={"loss": float(n)}, parameters={"lr": n / 10}).run_id for n in range(5)]
    record(source="other.ipynb")
    first = await ask("runs", path=PATH, sort="loss", limit="2")
    assert (first.code, first.document["total"]) == (200, 5)
    assert [run["run_id"] for run in first.document["runs"]] == ids[:2]
    assert first.document["runs"][1]["metrics"] == {"loss": 1.0}
    last = await ask("runs", path=PATH, sort="loss", limit="2", offset="4")
    assert [run["run_id"] for run in last.document["runs"]] == ids[4:]
    found = await ask("runs", path=PATH, where="lr > 0.25 or loss == 0")
    assert {run["run_id"] for run in found.document["runs"]} == {ids[0], ids[3], ids[4]}
    everything = await ask("runs", path=PATH, scope="store")
    assert everything.document["total"] == 6


async def test_a_wrong_filter_is_told_with_a_hint(ask: Any, record: Any) -> None:
    record()
    found = await ask("runs", path=PATH, where="lr >")
    assert found.code == 400
    assert found.document["message"]
    assert found.document["hint"]
    assert "source in" not in found.document["message"]
    # Conditions cannot leave their brackets to reach the runs of other notebooks.
    assert (await ask("runs", path=PATH, where="lr > 0) or (seed == 1")).code == 400


async def test_a_run_that_goes_on_shows_its_progress(ask: Any, record: Any) -> None:
    run = record(metrics={"loss": 0.5}, ended=False)
    run.update(status="running")
    run.trace_journal.write_text('{"cell": {}}\n{"sink": {}}\n{"cell": {}}\n')
    (row,) = (await ask("runs", path=PATH)).document["runs"]
    assert row["status"] == "running"
    assert row["metrics"] == {"loss": 0.5}
    assert row["progress"] == {"cell": 2, "total": 3}


async def test_one_run_with_its_header(ask: Any, record: Any) -> None:
    run = record(metrics={"loss": 0.5})
    found = (await ask("runs", run.run_id, path=PATH)).document
    assert found["run"]["run_id"] == run.run_id
    assert found["header"]["schema"] == "reprobook.header/1"
    assert (found["problem"], found["verification"]) == ("", None)
    (run.path / "header.json").write_text("{}")
    found = (await ask("runs", run.run_id, path=PATH)).document
    assert "header.json" in found["problem"]


async def test_series_are_thinned_out(ask: Any, record: Any) -> None:
    run = record(ended=False)
    for step in range(1000):
        run.log_metric("loss", float("nan") if step == 3 else 1000.0 - step, step=step)
    found = (await ask("series", path=PATH, metric="loss", runs=run.run_id)).document[run.run_id]
    assert len(found) == 60
    assert (found[0], found[-1]) == (1000.0, 1.0)
    assert (await ask("series", path=PATH, metric="loss", runs="../x")).code == 400


async def test_compare_lists_what_is_not_the_same_in_all(ask: Any, record: Any) -> None:
    runs = [
        record(metrics={"loss": loss}, parameters={"lr": 0.1, "n": n}) for loss, n in ((0.5, 1), (0.5, 1), (0.25, 2))
    ]
    ids = ",".join(run.run_id for run in runs)
    found = (await ask("compare", path=PATH, runs=ids)).document
    facts = {fact["key"]: fact["values"] for fact in found["facts"]}
    assert facts["n"] == ["1", "1", "2"]
    assert facts["metrics.loss"] == ["0.5", "0.5", "0.25"]
    assert found["sentences"] == []
    (sentence, *_) = (await ask("compare", path=PATH, runs=ids, metric="loss")).document["sentences"]
    assert sentence
    assert "lr" not in facts


async def test_a_deleted_run_is_gone_a_running_one_is_not_deleted(ask: Any, store: Store, record: Any) -> None:
    run, active = record(), record(ended=False)
    replay = record(kind="replay", parent=run.run_id)
    gone = (await ask("runs", run.run_id, path=PATH, method="DELETE")).document
    assert gone["deleted"] == [run.run_id, replay.run_id]
    assert gone["freed"] > 0
    assert store.names() == [active.run_id]
    assert (await ask("runs", run.run_id, path=PATH, method="DELETE")).code == 404
    assert (await ask("runs", active.run_id, path=PATH, method="DELETE")).code == 400
    assert store.names() == [active.run_id]


async def test_parameters_of_a_run_are_put_back_without_writing(ask: Any, notebook: Path, record: Any) -> None:
    before = notebook.read_bytes()
    run = record(parameters={"lr": 0.25, "gone": 1})
    found = (await ask("restore", path=PATH, run=run.run_id)).document
    assert found == {"cells": [{"cell": 0, "id": "c0", "old": "lr = 0.1", "new": "lr = 0.25"}], "unknown": ["gone"]}
    assert notebook.read_bytes() == before


async def test_fixes_are_what_check_would_write(ask: Any, notebook: Path) -> None:
    before = notebook.read_bytes()
    found = (await ask("fix", path=PATH)).document
    assert any("random.seed(" in cell["new"] for cell in found["cells"])
    assert notebook.read_bytes() == before
    assert (await ask("fix", path=PATH, cell="-1")).code == 400


async def test_the_notebook_as_the_panel_shows_it(ask: Any, notebook: Path, record: Any) -> None:
    found = (await ask("notebook", path=PATH)).document
    assert found["standing"]["text"] == "not recorded"
    assert found["header"] is None
    assert found["cells"][2] == {"id": "c2", "reads": ["lr", "print", "x"], "writes": []}
    (parameter,) = found["parameters"]
    assert (parameter["name"], parameter["type"], parameter["text"]) == ("lr", "float", "0.1")
    assert any(hazard["cell"] == 1 and hazard["fixable"] for hazard in found["hazards"])
    record()
    found = (await ask("notebook", path=PATH)).document
    assert found["standing"]["state"] == "frozen"
    assert found["header"]["recipe_digest"].startswith(found["standing"]["recipe"].removeprefix("rb1-"))
    content = json.loads(notebook.read_text())
    content["cells"][2]["source"] = "print('loss:', x)"
    notebook.write_text(json.dumps(content))
    found = (await ask("notebook", path=PATH)).document
    assert found["standing"]["text"] == "drifted: 1"
    assert found["standing"]["drift"][0]["key"] == "cell [2] edited"


async def test_a_file_that_is_no_notebook_is_told(ask: Any, root: Path) -> None:
    (root / "broken.ipynb").write_text("{")
    found = await ask("notebook", path="broken.ipynb")
    assert found.code == 400
    assert "not valid JSON" in found.document["message"]


async def test_a_notebook_begins_from_a_template(ask: Any, root: Path) -> None:
    listed = (await ask("templates")).document["templates"]
    assert listed == [each.as_json() for each in templates()]
    (root / "work").mkdir()
    begin = {"template": "images", "folder": "work", "name": "Über shapes"}
    made = await ask("templates", method="POST", body=begin)
    assert (made.code, made.document["notebook"]) == (201, "work/Über shapes/Über shapes.ipynb")
    assert {Path(name).name for name in made.document["files"]} == {
        *("Über shapes.ipynb", "Über shapes.spec.yaml", "README.md", "test_images.py")
    }
    assert "Über shapes.ipynb" in (root / "work" / "Über shapes" / "README.md").read_text()
    again = await ask("templates", method="POST", body=begin)
    assert again.code == 400
    assert "would be overwritten" in again.document["message"]
    assert (await ask("templates", method="POST", body={**begin, "folder": "", "name": "x"})).code == 201
    assert (root / "x" / "x.ipynb").is_file()
    assert (await ask("templates", method="POST", body={**begin, "template": "imagse"})).document["hint"]


async def test_a_run_whose_evidence_is_damaged_still_has_a_standing(ask: Any, record: Any) -> None:
    run = record(ended=False)
    run.trace_journal.write_text('{"cell": {}}\n')
    run.seal(status="succeeded")
    found = await ask("notebook", path=PATH)
    assert (found.code, found.document["standing"]["state"]) == (200, "frozen")
