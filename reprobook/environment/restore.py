"""A recorded environment made again, as far as it can be had, and checked against the header."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reprobook.capture import parse_direct_url
from reprobook.environment.index import IndexOptions
from reprobook.environment.installer import installers, make_environment
from reprobook.environment.interpreter import read_interpreter
from reprobook.environment.mismatch import Mismatch, mismatches
from reprobook.environment.own import OWN_NAME, own
from reprobook.errors import InputError
from reprobook.header import Distribution, Environment


@dataclass(frozen=True)
class Restored:
    """What came of it.

    Attributes:
        folder: The virtual environment.
        installed: How many distributions are as recorded.
        failed: Why some could not be installed, by name.
        mismatches: In what it differs from the recorded environment.
        notes: What a reader must know.
    """

    folder: Path
    installed: int
    failed: dict[str, str]
    mismatches: tuple[Mismatch, ...]
    notes: tuple[str, ...] = ()

    @property
    def matched(self) -> bool:
        """Whether it is the recorded environment."""
        return not self.mismatches


def restore(environment: Environment, folder: Path, options: IndexOptions, progress: Callable[[str], None]) -> Restored:
    """Make a virtual environment like a recorded one; where uv is found it does so, and pip what uv cannot.

    What cannot be had keeps nothing else out. If this is interrupted, the folder is removed.

    Raises:
        InputError: If there is something in the folder.
        EnvironmentMismatchError: If there is no such Python, or nothing to install with.
    """
    if folder.exists() and any(folder.iterdir()):
        msg = f"{folder} is not empty"
        raise InputError(msg, hint="Name a new folder; an environment is never changed in place.")
    folder = folder.resolve()
    try:
        progress(f"making an environment with Python {environment.python}")
        make_environment(folder, environment.python)
        return _filled(environment, folder, options, progress)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _filled(environment: Environment, folder: Path, options: IndexOptions, progress: Callable[[str], None]) -> Restored:
    """Install everything, and compare."""
    lines: dict[str, str] = {}
    failed: dict[str, str] = {}
    notes: list[str] = []
    for each in environment.distributions:
        line, reason = _own_line(each, notes) if each.name == OWN_NAME else _line(each)
        if line:
            lines[each.name] = line
        else:
            failed[each.name] = reason
    left = lines
    for installer in installers(folder):
        refused = installer.install(left, options, progress)
        left = {name: lines[name] for name in refused}
    failed |= refused
    progress("comparing it with the header")
    found = mismatches(environment, read_interpreter(folder))
    wrong = {each.name for each in found}
    same = sum(each.name not in wrong for each in environment.distributions)
    return Restored(folder, same, dict(sorted(failed.items())), found, tuple(notes))


def _line(item: Distribution) -> tuple[str, str]:
    """Return the line of a requirements file for a distribution, or an empty one and why there is none."""
    if item.direct_url is None:
        return f"{item.name}=={item.version}", ""
    url = parse_direct_url(item.direct_url)
    if not url.is_local or url.vcs:
        return f"{item.name} @ {item.direct_url}", ""
    if not Path(url.path).exists():
        return "", f"it was installed from a folder or file of the recording machine: {Path(url.path).name}"
    return (f"-e {url.path}", "") if item.content is not None else (f"{item.name} @ {url.url}", "")


def _own_line(item: Distribution, notes: list[str]) -> tuple[str, str]:
    """Return how reprobook gets there: from where the one that runs now came from."""
    here = own()
    if here.version != item.version:
        notes.append(f"reprobook is {here.version}, the one that restores; the run was recorded with {item.version}")
    if here.origin is None:
        return f"{OWN_NAME}=={here.version}", ""
    return (f"-e {here.origin.path}" if here.editable else f"{OWN_NAME} @ {here.origin}"), ""
