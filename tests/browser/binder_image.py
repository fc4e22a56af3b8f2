"""What repo2docker builds of this repository, built without Docker: the same steps in an environment of their own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab_server import Jupyter

ROOT = Path(__file__).parents[2]
# Of the base image: what runs JupyterLab and its kernels.
BASE = ("jupyterlab", "jupyter_server", "notebook", "ipywidgets", "ipykernel", "ipython")


class BinderImage:
    """The repository's last commit, and an environment, as they are in the image.

    Args:
        folder: Where both are put.
    """

    def __init__(self, folder: Path) -> None:
        self.repo = folder / "repo"
        self.prefix = folder / "environment"
        self.repo.mkdir(parents=True)
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", self.repo], input=archive.stdout, check=True)
        # The image has a clone: there the store lies at its root.
        subprocess.run(["git", "init", "-q"], cwd=self.repo, check=True)
        self.pack = self._pack()

    def _pack(self) -> Any:
        """Return how repo2docker builds the repository."""
        from repo2docker.app import Repo2Docker  # noqa: PLC0415  # imported where it is installed

        app = Repo2Docker()
        with contextlib.chdir(self.repo):
            made = (kind(base_image=app.base_image) for kind in app.buildpacks)
            pack = next(each for each in made if each.detect())
            pack.platform = "linux/amd64"
            pack.render({"NB_USER": "jovyan", "NB_UID": "1000"})
            self.scripts = [
                *(script for _, script in (*pack.get_preassemble_scripts(), *pack.get_assemble_scripts())),
                *(f"./{script}" for script in pack.get_post_build_scripts()),
            ]
            self.start = pack.get_start_script()
        return pack

    def environment(self) -> dict[str, str]:
        """Return the variables that the image sets, and those of this machine that say how to reach a package index."""
        kept = {name: os.environ[name] for name in os.environ if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        path = f"{self.prefix / 'bin'}{os.pathsep}{os.environ['PATH']}"
        own = {"KERNEL_PYTHON_PREFIX": self.prefix, "NB_PYTHON_PREFIX": self.prefix, "REPO_DIR": self.repo}
        return {**kept, "PATH": path, "PYTHONUNBUFFERED": "1", **{name: str(value) for name, value in own.items()}}

    def build(self) -> None:
        """Install the base's packages, then run the steps of the Dockerfile."""
        venv.create(self.prefix, with_pip=True, symlinks=True)
        self._run(" ".join(["pip install -q", *self._base()]))
        self._without_unreachable_index()
        for script in self.scripts:
            self._run(script)

    def _base(self) -> list[str]:
        """Return the packages of the base image, at the versions that repo2docker has locked."""
        name = f"environment.py-{self.pack.python_version}-linux-64.lock"
        lock = (Path(sys.modules["repo2docker"].__file__ or "").parent / "buildpacks" / "conda" / name).read_text()
        found = {package: re.search(rf"/{package}-(\d[\d.]*)-", lock) for package in BASE}
        return [f"{package}=={match[1]}" for package, match in found.items() if match]

    def _without_unreachable_index(self) -> None:
        """Take the index of PyTorch's CPU builds out where it cannot be reached; pip waits minutes for it."""
        path = self.repo / "binder" / "requirements.txt"
        index = re.search(r"^--extra-index-url (\S+)$", path.read_text(), re.MULTILINE)
        assert index is not None
        try:
            socket.create_connection((urlsplit(index[1]).hostname or "", 443), timeout=20).close()
        except OSError:
            path.write_text(path.read_text().replace(index[0], ""))

    def _run(self, script: str) -> None:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.repo,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-4000:]}"

    def megabytes(self) -> int:
        """Return the size of the environment."""
        done = subprocess.run(["du", "-sm", self.prefix], check=True, capture_output=True, text=True)
        return int(done.stdout.split()[0])

    def remove(self) -> None:
        """Remove all of it: it is large."""
        shutil.rmtree(self.prefix)


class BinderSession(Jupyter):
    """A session as Binder begins it: the start script, and behind it the command of the hub."""

    def __init__(self, image: BinderImage, home: Path) -> None:
        super().__init__("lab", image.repo, home, image.environment())
        self._start = image.start.replace("${REPO_DIR}", str(image.repo))

    def _command(self) -> list[str]:
        _, _, _, *options = super()._command()
        return [self._start, "jupyter", "lab", *options]
