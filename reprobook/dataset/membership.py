"""Who is in which part, in a form that can be compared: digests that do not depend on the order of rows."""

from __future__ import annotations

from collections.abc import Sequence

from blake3 import blake3

from reprobook.dataset.assign import Rows
from reprobook.dataset.identity import digest


def membership(parts: Sequence[str], order: Sequence[str], rows: Rows) -> dict[str, str]:
    """Return a digest of the ids of each part; ids themselves may be private."""
    members: dict[str, list[bytes]] = {name: [] for name in order}
    for part, value in zip(parts, rows.ids, strict=True):
        members[part].append(digest(value))
    return {name: blake3(b"".join(sorted(ids))).hexdigest() for name, ids in members.items()}
