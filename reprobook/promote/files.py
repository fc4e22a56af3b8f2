"""The files beside ``train.py`` in a promoted job: pure functions from facts to text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from reprobook.promote.cards import readme
from reprobook.promote.commands import start_command
from reprobook.promote.config_file import config_files
from reprobook.promote.data_files import entries
from reprobook.promote.facts import Facts
from reprobook.promote.imports import is_standard
from reprobook.promote.job_test import smoke_test
from reprobook.promote.launch import JOB_FILES, Launch, job_name
from reprobook.promote.local_modules import top_level
from reprobook.promote.model import Plan
from reprobook.promote.model_card import job_card
from reprobook.promote.options import Style

# Where the name on PyPI is not that of the module.
_DISTRIBUTIONS = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "lightning_fabric": "lightning-fabric",
    "dateutil": "python-dateutil",
    "hydra": "hydra-core",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
_OF_STYLE: Mapping[Style, tuple[str, ...]] = {
    "plain": ("yaml",),
    "hydra": ("hydra",),
    "fabric": ("yaml", "lightning_fabric"),
}


def job_files(plan: Plan, facts: Facts) -> dict[str, str]:
    """Return the files of a job by path, ``train.py`` and its header and lock apart.

    Raises:
        NotPromotableError: If the style has no form for a parameter.
    """
    launch = Launch(
        name=job_name(facts.provenance.notebook), style=facts.style, environment=facts.environment, gpus=facts.gpus
    )
    return {
        **config_files(plan, facts.style),
        "requirements.txt": requirements(plan, facts.versions, facts.style, facts.modules),
        "Dockerfile": dockerfile(facts.python_version, facts.style, facts.modules, entries(facts.data)),
        "README.md": readme(plan, facts),
        "MODEL_CARD.md": job_card(plan, facts),
        "tests/test_train.py": smoke_test(plan, facts.style, entries(facts.data)),
        **{JOB_FILES[one].path: JOB_FILES[one].text(launch) for one in facts.launchers},
    }


def requirements(plan: Plan, versions: Mapping[str, str], style: Style = "plain", local: Sequence[str] = ()) -> str:
    """Return what the script imports, pinned to these versions; what has no version is a line to fill in.

    ``versions`` maps module names, or names of distributions, to versions; ``local`` are files that go with the script.
    """
    modules = {one.module.partition(".")[0] for one in plan.imports} | {"reprobook", *_OF_STYLE[style], *plan.seeded}
    modules |= {module.partition(".")[0] for module in plan.stars} | ({"matplotlib"} if plan.plots else set())
    recorded = {_normalised(name): version for name, version in versions.items()}
    lines: list[str] = []
    for module in sorted(modules - {"", *map(top_level, local)}, key=str.lower):
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


def dockerfile(python_version: str, style: Style = "plain", local: Sequence[str] = (), data: Sequence[str] = ()) -> str:
    """Return a Dockerfile: slim base of the recorded Python, requirements first, not as root; data stay outside."""
    python, script, *options = start_command(style)
    copies = (
        f"COPY --chown=job {script} ./\nCOPY --chown=job conf conf"
        if style == "hydra"
        else (f"COPY --chown=job {script} config.yaml ./")
    )
    for name in sorted({path.partition("/")[0] for path in local}):
        copies += f"\nCOPY --chown=job {json.dumps([name, f'./{name}'])}"
    if data:
        copies += "\n# The data are not in the image: mount them, as README.md shows, or put them here and copy them:"
    for name in data:
        copies += f"\n# COPY --chown=job {json.dumps([name, f'./{name}'])}"
    return f"""\
FROM python:{python_version}-slim

WORKDIR /job
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt \\
    && useradd --create-home --uid 1000 job \\
    && chown job /job
{copies}
USER job

ENTRYPOINT {json.dumps([python, script])}
CMD {json.dumps(options)}
"""
