"""The wheel as a user installs it: with the JupyterLab extension in it, and no Node anywhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_BYTES = 2 << 20
BIN = Path(sys.executable).parent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (shutil.which("node") and (ROOT / ".git").exists()), reason="needs Node and git"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it from the last commit, as a release is."""
    clean, out = tmp_path_factory.mktemp("clean"), tmp_path_factory.mktemp("dist")
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", clean], input=archive.stdout, check=True)
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("HATCH_JUPYTER_BUILDER_SKIP_NPM", None)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, clean]
    subprocess.run(command, env=environment, check=True)
    (found,) = out.glob("reprobook-*.whl")
    return found


def test_it_is_small_and_holds_the_extension_once(wheel: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES
    names = zipfile.ZipFile(wheel).namelist()
    shared = [name for name in names if "/data/share/jupyter/labextensions/reprobook-labextension/" in name]
    assert {Path(name).name for name in shared} >= {"package.json", "install.json", "style.js"}
    assert any(name.endswith("data/etc/jupyter/jupyter_server_config.d/reprobook.json") for name in names)
    assert not [name for name in names if name.startswith("reprobook/labextension")]
    assert not [name for name in shared if "__tests__" in name]


def test_it_is_enabled_where_there_is_no_node(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    environment = {
        "PATH": str(python.parent),
        "HOME": str(tmp_path),
        "JUPYTER_NO_CONFIG": "",
        "JUPYTER_PLATFORM_DIRS": "0",
    }
    assert shutil.which("node", path=environment["PATH"]) is None
    install = [sys.executable, "-m", "pip", f"--python={python}", "install", "-q", "--no-deps", wheel]
    subprocess.run(install, env=environment, check=True)
    # Jupyter itself is lent by this environment; what was installed comes first.
    place = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    (Path(place.stdout.strip()) / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n")

    def listed(module: str) -> str:
        done = subprocess.run(
            [python, "-m", module, "list"], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    line = next(line for line in listed("jupyterlab.labextensions").splitlines() if "reprobook-labextension" in line)
    assert "enabled" in line
    assert "OK" in line
    servers = re.sub(r"\x1b\[\d*m", "", listed("jupyter_server.extension.serverextension"))
    assert "reprobook enabled" in servers
    assert re.search(r"reprobook\s+\S*\s*OK", servers)
