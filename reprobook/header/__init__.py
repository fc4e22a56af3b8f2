"""The run header: models, canonical JSON, digests."""

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
