"""Where a distribution was installed from, when that was no index: PEP 610 in, one direct reference out.

A direct reference is a URL as PEP 508 writes it after ``name @``: ``git+https://host/x.git@COMMIT``,
``https://host/x.whl#sha256=HEX``, ``file:///folder``; ``#subdirectory=`` where there is one. Never with credentials.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from reprobook.capture.redact import strip_credentials


@dataclasses.dataclass(frozen=True, kw_only=True)
class DirectUrl:
    """A parsed direct reference: a revision of a repository, an archive (with its hashes), or else a folder."""

    url: str
    vcs: str | None = None
    commit: str | None = None
    hashes: tuple[tuple[str, str], ...] = ()
    subdirectory: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether it names a path of this machine."""
        return self.url.startswith("file:")

    @property
    def filename(self) -> str:
        """The last part of its path."""
        return unquote(urlsplit(self.url).path.rstrip("/").rpartition("/")[2])

    @property
    def path(self) -> str:
        """Its path, decoded; a drive letter comes without the slash before it."""
        path = unquote(urlsplit(self.url).path)
        return path[1:] if path[2:3] == ":" else path

    def __str__(self) -> str:
        fragment = [f"{algorithm}={digest}" for algorithm, digest in self.hashes]
        fragment += [f"subdirectory={self.subdirectory}"] if self.subdirectory else []
        url = f"{self.vcs}+{self.url}@{self.commit}" if self.vcs else self.url
        return f"{url}#{'&'.join(fragment)}" if fragment else url


def read_direct_url(text: str) -> tuple[DirectUrl, bool]:
    """Read a ``direct_url.json`` (PEP 610); also says whether the installation is editable.

    Raises:
        ValueError: If the text is not such a file.
    """
    content = json.loads(text)
    if not isinstance(content, dict) or not isinstance(content.get("url"), str):
        msg = "direct_url.json has no url"
        raise ValueError(msg)  # noqa: TRY004 - the file is wrong, not its reader's argument
    vcs, archive = _table(content, "vcs_info"), _table(content, "archive_info")
    hashes = _table(archive, "hashes")
    if not hashes and "=" in str(archive.get("hash")):
        hashes = dict([str(archive["hash"]).split("=", 1)])
    url = DirectUrl(
        url=strip_credentials(content["url"]),
        vcs=vcs.get("vcs"),
        commit=vcs.get("commit_id"),
        hashes=tuple(sorted(hashes.items())),
        subdirectory=content.get("subdirectory"),
    )
    return url, bool(_table(content, "dir_info").get("editable"))


def _table(content: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a nested object, or an empty one."""
    table = content.get(key)
    return table if isinstance(table, dict) else {}


def parse_direct_url(reference: str) -> DirectUrl:
    """Parse a direct reference, as ``str(DirectUrl)`` writes it."""
    url, _, fragment = reference.partition("#")
    fields = dict(parse_qsl(fragment))
    subdirectory = fields.pop("subdirectory", None)
    scheme = url.partition("://")[0]
    vcs, plus, _ = scheme.partition("+")
    if not plus:
        return DirectUrl(url=url, hashes=tuple(sorted(fields.items())), subdirectory=subdirectory)
    url, _, commit = url.removeprefix(f"{vcs}+").rpartition("@")
    return DirectUrl(url=url, vcs=vcs, commit=commit, subdirectory=subdirectory)
