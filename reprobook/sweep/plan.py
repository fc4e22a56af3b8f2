"""The plan of a sweep: everything that decides its trials, settled and frozen before the first one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reprobook.capture import usable_cpus
from reprobook.capture.device import check_device
from reprobook.errors import ParameterError
from reprobook.execute import RunOptions
from reprobook.execute.preparation import SEED, Preparation, prepare
from reprobook.space import Parameter, Space, check_space, declared_parameters, find_parameter
from reprobook.sweep.checks import check_options
from reprobook.sweep.domain import Domain
from reprobook.sweep.grid import grid
from reprobook.sweep.logged_names import check_metric
from reprobook.sweep.model import SweepOptions
from reprobook.track import check_trackers

WINDOW = 4
_TRIALS = 20


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A sweep as it was frozen.

    Attributes:
        sweep_id: Its id.
        notebook: Path of the notebook.
        options: With all spaces, the number of trials and the number of threads filled in.
        fixed: Values of the parameters that are not varied, also of those varied under a condition that does not hold.
        window: Trial ``n`` is proposed, and pruned, by what trials ``0 … n - window`` gave: a fixed number, so that
            the trials do not depend on how many run at a time or on which of them is faster.
        created: ISO 8601, UTC.
        spec: Text of the notebook's training spec; empty if it has none.
    """

    sweep_id: str
    notebook: str
    options: SweepOptions
    fixed: Mapping[str, Any]
    window: int
    created: str
    spec: str = ""

    @property
    def trials(self) -> int:
        """The number of trials."""
        return self.options.trials or 0

    @property
    def threads(self) -> int:
        """Intra-operation threads of each trial; 0: whatever the libraries take."""
        return self.options.threads or 0

    def values(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of every parameter in a trial in which these were varied."""
        return {**self.fixed, **parameters}


def make_plan(sweep_id: str, path: Path, source: bytes, options: SweepOptions) -> Plan:
    """Settle what is left open, and check all of it.

    Raises:
        InputError: If an option is wrong; nothing has been written by then.
        EnvironmentMismatchError: If this machine has not the device that was asked for.
    """
    check_options(options)
    check_trackers(options.track)
    if options.executor != "ray":  # its trials may run on another machine
        check_device(options.device)
    prepared = prepare(path, _run_options(options), source)
    check_metric(prepared.original, prepared.cwd, options.metric)
    declared = {parameter.name: parameter for parameter in declared_parameters(prepared.original)}
    options = replace(options, spaces=_spaces(declared, options, path.name), cwd=prepared.cwd)
    _check_fixed(options)
    _check_conditions(declared, options)
    fixed = _fixed(declared, prepared, options)
    window = max(WINDOW, options.jobs)
    threads = max(1, (usable_cpus() or 1) // window) if options.threads is None else options.threads
    trials = _trials(Domain(options, fixed), options)
    return Plan(
        sweep_id=sweep_id,
        notebook=str(path.resolve()),
        options=replace(options, trials=trials, threads=threads),
        fixed=fixed,
        window=window,
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        spec=(prepared.spec or b"").decode(),
    )


def _run_options(options: SweepOptions) -> RunOptions:
    """Return what a run without any varied parameter would be asked."""
    return RunOptions(
        values=options.values,
        texts=options.texts,
        seed=options.seed,
        lite=options.lite,
        device=options.device,
        cwd=options.cwd,
    )


def _spaces(declared: Mapping[str, Parameter], options: SweepOptions, place: str) -> dict[str, Space]:
    """Return the space of each parameter that is varied: those asked for, and those that the notebook declares.

    Raises:
        ParameterError: For an unknown name, a space that the parameter cannot take, or no space at all.
    """
    for name, space in options.spaces.items():
        check_space(find_parameter(declared, name, place), space)
    given = {**options.values, **options.texts}
    found = {
        name: options.spaces.get(name, parameter.space)
        for name, parameter in declared.items()
        if name in options.spaces or (parameter.space is not None and name not in given)
    }
    spaces = {name: space for name, space in found.items() if space is not None}
    if not spaces:
        msg = f"{place}: there is nothing to vary"
        hint = "Give a space, such as --param lr=log:1e-5:1e-1, or declare one: lr: Float(1e-5, 1e-1, log=True) = 1e-3"
        raise ParameterError(msg, hint=hint)
    return spaces


def _check_fixed(options: SweepOptions) -> None:
    """Refuse a parameter that is to be varied and fixed at once."""
    both = sorted(options.spaces.keys() & {*options.values, *options.texts})
    if both:
        msg = f"{both[0]} is given a space and a value"
        raise ParameterError(msg, hint="Give it one of the two.")


def _check_conditions(declared: Mapping[str, Parameter], options: SweepOptions) -> None:
    """Refuse a condition of a parameter that is not varied."""
    for name in options.conditions:
        find_parameter(declared, name, "--when")
        if name not in options.spaces:
            msg = f"--when {name!r}: the parameter is not varied"
            raise ParameterError(msg, hint=f"Give it a space: --param {name}=log:1e-5:1e-1")


def _trials(domain: Domain, options: SweepOptions) -> int:
    """Return how many trials there are to be."""
    if options.sampler != "grid":
        return options.trials or _TRIALS
    size = len(grid(domain))
    return size if options.trials is None else min(size, options.trials)


def _fixed(declared: Mapping[str, Parameter], prepared: Preparation, options: SweepOptions) -> dict[str, Any]:
    """Return the values that are not varied; a parameter ``seed`` follows the seed of each run."""
    follows_seed = SEED in declared and SEED not in {*options.values, *options.texts, *options.spaces}
    return {name: value for name, value in prepared.parameters.items() if not (follows_seed and name == SEED)}
