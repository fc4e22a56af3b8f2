"""Folders in a fixed order, and files whose age follows from their names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self, cast

from reprobook.ambient.caller import place_of
from reprobook.ambient.pinned.asker import asker, notebook
from reprobook.ambient.stand_in import Replacements

_OLDEST = 1_767_225_600
_MINUTE = 60
_NEAR = 12

_listdir = os.listdir


def pin_listings(replacements: Replacements, recorded: Mapping[str, Sequence[str]], *, is_sorted: bool) -> None:
    """Replace the functions that list folders; ``glob`` and ``pathlib`` go through them.

    Args:
        replacements: Collects what is replaced.
        recorded: Names in their recorded order, by folder as it was asked for; others follow, sorted.
        is_sorted: Whether all other folders are sorted.
    """
    order = partial(_order, recorded, is_sorted)
    replacements.stand_in(os, "listdir", partial(_list, order))
    replacements.stand_in_for_scandir(partial(_scan, order))


def pin_file_times(replacements: Replacements) -> None:
    """Replace what tells the age of a file."""
    replacements.stand_in(os, "stat", _dated)
    replacements.stand_in(os, "lstat", _dated)
    replacements.stand_in_for_scandir(partial(_scan, lambda _: None))


_Order = Callable[[Any], Callable[[Any], Any] | None]


def _order(recorded: Mapping[str, Sequence[str]], is_sorted: bool, folder: Any) -> Callable[[Any], Any] | None:  # noqa: FBT001
    """Return the sort key of a folder's names; None to leave them as they come."""
    if isinstance(folder, int):
        return None
    names = recorded.get(os.fsdecode("." if folder is None else folder))
    if names is None:
        return (lambda name: name) if is_sorted else None
    places = {name: place for place, name in enumerate(names)}
    return lambda name: (places.get(os.fsdecode(name), len(places)), name)


def _list(order: _Order, original: Callable[..., list[Any]], args: Any, kwargs: Any) -> list[Any]:
    found = original(*args, **kwargs)
    key = order(args[0] if args else kwargs.get("path"))
    return found if key is None else sorted(found, key=key)


def _scan(order: _Order, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    key = order(args[0] if args else kwargs.get("path"))
    with original(*args, **kwargs) as entries:
        found = list(entries)
    return _Scan(found if key is None else sorted(found, key=lambda entry: key(entry.name)))


class _Scan:
    """What ``os.scandir`` returns."""

    def __init__(self, entries: list[Any]) -> None:
        self._entries = iter([_Entry(each) for each in entries])

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the rest."""
        self._entries = iter(())


class _Entry(os.PathLike[Any]):
    """An entry of a folder, whose age is asked of ``os.stat``."""

    def __init__(self, entry: Any) -> None:
        self._entry = entry

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)

    def __fspath__(self) -> Any:
        return self._entry.path

    def __repr__(self) -> str:
        return repr(self._entry)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Return what ``os.stat`` says."""
        return os.stat(self._entry.path, follow_symlinks=follow_symlinks)  # noqa: PTH116  # it is replaced


def _dated(original: Callable[..., os.stat_result], args: Any, kwargs: Any) -> os.stat_result:
    """Date a file by the rank of its name in its folder, for the notebook and what it calls at once."""
    found = original(*args, **kwargs)
    path = args[0] if args else kwargs.get("path")
    if isinstance(path, int) or not _is_near_own():
        return found
    folder, name = os.path.split(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100  # bytes come here too
    names = sorted(_listdir(folder))
    seconds = _OLDEST + _MINUTE * (names.index(name) if name in names else 0)
    fields, more = cast("Any", found).__reduce__()[1]
    times = {f"st_{kind}time": float(seconds) for kind in "amc"}
    times_ns = {f"st_{kind}time_ns": seconds * 10**9 for kind in "amc"}
    return os.stat_result((*fields[:7], seconds, seconds, seconds), {**more, **times, **times_ns})


def _is_near_own() -> bool:
    """Tell whether the notebook, or a module beside it, asks by way of the standard library alone."""
    frame = asker()
    for _ in range(_NEAR):
        if frame is None:
            return False
        place = place_of(frame.f_code.co_filename)
        if frame.f_globals is notebook() or place == "local":
            return True
        if place != "standard":
            return False
        frame = frame.f_back
    return False
