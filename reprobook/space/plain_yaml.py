"""YAML as people write it, read into plain data; whatever the text is, it is data or one kind of error."""

from __future__ import annotations

from typing import Any

import yaml

# What PyYAML raises beside its own errors, for a text that it takes for a number, a date or a truth value and that is
# none (`2020-13-45`, `!!bool x`, `!!timestamp x`), for 5,000 digits, and for 1,000 brackets.
_RAISED = (ValueError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError)


class YamlError(ValueError):
    """A text that is no YAML.

    Attributes:
        line: Its line, from 1, where it is known.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


def read_yaml(data: str | bytes) -> Any:
    """Return what YAML holds; only plain data is ever built.

    Raises:
        YamlError: If it is none.
    """
    try:
        return yaml.safe_load(data)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or type(error).__name__
        raise YamlError(str(reason), mark.line + 1 if mark else None) from error
    except _RAISED as error:
        reason = f"{type(error).__name__}: {error}"
        raise YamlError(reason) from error


def write_yaml(data: Any, **options: Any) -> str:
    """Return plain data as YAML that is read back as the same; ``options`` are those of PyYAML."""
    text: str = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, **options)
    return text


class _Dumper(yaml.SafeDumper):
    """PyYAML writes U+0085 as it is, where a reader takes it for the end of a line; in double quotes it is escaped."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\x85" in text else None)


_Dumper.add_representer(str, _text)
