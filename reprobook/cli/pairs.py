"""``NAME=SPACE`` and ``NAME: EXPR`` on the command line."""

from __future__ import annotations

from collections.abc import Iterable

import click


def read_pairs(texts: Iterable[str], sign: str, option: str) -> dict[str, str]:
    """Split each text at the first ``sign``.

    Raises:
        click.UsageError: If there is none, or a name is given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, separator, rest = text.partition(sign)
        name = name.strip()
        if not separator or not name or not rest.strip():
            msg = f"{option} {text!r}: write NAME{sign}{'SPACE' if sign == '=' else ' EXPR'}"
            raise click.UsageError(msg)
        if name in found:
            msg = f"{option}: {name} is given twice"
            raise click.UsageError(msg)
        found[name] = rest.strip()
    return found
