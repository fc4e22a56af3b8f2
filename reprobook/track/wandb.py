"""The adapter to Weights & Biases: offline unless there is a key.

Offline runs lie in ``trackers/wandb`` of the store; ``wandb sync`` sends them, or ``reprobook track sync`` once there
is a key. What wandb records by itself (console, git, code, packages, machine) is switched off: the header has it.
"""

from __future__ import annotations

import netrc
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from reprobook.track.model import Outcome, Point, Subject
from reprobook.track.names import readable

# A series of its own: wandb drops values whose step is lower than one before, as of a second loop.
_STEP = "reprobook/step"
_SERVER = "https://api.wandb.ai"
_SECONDS = 15.0
_PROBE_SECONDS = 5.0


def begin(subject: Subject) -> WandbRun:
    """Begin a run; where the server does not answer, offline."""
    os.environ["WANDB_ERROR_REPORTING"] = "false"
    root = subject.home / "wandb"
    root.mkdir(parents=True, exist_ok=True)
    for variable, folder in (("DATA", "data"), ("CACHE", "cache"), ("CONFIG", "config")):
        os.environ.setdefault(f"WANDB_{variable}_DIR", str(root / folder))
    for old in root.glob(f"wandb/*run-*-{subject.run_id}"):
        shutil.rmtree(old, ignore_errors=True)  # of an attempt that was given up
    # Found out here: a start that wandb has given up on keeps the id of the run for itself.
    unreachable = not _is_offline() and not _answers(_server())
    mode = "offline" if unreachable or _is_offline() else "online"
    return WandbRun(_init(subject, root, mode), f" ({_server()} does not answer)" if unreachable else "")


def target(subject: Subject) -> str:
    """Say where a run would go."""
    return f"offline:{subject.home / 'wandb'}" if _is_offline() else _server()


class WandbRun:
    """A run of W&B."""

    def __init__(self, run: Any, remark: str = "") -> None:
        self._run = run
        self.place = str(Path(run.dir).parent) + remark if run.settings.mode == "offline" else str(run.url)
        run.define_metric(_STEP, hidden=True)
        run.define_metric("*", step_metric=_STEP)

    def log(self, points: Sequence[Point]) -> None:
        """Log values; those that were logged together make one row."""
        for row in _rows(points):
            values = {point.name: point.value for point in row}
            self._run.log({**values, _STEP: row[0].step, "_timestamp": row[0].time})

    def save(self, path: Path, name: str) -> None:
        """Log a file as an artifact of the run."""
        import wandb  # noqa: PLC0415

        artifact = wandb.Artifact(readable(f"{self._run.id}-{name}", "-_.")[:128], type="artifact")
        artifact.add_file(str(path), name=name)
        self._run.log_artifact(artifact)

    def end(self, outcome: Outcome, header: dict[str, Any]) -> None:
        """Add the header to the config, and finish."""
        self._run.config.update({"header": header})
        self._run.summary["reprobook/status"] = outcome.status
        self._run.finish(exit_code=0 if outcome.status == "succeeded" else 1)


def _rows(points: Sequence[Point]) -> list[list[Point]]:
    """Group values that follow each other at the same step, each metric once."""
    rows: list[list[Point]] = []
    for point in points:
        row = rows[-1] if rows else []
        if row and row[0].step == point.step and all(other.name != point.name for other in row):
            row.append(point)
        else:
            rows.append([point])
    return rows


def _init(subject: Subject, root: Path, mode: str) -> Any:
    import wandb  # noqa: PLC0415  # an optional dependency

    settings = wandb.Settings(
        mode=mode,
        root_dir=str(root),
        run_id=subject.run_id,
        run_name=subject.name,
        run_group=subject.group,
        project=os.environ.get("WANDB_PROJECT") or readable(subject.project, "-_. "),
        resume="allow" if mode == "online" else None,
        reinit="create_new",
        console="off",
        silent=True,
        symlink=False,
        use_dot_wandb=False,
        disable_git=True,
        disable_code=True,
        disable_job_creation=True,
        save_code=False,
        host="",
        init_timeout=_SECONDS,
        finish_timeout=_SECONDS,
        finish_timeout_raises=True,
        x_start_time=subject.started,
        x_disable_meta=True,
        x_disable_stats=True,
        x_disable_machine_info=True,
        x_save_requirements=False,
    )
    return wandb.init(settings=settings, config=subject.config)


def _is_offline() -> bool:
    """Tell whether wandb is to keep off the network: as it was told, else where there is no key."""
    mode = os.environ.get("WANDB_MODE", "")
    if mode:
        return mode not in {"online", "run"}
    if os.environ.get("WANDB_API_KEY"):
        return False
    host = urlsplit(_server()).hostname or ""
    with suppress(OSError, netrc.NetrcParseError):
        return host not in netrc.netrc(os.environ.get("NETRC")).hosts
    return True


def _server() -> str:
    return os.environ.get("WANDB_BASE_URL", _SERVER)


def _answers(server: str) -> bool:
    """Tell whether anything speaks HTTP there, through whatever proxy is set."""
    try:
        with urlopen(server, timeout=_PROBE_SECONDS):  # noqa: S310  # the user's own setting
            return True
    except HTTPError:
        return True
    except (OSError, ValueError):
        return False
