"""The test of a job, which is one of its files."""

from __future__ import annotations

from collections.abc import Sequence

from reprobook.promote.layout import formatted
from reprobook.promote.model import Plan
from reprobook.promote.options import Style
from reprobook.promote.python import literal


def smoke_test(plan: Plan, style: Style, data: Sequence[str] = ()) -> str:
    """Return a test of the job: it lists and checks its parameters, runs, and repeats its result.

    ``data`` are the files and folders that the script needs beside it.
    """
    names = literal([each.name for each in plan.fields])
    parts = _HYDRA if style == "hydra" else _PLAIN
    parts = parts | {"run": parts["lite"] + parts["run"] if plan.lite else parts["run"]}
    needs = (
        {"pytest": "\nimport pytest\n", "data": _DATA.format(data=literal(list(data))), "mark": _MARK, "link": _LINK}
        if data
        else _NONE
    )
    return formatted(_TEST.format(names=names, **parts, **needs))


_TEST = '''\
"""The job reads its parameters, runs, and gives the same result twice."""

import json
import subprocess
import sys
from pathlib import Path
{pytest}
JOB = Path(__file__).resolve().parent.parent
PARAMETERS = {names}
{data}

def run(cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(JOB / "train.py"), *options]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def result(folder: Path) -> dict[str, object]:
    """Run in a folder of its own: the script may write files where it runs."""
    folder.mkdir()
{link}    out = folder / "out"
    done = run(folder, {run})
    assert done.returncode == 0, done.stderr
    return json.loads((out / "result.json").read_text(encoding="utf-8"))


def {help_name}(tmp_path: Path) -> None:
    text = run(tmp_path, {help}).stdout
    assert all({listed} in text for name in PARAMETERS)


def test_unknown_parameter_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, {unknown}).returncode == {status}


{mark}def test_two_runs_give_the_same_result(tmp_path: Path) -> None:
    first, second = result(tmp_path / "first"), result(tmp_path / "second")
    assert first["result_digest"] == second["result_digest"]
'''
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
_NONE = {"pytest": "", "data": "", "mark": "", "link": ""}
_PLAIN = {
    "lite": '"--lite", ',
    "run": '"--config", str(JOB / "config.yaml"), "--out", str(out)',
    "help_name": "test_help_lists_every_parameter",
    "help": '"--help"',
    "listed": 'f"--{name}"',
    "unknown": '"--no-such-parameter", "1"',
    "status": "2",
}
_HYDRA = {
    "lite": '"--config-name", "lite", ',
    "run": "f\"hydra.run.dir='{out}'\"",
    "help_name": "test_the_configuration_lists_every_parameter",
    "help": '"--cfg", "job"',
    "listed": "name",
    "unknown": '"no_such_parameter=1"',
    "status": "1",
}
