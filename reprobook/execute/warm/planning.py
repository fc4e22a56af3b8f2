"""Which server a run is forked from, and which runs have none."""

from __future__ import annotations

from collections.abc import Mapping

from reprobook.ambient import Pins
from reprobook.execute.inline import needs_kernel
from reprobook.execute.options import RunOptions
from reprobook.execute.preparation import Preparation
from reprobook.execute.warm.imports import early_imports
from reprobook.execute.warm.key import Plan, server_environment
from reprobook.execute.warm.refusal import ColdOnlyError

_HASH_SEED = "PYTHONHASHSEED"


def plan_of(prepared: Preparation, options: RunOptions, environment: Mapping[str, str], *, token: str = "") -> Plan:
    """Return the plan of the server that a run is forked from.

    Args:
        prepared: The notebook.
        options: Of the run.
        environment: Variables of the run.
        token: Of a private server.

    Raises:
        ColdOnlyError: If a fork could not do it as a fresh process would.
    """
    for reason in (
        _pinned(options.pins),
        _unfixed(options, environment),
        needs_kernel(prepared.notebook),
    ):
        if reason:
            raise ColdOnlyError(reason)
    return Plan(
        # As given: values of parameters are literals, which bring and prevent no import.
        statements=early_imports(tuple(cell.source for cell in prepared.original.code_cells)),
        environment=server_environment(environment),
        watched=options.trace != "off",
        role="run" if options.kind == "run" else "replay",
        token=token,
    )


def _pinned(pins: Pins) -> str:
    """Say why pins need a fresh process: they hold before anything is imported."""
    names = ", ".join(sorted(pins.named.keys() - {"environment"}))
    return f"what is held still ({names}) holds from before the first import" if names else ""


def _unfixed(options: RunOptions, environment: Mapping[str, str]) -> str:
    """Say why a replay must have a hash seed of its own: two forks of one server would agree by sharing theirs."""
    if options.kind == "run" or environment.get(_HASH_SEED, "random") != "random":
        return ""
    return "without a seed each replay needs a hash seed of its own"
