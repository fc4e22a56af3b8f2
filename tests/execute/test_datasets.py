"""Data as runs see it; what `rb.data` refuses is tested in tests/dataset."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.cli.app import run_command
from reprobook.runs import RunFolder, Store
from reprobook.verify import VerifyOptions, verify_run

Run = Callable[..., RunFolder]
Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPROBOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("REPROBOOK_ACCEPT_DATA", "")


def cells(source: str) -> tuple[str, ...]:
    return (
        "import reprobook as rb",
        f"path = rb.data('numbers', {source!r}, schema={{'x': 'int'}})",
        "rb.log(total=sum(int(line) for line in path.read_text().split()[1:]))",
    )


def _output(*arguments: str, capsys: pytest.CaptureFixture[str], store: Store) -> str:
    capsys.readouterr()
    assert run_command([*arguments, "--store", str(store.root)]) == 0
    return capsys.readouterr().out


def test_a_run_that_downloads_is_reproduced_by_one_that_does_not(
    run: Run, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "numbers.csv").write_text("x\n1\n2\n")
    made = run(*cells(f"file://{tmp_path}/numbers.csv"))
    assert made.read_record().metrics == {"total": 3}
    kept = json.loads((made.path / "data" / "numbers.json").read_bytes())
    assert (kept["rows"], kept["columns"]) == (2, {"x": "int"})
    made.check_integrity()
    shown = json.loads(_output("show", made.run_id, "--json", capsys=capsys, store=store))
    assert shown["data"]["numbers"] == kept
    assert "2 rows, 6 bytes" in _output("show", made.run_id, capsys=capsys, store=store)
    found = verify_run(made, store, VerifyOptions())
    assert (found.verdict, found.all) == ("reproduced", ())


def test_a_replay_refuses_no_changed_data_but_shows_it(run: Run, store: Store, tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("x\n1\n2\n")
    made = run(*cells("numbers.csv"))
    (tmp_path / "numbers.csv").write_text("x\n1\n3\n")
    found = verify_run(made, store, VerifyOptions())
    assert found.verdict == "diverged"
    assert found.first is not None
    assert found.first.cause == "data_drift.file_changed"
    (tmp_path / "numbers.csv").write_text("x\n1\n2\n")
    assert run(*cells("numbers.csv")).read_record().status == "succeeded"  # the replay taught the store nothing


def test_changed_data_fails_a_run_until_it_is_accepted(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REPROBOOK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "numbers.csv").write_text("x\n1\n2\n")
    command = ["run", str(write(*cells("numbers.csv"))), "--store", str(tmp_path / "store"), "--json"]
    assert run_command(command) == 0
    (tmp_path / "numbers.csv").write_text("x\n1\n2\n3\n")
    capsys.readouterr()
    assert run_command(command) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["cell"] == 1
    assert "rows 2 is now 3" in error["evalue"]
    assert "--accept-data" in error["evalue"]
    assert run_command([*command, "--accept-data"]) == 0
    monkeypatch.setenv("REPROBOOK_ACCEPT_DATA", "")
    assert run_command(command) == 0


def test_the_header_holds_the_data_and_so_does_the_recipe(run: Run, tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("x\n1\n2\n")
    first = run(*cells("numbers.csv")).read_header()
    again = run(*cells("numbers.csv")).read_header()
    (source,) = first.data
    assert (source.name, source.size, source.path) == ("numbers", 6, "numbers.csv")
    assert first.recipe_digest == again.recipe_digest
    (tmp_path / "numbers.csv").write_text("x\n1\n3\n")
    (tmp_path / "data.yaml").write_text("numbers:\n  version: '2'\n")
    changed = run(*cells("numbers.csv")).read_header()
    assert changed.recipe_digest != first.recipe_digest
    assert changed.code == first.code


def test_data_that_changes_while_the_run_goes_on_is_noted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("x\n1\n2\n")
    # The name is put together, so that nobody can tell that the notebook writes it.
    writes = "from pathlib import Path\nn = Path('numbers' + '.csv').write_text('x\\n5\\n')"
    first, *rest = cells("numbers.csv")
    made = run(first, writes, *rest)
    kept = json.loads((made.path / "data" / "numbers.json").read_bytes())
    assert "changed since the header was frozen" in kept["notes"][0]
