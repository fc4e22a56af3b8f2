"""`reprobook new`: what it writes, what it refuses, and where it finds the templates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from reprobook.cli.app import run_command
from reprobook.notebook import read_notebook
from reprobook.runs.files import StorageError
from reprobook.space import declared_parameters
from reprobook.spec import ENTRIES, entry_text, read_document
from reprobook.template import find_template, new_notebook, shelf, templates

ROOT = Path(__file__).parents[2]
NAMES = ["bert", "images", "llm-eval", "lora", "tabular"]


def documents(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = run_command([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_command_alone_lists_the_templates(capsys: pytest.CaptureFixture[str]) -> None:
    code, listed = documents(capsys, "new")
    assert code == 0
    assert [each["name"] for each in listed] == NAMES
    assert all(each["title"] and each["summary"].endswith(".") for each in listed)
    assert documents(capsys, "new", "tabular", "--list") == (0, listed)


def test_a_folder_gets_notebook_readme_data_and_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, made = documents(capsys, "new", "bert", "work/intents")
    assert (code, made["template"], made["notebook"]) == (0, "bert", "work/intents/bert.ipynb")
    assert sorted(made["files"]) == sorted(str(path) for path in Path("work/intents").iterdir())
    assert Path("work/intents/messages.csv").read_bytes() == (ROOT / "templates/bert/messages.csv").read_bytes()


def test_without_a_path_the_folder_is_called_like_the_template(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert documents(capsys, "new", "tabular")[1]["dir"] == "tabular"


def test_a_notebook_may_have_a_name_and_readme_and_test_follow(tmp_path: Path) -> None:
    made = new_notebook(find_template("tabular"), tmp_path / "churn.ipynb")
    assert made.notebook == tmp_path / "churn.ipynb"
    texts = [path.read_text() for path in made.files if path.suffix in {".md", ".py", ".yaml"}]
    assert len(texts) == 3
    assert tmp_path / "churn.spec.yaml" in made.files
    assert all("churn.ipynb" in text and "tabular.ipynb" not in text for text in texts)


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("mine")
    code, refused = documents(capsys, "new", "tabular", str(tmp_path))
    assert code == 2
    assert "README.md would be overwritten" in refused["error"]["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_half_a_template_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reprobook.template.new._check_free", lambda *_: None)
    last = tmp_path / "test_tabular.py"
    last.write_text("written by someone in the meantime")
    with pytest.raises(StorageError, match=r"test_tabular\.py"):
        new_notebook(find_template("tabular"), tmp_path)
    assert list(tmp_path.iterdir()) == [last]
    assert last.read_text() == "written by someone in the meantime"


@pytest.mark.parametrize(("name", "hint"), [("tabula", "Did you mean tabular?"), ("zzz", "There are: bert")])
def test_an_unknown_template_names_those_there_are(name: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, refused = documents(capsys, "new", name, "x")
    assert code == 2
    assert refused["error"]["hint"].startswith(hint)


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("a file")
    assert documents(capsys, "new", "tabular", str(tmp_path / "taken"))[0] == 2


@pytest.mark.parametrize("name", NAMES)
def test_each_template_is_whole(name: str) -> None:
    template = find_template(name)
    readme = next(path for path in template.files if path.name == "README.md").read_text()
    assert all(heading in readme for heading in ("## What to expect", "## Data card", "## Make it your own"))
    assert f"test_{name.replace('-', '_')}.py" in {path.name for path in template.files}

    notebook = read_notebook((shelf() / name / template.notebook).read_bytes(), name)
    parameters = declared_parameters(notebook)
    assert any(parameter.lite is not None for parameter in parameters), "--lite must make it shorter"
    assert all(parameter.comment for parameter in parameters)
    spec = read_document(shelf() / name / template.notebook)
    assert spec is not None
    open_entries = {each.key for each in ENTRIES if not entry_text(spec.spec, each.key)}
    assert open_entries.isdisjoint({"hypothesis", "split.strategy", "split.leakage_risks", "evaluation.metrics"})
    code = "\n".join(cell.source for cell in notebook.code_cells)
    assert all(part in code for part in ("%reprotrain init --name", "rb.log(", "step=", "rb.save("))


def test_an_editable_install_takes_them_from_the_repository() -> None:
    assert shelf() == ROOT / "templates"


@pytest.mark.skipif(
    not (ROOT / "reprobook" / "labextension" / "package.json").exists(),
    reason="a wheel holds the JupyterLab extension, which is not built: `make labextension` (needs Node)",
)
def test_a_wheel_has_them_too(tmp_path: Path) -> None:
    environment = os.environ | {"HATCH_JUPYTER_BUILDER_SKIP_NPM": "1"}
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, env=environment, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    made = subprocess.run(
        [sys.executable, "-m", "reprobook", "new", "bert", "intents", "--json"],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
    )
    assert json.loads(made.stdout)["notebook"] == "intents/bert.ipynb"
    shipped = {path.relative_to(site / "reprobook/templates") for path in site.glob("reprobook/templates/*/*")}
    assert shipped == {file.relative_to(ROOT / "templates") for each in templates() for file in each.files}
    written = (tmp_path / "intents/messages.csv").read_bytes()
    assert written == (site / "reprobook/templates/bert/messages.csv").read_bytes()
