"""The files beside ``train.py`` in a promoted job: pure functions from facts to text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import yaml

from reprobook.promote.cards import model_card, readme
from reprobook.promote.facts import Facts
from reprobook.promote.imports import is_standard
from reprobook.promote.model import Plan

# Where the name on PyPI is not that of the module.
_DISTRIBUTIONS = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}


def job_files(plan: Plan, facts: Facts) -> dict[str, str]:
    """Return the files of a job by path, ``train.py`` and its header and lock apart."""
    return {
        "config.yaml": config_yaml(plan),
        "requirements.txt": requirements(plan, facts.versions),
        "Dockerfile": dockerfile(facts.python_version),
        "README.md": readme(plan, facts),
        "MODEL_CARD.md": model_card(plan, facts),
        "tests/test_train.py": smoke_test(plan),
    }


def config_yaml(plan: Plan) -> str:
    """Return the parameters as YAML; values that YAML cannot hold are written as Python literals, in quotes."""
    values = {each.name: _yaml_value(each.default) for each in plan.fields}
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True) if values else "{}\n"


def _yaml_value(value: Any) -> Any:
    """Return what the script reads back as the same value: it takes ``str()`` of what YAML gives."""
    plain = value is None or isinstance(value, bool | int | str)
    if plain or (isinstance(value, float) and math.isfinite(value)):
        return value
    # JSON's types are YAML's, and a list or dict of them is written by ``str()`` as a Python literal.
    nested = isinstance(value, list | dict) and json.loads(json.dumps(value, default=str)) == value
    return value if nested else repr(value)


def requirements(plan: Plan, versions: Mapping[str, str]) -> str:
    """Return what the script imports, pinned to these versions; what has no version is a line to fill in.

    ``versions`` maps module names, or names of distributions, to versions.
    """
    modules = {one.module.partition(".")[0] for one in plan.imports} | {"reprobook", "yaml"} | set(plan.seeded)
    modules |= {module.partition(".")[0] for module in plan.stars} | ({"matplotlib"} if plan.plots else set())
    recorded = {_normalised(name): version for name, version in versions.items()}
    lines: list[str] = []
    for module in sorted(modules - {""}, key=str.lower):
        if is_standard(module):
            continue
        name = _DISTRIBUTIONS.get(module, module)
        version = recorded.get(_normalised(module)) or recorded.get(_normalised(name))
        # Without the local part (torch's +cpu): no index but one's own has it, and the pin is met by it all the same.
        pinned = f"{name}=={version.partition('+')[0]}" if version else ""
        lines.append(pinned or f"# {name}: no version recorded (a local module?)")
    return "\n".join(lines) + "\n"


def _normalised(name: str) -> str:
    """Return the name of a distribution as PEP 503 compares it."""
    return name.lower().replace("_", "-").replace(".", "-")


def dockerfile(python_version: str) -> str:
    """Return a Dockerfile: slim base of the recorded Python, requirements first, not as root."""
    return f"""\
FROM python:{python_version}-slim

WORKDIR /job
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt \\
    && useradd --create-home --uid 1000 job \\
    && chown job /job
COPY --chown=job train.py config.yaml ./
USER job

ENTRYPOINT ["python", "train.py"]
CMD ["--config", "config.yaml", "--out", "out"]
"""


def smoke_test(plan: Plan) -> str:
    """Return a test of the job: it reads its parameters, runs, and repeats its result."""
    unknown = "--no-such-parameter"
    names = [each.name for each in plan.fields]
    return f'''\
"""The job reads its parameters, runs, and gives the same result twice."""

import json
import subprocess
import sys
from pathlib import Path

JOB = Path(__file__).resolve().parent.parent
PARAMETERS = {json.dumps(names)}


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "train.py", *options]
    return subprocess.run(command, cwd=JOB, capture_output=True, text=True, check=False)


def result(out: Path) -> dict[str, object]:
    done = run("--config", "config.yaml", "--out", str(out))
    assert done.returncode == 0, done.stderr
    return json.loads((out / "result.json").read_text(encoding="utf-8"))


def test_help_lists_every_parameter() -> None:
    text = run("--help").stdout
    assert all(f"--{{name}}" in text for name in PARAMETERS)


def test_unknown_parameter_is_refused() -> None:
    assert run("{unknown}", "1").returncode == 2


def test_two_runs_give_the_same_result(tmp_path: Path) -> None:
    first, second = result(tmp_path / "first"), result(tmp_path / "second")
    assert first["result_digest"] == second["result_digest"]
'''
