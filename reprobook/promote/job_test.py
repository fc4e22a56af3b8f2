"""The test of a job, which is one of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reprobook.promote.commands import has_config
from reprobook.promote.config_text import outside
from reprobook.promote.facts import Facts
from reprobook.promote.layout import formatted
from reprobook.promote.model import Field, Plan
from reprobook.promote.python import literal
from reprobook.promote.tolerance import tolerance


def smoke_test(plan: Plan, facts: Facts, data: Sequence[str] = ()) -> str:
    """Return a test of the job: it lists and checks its parameters, runs, and repeats its result.

    The result is also held against that of the proof, where a run takes seconds, or is made anyway: without a laptop
    mode the two runs that must agree are whole ones. ``data`` are what the script needs beside it.
    """
    proved = holds_proof(plan, facts)
    parts = dict(_HYDRA if facts.style == "hydra" else _PLAIN)
    parts["run"] = parts["run"] if has_config(plan, facts.style) else '"--out", str(out)'
    needs = {"data": _DATA.format(data=literal(list(data))), "mark": _MARK, "link": _LINK} if data else _NONE
    ranged = next((each for each in plan.fields if each.space is not None), None)
    runs = f'[result(tmp_path / name{parts["lite"] if plan.lite else ""}) for name in ("first", "second")]'
    text = _TEST.format(
        reads="reads its parameters, " if plan.fields else "",
        names=f"PARAMETERS = {literal([each.name for each in plan.fields])}\n" if plan.fields else "",
        environment=literal(dict(sorted(facts.environment.items()))),
        pytest="\nimport pytest\n" if proved or data else "",
        helps=_HELPS.format(**parts) if plan.fields else "",
        ranges=_ranges(ranged, parts) if ranged else "",
        runs='whole, result(tmp_path / "second")' if proved and not plan.lite else runs,
        whole="whole: dict[str, Any], " if proved and not plan.lite else "",
        **parts,
        **needs,
        **(_proof(plan, facts, needs["mark"]) if proved else _NO_PROOF),
    )
    return formatted(text)


def holds_proof(plan: Plan, facts: Facts) -> bool:
    """Tell whether the test holds a run against the proof."""
    return bool(facts.metrics) and facts.equivalent is True and (facts.quick or not plan.lite)


def _proof(plan: Plan, facts: Facts, mark: str) -> dict[str, str]:
    """Return the parts of a test that hold a run against the proof."""
    said = tolerance(plan, facts.metrics)
    near = _NEAR_SHARES if "SHARES" in said else _NEAR
    held = _HELD.format(data=_HELD_DATA.format(mark=mark) if mark else "", mark=mark, near=near)
    return {**_PROOF, "hashing": _HASHING if mark else "", "here": _HERE + said, "proof": held}


def _ranges(field: Field, parts: Mapping[str, str]) -> str:
    """Return the test of a range: one stands for all, as each start of the script imports all that it needs."""
    setting = ", ".join(
        literal(part.format(name=field.name, value=outside(field))) for part in parts["setting"].split()
    )
    return _RANGES.format(name=field.name, setting=setting, outside=parts["outside"])


_TEST = '''\
"""The job {reads}runs, and gives the same result twice."""

import json
import os
{platform}import subprocess
import sys
{hashing}{metadata}from pathlib import Path
from typing import Any
{pytest}{capture}
JOB = Path(__file__).resolve().parent.parent
{names}ENVIRONMENT = {environment}
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
    {returned}


{helps}def test_unknown_parameter_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, {unknown})
    assert done.returncode == {status}
    assert {named} in done.stderr

{ranges}{fixture}
{mark}def test_two_runs_give_the_same_result({whole}tmp_path: Path) -> None:
    first, second = {runs}
    assert first["result_digest"] == second["result_digest"]
{proof}'''
_HELPS = """\
def {help_name}(tmp_path: Path) -> None:
    text = run(tmp_path, {help}).stdout
    assert all({listed} in text for name in PARAMETERS)


"""
_RANGES = """
def test_a_value_out_of_range_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, {setting})
    assert done.returncode == {outside}
    assert "{name} must be" in done.stderr

"""
_HASHING = "from hashlib import sha256\n"
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
ELSEWHERE = [name for name, value in PROOF["platform"].items() if HERE.get(name) != value]
"""
_RETURNED = 'return json.loads((out / "result.json").read_text(encoding="utf-8"))'
_RETURNED_LOGGED = """\
logged: dict[str, list[Any]] = {}
    for line in (out / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        metric = json.loads(line)
        logged.setdefault(metric["name"], []).append(metric["value"])
    return json.loads((out / "result.json").read_text(encoding="utf-8")) | {"logged": logged}"""
_FIXTURE = """
@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return result(tmp_path_factory.mktemp("whole") / "run")

"""
_HELD_DATA = """

{mark}def test_the_data_are_those_of_the_proof() -> None:
    found = {{path: sha256((JOB / path).read_bytes()).hexdigest() for path in PROOF["data"]}}
    assert found == PROOF["data"]
"""
_HELD = """{data}

{mark}@pytest.mark.skipif(bool(ELSEWHERE), reason=f"not the platform of the proof: {{', '.join(ELSEWHERE)}}")
def test_the_bits_are_those_of_the_proof(whole: dict[str, Any]) -> None:
    assert whole["result_digest"] == PROOF["result_digest"]


{mark}@pytest.mark.parametrize("metric", PROOF["logged"], ids=lambda metric: metric["label"])
def test_a_metric_is_that_of_the_proof(whole: dict[str, Any], metric: dict[str, Any]) -> None:
    value = whole["logged"][metric["name"]][metric["index"]]
{near}
"""
_NEAR = '    assert value == pytest.approx(metric["value"], rel=TOLERANCE, abs=1e-6)'
_NEAR_SHARES = """\
    if metric["name"] in SHARES:
        assert value == pytest.approx(metric["value"], rel=0, abs=SHARES[metric["name"]])
    else:
        assert value == pytest.approx(metric["value"], rel=TOLERANCE, abs=1e-6)"""
_PROOF = {
    "platform": "import platform\n",
    "metadata": _METADATA,
    "capture": _CAPTURE,
    "fixture": _FIXTURE,
    "returned": _RETURNED_LOGGED,
}
_NO_PROOF = dict.fromkeys((*_PROOF, "hashing", "here", "proof"), "") | {"returned": _RETURNED}
_DATA = """\
DATA = {data}
MISSING = [path for path in DATA if not (JOB / path).exists()]
"""
_MARK = """\
@pytest.mark.skipif(
    bool(MISSING) and "CI" not in os.environ,
    reason=f"data that belongs beside train.py is missing: {', '.join(MISSING)}",
)
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
    "named": '"--no-such-parameter"',
    "status": "2",
    "setting": "--{name} {value}",
    "outside": "2",
}
_HYDRA = {
    "lite": ', "--config-name", "lite"',
    "run": "f\"hydra.run.dir='{out}'\"",
    "help_name": "test_the_configuration_lists_every_parameter",
    "help": '"--cfg", "job"',
    "listed": "name",
    "unknown": '"no_such_parameter=1"',
    "named": '"no_such_parameter"',
    "status": "1",
    "setting": "{name}={value}",
    "outside": "1",
}
