"""The test of a job, which is one of its files."""

from __future__ import annotations

from collections.abc import Sequence

from reprobook.promote.facts import Facts
from reprobook.promote.layout import formatted
from reprobook.promote.model import Plan
from reprobook.promote.python import literal


def smoke_test(plan: Plan, facts: Facts, data: Sequence[str] = ()) -> str:
    """Return a test of the job: it lists and checks its parameters, runs, and repeats its result.

    Where that takes seconds, the result is also that of the proof. ``data`` are the files and folders that the script
    needs beside it.
    """
    proves = facts.quick and bool(facts.metrics) and facts.equivalent is True
    parts = _HYDRA if facts.style == "hydra" else _PLAIN
    needs = {"data": _DATA.format(data=literal(list(data))), "mark": _MARK, "link": _LINK} if data else _NONE
    proof = (
        {"proof": _PROOF, "here": _HERE, "platform": "import platform\n", "metadata": _METADATA}
        if proves
        else _NO_PROOF
    )
    text = _TEST.format(
        names=literal([each.name for each in plan.fields]),
        environment=literal(dict(sorted(facts.environment.items()))),
        pytest="\nimport pytest\n" if proves or data else "",
        quick=parts["lite"] if plan.lite else "",
        **parts,
        **needs,
        **(proof | {"proof": proof["proof"].format(mark=needs["mark"])}),
    )
    return formatted(text)


_TEST = '''\
"""The job reads its parameters, runs, and gives the same result twice."""

import json
import os
{platform}import subprocess
import sys
{metadata}from pathlib import Path
{pytest}
JOB = Path(__file__).resolve().parent.parent
PARAMETERS = {names}
ENVIRONMENT = {environment}
{data}{here}

def run(cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script as the notebook's kernel was run."""
    command = [sys.executable, str(JOB / "train.py"), *options]
    return subprocess.run(
        command, cwd=cwd, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False
    )


def result(folder: Path, *options: str) -> dict[str, object]:
    """Run in a folder of its own: the script may write files where it runs."""
    folder.mkdir()
{link}    out = folder / "out"
    done = run(folder, *options, {run})
    assert done.returncode == 0, done.stderr
    return json.loads((out / "result.json").read_text(encoding="utf-8"))


def {help_name}(tmp_path: Path) -> None:
    text = run(tmp_path, {help}).stdout
    assert all({listed} in text for name in PARAMETERS)


def test_unknown_parameter_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, {unknown}).returncode == {status}


{mark}def test_two_runs_give_the_same_result(tmp_path: Path) -> None:
    first, second = [result(tmp_path / name{quick}) for name in ("first", "second")]
    assert first["result_digest"] == second["result_digest"]
{proof}'''
_PROOF = """

{mark}@pytest.mark.skipif(HERE != PROOF["platform"], reason="proved on another platform, whose last bits may differ")
def test_the_result_is_the_one_that_was_proved(tmp_path: Path) -> None:
    assert result(tmp_path / "whole")["result_digest"] == PROOF["result_digest"]
"""
_METADATA = "from importlib.metadata import version\n"
_HERE = """\
PROOF = json.loads((JOB / "proof.json").read_text(encoding="utf-8"))
HERE = {
    "python": platform.python_version(),
    "system": platform.system(),
    "machine": platform.machine(),
    "packages": {name: version(name) for name in PROOF["platform"]["packages"]},
}
"""
_NO_PROOF = {"proof": "", "here": "", "platform": "", "metadata": ""}
_DATA = """\
DATA = {data}
MISSING = [path for path in DATA if not (JOB / path).exists()]
"""
_MARK = """\
@pytest.mark.skipif(bool(MISSING), reason=f"data that belongs beside train.py is missing: {', '.join(MISSING)}")
"""
_LINK = """\
    for path in DATA:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(JOB / path)
"""
_NONE = {"data": "", "mark": "", "link": ""}
_PLAIN = {
    "lite": ', "--lite"',
    "run": '"--config", str(JOB / "config.yaml"), "--out", str(out)',
    "help_name": "test_help_lists_every_parameter",
    "help": '"--help"',
    "listed": 'f"--{name}"',
    "unknown": '"--no-such-parameter", "1"',
    "status": "2",
}
_HYDRA = {
    "lite": ', "--config-name", "lite"',
    "run": "f\"hydra.run.dir='{out}'\"",
    "help_name": "test_the_configuration_lists_every_parameter",
    "help": '"--cfg", "job"',
    "listed": "name",
    "unknown": '"no_such_parameter=1"',
    "status": "1",
}
