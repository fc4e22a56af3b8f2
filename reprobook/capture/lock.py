"""The captured environment as a PEP 751 lock file, ``pylock.reprobook.toml``."""

from __future__ import annotations

from typing import Any

import tomli_w

from reprobook.capture.direct_url import DirectUrl, parse_direct_url
from reprobook.header import Distribution, Environment

LOCK_NAME = "pylock.reprobook.toml"
# Where a restored copy of a local source is expected, relative to the lock: the header's path is of one machine.
_SOURCES = "sources"


def write_lock(environment: Environment) -> str:
    """Return the lock of an environment, as PEP 751 text.

    What was installed from an index has a name and a version here, but no source: an installed distribution does not
    know the hash of its wheel. Installers refuse such an entry; ``reprobook env lock`` asks the index and adds the
    wheels. Sources of one's own (version control, archive, folder) are complete. No credentials, no absolute paths.
    """
    major, minor = environment.python.split(".")[:2]
    lock = {
        "lock-version": "1.0",
        "requires-python": f"=={major}.{minor}.*",
        "created-by": "reprobook",
        "packages": [_package(item) for item in environment.distributions],
        "tool": {"reprobook": {"python": environment.python, "implementation": environment.implementation}},
    }
    return tomli_w.dumps(lock)


def _package(item: Distribution) -> dict[str, Any]:
    """Return the entry of one distribution."""
    source = _source(item, parse_direct_url(item.direct_url)) if item.direct_url else {}
    evidence = {"record": item.record, "content": item.content}
    known = {key: value for key, value in evidence.items() if value is not None}
    # PEP 751: a source tree may compute its version anew, so it has none in the entry proper.
    if source.keys() & {"vcs", "directory"}:
        return {"name": item.name, **source, "tool": {"reprobook": {"version": item.version, **known}}}
    return {"name": item.name, "version": item.version, **source, "tool": {"reprobook": known}}


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
