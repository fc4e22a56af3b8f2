"""Where the templates stand: inside an installed package, beside it in the repository."""

from __future__ import annotations

import difflib
from pathlib import Path

from reprobook.errors import InputError
from reprobook.template.model import Template, read_template

_PACKAGE = Path(__file__).parents[1]
# A wheel holds them in the package (`force-include` in pyproject.toml); an editable install is the repository itself.
_PLACES = (_PACKAGE / "templates", _PACKAGE.parent / "templates")


def shelf() -> Path:
    """Return the folder of all templates.

    Raises:
        InputError: If this installation came without them.
    """
    for place in _PLACES:
        if place.is_dir():
            return place
    msg = "this installation of reprobook has no templates"
    raise InputError(msg, hint="Install it again: pip install --force-reinstall reprobook.")


def templates() -> tuple[Template, ...]:
    """Return all templates, by name."""
    return tuple(read_template(readme.parent) for readme in sorted(shelf().glob("*/README.md")))


def find_template(name: str) -> Template:
    """Return the template of this name.

    Raises:
        InputError: If there is none; names the closest.
    """
    found = {template.name: template for template in templates()}
    if name in found:
        return found[name]
    close = difflib.get_close_matches(name, found, n=1)
    msg = f"no template {name!r}"
    raise InputError(msg, hint=f"Did you mean {close[0]}?" if close else f"There are: {', '.join(found)}.")
