"""The captured environment as a PEP 751 lock file, ``pylock.reprobook.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import tomli_w

from reprobook.capture.direct_url import DirectUrl, parse_direct_url
from reprobook.capture.redact import strip_credentials
from reprobook.header import Distribution, Environment

LOCK_NAME = "pylock.reprobook.toml"
# Where a restored copy of a local source is expected, relative to the lock: the header's path is of one machine.
_SOURCES = "sources"
# Where a wheel is expected that no index on the network has.
_WHEELS = "wheels"


@dataclass(frozen=True)
class Wheel:
    """A wheel, or the source archive it is built from, as an index gives it: URL and digests by algorithm."""

    url: str
    hashes: Mapping[str, str]

    @property
    def is_local(self) -> bool:
        """Whether it lies in a folder of this machine."""
        return self.url.startswith("file:")

    @property
    def name(self) -> str:
        """Its file name."""
        return unquote(urlsplit(self.url).path.rpartition("/")[2])


_SOURCE_TABLES = frozenset({"vcs", "directory", "archive", "wheels", "sdist"})


def write_lock(environment: Environment, wheels: Mapping[str, Wheel] | None = None) -> str:
    """Return the lock of an environment, as PEP 751 text.

    What was installed from an index has a name and a version here, but no source: an installed distribution does not
    know the hash of its wheel. Installers refuse such an entry; ``reprobook env lock`` asks the index and gives the
    ``wheels``, by the names of distributions; what has no source even then is left out of the packages and listed under
    ``tool.reprobook.missing``. Sources of one's own (version control, archive, folder) are complete. No credentials, no
    absolute paths.
    """
    if wheels is None:
        return _plain_lock(environment.python, environment.implementation, environment.distributions)
    packages = [_package(item, wheels.get(item.name)) for item in environment.distributions]
    without = [each for each in packages if _SOURCE_TABLES.isdisjoint(each)]
    missing = [f"{each['name']}=={each['version']}" for each in without]
    kept = [each for each in packages if each not in without]
    return _text(kept, {"python": environment.python, "implementation": environment.implementation, "missing": missing})


@lru_cache(maxsize=4)
def _plain_lock(python: str, implementation: str, distributions: tuple[Distribution, ...]) -> str:
    """Return the lock that every run has; a fork of a warm server finds it written."""
    packages = [_package(item, None) for item in distributions]
    return _text(packages, {"python": python, "implementation": implementation})


def _text(packages: list[dict[str, Any]], tool: dict[str, Any]) -> str:
    """Return the text of a lock."""
    major, minor = tool["python"].split(".")[:2]
    lock = {
        "lock-version": "1.0",
        "requires-python": f"=={major}.{minor}.*",
        "created-by": "reprobook",
        "packages": packages,
        "tool": {"reprobook": tool},
    }
    return tomli_w.dumps(lock)


def _package(item: Distribution, wheel: Wheel | None) -> dict[str, Any]:
    """Return the entry of one distribution."""
    source = _source(item, parse_direct_url(item.direct_url)) if item.direct_url else _of_index(wheel)
    evidence = {"record": item.record, "content": item.content}
    known = {key: value for key, value in evidence.items() if value is not None}
    # PEP 751: a source tree may compute its version anew, so it has none in the entry proper.
    if source.keys() & {"vcs", "directory"}:
        return {"name": item.name, **source, "tool": {"reprobook": {"version": item.version, **known}}}
    return {"name": item.name, "version": item.version, **source, "tool": {"reprobook": known}}


def _of_index(wheel: Wheel | None) -> dict[str, Any]:
    """Return the ``wheels`` or ``sdist`` table of what an index has."""
    if wheel is None:
        return {}
    place = {"path": f"{_WHEELS}/{wheel.name}"} if wheel.is_local else {"url": strip_credentials(wheel.url)}
    entry = {"name": wheel.name, **place, "hashes": dict(wheel.hashes)}
    return {"wheels": [entry]} if wheel.name.endswith(".whl") else {"sdist": entry}


def _source(item: Distribution, url: DirectUrl) -> dict[str, Any]:
    """Return the ``vcs``, ``archive`` or ``directory`` table of a direct reference; none if PEP 751 lacks the facts."""
    place = {"path": f"{_SOURCES}/{url.filename if url.hashes else item.name}"} if url.is_local else {"url": url.url}
    extra = {"subdirectory": url.subdirectory} if url.subdirectory else {}
    if url.vcs and url.commit:
        return {"vcs": {"type": url.vcs, **place, "commit-id": url.commit, **extra}}
    if url.hashes:
        return {"archive": {**place, "hashes": dict(url.hashes), **extra}}
    if url.is_local:
        return {"directory": {**place, "editable": item.content is not None, **extra}}
    return {}
