"""Seeds on the command line: ``--seeds 0-4``, or ``--seeds 3`` for the first three."""

from __future__ import annotations

import re

import click

_RANGE = re.compile(r"(\d+)-(\d+)")
_MOST_SEEDS = 10_000


def read_seed_range(ctx: click.Context, param: click.Parameter, value: str | None) -> range | None:
    """Read ``A-B``, both included."""
    if value is None:
        return None
    match = _RANGE.fullmatch(value.strip())
    return _checked(range(int(match[1]), int(match[2]) + 1) if match else range(0), value, ctx, param)


def read_seeds(ctx: click.Context, param: click.Parameter, value: str | None) -> range | None:
    """Read ``A-B``, or ``N`` for the seeds from 0 to N-1."""
    if value is not None and value.strip().isdecimal():
        return _checked(range(int(value)), value, ctx, param)
    return read_seed_range(ctx, param, value)


def _checked(seeds: range, value: str, ctx: click.Context, param: click.Parameter) -> range:
    if not 0 < len(seeds) <= _MOST_SEEDS or seeds[-1] >= 2**32:
        msg = f"{value!r} is no range of seeds such as 0-4"
        raise click.BadParameter(msg, ctx, param)
    return seeds
