"""The files beside ``train.py`` in a promoted job: pure functions from facts to text."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence

from reprobook.execute.script import SCRIPT
from reprobook.promote.commands import HOME, has_config, start_command
from reprobook.promote.config_file import config_files
from reprobook.promote.data_files import entries
from reprobook.promote.distributions import brought_along, distribution_of, normalised, public
from reprobook.promote.facts import Facts
from reprobook.promote.imports import is_standard
from reprobook.promote.job_test import smoke_test
from reprobook.promote.launch import JOB_FILES, Launch, job_name
from reprobook.promote.local_modules import top_level
from reprobook.promote.model import Plan
from reprobook.promote.model_card import job_card
from reprobook.promote.options import Style
from reprobook.promote.readme import readme

_OF_TORCH = frozenset({"torch", "torchaudio", "torchvision"})
_BUILD = re.compile(r"cpu|cu[0-9]+|rocm[0-9.]+")  # the builds that PyTorch's own index has
_OF_STYLE: Mapping[Style, tuple[str, ...]] = {
    "plain": ("yaml",),
    "hydra": ("hydra",),
    "fabric": ("yaml", "lightning_fabric"),
}

_PLAIN = re.compile(r"[\w./-]+")
# ruff's own default rules grow from release to release; these are its first ones.
_RUFF = """\
# How the notebook's author writes is left alone: the script was proved as it stands.
[lint]
select = ["E4", "E7", "E9", "F"]
ignore = ["E711", "E712", "E713", "E714", "E721", "E722", "E731", "E741", "F405"]
"""


def job_files(plan: Plan, facts: Facts) -> dict[str, str]:
    """Return the files of a job by path, ``train.py`` and its header and lock apart.

    Raises:
        NotPromotableError: If the style has no form for a parameter.
    """
    launch = Launch(
        name=job_name(facts.provenance.notebook),
        style=facts.style,
        environment=facts.environment,
        gpus=facts.gpus,
        writes=bool(facts.written),
        config=has_config(plan, facts.style),
    )
    return {
        **config_files(plan, facts.style),
        **_requirements(plan, facts),
        "ruff.toml": _RUFF,
        ".gitignore": _ignored(facts.written),
        "Dockerfile": dockerfile(facts, entries(facts.data), config=has_config(plan, facts.style)),
        "README.md": readme(plan, facts),
        "MODEL_CARD.md": job_card(plan, facts),
        "tests/test_train.py": smoke_test(plan, facts, entries(facts.data)),
        **{JOB_FILES[one].path: JOB_FILES[one].text(launch) for one in facts.launchers},
    }


def _ignored(written: Sequence[str]) -> str:
    """Return ``.gitignore``: results, and the files that the code itself writes; those with odd names apart."""
    folders = ["out/", *(["work/"] if written else []), "__pycache__/", ".pytest_cache/"]
    return "".join(f"{line}\n" for line in [*folders, *(f"/{path}" for path in written if _PLAIN.fullmatch(path))])


def imported(plan: Plan, facts: Facts) -> list[str]:
    """Return the modules, not of the standard library or beside it, that the script imports, or others for it."""
    of_style = _OF_STYLE[facts.style] if has_config(plan, facts.style) else ()
    modules = {one.module.partition(".")[0] for one in plan.imports} | {*of_style, *plan.seeded}
    modules |= {module.partition(".")[0] for module in plan.stars} | ({"matplotlib"} if plan.plots else set())
    wanted = (modules | {"reprobook", *facts.hidden}) - {"", *map(top_level, facts.modules)}
    return [module for module in sorted(wanted, key=str.lower) if not is_standard(module)]


def needed(plan: Plan, facts: Facts) -> dict[str, str]:
    """Return the distributions of the script's imports, and all that they require, with their versions."""
    modules = imported(plan, facts)
    return brought_along([*map(distribution_of, modules), *modules], facts.versions)


def _requirements(plan: Plan, facts: Facts) -> dict[str, str]:
    """Return what pip installs: what the script imports, and the versions of what that brings along.

    What has no version is a line to fill in.
    """
    recorded = {normalised(name): version for name, version in facts.versions.items()}
    origins = {normalised(name): origin for name, origin in facts.sources.items()}
    head: dict[str, None] = {}
    lines: list[str] = []
    for module in imported(plan, facts):
        name = distribution_of(module)
        known = next((one for one in (module, name) if normalised(one) in recorded), None)
        if known is None:
            lines.append(f"# {name}: no version recorded (a local module?)")
            continue
        version, origin = recorded[normalised(known)], origins.get(normalised(known))
        head |= dict.fromkeys(_options(name, version, origin))
        lines.append(f"{name} @ {origin}" if origin else f"{name}=={public(version)}")
    along = {name: version for name, version in needed(plan, facts).items() if normalised(name) not in origins}
    return {
        "requirements.txt": "\n".join([*head, *lines]) + "\n",
        "constraints.txt": "".join(f"{name}=={public(version)}\n" for name, version in along.items()),
    }


def _options(name: str, version: str, origin: str | None) -> list[str]:
    """Return the lines that tell pip where to look beside the index."""
    build = version.partition("+")[2]
    if name.partition("-")[0] in _OF_TORCH and _BUILD.fullmatch(build):
        return [f"--extra-index-url https://download.pytorch.org/whl/{build}"]
    if origin == "":
        return [
            f"# {name} was installed from a folder: its wheel is looked for here (see README.md).",
            "--find-links .",
        ]
    return []


def dockerfile(facts: Facts, data: Sequence[str] = (), *, config: bool = True) -> str:
    """Return a Dockerfile: slim base of the recorded Python, requirements first, not as root; data stay outside.

    Whoever runs it, under whatever number, can write where the script runs.
    """
    python, script, *options = start_command(facts.style, HOME, config=config)
    file = " config.yaml" if config else ""
    copies = f"COPY {SCRIPT} ./\nCOPY conf conf" if facts.style == "hydra" else f"COPY {SCRIPT}{file} ./"
    for name in sorted({path.partition("/")[0] for path in facts.modules}):
        copies += f"\nCOPY {json.dumps([name, f'./{name}'])}"
    if data:
        copies += "\n# The data are not in the image: mount them, as README.md shows"
        copies += "." if facts.written else ", or put them here and copy them:"
    for name in () if facts.written else data:
        copies += f"\n# COPY {json.dumps([name, f'./{name}'])}"
    wheels = "".join(f" {name}-*.whl*" for name, origin in facts.sources.items() if not origin)
    variables = "".join(f" {name}={shlex.quote(value)}" for name, value in sorted(facts.environment.items()))
    return f"""\
FROM python:{facts.python_version}-slim

WORKDIR /job
COPY requirements.txt constraints.txt{wheels} ./
RUN pip install --no-cache-dir -r requirements.txt -c constraints.txt \\
    && useradd --uid 1000 job \\
    && chmod a+rwx /job
{copies}
ENV HOME=/tmp{variables}
USER job

ENTRYPOINT {json.dumps([python, script])}
CMD {json.dumps(options)}
"""
