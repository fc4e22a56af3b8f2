"""Data cards in Hugging Face's format: https://github.com/huggingface/hub-docs/blob/main/datasetcard.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import urlsplit

from reprobook.dataset.declared import Found
from reprobook.promote.markdown import code, plain, table
from reprobook.promote.model_card import front_matter, gap_list

# https://huggingface.co/docs/hub/datasets-cards: the classes that the hub knows.
_SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
    (10**12, "n>1B"),
)
_TYPES = {"int": "int64", "float": "float64", "text": "string", "bool": "bool", "time": "timestamp[us]"}
_BY_HAND = ("how it was collected, and by whom", "personal or sensitive information", "known biases and limits")


def data_card(found: Found, run_id: str) -> str:
    """Return the card of one source of data, as ``rb.data`` found it in a run."""
    gaps = [gap for gap, known in (("license", found.license), ("what it is", found.description)) if not known]
    gaps += [gap for gap, known in (("version", found.version), ("columns", found.columns)) if not known]
    parts = [
        front_matter(_hub_header(found)),
        f"# {plain(found.name)}",
        plain(found.description or ""),
        "## Source",
        table(("", ""), _source(found, run_id)),
        f"## Columns\n\n{_columns(found)}" if found.columns else "",
        "\n".join(f"- {plain(note)}" for note in found.notes),
        gap_list([*gaps, *_BY_HAND]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def public_source(found: Found) -> str:
    """Return where the data is for others: an address as it is, of a path of this machine the file's name."""
    is_address = bool(urlsplit(found.source).netloc)
    return found.source if is_address or not PurePath(found.source).is_absolute() else PurePath(found.source).name


def _hub_header(found: Found) -> dict[str, object]:
    """Return the card's metadata."""
    header: dict[str, object] = {"pretty_name": found.name, "tags": ["reprobook"]}
    header |= {"license": found.license.lower()} if found.license else {}
    if found.rows is not None:
        header["size_categories"] = [next(name for limit, name in _SIZES if found.rows < limit)]
    if found.columns and all(kind in _TYPES for kind in found.columns.values()):
        features = [{"name": name, "dtype": _TYPES[kind]} for name, kind in found.columns.items()]
        header["dataset_info"] = {"features": features}
    return header


def _source(found: Found, run_id: str) -> Iterator[tuple[str, str]]:
    """Yield where it came from and what it was."""
    yield "source", f"`{code(public_source(found))}`"
    yield ("BLAKE3 of the value" if found.size is None else "SHA-256"), f"`{code(found.digest)}`"
    for name, value in (("bytes", found.size), ("rows", found.rows), ("version", found.version)):
        if value is not None:
            yield name, plain(str(value))
    if found.license:
        yield "license", plain(found.license)
    if found.modified:
        yield "last changed", plain(found.modified)
    if found.credentials:
        yield "access needs", ", ".join(f"`{code(name)}`" for name in found.credentials)
    yield "seen by run", f"`{code(run_id)}`"


def _columns(found: Found) -> str:
    return table(("column", "kind"), [(f"`{code(name)}`", plain(kind)) for name, kind in found.columns.items()])
