"""The test of a job, which is one of its files."""

from __future__ import annotations

from collections.abc import Sequence

from reprobook.promote.facts import Facts
from reprobook.promote.layout import formatted
from reprobook.promote.model import Plan
from reprobook.promote.python import literal


def smoke_test(plan: Plan, facts: Facts, data: Sequence[str] = ()) -> str:
    """Return a test of the job: it lists and checks its parameters, runs, and repeats its result.

    The result is also that of the proof, where a run takes seconds, or is made anyway: without a laptop mode the two
    runs that must agree are whole ones. ``data`` are the files and folders that the script needs beside it.
    """
    proved = bool(facts.metrics) and facts.equivalent is True
    alone, along = proved and facts.quick, proved and not facts.quick and not plan.lite
    parts = _HYDRA if facts.style == "hydra" else _PLAIN
    needs = {"data": _DATA.format(data=literal(list(data))), "mark": _MARK, "link": _LINK} if data else _NONE
    proof = _PROOF if alone or along else _NO_PROOF
    text = _TEST.format(
        names=literal([each.name for each in plan.fields]),
        environment=literal(dict(sorted(facts.environment.items()))),
        pytest="\nimport pytest\n" if alone or along or data else "",
        quick=parts["lite"] if plan.lite else "",
        along="    check(first)\n" if along else "",
        alone=_ALONE.format(mark=needs["mark"]) if alone else "",
        **parts,
        **needs,
        **proof,
    )
    return formatted(text)


_TEST = '''\
"""The job reads its parameters, runs, and gives the same result twice."""

import json
import os
{platform}import subprocess
import sys
{metadata}from pathlib import Path
from typing import Any
{pytest}{capture}
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


def result(folder: Path, *options: str) -> dict[str, Any]:
    """Run in a folder of its own: the script may write files where it runs."""
    folder.mkdir()
{link}    out = folder / "out"
    done = run(folder, *options, {run})
    assert done.returncode == 0, done.stderr
    return json.loads((out / "result.json").read_text(encoding="utf-8"))

{check}
def {help_name}(tmp_path: Path) -> None:
    text = run(tmp_path, {help}).stdout
    assert all({listed} in text for name in PARAMETERS)


def test_unknown_parameter_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, {unknown}).returncode == {status}


{mark}def test_two_runs_give_the_same_result(tmp_path: Path) -> None:
    first, second = [result(tmp_path / name{quick}) for name in ("first", "second")]
    assert first["result_digest"] == second["result_digest"]
{along}{alone}'''
_ALONE = """

{mark}def test_the_result_is_the_one_that_was_proved(tmp_path: Path) -> None:
    check(result(tmp_path / "whole"))
"""
_METADATA = "from importlib.metadata import version\n"
_CAPTURE = "from reprobook.capture import read_hardware\n"
_HERE = """\
PROOF = json.loads((JOB / "proof.json").read_text(encoding="utf-8"))
HARDWARE = read_hardware(os.environ | ENVIRONMENT)
HERE = {
    "python": platform.python_version(),
    "system": platform.system(),
    "machine": HARDWARE.machine,
    "instruction_sets": list(HARDWARE.instruction_sets),
    "cpus": HARDWARE.cpu_count,
    "threads": HARDWARE.threads,
    "gpus": [gpu.name for gpu in HARDWARE.gpus],
    "packages": {name: version(name) for name in PROOF["platform"]["packages"]},
}
# On another platform the last bits differ. Carried through a training, that moves a loss by about a percent and an
# accuracy by single examples; other data or a mistake move them by more.
TOLERANCE = 0.05
"""
_CHECK = '''
def check(found: dict[str, Any]) -> None:
    """Hold a result against the proof: bit by bit on its platform, by the last value of each metric elsewhere."""
    if HERE == PROOF["platform"]:
        assert found["result_digest"] == PROOF["result_digest"]
    else:
        metrics = {name: found["metrics"].get(name) for name in PROOF["metrics"]}
        assert metrics == pytest.approx(PROOF["metrics"], rel=TOLERANCE, abs=1e-6)

'''
_PROOF = {
    "here": _HERE,
    "check": _CHECK,
    "platform": "import platform\n",
    "metadata": _METADATA,
    "capture": _CAPTURE,
}
_NO_PROOF = dict.fromkeys(_PROOF, "")
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
