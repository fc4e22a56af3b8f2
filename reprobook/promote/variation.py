"""Which parameters are options only in name: the script fails with any other value, so they stay constants.

A notebook without a parameters cell offers every literal that it assigns. ``block_size = 3`` may be one of them
although the size of a weight, some cells on, is a plain ``30``: three characters of ten numbers each. No analysis of
the text tells; the script is asked.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic

from reprobook.execute.script import JobRequest, start_script
from reprobook.promote.commands import option
from reprobook.promote.proof import Candidate, proving_ground
from reprobook.space.declare import parameters_cell

_PATIENCE_S = 20.0  # a script that has not failed by then takes the value
_BUDGET_S = 60.0  # for all parameters; those that are not reached stay options


def unvaried(job: Candidate) -> frozenset[str]:
    """Return the whole numbers among the parameters that the notebook does not declare and the script cannot vary.

    Each is given twice its value, one more, and half; one that works is enough.
    """
    if parameters_cell(job.recipe.notebook) is not None:
        return frozenset()
    started = monotonic()
    sizes = [each for each in job.plan.fields if each.type is int and each.default > 0 and each.name != job.plan.seed]
    found: set[str] = set()
    for field in sizes:
        if monotonic() - started > _BUDGET_S:
            break
        if not any(_works(job, field.name, value) for value in _others(field.default)):
            found.add(field.name)
    return frozenset(found)


def _others(value: int) -> Iterator[int]:
    yield from (2 * value, value + 1)
    if value > 1:
        yield value // 2


def _works(job: Candidate, name: str, value: int) -> bool:
    with proving_ground(job.folder, job.recipe) as request:
        given: JobRequest = replace(request, arguments=option(job.options.style, name, value), limit_s=_PATIENCE_S)
        try:
            return start_script(given).returncode == 0
        except subprocess.TimeoutExpired:
            return True
