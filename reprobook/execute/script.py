"""Run a promoted job in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reprobook.capture import seed_environment
from reprobook.errors import ExecutionError
from reprobook.execute.job import RESULT
from reprobook.execute.section_values import REQUEST

SCRIPT = "train.py"
_TAIL = 12


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """How a job is to be run.

    Attributes:
        folder: The promoted job.
        out: Its output folder.
        cwd: Working folder: that of the notebook, so that relative paths mean the same.
        arguments: Words after ``train.py``.
        environment: Variables of the process, beside those of the caller.
        seed: The seed whose hash seed the process starts with.
        deterministic: Whether deterministic kernels were asked for.
        sections: Functions whose variables the job is to keep the digests of, in ``values.json``.
        limit_s: After how many seconds it is ended; None: never.
    """

    folder: Path
    out: Path
    cwd: Path
    arguments: Sequence[str] = field(default_factory=tuple)
    environment: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    deterministic: bool = False
    sections: Sequence[str] = ()
    limit_s: float | None = None


def run_script(request: JobRequest) -> dict[str, Any]:
    """Run ``train.py`` and return its ``result.json``, with what it printed as ``printed``.

    Raises:
        ExecutionError: If it fails; the message ends with the last lines that it printed.
    """
    done = start_script(request)
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).rstrip().split("\n")[-_TAIL:])
        msg = f"{SCRIPT} ended with status {done.returncode}:\n{tail}"
        raise ExecutionError(msg, hint=f"Run it yourself: python {SCRIPT} --help")
    result: dict[str, Any] = json.loads((request.out / RESULT).read_bytes())
    return result | {"printed": done.stdout}


def start_script(request: JobRequest) -> subprocess.CompletedProcess[str]:
    """Run ``train.py`` and return how it ended.

    Raises:
        subprocess.TimeoutExpired: If it took longer than its limit.
    """
    script = request.folder.resolve() / SCRIPT
    command = [sys.executable, str(script), *_output_options(script.parent, request.out.resolve()), *request.arguments]
    environment = os.environ | seed_environment(request.seed, deterministic=request.deterministic)
    environment |= {REQUEST: " ".join(request.sections)} | dict(request.environment)
    return subprocess.run(  # noqa: S603 - the script that was asked for
        command,
        cwd=request.cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        errors="replace",
        timeout=request.limit_s,
    )


def _output_options(folder: Path, out: Path) -> list[str]:
    """Return the words that name the output folder; a job with ``conf/config.yaml`` is started by hydra."""
    if not (folder / "conf" / "config.yaml").is_file():
        return ["--out", str(out)]
    # Within quotes, hydra's grammar takes a backslash as it is, unless it stands before a quote.
    quoted = re.sub(r"\\+(?='|$)", lambda found: found[0] * 2, str(out)).replace("'", "\\'")
    return [f"hydra.run.dir='{quoted}'"]
