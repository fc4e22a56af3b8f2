"""How a notebook stands: what the chip in JupyterLab says, seen from outside of the kernel."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.execute import RunOptions, run_notebook
from reprobook.runs import RunFolder, Store
from reprobook.verify import Verification
from reprobook.verify.drift import drifts
from reprobook.verify.kept import keep, kept_verification
from reprobook.verify.model import Divergence
from reprobook.verify.recorded import runs_of_notebook
from reprobook.verify.standing import Standing, standing

WriteNotebook = Callable[..., Path]
READS = "text = open('data.csv').read()"


def stands(path: Path, store: Store) -> Standing:
    return standing(path, store, same_environment=True)


@pytest.fixture
def recorded(tmp_path: Path, store: Store, write_notebook: WriteNotebook) -> tuple[Path, RunFolder]:
    """A notebook that was run once; it reads a file and imports a module of its own."""
    (tmp_path / "data.csv").write_text("1,2\n")
    (tmp_path / "mine.py").write_text("def f(x):\n    return x\n")
    path = write_notebook("import mine", READS, "y = mine.f(len(text))\nprint('y:', y)")
    return path, run_notebook(path, store, RunOptions())


def rewrite(path: Path, change: Callable[[list[dict[str, object]]], object]) -> None:
    content = json.loads(path.read_text())
    change(content["cells"])
    path.write_text(json.dumps(content))


def test_a_notebook_that_was_never_run(write_notebook: WriteNotebook, store: Store) -> None:
    found = stands(write_notebook("x = 1"), store)
    assert (found.state, found.text, found.run_id) == ("unrecorded", "not recorded", None)


def test_frozen_then_drifted_line_by_line(recorded: tuple[Path, RunFolder], store: Store, tmp_path: Path) -> None:
    path, run = recorded
    found = stands(path, store)
    assert (found.state, found.text, found.run_id) == ("frozen", f"frozen {found.recipe}", run.run_id)
    # Touched, but the same: no drift.
    os.utime(tmp_path / "data.csv")
    assert stands(path, store).state == "frozen"
    (tmp_path / "data.csv").write_text("1,3\n")
    (tmp_path / "mine.py").write_text("def f(x):\n    return -x\n")
    rewrite(path, lambda cells: cells.insert(0, {**cells[0], "source": "z = 0"}))
    found = stands(path, store)
    assert found.text == "drifted: 3"
    assert {(each.section, each.key) for each in found.drift} == {
        ("code", "cell [0] added"),
        ("environment", "local_modules.mine"),
        ("data", "data.csv"),
    }
    assert all(each.fix for each in found.drift)


def test_edited_and_removed_cells_are_told_apart(recorded: tuple[Path, RunFolder], store: Store) -> None:
    path, _ = recorded
    rewrite(path, lambda cells: (cells[1].update(source=READS + "\n"), cells.pop(2)))
    assert [each.key for each in stands(path, store).drift] == ["cell [1] edited", "cell [2] removed"]


def test_another_version_is_one_line_with_its_fix(recorded: tuple[Path, RunFolder]) -> None:
    _, run = recorded
    header = run.read_header()
    assert header.environment is not None
    first, *rest = header.environment.distributions
    other = first.model_copy(update={"version": "0.0.1", "record": "0" * 64})
    environment = header.environment.model_copy(update={"distributions": (other, *rest)})
    (drift,) = drifts(run.read_record(), header, header.model_copy(update={"environment": environment}))
    assert drift.fix == f"pip install {first.name}=={first.version}"


@pytest.mark.parametrize(
    ("verdict", "cell", "text"),
    [
        ("reproduced", None, "reproduced ✓"),
        ("within_tolerance", None, "reproduced ≈"),
        ("diverged", 5, "diverged at [5]"),
        ("diverged", None, "diverged"),
    ],
)
def test_the_last_verification_shows(
    recorded: tuple[Path, RunFolder], store: Store, verdict: str, cell: int | None, text: str
) -> None:
    path, run = recorded
    first = Divergence(cell=cell) if verdict == "diverged" else None
    keep(
        Verification.model_validate({"run_id": run.run_id, "replay_id": None, "verdict": verdict, "first": first}), run
    )
    assert stands(path, store).text == text
    run.verification.write_text('{"run_id": 1}')
    assert kept_verification(run) is None
    assert stands(path, store).state == "frozen"


def test_a_copy_of_the_header_that_was_edited_is_shown(recorded: tuple[Path, RunFolder], store: Store) -> None:
    _, run = recorded
    executed = json.loads(run.executed.read_text())
    path = store.root.parent / "copy.ipynb"
    path.write_text(json.dumps(executed))
    assert stands(path, store).run_id == run.run_id
    executed["metadata"]["reprobook"]["header"]["seeds"]["seed"] = 7
    path.write_text(json.dumps(executed))
    found = stands(path, store)
    assert (found.state, found.text) == ("tampered", "header mismatch")
    assert "metadata.reprobook.header" in found.problem


def test_the_runs_of_a_notebook_are_told_from_those_of_its_namesake(
    write_notebook: WriteNotebook, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "sub dir's").mkdir()
    paths = [write_notebook("x = 1", name=name) for name in ("nb.ipynb", "sub dir's/nb.ipynb")]
    runs = [run_notebook(path, store, RunOptions()).run_id for path in paths]
    for path, run_id in zip(paths, runs, strict=True):
        assert [record.run_id for record in store.records(runs_of_notebook(path, store))] == [run_id]
