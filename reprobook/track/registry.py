"""Which trackers there are, each in a module that is loaded when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from reprobook.errors import InputError

if TYPE_CHECKING:
    from reprobook.track.model import Subject, Tracker  # whoever asks for the names waits for no model

# The library that each needs; the module here has the same name, as has the extra of our own package.
_LIBRARIES = {"wandb": ("wandb",), "mlflow": ("mlflow", "sqlalchemy", "alembic"), "tensorboard": ("tensorboard",)}
NAMES = tuple(_LIBRARIES)


def check_trackers(names: Iterable[str]) -> None:
    """Refuse a tracker that is not known or not installed, before anything runs.

    Raises:
        InputError: For the first such name.
    """
    for name in names:
        if name not in _LIBRARIES:
            import difflib  # noqa: PLC0415 - who only lists the names does not wait for it

            close = difflib.get_close_matches(name, NAMES, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(NAMES)}."
            msg = f"there is no tracker {name!r}"
            raise InputError(msg, hint=hint)
        if missing := [library for library in _LIBRARIES[name] if find_spec(library) is None]:
            msg = f"the tracker {name} needs {missing[0]}, which is not installed"
            raise InputError(msg, hint=f"pip install 'reprobook[{name}]'")


def open_tracker(name: str, subject: Subject) -> Tracker:
    """Begin a run in a tracker."""
    module = importlib.import_module(f"reprobook.track.{name}")
    tracker: Tracker = module.begin(subject)
    return tracker


def target(name: str, subject: Subject) -> str:
    """Say where a tracker would put a run, without going there."""
    text: str = importlib.import_module(f"reprobook.track.{name}").target(subject)
    return text
