"""``data.yaml`` beside the notebook: declares sources by name, over what the code says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reprobook.dataset.declared import Declared
from reprobook.errors import InputError

CONTRACT = "data.yaml"


def declared(name: str, folder: Path, in_code: Mapping[str, Any]) -> Declared:
    """Return what is declared of a source: ``data.yaml`` of the folder, and where it is silent, the code.

    A digest in the code belongs to the source in the code; it does not count where the file names another source.

    Raises:
        InputError: If a declaration makes no sense, or there is no source.
    """
    entry = _entries(folder / CONTRACT).get(name, {})
    told = {key: value for key, value in in_code.items() if value not in (None, (), {})}
    if "source" in entry and entry["source"] != told.get("source"):
        told.pop("sha256", None)
    try:
        return Declared.model_validate({**told, **entry})
    except ValidationError as error:
        first = error.errors()[0]
        where = CONTRACT if first["loc"] and first["loc"][0] in entry else "the call"
        msg = f"data {name!r}: {where}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError(msg, hint=f"It takes {', '.join(_FIELDS)}.") from error


_FIELDS = tuple(field.alias or name for name, field in Declared.model_fields.items())


def _entries(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Read the file, if there is one."""
    if not path.is_file():
        return {}
    from reprobook.space.plain_yaml import YamlError, read_yaml  # noqa: PLC0415 - most folders have no such file

    try:
        found = read_yaml(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, YamlError) as error:
        msg = f"{path.name}: not readable as YAML: {error}"
        raise InputError(msg, hint="Write `name:` and, indented below it, `source: …`.") from error
    if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
        msg = f"{path.name}: it must map the name of each source to what is declared of it"
        raise InputError(msg, hint="Write `name:` and, indented below it, `source: …`.")
    return found
