"""The job files of schedulers: what changes from notebook to notebook goes in through a serializer, never as text.

Slurm's ``sbatch``, Ray's job submission API (2.9 and later), Kubernetes' ``batch/v1`` Job, the Compose specification.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reprobook.promote.commands import HOME, WORK, start_command
from reprobook.promote.layout import formatted
from reprobook.promote.options import Launcher, Style
from reprobook.promote.python import literal
from reprobook.space.plain_yaml import write_yaml

_MOST_LETTERS = 50  # of a name; DNS labels have 63, and pods add a suffix
_UNKNOWN = "job"
# One task a device: Lightning Fabric takes the processes that srun starts for its own.
_PROCESSES = '--devices "${SLURM_NTASKS_PER_NODE:-1}" --num_nodes "${SLURM_JOB_NUM_NODES:-1}"'


@dataclass(frozen=True)
class Launch:
    """What a job file says.

    Attributes:
        name: Name of the job: a DNS label.
        style: How the script is started.
        environment: Variables that the process must start with.
        gpus: GPUs that the run had.
        cpus: Processor cores to ask for.
        memory: GiB to ask for.
        hours: Time limit where the scheduler wants one.
        writes: Whether the code itself writes files, into the folder that it runs in.
        config: Whether there is a configuration file.
    """

    name: str
    style: Style
    environment: Mapping[str, str]
    gpus: int = 0
    cpus: int = 2
    memory: int = 4
    hours: int = 1
    writes: bool = False
    config: bool = True

    @property
    def place(self) -> tuple[str, str]:
        """The folder to run in in a container, and what of it is to be kept."""
        return (WORK, WORK) if self.writes else (HOME.rstrip("/"), f"{HOME}out")


@dataclass(frozen=True)
class JobFile:
    """A job file: its path in the job's folder, how to use it, and how to write it."""

    path: str
    use: str
    text: Callable[[Launch], str]


def job_name(notebook: str) -> str:
    """Return the file name of a notebook as a DNS label (RFC 1123): lower case, digits and hyphens."""
    stem = notebook.rpartition("/")[2].removesuffix(".ipynb").lower()
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in stem).split()
    return "-".join(words)[:_MOST_LETTERS].strip("-") or _UNKNOWN


def slurm(launch: Launch) -> str:
    """Return a batch script for ``sbatch``; words after its name go on to the script."""
    options = {
        "job-name": launch.name,
        "cpus-per-task": launch.cpus,
        "mem": f"{launch.memory}G",
        "time": f"{launch.hours:02d}:00:00",
        **({"gpus": launch.gpus} if launch.gpus else {}),
        "output": "slurm-%j.log",
    }
    exports = [f"export {name}={shlex.quote(value)}" for name, value in launch.environment.items()]
    *words, out = start_command(launch.style, config=launch.config)
    command = shlex.join(words)
    if launch.style == "fabric":
        options |= {"nodes": 1, "ntasks-per-node": 1}
        command = f"${{SLURM_JOB_ID:+srun}} {shlex.join(words[:-1])} {_PROCESSES} {words[-1]}"
    lines = [
        "#!/bin/bash",
        *(f"#SBATCH --{name}={value}" for name, value in options.items()),
        "",
        "# Resources are defaults: edit them above. Run it from the job's folder.",
        "set -euo pipefail",
        'cd "${SLURM_SUBMIT_DIR:-$(dirname "$0")/..}"',
        *exports,
        f'exec {command} {shlex.quote(out)}/"${{SLURM_JOB_ID:-local}}" "$@"',
    ]
    return "\n".join(lines) + "\n"


def ray(launch: Launch) -> str:
    """Return a script that submits the job to a Ray cluster."""
    text = f'''
"""Submit this job to the Ray cluster at $RAY_ADDRESS: python launch/ray_job.py."""

import shlex
from pathlib import Path

from ray.job_submission import JobSubmissionClient

JOB = Path(__file__).resolve().parent.parent
# The last word is the output folder: name one that outlives the cluster's machines.
COMMAND = {literal(list(start_command(launch.style, config=launch.config)))}

submitted = JobSubmissionClient().submit_job(
    entrypoint=shlex.join(COMMAND),
    # Resources are defaults: edit them.
    entrypoint_num_cpus={launch.cpus},
    entrypoint_num_gpus={launch.gpus},
    entrypoint_memory={launch.memory} * 2**30,
    runtime_env={{
        "working_dir": str(JOB),
        "pip": str(JOB / "requirements.txt"),
        "env_vars": {literal(dict(launch.environment))},
    }},
    metadata={{"name": {literal(launch.name)}}},
)
print(f"follow it: ray job logs --follow {{submitted}}")
'''
    return formatted(text.lstrip("\n"))


def kubernetes(launch: Launch) -> str:
    """Return a Job whose results go to a volume."""
    folder, kept = launch.place
    amounts: dict[str, Any] = {"cpu": str(launch.cpus), "memory": f"{launch.memory}Gi"}
    limits = amounts | ({"nvidia.com/gpu": launch.gpus} if launch.gpus else {})
    container = {
        "name": launch.name,
        "image": f"{launch.name}:latest",
        "command": list(start_command(launch.style, HOME, config=launch.config)),
        "workingDir": folder,
        "env": [{"name": name, "value": value} for name, value in launch.environment.items()],
        "resources": {"requests": amounts, "limits": limits},
        "volumeMounts": [{"name": "out", "mountPath": kept}],
    }
    pod = {
        "restartPolicy": "Never",
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "fsGroup": 1000},
        "containers": [container],
        "volumes": [{"name": "out", "persistentVolumeClaim": {"claimName": f"{launch.name}-out"}}],
    }
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": launch.name},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }
    note = "# First push the image of ../Dockerfile and make the volume claim. Resources are defaults: edit them.\n"
    return note + write_yaml(job, sort_keys=False)


def compose(launch: Launch) -> str:
    """Return a Compose file with one service."""
    _, _, *options = start_command(launch.style, HOME, config=launch.config)  # the image starts the script
    folder, kept = launch.place
    own = kept.rpartition("/")[2]
    limits = {"cpus": str(launch.cpus), "memory": f"{launch.memory}G"}
    gpus = [{"driver": "nvidia", "count": launch.gpus, "capabilities": ["gpu"]}]
    resources = {"limits": limits, **({"reservations": {"devices": gpus}} if launch.gpus else {})}
    service = {
        "build": "..",
        "command": options,
        # Compose reads $ as the start of a variable.
        "environment": {name: value.replace("$", "$$") for name, value in launch.environment.items()},
        "working_dir": folder,
        "volumes": [f"../{own}:{kept}"],
        "deploy": {"resources": resources},
    }
    note = f"# The folder ../{own} must be writable for the user id 1000. Resources are defaults: edit them.\n"
    return note + write_yaml({"name": launch.name, "services": {"train": service}}, sort_keys=False)


JOB_FILES: Mapping[Launcher, JobFile] = {
    "slurm": JobFile("launch/slurm.sh", "sbatch launch/slurm.sh", slurm),
    "ray": JobFile("launch/ray_job.py", "python launch/ray_job.py", ray),
    "k8s": JobFile("launch/k8s.yaml", "kubectl create -f launch/k8s.yaml", kubernetes),
    "docker": JobFile(
        "launch/docker-compose.yaml", "docker compose -f launch/docker-compose.yaml run --rm train", compose
    ),
}
