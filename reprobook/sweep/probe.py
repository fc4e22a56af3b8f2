"""What the header of a run would say of this machine now: ``python -m reprobook.sweep.probe``, in a kernel's place.

It reads a question as JSON from standard input, and prints environment and hardware as they stand in a header.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobook.capture import Subject, apply_seed, capture
from reprobook.header import Code, Header

_SECONDS = 60.0


def surroundings(header: Header) -> dict[str, Any]:
    """Return the parts of a header that describe where a run runs."""
    return {
        "environment": None if header.environment is None else header.environment.model_dump(mode="json"),
        "hardware": None if header.hardware is None else header.hardware.model_dump(mode="json"),
    }


def ask(python: str, question: Mapping[str, Any], environment: Mapping[str, str | None]) -> dict[str, Any] | None:
    """Have another process answer, with these environment variables; None if it cannot.

    ``question`` holds ``sources`` (of the code cells), ``folder``, ``seed``, ``deterministic`` and ``device``.
    """
    variables = {name: value for name, value in {**os.environ, **environment}.items() if value is not None}
    try:
        found = subprocess.run(  # noqa: S603  # our own module, in the kernel's interpreter
            [python, "-m", __name__],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env=variables,
            cwd=question["folder"],
            check=True,
        )
        answer: dict[str, Any] = json.loads(found.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None  # an interpreter without reprobook: then nothing is known to be equal
    return answer


def _answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """Freeze a header as the session of a run does, and return what it says."""
    seeds = apply_seed(question["seed"], deterministic=question["deterministic"], device=question["device"])
    folder = Path(question["folder"])
    header = capture(Subject(code=Code(cells=()), sources=question["sources"], folder=folder, seeds=seeds))
    return surroundings(header)


if __name__ == "__main__":
    print(json.dumps(_answer(json.load(sys.stdin))))  # noqa: T201  # its answer
