"""What has drifted since a header was frozen: the recipe that holds now against the frozen one, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from reprobook.environment import install_command
from reprobook.header import Header
from reprobook.runs import Difference, RunRecord, Side, diff
from reprobook.verify.model import Finding

_FREEZE = "%reprotrain freeze begins a run with the recipe as it is now"
_SHORT = 16


class Drift(Finding):
    """One thing that is not as it was frozen.

    Attributes:
        section: ``code``, ``environment``, ``data`` …
        key: What it is called there.
        frozen: How it was; None if it was not there.
        now: How it is; None if it is gone.
        fix: What would bring it back.
        cell: The code cell, of the notebook as it is now, where it is one.
    """

    section: str
    key: str
    frozen: str | None
    now: str | None
    fix: str
    cell: int | None = None

    def __str__(self) -> str:
        return f"{self.section} {self.key}: {self.frozen} -> {self.now}"


def drifts(record: RunRecord, frozen: Header, now: Header) -> tuple[Drift, ...]:
    """Compare a frozen header with one that was captured later; cells that were only moved along do not count."""
    found = diff(Side(record, frozen), Side(record, now))
    changed = {each.key.removesuffix(".files") for each in found if not each.key.endswith(".files")}
    # Another version has other files: one line says it.
    rest = [each for each in found if each.section != "code" and not _is_told(each, changed)]
    return (*_code(frozen.code.cells, now.code.cells), *map(_drift, rest))


def _is_told(each: Difference, changed: set[str]) -> bool:
    """Tell whether another line says as much."""
    return each.key.endswith(".files") and each.key.removesuffix(".files") in changed


def _code(frozen: Sequence[str], now: Sequence[str]) -> Iterator[Drift]:
    """Align the cells by content, as a diff does, so that one new cell is one line."""
    for kind, low, high, new_low, new_high in SequenceMatcher(None, frozen, now, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        pairs = min(high - low, new_high - new_low)
        for offset in range(pairs):
            yield _cell(new_low + offset, "edited", frozen[low + offset], now[new_low + offset])
        for place in range(new_low + pairs, new_high):
            yield _cell(place, "added", None, now[place])
        for place in range(low + pairs, high):
            yield Drift(
                section="code", key=f"cell [{place}] removed", frozen=_text(frozen[place]), now=None, fix=_code_fix("")
            )


def _cell(place: int, what: str, frozen: str | None, now: str) -> Drift:
    """Describe a cell of the notebook as it is now."""
    return Drift(
        section="code",
        key=f"cell [{place}] {what}",
        frozen=_text(frozen),
        now=_text(now),
        fix=_code_fix(f"cell [{place}]"),
        cell=place,
    )


def _code_fix(what: str) -> str:
    """Return the way back for code."""
    return f"Undo the change of {what or 'the notebook'}, or freeze again: {_FREEZE}."


def _drift(each: Difference) -> Drift:
    """Describe a difference outside of the code."""
    return Drift(section=each.section, key=each.key, frozen=_text(each.a), now=_text(each.b), fix=_fix(each))


def _fix(each: Difference) -> str:
    """Return what would bring it back."""
    group, _, name = each.key.partition(".")
    if group == "distributions":
        if each.a is None:
            return f"pip uninstall {name}"
        # Of files that differ under one version only the digests are known here.
        return (
            f"pip install --force-reinstall {name.removesuffix('.files')}"
            if name.endswith(".files")
            else install_command(name, str(each.a))
        )
    if group == "variables":
        return f"os.environ.pop({name!r}) before the imports" if each.a is None else f"Set {name}={each.a} at start."
    if group == "local_modules":
        return f"Bring {name} back as it was, or freeze again: {_FREEZE}."
    if each.section == "spec":
        return "Say why with `reprobook spec NOTEBOOK.ipynb --why TEXT`, and freeze again, or undo the change."
    if each.section == "data":
        return f"Bring the file back as it was, or freeze again: {_FREEZE}."
    return f"Freeze again if this is meant: {_FREEZE}."


def _text(value: Any) -> str | None:
    """Return a fact as it is shown: a digest by its beginning."""
    if value is None:
        return None
    text = str(value)
    is_digest = len(text) == 64 and set(text) <= set("0123456789abcdef")  # noqa: PLR2004 - hex of SHA-256
    return f"{text[:_SHORT]}…" if is_digest else text
