"""A Python interpreter with what is installed for it, read without importing anything of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from reprobook.capture import implementation, installed_distributions, python_version
from reprobook.errors import InputError
from reprobook.header import Distribution

_SECONDS = 60
# As reprobook.capture.python says it, for an interpreter that need not have reprobook.
_PROBE = """
import json, platform, sys
flags = getattr(sys, "abiflags", "")
name = sys.implementation.name + ("-" + flags if flags else "")
print(json.dumps([platform.python_version(), name, [entry for entry in sys.path if entry]]))
"""


@dataclass(frozen=True)
class Interpreter:
    """Version and implementation of an interpreter, as in a header, and its distributions, sorted by name."""

    python: str
    implementation: str
    distributions: tuple[Distribution, ...]


def this_interpreter() -> Interpreter:
    """Describe the interpreter of this process."""
    return Interpreter(python_version(), implementation(), installed_distributions(sys.path))


def read_interpreter(folder: Path) -> Interpreter:
    """Describe the interpreter of a virtual environment.

    Raises:
        InputError: If the folder is none, or its Python does not start.
    """
    python = python_of(folder)
    if not python.is_file():
        msg = f"{folder}: not a virtual environment (there is no {python.relative_to(folder)})"
        raise InputError(msg, hint="Make one: reprobook env restore RUN DIR")
    variables = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter that the user named
            [python, "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env=variables,
            check=True,
            cwd=folder,
        )
        version, name, search_path = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        msg = f"{python} does not start: {error}"
        raise InputError(msg, hint="Make the environment anew.") from error
    return Interpreter(version, name, installed_distributions(search_path))


def python_of(folder: Path) -> Path:
    """Return where the interpreter of a virtual environment is."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
