"""The Binder image, as far as it can be built without Docker: what repo2docker makes of `binder/`."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"
# The base image has these, and keeps its own versions.
OF_THE_BASE = {"ipykernel", "ipython"}


def pins(path: Path) -> dict[str, str]:
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(each.name): str(each.specifier) for each in found}


def test_every_dependency_is_pinned_as_everywhere_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {Requirement(text).name for text in (*project["dependencies"], *extras["demo"], *extras["torch"])}
    names = {canonicalize_name(name) for name in wanted} - OF_THE_BASE - {"reprobook"}
    requirements, constraints = pins(BINDER / "requirements.txt"), pins(ROOT / "constraints.txt")
    assert requirements == {name: constraints[name] for name in names}


def test_torch_is_the_build_without_a_gpu() -> None:
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in (BINDER / "requirements.txt").read_text()


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_can_be_run(name: str) -> None:
    assert os.access(BINDER / name, os.X_OK)
    subprocess.run(["bash", "-n", BINDER / name], check=True)


def test_repo2docker_builds_what_is_meant(tmp_path: Path) -> None:
    repo2docker = pytest.importorskip("repo2docker.app")
    shutil.copytree(BINDER, tmp_path / "binder")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    app = repo2docker.Repo2Docker()
    with contextlib.chdir(tmp_path):
        pack: Any = next(made for made in (kind(base_image=app.base_image) for kind in app.buildpacks) if made.detect())
        pack.platform = "linux/amd64"
        dockerfile = pack.render({"NB_USER": "jovyan", "NB_UID": "1000"})
        installs = "\n".join(script for _, script in (*pack.get_preassemble_scripts(), *pack.get_assemble_scripts()))
        post_build, start = pack.get_post_build_scripts(), pack.get_start_script()
    assert type(pack).__name__ == "PythonBuildPack"
    assert pack.python_version == "3.11"
    assert re.search(r"pip install --no-cache-dir -r \"?binder/requirements\.txt", installs)
    # Before the repository is copied, so that an edit of a notebook rebuilds nothing.
    assert dockerfile.index("binder/requirements.txt") < dockerfile.index(
        "# ensure root user after preassemble scripts"
    )
    assert [script.rpartition("/")[2] for script in post_build] == ["postBuild"]
    assert start.endswith("/binder/start")
    assert "binder/postBuild" in dockerfile
    assert "binder/start" in dockerfile


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def location(url: str) -> str:
    """Return where a page sends the browser; waits for the server."""
    opener = urllib.request.build_opener(NoRedirect)
    for _ in range(600):
        try:
            opener.open(url, timeout=10)
        except urllib.error.HTTPError as answer:
            return str(answer.headers["Location"])
        except OSError:
            time.sleep(0.5)
    pytest.fail("the server does not answer")


@pytest.mark.slow
def test_a_session_begins_with_the_digits_notebook(tmp_path: Path) -> None:
    port = free_port()
    quiet = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=", "--allow-root"]
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **{name: str(tmp_path) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR")},
    }
    command = [str(BINDER / "start"), "jupyter", "lab", *quiet]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            assert location(f"http://127.0.0.1:{port}/").rstrip("?") == "/lab/tree/notebooks/01_digits.ipynb"
        finally:
            server.terminate()


def test_start_leaves_other_commands_alone() -> None:
    done = subprocess.run([BINDER / "start", "echo", "hello"], capture_output=True, text=True, check=True)
    assert done.stdout == "hello\n"
