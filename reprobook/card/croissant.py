"""Croissant metadata of data: JSON-LD for catalogues (http://mlcommons.org/croissant/1.0)."""

from __future__ import annotations

import json
import mimetypes
import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from reprobook.card.data_card import public_source
from reprobook.dataset.declared import Found
from reprobook.errors import InputError

_CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
_CONTEXT = Path(__file__).with_name("croissant_context.json")
_TYPES = {"int": "sc:Integer", "float": "sc:Float", "text": "sc:Text", "bool": "sc:Boolean", "time": "sc:DateTime"}
_FORMATS = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".jsonl": "application/jsonlines",
    ".ndjson": "application/jsonlines",
    ".parquet": "application/x-parquet",
}
_RECORDS = "rows"
# Characters that steer a terminal or turn text around; JSON has another way to write them.
_UNSEEN = re.compile("[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def croissant(found: Found) -> str:
    """Return the metadata of a file that ``rb.data`` found: the file by its SHA-256, and its columns.

    Raises:
        InputError: If a function made the data: there is no file to name.
    """
    if found.size is None:
        msg = f"data {found.name!r} was made by a {found.source}: Croissant describes files"
        raise InputError(
            msg, hint="Write it to a file and name that in rb.data; a data card can be made of it as it is."
        )
    source = public_source(found)
    file = PurePosixPath(urlsplit(source).path).name or found.name
    document: dict[str, Any] = {
        "@context": json.loads(_CONTEXT.read_bytes()),
        "@type": "sc:Dataset",
        "name": found.name,
        "conformsTo": _CONFORMS_TO,
        **_known(found),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": quote(file),
                "name": file,
                "contentUrl": source if urlsplit(source).netloc else quote(source),
                "contentSize": f"{found.size} B",
                "encodingFormat": _format(file),
                "sha256": found.digest,
            }
        ],
    }
    if found.columns:
        document["recordSet"] = [
            {
                "@type": "cr:RecordSet",
                "@id": _RECORDS,
                "name": _RECORDS,
                "field": [_field(name, kind, quote(file)) for name, kind in found.columns.items()],
            }
        ]
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def _known(found: Found) -> dict[str, str]:
    """Return what was declared; nothing is put in the place of what was not."""
    said = {
        "description": found.description,
        "license": found.license,
        "version": found.version,
        "dateModified": found.modified,
        "url": found.source if urlsplit(found.source).scheme in {"http", "https"} else None,
    }
    return {name: text for name, text in said.items() if text}


def _format(file: str) -> str:
    suffix = PurePosixPath(file).suffix.lower()
    return _FORMATS.get(suffix) or mimetypes.guess_type(file)[0] or "application/octet-stream"


def _field(name: str, kind: str, file: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{_RECORDS}/{quote(name, safe='')}",
        "name": name,
        "dataType": _TYPES.get(kind, "sc:Text"),
        "source": {"fileObject": {"@id": file}, "extract": {"column": name}},
    }
