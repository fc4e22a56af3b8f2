"""`reprobook export` and `reprobook import`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Reprobook = Callable[..., Any]


def test_a_run_goes_from_store_to_store_and_is_refused_there_without_trust(
    reprobook: Reprobook, write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    notebook = write_notebook("x = 1", "import reprobook as rb\nrb.log(x=x)")
    run = reprobook("run", str(notebook), "--seed", "1", "--json").document["run_id"]
    made = reprobook("export", "latest", "-o", "run.zip", "--license", "MIT", "--json").document
    assert (made["run_id"], made["file"], made["notes"]) == (run, "run.zip", [])
    assert (tmp_path / "run.zip").stat().st_size == made["size"]

    assert reprobook("export", "latest", "-o", "run.zip").code == 2
    assert reprobook("export", "latest", "-o", "run.zip", "--license", "MIT", "--force").code == 0
    assert reprobook("export", "latest", "-o", "nowhere/run.zip").code == 2

    there = ("--store", str(tmp_path / "there"))
    taken = reprobook("import", "run.zip", *there, "--json").document
    assert (taken["run_id"], taken["status"]) == (run, "succeeded")
    assert "imported" in reprobook("show", run, *there).out
    for command in (
        ("verify", run),
        ("promote", run, "-o", "job"),
        ("env", "restore", run, "env"),
        ("env", "lock", run),
    ):
        refused = reprobook(*command, *there)
        assert refused.code == 2
        assert "imported from run.zip" in refused.err
        assert "--trust" in refused.err
    assert not (tmp_path / "job").exists()
    assert not (tmp_path / "env").exists()
    found = reprobook("verify", run, "--trust", *there, "--json")
    assert (found.code, found.document["verdict"]) == (0, "reproduced")


def test_a_file_that_is_no_archive_is_damage_and_one_that_is_not_there_wrong_input(
    reprobook: Reprobook, tmp_path: Path
) -> None:
    (tmp_path / "x.zip").write_bytes(b"no zip")
    assert reprobook("import", "x.zip").code == 4
    assert reprobook("import", "y.zip").code == 2
