"""What differs between a recorded environment and another one, each difference with what would mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reprobook.environment.interpreter import Interpreter
from reprobook.header import Distribution, Environment

# Versions such as 2.13.0+cpu are on no public index but PyTorch's own, which has one folder a build.
_OF_TORCH = frozenset({"torch", "torchvision", "torchaudio"})
_TORCH_INDEX = "https://download.pytorch.org/whl/"
_MOST_NAMED = 3


@dataclass(frozen=True)
class Mismatch:
    """One difference.

    Attributes:
        name: The distribution, or ``python`` or ``implementation``.
        recorded: Its version when the run was recorded; None if it was not there.
        found: Its version here; None if it is not here.
        fix: What would mend it.
        required: Whether the run needs it mended. What is here in addition seldom changes a result.
    """

    name: str
    recorded: str | None
    found: str | None
    fix: str
    required: bool = True

    def __str__(self) -> str:
        return f"{self.name} {self.recorded or 'not there'} -> {self.found or 'not there'}"


def mismatches(recorded: Environment, found: Interpreter) -> tuple[Mismatch, ...]:
    """Compare interpreter and distributions: versions, and the files of those with the same version."""
    return (*_of_python(recorded, found), *_of_distributions(recorded.distributions, found.distributions))


def _of_python(recorded: Environment, found: Interpreter) -> Iterator[Mismatch]:
    fix = f"uv venv --python {recorded.python}, or `reprobook env restore`"
    if recorded.python != found.python:
        yield Mismatch("python", recorded.python, found.python, fix)
    if recorded.implementation != found.implementation:
        yield Mismatch("implementation", recorded.implementation, found.implementation, fix)


def _of_distributions(recorded: Sequence[Distribution], found: Sequence[Distribution]) -> Iterator[Mismatch]:
    before, now = ({each.name: each for each in side} for side in (recorded, found))
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old is None and new is not None:
            yield Mismatch(name, None, new.version, f"pip uninstall {name}", required=False)
        elif old is not None and (new is None or new.version != old.version):
            yield Mismatch(name, old.version, new.version if new else None, _fix(old))
        elif old is not None and new is not None and _files(old) != _files(new):
            yield Mismatch(name, f"{old.version} (its files)", f"{new.version} (other files)", _fix(old, again=True))


def _files(item: Distribution) -> str | None:
    """Return what stands for the files of a distribution."""
    return item.content or item.record


def _fix(item: Distribution, *, again: bool = False) -> str:
    """Return the command that brings a distribution back, or says where it came from."""
    if item.direct_url and item.direct_url.startswith("file:"):
        return f"Bring the folder or file that {item.name} was installed from back as it was."
    if item.direct_url:
        return f"pip install --no-deps '{item.name} @ {item.direct_url}'"
    return install_command(item.name, item.version, again=again)


def install_command(name: str, version: str, *, again: bool = False) -> str:
    """Return the command that installs a version of a distribution from the index that has it."""
    local = version.partition("+")[2]
    index = f" --extra-index-url {_TORCH_INDEX}{local}" if name in _OF_TORCH and local else ""
    return f"pip install{' --force-reinstall --no-deps' if again else ''} {name}=={version}{index}"


def restore_hint(recorded: Environment | None, found: Environment | None, run_id: str) -> str | None:
    """Say that a replay had another environment than its run, and how to have the recorded one; else None."""
    if recorded is None or found is None:
        return None
    here = Interpreter(found.python, found.implementation, found.distributions)
    needed = [each for each in mismatches(recorded, here) if each.required]
    if not needed:
        return None
    more = f" and {len(needed) - _MOST_NAMED} more" if len(needed) > _MOST_NAMED else ""
    said = ", ".join(map(str, needed[:_MOST_NAMED]))
    return f"the environment is not the recorded one: {said}{more}; `reprobook env restore {run_id} DIR` makes that one"
