"""What is known of the run behind a job; nothing here is invented, gaps are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reprobook.promote.logged import Logged
from reprobook.promote.options import Launcher, Style


@dataclass(frozen=True)
class Provenance:
    """Where a script comes from.

    Attributes:
        notebook: The notebook's file name.
        notebook_digest: SHA-256 of its bytes.
        recipe_digest: The recipe of the run that the script repeats; empty if there is none.
        commands: The command lines that make such a run, and this script from it.
        run_id: That run; empty if there is none.
    """

    notebook: str
    notebook_digest: str
    recipe_digest: str = ""
    commands: tuple[str, ...] = ()
    run_id: str = ""


@dataclass(frozen=True)
class Facts:
    """The facts that the files of a job state.

    Attributes:
        provenance: Where the script comes from.
        python_version: ``major.minor.patch`` of the run's interpreter.
        versions: Versions of distributions, by module or distribution name.
        metrics: The last value of each metric.
        logged: What each cell logged; empty if that is not known.
        run_id: The run; empty if there is none.
        hardware: One line on the machine, such as the CPU's name.
        data: The data files that the script reads, by path, with their SHA-256.
        written: The files that the script writes into the folder it runs in, by its own code.
        license: The model's licence, if its author stated one.
        equivalent: Whether a run of the script gave the notebook's result; None if it was not tried.
        style: How the script is started.
        launchers: The schedulers to write a job file for.
        environment: Variables that the process must start with, for the seed to take full effect.
        gpus: GPUs that the run had.
        failed_commands: The exit codes of shell lines that failed in the run, by cell.
        sources: Where distributions came from that are of no index, as pip takes it; empty if from a folder.
        cells: The first line of each code cell, by its index.
        quick: Whether a run takes seconds.
        modules: The files of the notebook's local modules that go with the script.
        hidden: Modules that no line of the script imports, but others for it: to save an artifact, say.
        seed: The seed of the run; None if it had none.
        checked: How much a run of the script was compared by: metrics, artifacts, names of variables, lines.
        artifacts: The files that the run saved with ``rb.save``, by path below the folder of artifacts.
        numbers: The numbers that each cell left in variables, by cell and name.
        asked_seed: The seed that the notebook itself asks for; None if it asks for none.
        stale: What the notebook's file shows where the run showed something else, by cell: a line of each.
    """

    provenance: Provenance
    python_version: str
    versions: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    run_id: str = ""
    hardware: str = ""
    logged: tuple[Logged, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    license: str = ""
    equivalent: bool | None = None
    style: Style = "plain"
    launchers: tuple[Launcher, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    gpus: int = 0
    failed_commands: Mapping[int, int] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[int, str] = field(default_factory=dict)
    quick: bool = False
    modules: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    numbers: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    asked_seed: int | None = None
    stale: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    seed: int | None = None
    checked: Mapping[str, int] = field(default_factory=dict)
