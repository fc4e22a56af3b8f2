from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.cli.app import run_command

Write = Callable[..., Path]
Command = Callable[..., tuple[int, str, str]]
CELLS = ("acc = [0.5]", "spare = acc * 2", "len(acc)")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``reprobook promote`` in a folder of its own: exit code and both streams."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPROBOOK_STORE", raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_command(["promote", *words])
        found = capsys.readouterr()
        return code, found.out, found.err

    return run


def test_every_option_has_its_effect(command: Command, write_notebook: Write, tmp_path: Path) -> None:
    path = write_notebook(*CELLS)
    options = ["-o", "job", "--style", "hydra", "--launcher", "k8s", "--launcher", "slurm", "--keep", "1"]
    code, out, _ = command(str(path), *options, "--json")
    document = json.loads(out)
    assert (code, document["equivalent"], document["asked"]) == (0, True, [1])
    job = tmp_path / "job"
    assert sorted(path.name for path in (job / "launch").iterdir()) == ["k8s.yaml", "slurm.sh"]
    assert "@hydra.main" in (job / "train.py").read_text()
    # Another notebook's job is not replaced without being asked to.
    other = write_notebook("n = 3\nn", name="other.ipynb")
    code, _, err = command(str(other), "-o", "job", "--no-verify")
    assert code == 2
    assert "holds the job of" in err
    assert "--force" in err
    code, out, _ = command(str(other), "-o", "job", "--no-verify", "--force")
    assert code == 0
    assert "not proved" in out


@pytest.mark.parametrize("words", [("--style", "keras"), ("--launcher", "lsf"), ("--keep", "9")])
def test_what_there_is_not_is_wrong_usage(command: Command, write_notebook: Write, words: tuple[str, str]) -> None:
    code, _, err = command(str(write_notebook(*CELLS)), "-o", "job", *words)
    assert code == 2
    assert words[1] in err


def test_it_says_when_only_variables_could_be_compared(command: Command, write_notebook: Write) -> None:
    code, out, _ = command(str(write_notebook("rows = list(range(3))", "total = sum(rows)")), "-o", "job")
    assert code == 0
    assert "by 2 variables: the notebook logs and shows no result" in out
