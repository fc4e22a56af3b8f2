"""The run header: models, canonical JSON, digests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobook.lazy import lazy_names

if TYPE_CHECKING:
    from reprobook.header.canonical import canonical_json, decode, digest_json, encode, sha256_hex
    from reprobook.header.model import (
        MIME_TYPE,
        OWN_MIME_TYPES,
        SCHEMA,
        Code,
        DataSource,
        Distribution,
        Environment,
        Git,
        Gpu,
        Hardware,
        Header,
        Origin,
        Seeds,
    )
    from reprobook.header.schema import header_schema
    from reprobook.header.seal import check_header, header_bytes, header_data, identity, open_header, seal, short_id

__all__ = [
    "MIME_TYPE",
    "OWN_MIME_TYPES",
    "SCHEMA",
    "Code",
    "DataSource",
    "Distribution",
    "Environment",
    "Git",
    "Gpu",
    "Hardware",
    "Header",
    "Origin",
    "Seeds",
    "canonical_json",
    "check_header",
    "decode",
    "digest_json",
    "encode",
    "header_bytes",
    "header_data",
    "header_schema",
    "identity",
    "open_header",
    "seal",
    "sha256_hex",
    "short_id",
]

_HOMES = {
    "canonical": ("canonical_json", "decode", "digest_json", "encode", "sha256_hex"),
    "model": (
        "MIME_TYPE",
        "OWN_MIME_TYPES",
        "SCHEMA",
        "Code",
        "DataSource",
        "Distribution",
        "Environment",
        "Git",
        "Gpu",
        "Hardware",
        "Header",
        "Origin",
        "Seeds",
    ),
    "schema": ("header_schema",),
    "seal": ("check_header", "header_bytes", "header_data", "identity", "open_header", "seal", "short_id"),
}

__getattr__ = lazy_names(__name__, _HOMES)
