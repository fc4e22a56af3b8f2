"""The example notebooks: what they show is whole and gives nothing away; executed again, they say the same."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import socket
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
ALL = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
# What each says in the end, whatever the run ids and timings are.
SAYS = {
    "02_sweep.ipynb": (
        r"10 of 10 trials",
        r"3 of 3 trials \(3 complete\).*best: trial \d.*interval",
        r"3 of them cached",
    ),
    "03_verify_and_diagnose.ipynb": (
        r"2 hazards",
        r"cause: hash_randomization\.set_order proven",
        r"cell 2: rng, order, train, test — unseeded_rng\.numpy_generator \(proven\)\. Fix",
        r"cell 3: model — wall_clock\.time_seed \(proven\)\. Fix",
        r"reproduced, bit by bit",
    ),
    "04_promote.ipynb": (
        r"equivalent: true",
        r"left out: cell 5: only plots",
        r"--lr LR +float; learning rate",
        r"✗ diverged +job",
        r"edited since it was promoted: train\.py",
    ),
    "05_compare.ipynb": (r"better|higher", r"cannot be told apart"),
}
SECRETS = re.compile(
    r"hf_[A-Za-z0-9]{20}|gh[pousr]_[A-Za-z0-9]{20}|sk-[A-Za-z0-9-]{20}|AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*KEY"
)
PLACES = re.compile(r"/(tmp|home|root|Users|work|opt|usr|var|mnt|private)/|[A-Z]:\\|site-packages|\.venv|ipykernel_\d")


def outputs(notebook: Any) -> str:
    """Return all that is shown, pictures left out."""
    shown = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    for output in shown:
        output.get("data", {}).pop("image/png", None)
    texts = [text for output in shown for text in (output.get("text"), *output.get("data", {}).values()) if text]
    return "\n".join("".join(text) if isinstance(text, list) else str(text) for text in texts)


def said(notebook: Any) -> str:
    return re.sub(r"\s+", " ", outputs(notebook))


@pytest.mark.parametrize("name", ALL)
def test_outputs_give_nothing_away(name: str) -> None:
    text = (NOTEBOOKS / name).read_text(encoding="utf-8")
    shown = outputs(json.loads(text))
    assert not PLACES.search(shown), PLACES.search(shown)
    assert not SECRETS.search(text)
    assert socket.gethostname() not in re.findall(r"[\w.-]+", shown)
    if getpass.getuser() != "root":  # a word that a text may use
        assert getpass.getuser() not in re.findall(r"[\w.-]+", shown)


@pytest.mark.parametrize("name", ALL)
def test_the_notebook_in_the_repository_ran_through_in_order(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert notebook.cells[0].source.startswith("# ")


@pytest.mark.parametrize("name", SAYS)
def test_what_the_repository_shows_is_what_it_should(name: str) -> None:
    text = said(json.loads((NOTEBOOKS / name).read_bytes()))
    assert not [pattern for pattern in SAYS[name] if not re.search(pattern, text)]


@pytest.mark.slow
@pytest.mark.parametrize("name", SAYS)
def test_it_says_the_same_when_it_is_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REPROBOOK_STORE", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    for file in {name, "01_digits.ipynb"}:
        shutil.copy(NOTEBOOKS / file, tmp_path)
    notebook = nbformat.read(tmp_path / name, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    text = said(notebook)
    assert not [pattern for pattern in SAYS[name] if not re.search(pattern, text)], text
