"""Parameter values as papermill's users give them: ``-p``, ``-r``, ``-f`` and ``-y``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobook.errors import InputError, ParameterError


@dataclass(frozen=True)
class Values:
    """New values: ``texts`` to be read by the declared type, ``values`` that have their type already."""

    texts: dict[str, str]
    values: dict[str, Any]


def collect_values(
    texts: Iterable[tuple[str, str]],
    raw: Iterable[tuple[str, str]],
    files: Iterable[Path],
    documents: Iterable[str],
) -> Values:
    """Merge all that was given; as in papermill, YAML comes before files, these before ``-p``, the last is ``-r``.

    Raises:
        InputError: If a file or document is no YAML mapping.
        ParameterError: If a value is given for a name that means a secret.
    """
    values: dict[str, Any] = {}
    for number, document in enumerate(documents):
        values |= _mapping(document, f"-y (number {number + 1})")
    for file in files:
        values |= _mapping(_read(file), str(file))
    by_text = dict(texts)
    values = {name: value for name, value in values.items() if name not in by_text}
    as_written = dict(raw)
    by_text = {name: text for name, text in by_text.items() if name not in as_written}
    values |= as_written
    _refuse_secrets({**by_text, **values})
    return Values(by_text, values)


def _read(file: Path) -> str:
    """Read a file of parameters."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file}: cannot be read ({error})"
        raise InputError(msg, hint="-f takes a YAML file of `name: value` lines.") from error


def _mapping(text: str, place: str) -> Mapping[str, Any]:
    """Parse YAML that maps names to values; only plain data is ever built."""
    from reprobook.space.plain_yaml import YamlError, read_yaml  # noqa: PLC0415 - most runs are given no YAML

    try:
        found = read_yaml(text)
    except YamlError as error:
        msg = f"{place}: not YAML: {error}"
        raise InputError(msg, hint="Write one `name: value` a line.") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        msg = f"{place}: a {type(found).__name__}, not a mapping of names to values"
        raise InputError(msg, hint="Write one `name: value` a line.")
    return found


def _refuse_secrets(values: Mapping[str, Any]) -> None:
    """Refuse values that would be written into records which are made to be shared."""
    if not values:
        return
    from reprobook.capture import is_secret_name  # noqa: PLC0415 - most runs are given no values

    for name, value in values.items():
        if isinstance(name, str) and is_secret_name(name) and value not in (None, ""):
            msg = f"parameter {name!r} looks like a secret; its value would be recorded with the run"
            hint = f"Let the notebook read it from the environment: os.environ[{name.upper()!r}]"
            raise ParameterError(msg, hint=hint)
