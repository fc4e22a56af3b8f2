"""The header's JSON Schema, as other programs read it."""

from __future__ import annotations

from typing import Any

from reprobook.header.model import Header


def header_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a sealed header; ``schema.json`` beside this module holds it."""
    schema = Header.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
