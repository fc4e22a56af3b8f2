"""The configuration file of a job: the values of its parameters as YAML, each with its meaning."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from reprobook.errors import NotPromotableError
from reprobook.promote.commands import has_config
from reprobook.promote.config_text import about
from reprobook.promote.layout.escape import visible
from reprobook.promote.model import Field, Plan
from reprobook.promote.options import Style
from reprobook.space.plain_yaml import write_yaml

_HYDRA_OWN = frozenset({"hydra", "defaults"})


def config_files(plan: Plan, style: Style) -> dict[str, str]:
    """Return a job's configuration files by path.

    Raises:
        NotPromotableError: If the style has no form for a value.
    """
    if style != "hydra":
        text = "".join(_entry(field, _plain_value(field.default)) for field in plan.fields)
        return {"config.yaml": text} if has_config(plan, style) else {}
    for field in plan.fields:
        _check_for_hydra(field)
    files = {"conf/config.yaml": _on_top_of("schema  # the types, from train.py", plan.fields)}
    if plan.lite:
        lite = [replace(field, default=field.lite, space=None, comment="") for field in plan.fields]
        files["conf/lite.yaml"] = _on_top_of("config", [field for field in lite if field.name in plan.lite])
    return files


def _on_top_of(base: str, fields: Iterable[Field]) -> str:
    """Return a configuration of hydra: another one, and what differs from it."""
    return f"defaults:\n  - {base}\n  - _self_\n\n" + "".join(_entry(field, field.default) for field in fields)


def _entry(field: Field, value: Any) -> str:
    """Return the line of one parameter, its meaning at the end."""
    meaning = visible(about(field))
    return f"{_yaml(field.name)}: {_value(value)}" + (f"  # {meaning}\n" if meaning else "\n")


def _value(value: Any) -> str:
    """Return a value on one line; text in quotes, as YAML parsers do not agree on what 1e-3 or on is without."""
    if isinstance(value, str):
        return _yaml(value, default_style='"')
    return _yaml(list(value) if isinstance(value, tuple) else value)


def _yaml(value: Any, **options: Any) -> str:
    text = write_yaml(value, default_flow_style=True, width=math.inf, **options)
    return text.removesuffix("...\n").rstrip("\n")


def _plain_value(value: Any) -> Any:
    """Return what the script reads back as the same value: it takes ``str()`` of what YAML gives.

    What YAML cannot hold is written as a Python literal, in quotes.
    """
    plain = value is None or isinstance(value, bool | int | str)
    if plain or (isinstance(value, float) and math.isfinite(value)):
        return value
    return value if _is_json(list(value) if isinstance(value, tuple) else value) else repr(value)


def _check_for_hydra(field: Field) -> None:
    """See that hydra reads a value as it is.

    Raises:
        NotPromotableError: If it does not.
    """
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    text = json.dumps(value, default=repr)
    reason = ""
    if field.name in _HYDRA_OWN:
        reason = "has a name that hydra uses itself"
    elif isinstance(value, list | dict | set | bytes) and not _is_json(value):
        reason = "holds a value that has no form in hydra's YAML"
    elif "${" in text or '"???"' in text:
        reason = "holds ${ or ???, which hydra would interpret"
    if reason:
        msg = f"parameter {field.name} {reason}"
        raise NotPromotableError(msg, hint="Change the parameter, or promote with --style plain.")


def _is_json(value: Any) -> bool:
    """Tell lists and dicts that YAML gives back as they are."""
    return isinstance(value, list | dict) and bool(json.loads(json.dumps(value, default=str)) == value)
