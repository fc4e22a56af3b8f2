"""A lock that an installer can use: the recorded environment, with the wheels that the indexes have of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reprobook.capture import write_lock
from reprobook.environment.index import IndexOptions, ask_index
from reprobook.environment.mismatch import install_command
from reprobook.header import Environment


@dataclass(frozen=True)
class Lock:
    """A lock.

    Attributes:
        text: As PEP 751 has it.
        locked: How many distributions are in it.
        missing: Those that no index has and that are not in it, with the reason and another way to have them.
        local: Those whose source is a folder or file of this machine: the lock says where it is expected.
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
    of_index = {each.name: each.version for each in environment.distributions if each.direct_url is None}
    wanted = {name: f"{name}=={version}" for name, version in of_index.items()}
    wheels, missing = ask_index(wanted, options, progress)
    ways = {name: f"{reason}; elsewhere: {install_command(name, of_index[name])}" for name, reason in missing.items()}
    local = {name: f"put {each.name} into wheels/ beside the lock" for name, each in wheels.items() if each.is_local}
    folders = [each for each in environment.distributions if (each.direct_url or "").startswith("file:")]
    local |= {each.name: "put its source into sources/ beside the lock" for each in folders}
    locked = len(environment.distributions) - len(missing)
    return Lock(write_lock(environment, wheels), locked, ways, dict(sorted(local.items())))
