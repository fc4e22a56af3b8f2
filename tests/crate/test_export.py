"""An exported run is the run, without what names the machine that it was made on."""

from __future__ import annotations

import getpass
import io
import json
import platform
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from reprobook.crate import export_run
from reprobook.errors import InputError, IntegrityError
from reprobook.header import DataSource, Git, seal
from reprobook.runs import RunFolder, Store


def members(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_same_run_gives_the_same_bytes(run: RunFolder, archive: Path, tmp_path: Path) -> None:
    again = export_run(run, tmp_path / "again.zip")
    assert again.path.read_bytes() == archive.read_bytes()
    assert not again.notes
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.zip"]


def test_nothing_in_it_names_the_machine(run: RunFolder, archive: Path) -> None:
    header = run.read_header()
    assert header.origin.folder
    assert header.origin.host == platform.node()
    for name, content in members(archive).items():
        text = content.decode("utf-8", "replace")
        for secret in (header.origin.folder, str(run.path.parent), tempfile.gettempdir(), str(Path.home())):
            assert secret not in text, (name, secret)
    public = json.loads(members(archive)[f"runs/{run.run_id}/header.json"])
    assert public["origin"]["host"] is public["origin"]["user"] is public["origin"]["folder"] is None
    assert public["recipe_digest"] == header.recipe_digest
    assert public["header_digest"] != header.header_digest
    record = json.loads(members(archive)[f"runs/{run.run_id}/run.json"])
    assert record["owner"] is None
    assert getpass.getuser() not in record["notebook"]


def test_paths_and_credentials_that_were_printed_are_taken_out(
    make_run: Callable[..., RunFolder], tmp_path: Path
) -> None:
    token = "ghp_" + "a1B2" * 9
    made = make_run(
        "import os",
        "lr = 1",
        "print(os.getcwd(), '/home/alice/data.csv')",
        f"print('https://user:' + '2retnuh'[::-1] + '@host/x', '{token[:6]}' + '{token[6:]}')",
    )
    exported = export_run(made, tmp_path / "run.zip")
    text = b"".join(members(exported.path).values()).decode("utf-8", "replace")
    assert "hunter2" not in text
    assert token not in text
    assert "/{folder} /{home}/data.csv" in text
    assert any("cell 2" in note for note in exported.notes), exported.notes


def test_a_credential_in_the_code_is_refused(make_run: Callable[..., RunFolder], tmp_path: Path) -> None:
    made = make_run("x = 1", "lr = 1", f"key = 'ghp_{'a1B2' * 9}'")
    with pytest.raises(InputError, match=r"cell 2 of executed\.ipynb holds what looks like a credential"):
        export_run(made, tmp_path / "run.zip")
    assert not list(tmp_path.iterdir())


def test_an_edited_run_is_not_exported(make_run: Callable[..., RunFolder], tmp_path: Path) -> None:
    made = make_run("x = 1", "lr = 1")
    made.source.write_text("{}")
    with pytest.raises(IntegrityError, match="edited"):
        export_run(made, tmp_path / "run.zip")
    assert not list(tmp_path.iterdir())


def test_programs_that_know_ro_crates_read_it(run: RunFolder, archive: Path) -> None:
    crate = ROCrate(str(archive))
    assert crate.mainEntity["@id"] == f"runs/{run.run_id}/source.ipynb"
    assert "ComputationalWorkflow" in crate.mainEntity.type
    (action,) = crate.root_dataset["mentions"]
    assert action.type == "CreateAction"
    assert action["instrument"] == crate.mainEntity
    assert action["actionStatus"].endswith("CompletedActionStatus")
    given = {each["name"]: each["value"] for each in action["object"]}
    assert given == {"lr": 0.5, "seed": 1}
    assert {each["name"]: each.get("value") for each in action["result"]}["total"] == 15.0
    profiles = {each if isinstance(each, str) else each.id for each in crate.root_dataset["conformsTo"]}
    assert "https://w3id.org/ro/wfrun/workflow/0.5" in profiles
    parts = {each.id for each in crate.root_dataset["hasPart"]}
    assert parts | {"ro-crate-metadata.json"} == set(members(archive))


def test_facts_of_the_machine_in_the_header_are_taken_out_but_none_that_decides(run: RunFolder, tmp_path: Path) -> None:
    header, record = run.read_header(), run.read_record()
    folder = str(header.origin.folder)
    store = Store(tmp_path / "store")
    made = store.create()
    told = seal(
        header.model_copy(
            update={
                "git": Git(commit="c" * 40, remote=f"{folder}/origin.git"),
                "missing": {"hardware": f"OSError: {folder}/cpuinfo"},
                "data": (DataSource(name="d", sha256="0" * 64, path=f"{folder}/d.csv"),),
            }
        )
    )
    made.write_header(told)
    made.source.write_bytes(run.source.read_bytes())
    made.trace.write_bytes(run.trace.read_bytes())
    made.seal(status="succeeded", result_digest=record.result_digest)
    text = members(export_run(made, tmp_path / "run.zip").path)[f"runs/{made.run_id}/header.json"].decode()
    assert folder not in text
    public = json.loads(text)
    assert public["recipe_digest"] == told.recipe_digest
    assert (public["git"]["remote"], public["data"][0]["path"]) == ("/{folder}/origin.git", None)
    assert public["missing"] == {"hardware": "OSError: /{folder}/cpuinfo"}
