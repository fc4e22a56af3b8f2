from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from reprobook.errors import NotPromotableError
from reprobook.execute import RunOptions, run_notebook
from reprobook.execute.script import JobRequest, run_script
from reprobook.promote import Plan, Promotion, job_files, render
from reprobook.promote.config_file import config_files
from reprobook.promote.facts import Facts, Provenance
from reprobook.runs import Store

Promote = Callable[..., tuple[Plan, str]]
PARAMETERS = """\
from reprobook import Float
lr: Float(1e-5, 1.0, lite=0.25) = 0.1  # step # 1
flag = False
sizes = [64, 32]
pair = (1, 'a')
options = {'a': {'b': 1}}
name = None
word = '1e-3'
n = 5
"""
CELLS = (
    "import random\nimport reprobook as rb",
    (PARAMETERS, "parameters"),
    "rb.log(lr=lr, n=n + len(sizes), pair=pair + (2,) == (3, 'b', 2), deep=options['a']['b'], word=len(word))",
    "rb.log(draw=random.random(), flag=flag, named=name is not None)",
)


def start(job: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "train.py", *words]
    return subprocess.run(command, cwd=job, capture_output=True, text=True, check=False, timeout=120)


def metrics(out: Path) -> dict[str, float]:
    found: dict[str, float] = json.loads((out / "result.json").read_text())["metrics"]
    return found


@pytest.fixture
def job(promote: Promote, tmp_path: Path) -> Path:
    """Write the job of ``CELLS``."""
    planned, _ = promote(*CELLS, seed=3)
    facts = Facts(Provenance("a.ipynb", "0" * 64), "3.11.7", style="hydra")
    files = job_files(planned, facts) | {"train.py": render(planned, facts.provenance, "hydra")}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_script_is_clean_and_its_file_has_every_parameter(
    job: Path, ruff_says: Callable[[str], str], mypy_says: Callable[[str], str]
) -> None:
    assert ruff_says((job / "train.py").read_text()) == ""
    assert mypy_says((job / "train.py").read_text()) == ""
    assert ruff_says((job / "tests" / "test_train.py").read_text()) == ""
    text = (job / "conf" / "config.yaml").read_text()
    assert "lr: 0.1  # step # 1; 1e-05 to 1.0\n" in text
    values = yaml.safe_load(text)
    assert values["defaults"] == ["schema", "_self_"]
    assert values["word"] == "1e-3"
    assert 'CMD ["hydra.run.dir=out"]' in (job / "Dockerfile").read_text()


def test_overrides_of_every_kind_reach_the_script(job: Path) -> None:
    words = ["lr=0.5", "sizes=[1,2,3]", "pair=[3,b]", "options.a.b=7", "name=adam", "flag=true", "word='no ${x}'"]
    done = start(job, *words[:-1], "word=two words", "hydra.run.dir=o")
    assert done.returncode == 0, done.stderr
    found = metrics(job / "o")
    del found["draw"]
    assert found == {"lr": 0.5, "n": 8, "pair": 1, "deep": 7, "word": 9, "flag": 1, "named": 1}


def test_the_laptop_mode_is_a_configuration_of_its_own(job: Path) -> None:
    done = start(job, "--config-name", "lite", "n=1", "hydra.run.dir=o")
    assert done.returncode == 0, done.stderr
    assert (metrics(job / "o")["lr"], metrics(job / "o")["n"]) == (0.25, 3)
    assert '"--config-name", "lite"' in (job / "tests" / "test_train.py").read_text()


def test_several_runs_of_one_command_do_not_disturb_each_other(job: Path) -> None:
    done = start(job, "-m", "lr=0.1,0.01", "hydra.sweep.dir=several")
    assert done.returncode == 0, done.stderr
    first, second = metrics(job / "several" / "0"), metrics(job / "several" / "1")
    assert (first["lr"], second["lr"]) == (0.1, 0.01)
    assert first["draw"] == second["draw"]  # each begins with its seed
    assert start(job, "hydra.run.dir=alone").returncode == 0
    assert metrics(job / "alone") == first


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("lr=fast", "could not be converted to Float"),
        ("lr=7", "error: lr must be 1e-05 to 1.0, not 7.0"),
        ("lrr=1", "Key 'lrr' not in 'Config'"),
        ("n=2.5", "could not be converted to Integer"),
    ],
)
def test_wrong_overrides_are_refused_without_a_traceback(job: Path, word: str, message: str) -> None:
    done = start(job, word, "hydra.run.dir=o")
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (job / "o" / "result.json").exists()


def test_the_proof_finds_a_folder_with_any_name(job: Path, tmp_path: Path) -> None:
    out = tmp_path / "it's, a=b\\ [c]"
    result = run_script(JobRequest(folder=job, out=out, cwd=tmp_path))
    assert result["metrics"]["lr"] == 0.1


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("x = {1, 2}", "has no form in hydra"),
        ("x = [(1, 2)]", "has no form in hydra"),
        ("x = '${oc.env:HOME}'", "hydra would interpret"),
        ("x = ['???']", "hydra would interpret"),
        ("hydra = 1", "a name that hydra uses itself"),
    ],
)
def test_what_hydra_would_read_otherwise_is_refused(promote: Promote, cell: str, reason: str) -> None:
    name = cell.partition(" ")[0]
    planned, _ = promote("import reprobook as rb", (cell, "parameters"), f"rb.log(n=len(str({name})))")
    with pytest.raises(NotPromotableError, match=reason) as caught:
        config_files(planned, "hydra")
    assert "--style plain" in caught.value.hint
    assert list(config_files(planned, "plain")) == ["config.yaml"]


def test_a_notebook_is_proved_in_this_style(
    write_notebook: Callable[..., Path], store: Store, promoted: Callable[..., Promotion], tmp_path: Path
) -> None:
    run = run_notebook(write_notebook(*CELLS), store, RunOptions(seed=3))
    made = promoted(run, style="hydra", launchers=("slurm", "docker"))
    assert (made.first, made.equivalent) == (None, True)
    job = tmp_path / "job"
    assert {path.name for path in (job / "launch").iterdir()} == {"slurm.sh", "docker-compose.yaml"}
    assert "export PYTHONHASHSEED=3\n" in (job / "launch" / "slurm.sh").read_text()
    assert "sbatch launch/slurm.sh" in (job / "README.md").read_text()
    promoted(run, verify=False)
    assert not (job / "conf").exists()
    assert not (job / "launch").exists()
