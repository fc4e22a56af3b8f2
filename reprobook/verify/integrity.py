"""The notebook's own copies of a header, checked: in its metadata and in the output of the init cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reprobook.errors import IntegrityError
from reprobook.header import MIME_TYPE, Header, check_header, sha256_hex
from reprobook.notebook import Notebook
from reprobook.runs import Store

_SHOWN = ("text/plain", "text/html")
_HINT = "Restore the notebook from a backup, or run it again: what it shows is not what was recorded."


def notebook_integrity(notebook: Notebook, store: Store) -> list[Header]:
    """Check every copy of a header in a notebook, and the text shown beside it; return the headers.

    Raises:
        IntegrityError: If one was edited, or is not the header of the run it claims; names the place.
    """
    headers = []
    ours = _mapping(notebook.metadata.get("reprobook"))
    if "header" in ours:
        place = f"{notebook.name}: metadata.reprobook.header"
        headers.append(check_header(ours["header"], place))
        _check_origin(headers[-1], ours.get("run_id"), store, place)
    for place, output in _outputs(notebook):
        data, metadata = _mapping(output.get("data")), _mapping(_mapping(output.get("metadata")).get("reprobook"))
        if MIME_TYPE in data:
            headers.append(check_header(data[MIME_TYPE], place))
            _check_origin(headers[-1], metadata.get("run_id"), store, place)
            _check_siblings(data, {mime: metadata[mime] for mime in _SHOWN if mime in metadata}, place)
    return headers


def _outputs(notebook: Notebook) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every output of the code cells, with its place."""
    number = 0
    for raw in notebook.content.get("cells", ()):
        if raw.get("cell_type") != "code":
            continue
        for output in raw.get("outputs") or ():
            yield f"{notebook.name}: output of code cell {number}", _mapping(output)
        number += 1


def _check_origin(header: Header, run_id: object, store: Store, place: str) -> None:
    """Compare a copy with the original in the store: a forged header can carry a seal of its own."""
    if not isinstance(run_id, str) or run_id not in store.names():
        return
    if store.folder(run_id).read_record().header_digest != header.header_digest:
        msg = f"{place}: not the header that run {run_id} was recorded with"
        raise IntegrityError(msg, hint=_HINT)


def _check_siblings(data: Mapping[str, Any], digests: Mapping[str, Any], place: str) -> None:
    """Check the texts shown beside a header: people read those."""
    for mime in digests:
        shown = data.get(mime, "")
        text = shown if isinstance(shown, str) else "".join(map(str, shown))
        if sha256_hex(text.encode("utf-8", "surrogatepass")) != digests[mime]:
            msg = f"{place}: the {mime} shown beside the header was edited"
            raise IntegrityError(msg, hint=_HINT)


def _mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping; anything else found in its place, in a file anyone may edit, counts as empty."""
    return value if isinstance(value, Mapping) else {}
