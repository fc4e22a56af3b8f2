"""How a job is started, in each style; every file of a job that starts it says it this way."""

from __future__ import annotations

from reprobook.execute.script import SCRIPT
from reprobook.promote.model import Plan
from reprobook.promote.options import Style

HOME = "/job/"  # the job's folder in its container
WORK = "/work"  # the folder to run in there, where the code itself writes files that are to be kept


def has_config(plan: Plan, style: Style) -> bool:
    """Tell whether a job has a configuration: a plain one without parameters has none."""
    return bool(plan.fields) or style == "hydra"


def start_command(style: Style, home: str = "", *, config: bool = True) -> tuple[str, ...]:
    """Return the words that run a job, with its configuration file if it has one.

    From its folder, or with ``home`` from anywhere.
    """
    if style == "hydra":
        return ("python", f"{home}{SCRIPT}", "hydra.run.dir=out")
    return ("python", f"{home}{SCRIPT}", *(("--config", f"{home}config.yaml") if config else ()), "--out", "out")


def option(style: Style, name: str, value: int) -> tuple[str, ...]:
    """Return the words that give a job's parameter a value."""
    return (f"{name}={value}",) if style == "hydra" else (f"--{name}", str(value))
