from __future__ import annotations

import ast
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from reprobook.promote.launch import JOB_FILES, Launch, compose, job_name, kubernetes, ray, slurm

HOSTILE = [
    "$(touch pwned).ipynb",
    "a`touch pwned`; rm -rf x.ipynb",
    "x\n#SBATCH --uid=0\n.ipynb",
    "'\"'\"' || touch pwned.ipynb",
    "{{ 7*7 }} ${HOME} %j !!python/object:os.system.ipynb",
    "\u202egnp.exe.ipynb",
    "训练.ipynb",
    "-" * 90 + ".ipynb",
]
SEEDED = Launch("digits", "plain", {"PYTHONHASHSEED": "7", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}, gpus=2)


def run_slurm(text: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a batch script with a ``python`` that shows what it was given."""
    fake = folder / "bin" / "python"
    fake.parent.mkdir(exist_ok=True)
    fake.write_text('#!/bin/sh\necho "$PYTHONHASHSEED"\nprintf "%s\\n" "$@"\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    (folder / "slurm.sh").write_text(text, encoding="utf-8")
    environment = os.environ | {"PATH": f"{fake.parent}:{os.environ['PATH']}", "SLURM_SUBMIT_DIR": str(folder)}
    command = ["bash", "slurm.sh", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("notebook", HOSTILE)
def test_a_name_is_a_dns_label_whatever_the_file_is_called(notebook: str) -> None:
    name = job_name(notebook)
    assert 0 < len(name) <= 50
    assert all(char in "abcdefghijklmnopqrstuvwxyz0123456789-" for char in name)
    assert name.strip("-") == name


def test_a_name_is_that_of_the_notebook() -> None:
    assert job_name("notebooks/01_Digits MLP.ipynb") == "01-digits-mlp"
    assert job_name("训练.ipynb") == "job"


def test_the_batch_script_starts_a_process_for_every_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = slurm(Launch("digits", "fabric", {"PYTHONHASHSEED": "7"}, gpus=2))
    assert "#SBATCH --ntasks-per-node=1\n" in text
    for name, value in (("JOB_ID", "12"), ("NTASKS_PER_NODE", "4"), ("JOB_NUM_NODES", "2")):
        monkeypatch.setenv(f"SLURM_{name}", value)
    srun = tmp_path / "bin" / "srun"
    srun.parent.mkdir()
    srun.write_text('#!/bin/sh\necho srun\nexec "$@"\n')
    srun.chmod(srun.stat().st_mode | stat.S_IXUSR)
    words = ["--devices", "4", "--num_nodes", "2", "--out", "out/12", "--strategy", "fsdp"]
    done = run_slurm(text, tmp_path, "--strategy", "fsdp")
    assert done.stdout.splitlines() == ["srun", "7", "train.py", "--config", "config.yaml", *words]
    for name in ("JOB_ID", "NTASKS_PER_NODE", "JOB_NUM_NODES"):
        monkeypatch.delenv(f"SLURM_{name}")
    words = ["--devices", "1", "--num_nodes", "1", "--out", "out/local"]
    assert run_slurm(text, tmp_path).stdout.splitlines() == ["7", "train.py", "--config", "config.yaml", *words]


def test_the_batch_script_starts_the_job_with_its_hash_seed(tmp_path: Path) -> None:
    done = run_slurm(slurm(SEEDED), tmp_path, "--lr", "a b; touch pwned")
    assert done.stdout.splitlines() == [
        "7", "train.py", "--config", "config.yaml", "--out", "out/local", "--lr", "a b; touch pwned"
    ]  # fmt: skip
    assert not (tmp_path / "pwned").exists()
    assert "#SBATCH --gpus=2" in slurm(SEEDED)
    assert "--gpus" not in slurm(Launch("digits", "plain", {}))


@pytest.mark.parametrize("value", ["$(touch pwned)", "'; touch pwned; '", "a\ntouch pwned\n", "`touch pwned`"])
def test_a_value_is_inert_in_the_batch_script(tmp_path: Path, value: str) -> None:
    text = slurm(Launch("digits", "hydra", {"PYTHONHASHSEED": value}))
    (tmp_path / "checked.sh").write_text(text, encoding="utf-8")
    assert subprocess.run(["bash", "-n", "checked.sh"], cwd=tmp_path, check=False).returncode == 0
    done = run_slurm(text, tmp_path)
    assert done.stdout == f"{value}\ntrain.py\nhydra.run.dir=out/local\n"
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("value", ["a: b # c", "'\"", "${HOME}", "{{7*7}}", "no", "1e3", "a\nb: c", "!!python/none"])
def test_yaml_gives_every_value_back(value: str) -> None:
    launch = Launch("digits", "plain", {"X": value})
    (container,) = yaml.safe_load(kubernetes(launch))["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "X", "value": value}]
    service = yaml.safe_load(compose(launch))["services"]["train"]
    assert service["environment"] == {"X": value.replace("$", "$$")}


def test_the_kubernetes_job_asks_for_what_the_run_had() -> None:
    job = yaml.safe_load(kubernetes(SEEDED))
    assert (job["apiVersion"], job["kind"], job["metadata"]["name"]) == ("batch/v1", "Job", "digits")
    pod = job["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["command"] == ["python", "/job/train.py", "--config", "/job/config.yaml", "--out", "out"]
    assert (container["workingDir"], container["volumeMounts"][0]["mountPath"]) == ("/job", "/job/out")
    (container,) = yaml.safe_load(kubernetes(replace(SEEDED, writes=True)))["spec"]["template"]["spec"]["containers"]
    assert (container["workingDir"], container["volumeMounts"][0]["mountPath"]) == ("/work", "/work")
    assert container["resources"]["limits"] == {"cpu": "2", "memory": "4Gi", "nvidia.com/gpu": 2}
    assert {each["name"]: each["value"] for each in container["env"]} == SEEDED.environment


def test_the_compose_file_builds_the_image_of_the_job() -> None:
    service = yaml.safe_load(compose(SEEDED))["services"]["train"]
    assert service["build"] == ".."
    assert service["command"] == ["--config", "/job/config.yaml", "--out", "out"]
    assert (service["working_dir"], service["volumes"]) == ("/job", ["../out:/job/out"])
    assert service["deploy"]["resources"]["reservations"]["devices"][0]["count"] == 2


def test_the_ray_script_submits_the_job(tmp_path: Path, ruff_says: Callable[[str], str]) -> None:
    value = '"); __import__("os").system("touch pwned")  # \n'
    launch = Launch("digits", "plain", {"PYTHONHASHSEED": "7", "X": value})
    text = ray(launch)
    tree = ast.parse(text)
    assert "__import__" not in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert ruff_says(ray(SEEDED)) == ""
    # A stand-in for Ray's client keeps what it is given.
    package = tmp_path / "ray"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "job_submission.py").write_text(
        "import json\n\n\nclass JobSubmissionClient:\n    def submit_job(self, **asked):\n"
        "        print(json.dumps(asked))\n        return 'id'\n"
    )
    (tmp_path / "launch").mkdir()
    (tmp_path / "launch" / "ray_job.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "launch/ray_job.py"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    asked = json.loads(done.stdout.splitlines()[0])
    assert asked["entrypoint"] == "python train.py --config config.yaml --out out"
    assert asked["runtime_env"]["env_vars"] == launch.environment
    assert asked["runtime_env"]["working_dir"] == str(tmp_path)
    assert asked["entrypoint_memory"] == 4 * 2**30


def test_every_launcher_has_a_file_of_its_own() -> None:
    paths = [one.path for one in JOB_FILES.values()]
    assert len(set(paths)) == len(paths) == 4
    assert all(one.path in one.use for one in JOB_FILES.values())
