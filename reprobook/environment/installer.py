"""The adapters of uv and pip: a new virtual environment, and distributions installed into it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from reprobook.capture import python_version
from reprobook.environment.index import IndexOptions
from reprobook.environment.interpreter import python_of
from reprobook.errors import EnvironmentMismatchError

Progress = Callable[[str], None]
# Building reprobook itself from its sources takes no Node.
_BUILD = {"HATCH_JUPYTER_BUILDER_SKIP_NPM": "1"}
_LAST_LINES = 3


@dataclass(frozen=True)
class Installer:
    """One program that installs: its name, and its command up to the options."""

    name: str
    command: tuple[str, ...]

    def install(self, lines: Mapping[str, str], options: IndexOptions, progress: Progress) -> dict[str, str]:
        """Install requirements without their dependencies, by name; return why some could not be, by name.

        One that cannot be had keeps none of the others out: where a list fails, the names that the installer
        complains of are tried by themselves, or else both halves of the list.
        """
        if not lines:
            return {}
        progress(f"{self.name}: installing {len(lines)} distributions")
        said = self._run(lines, options)
        if said is None:
            return {}
        if len(lines) == 1:
            return dict.fromkeys(lines, said)
        blamed = {name for name in lines if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", said, re.IGNORECASE)}
        names = sorted(lines)
        part = blamed if 0 < len(blamed) < len(lines) else set(names[: len(names) // 2])
        rest = {name: line for name, line in lines.items() if name not in part}
        failed = self.install(rest, options, progress)
        return failed | self.install({name: lines[name] for name in sorted(part)}, options, progress)

    def _run(self, lines: Mapping[str, str], options: IndexOptions) -> str | None:
        """Install a list; return the end of what was said if that failed."""
        with tempfile.TemporaryDirectory(prefix="reprobook-") as folder:
            wanted = Path(folder, "requirements.txt")
            wanted.write_text("\n".join(lines.values()) + "\n", encoding="utf-8")
            command = [*self.command, "--no-deps", "-r", str(wanted), *options.arguments()]
            done = subprocess.run(  # noqa: S603 - our own list
                command, capture_output=True, text=True, check=False, env={**os.environ, **_BUILD}
            )
        if done.returncode == 0:
            return None
        errors = [line.strip() for line in done.stderr.splitlines() if line.strip() and "WARNING" not in line]
        return " ".join(errors[-_LAST_LINES:]) or f"{self.name} ended with {done.returncode}"


def find_uv() -> str | None:
    """Return the program uv: that of this environment, else that of the search path."""
    return shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


def installers(folder: Path) -> list[Installer]:
    """Return what can install into an environment, the faster first.

    Raises:
        EnvironmentMismatchError: If nothing can.
    """
    python, uv = str(python_of(folder)), find_uv()
    found = [Installer("uv", (uv, "pip", "install", "--python", python))] if uv else []
    if find_spec("pip") is not None:
        found.append(Installer("pip", (sys.executable, "-m", "pip", "--python", python, "install")))
    if not found:
        msg = "there is neither uv nor pip to install with"
        raise EnvironmentMismatchError(msg, hint="python -m ensurepip, or install uv.")
    return found


def make_environment(folder: Path, version: str) -> None:
    """Make an empty virtual environment with a version of Python: this one, one that uv has or gets, or a near one.

    Raises:
        EnvironmentMismatchError: If there is no Python of the same minor version.
    """
    uv = find_uv()
    if version == python_version():
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        return
    if uv and _succeeds(uv, "venv", "--python", version, str(folder)):
        return
    minor = ".".join(version.split(".")[:2])
    if python_version().startswith(f"{minor}."):
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        return
    other = shutil.which(f"python{minor}")
    if other is None or not _succeeds(other, "-m", "venv", "--without-pip", str(folder)):
        msg = f"the run was recorded with Python {version}, and there is no Python {minor} here"
        raise EnvironmentMismatchError(msg, hint=f"Install it: uv python install {version}; then restore again.")


def _succeeds(*command: str) -> bool:
    """Run a command and tell whether it succeeded."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own list
