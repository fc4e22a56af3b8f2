"""Run all probes and seal what they found into a header."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from reprobook.capture.distributions import installed_distributions
from reprobook.capture.git import read_git
from reprobook.capture.hardware import read_hardware
from reprobook.capture.local_modules import local_modules
from reprobook.capture.origin import read_origin
from reprobook.capture.python import current_locale, current_timezone, implementation, interpreter_flags, python_version
from reprobook.capture.redact import strip_credentials
from reprobook.capture.variables import environment_variables
from reprobook.header import SCHEMA, Code, DataSource, Environment, Header, Seeds, encode, seal

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """What is to be frozen: a notebook's code, its parameters (Python values) and the seeds as they took effect.

    ``sources`` are the code cells as text, ``folder`` is the working folder, where local modules are looked for,
    ``origin`` what that is a copy of, if it is one, ``data`` what is known of declared data, and ``spec`` the digest of
    the training spec.
    """

    code: Code
    sources: Sequence[str]
    folder: Path
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)
    seeds: Seeds = dataclasses.field(default_factory=Seeds)
    notebook: str | None = None
    name: str | None = None
    origin: Path | None = None
    spec: str | None = None
    data: tuple[DataSource, ...] = ()


def capture(subject: Subject) -> Header:
    """Freeze the recipe of this process into a sealed header.

    A probe that fails leaves its section empty and its reason in ``missing``. Call it after ``apply_seed``, which
    sets environment variables.

    Raises:
        InputError: If a parameter has no canonical form.
    """
    missing: dict[str, str] = {}
    environment = _read_environment(subject, missing)
    return seal(
        Header(
            schema=SCHEMA,
            name=subject.name,
            code=subject.code,
            parameters={name: encode(value) for name, value in subject.parameters.items()},
            seeds=subject.seeds,
            spec=subject.spec,
            environment=environment,
            data=subject.data,
            hardware=_attempt("hardware", lambda: read_hardware(os.environ, environment.distributions), missing, None),
            git=_attempt("git", lambda: read_git(subject.folder), missing, None),
            origin=read_origin(subject.origin or subject.folder, subject.notebook),
            missing=missing,
        )
    )


def _read_environment(subject: Subject, missing: dict[str, str]) -> Environment:
    """Run the probes of the environment."""

    def attempt(part: str, probe: Callable[[], T], otherwise: T) -> T:
        return _attempt(f"environment.{part}", probe, missing, otherwise)

    return Environment(
        python=python_version(),
        implementation=implementation(),
        flags=attempt("flags", interpreter_flags, {}),
        distributions=attempt("distributions", lambda: installed_distributions(sys.path), ()),
        local_modules=attempt("local_modules", lambda: local_modules(subject.sources, subject.folder), {}),
        variables=attempt("variables", lambda: environment_variables(os.environ), {}),
        locale=attempt("locale", current_locale, None),
        timezone=attempt("timezone", current_timezone, None),
    )


def _attempt(section: str, probe: Callable[[], T], missing: dict[str, str], otherwise: T) -> T:
    """Run one probe; if it fails, note the reason and go on."""
    try:
        return probe()
    # A probe meets whatever a machine has to offer; none of it may keep a user from running a notebook.
    except Exception as error:  # noqa: BLE001
        missing[section] = strip_credentials(f"{type(error).__name__}: {error}")
        return otherwise
