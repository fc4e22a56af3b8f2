"""A lock that an installer can use: the recorded environment, with the wheels that the indexes have of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reprobook.capture import parse_direct_url, write_lock
from reprobook.environment.index import IndexOptions, ask_index
from reprobook.environment.mismatch import install_command
from reprobook.environment.own import OWN_NAME, own
from reprobook.header import Distribution, Environment


@dataclass(frozen=True)
class Lock:
    """A lock.

    Attributes:
        text: As PEP 751 has it.
        locked: How many distributions are in it.
        missing: Those that no index has and that are not in it, with the reason and another way to have them.
        local: Those whose source is a folder or file of this machine, wheels last: the lock says where it is expected.
    """

    text: str
    locked: int
    missing: dict[str, str]
    local: dict[str, str]


def lock_environment(environment: Environment, options: IndexOptions, progress: Callable[[str], None]) -> Lock:
    """Lock a recorded environment for the platform of this process.

    Raises:
        EnvironmentMismatchError: If no index can be asked.
    """
    environment = _with_own_origin(environment)
    of_index = {each.name: each.version for each in environment.distributions if each.direct_url is None}
    wanted = {name: f"{name}=={version}" for name, version in of_index.items()}
    wheels, missing = ask_index(wanted, options, progress)
    ways = {name: f"{reason}{_way(name, of_index[name])}" for name, reason in missing.items()}
    local = {name: f"put {each.name} into wheels/ beside the lock" for name, each in wheels.items() if each.is_local}
    local |= {
        each.name: _put(each) for each in environment.distributions if (each.direct_url or "").startswith("file:")
    }
    locked = len(environment.distributions) - len(missing)
    return Lock(write_lock(environment, wheels), locked, ways, local)


def _with_own_origin(environment: Environment) -> Environment:
    """Say of reprobook itself where it came from, if this is the recorded version: no index need be asked for it."""
    here = own()
    if here.origin is None:
        return environment
    known = [
        each.model_copy(update={"direct_url": str(here.origin)})
        if each.name == OWN_NAME and each.version == here.version
        else each
        for each in environment.distributions
    ]
    return environment.model_copy(update={"distributions": tuple(known)})


def _put(item: Distribution) -> str:
    """Say what to do with the source of a distribution that lies on this machine."""
    return f"installed from {parse_direct_url(item.direct_url or '').path}: put that into sources/ beside the lock"


def _way(name: str, version: str) -> str:
    """Return how else a distribution may be had: another index, where one is known to have builds like it."""
    command = install_command(name, version)
    if "--extra-index-url" in command:
        return f"; elsewhere: {command}"
    return "; if you have its wheel, PIP_FIND_LINKS names the folder, and --extra-index-url another index"
