from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.capture.distributions import installed_distributions
from reprobook.environment import this_interpreter
from reprobook.header import Environment


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is the only index of pip and uv."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for program in ("PIP", "UV"):
        monkeypatch.setenv(f"{program}_FIND_LINKS", str(folder))
        monkeypatch.setenv(f"{program}_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def make_wheel(wheels: Path) -> Callable[..., Path]:
    """Put a wheel with one module into the folder."""

    def make(name: str, version: str, source: str = "") -> Path:
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}.py": source,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        lines = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in files.items()]
        path = wheels / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for file, text in files.items():
                archive.writestr(file, text)
            archive.writestr(f"{info}/RECORD", "\n".join([*lines, f"{info}/RECORD,,"]) + "\n")
        return path

    return make


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Environment]:
    """The environment that these wheels, unpacked into a folder of packages, are."""

    def record(*paths: Path, python: str | None = None) -> Environment:
        site = tmp_path / "recorded" / "site-packages"
        for path in paths:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(site)
        here = this_interpreter()
        return Environment(
            python=python or here.python,
            implementation=here.implementation,
            distributions=installed_distributions([str(site)]),
        )

    return record
