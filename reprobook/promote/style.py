"""The styles of a script: what each needs, and what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata

from reprobook.errors import InputError
from reprobook.promote.options import JobOptions, Style

_LIBRARIES: Mapping[Style, str] = {"hydra": "hydra-core", "fabric": "lightning-fabric"}


def check_style(options: JobOptions) -> None:
    """Refuse what a style cannot do, or cannot do here, before a notebook is run for it.

    Raises:
        InputError: If the style has no such option, or its library is not installed.
    """
    if options.resume and options.style != "plain":
        msg = f"--style {options.style} goes without --resume"
        raise InputError(msg, hint="Use --style plain, which takes --out and --resume.")
    version_of_style(options)


def version_of_style(options: JobOptions) -> dict[str, str]:
    """Return the version here of the library of a style: the notebook's environment need not have had it.

    Raises:
        InputError: If it is not installed.
    """
    library = _LIBRARIES.get(options.style)
    if library is None:
        return {}
    try:
        return {library: metadata.version(library)}
    except metadata.PackageNotFoundError:
        msg = f"--style {options.style} needs {library}, which is not installed"
        raise InputError(msg, hint=f"pip install 'reprobook[{options.style}]'") from None
