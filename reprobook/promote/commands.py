"""How a job is started, in each style; every file of a job that starts it says it this way."""

from __future__ import annotations

from reprobook.execute.script import SCRIPT
from reprobook.promote.options import Style


def start_command(style: Style, out: str = "out") -> tuple[str, ...]:
    """Return the words that run a job with its configuration file, from its folder."""
    if style == "hydra":
        return ("python", SCRIPT, f"hydra.run.dir={out}")
    return ("python", SCRIPT, "--config", "config.yaml", "--out", out)


def option(style: Style, name: str, value: int) -> tuple[str, ...]:
    """Return the words that give a job's parameter a value."""
    return (f"{name}={value}",) if style == "hydra" else (f"--{name}", str(value))
