"""Which calls a cell makes that bring something in from outside: clocks, entropy, identities, listings ...

Functions of modules are replaced by stand-ins, once per process; what has no function to replace is seen by audit
events (PEP 578). Both are inert while no cell runs, and give the user exactly what the function gave.

What is not seen: types of C (``datetime.now``), functions that a module had taken by name before the replacement, and
what libraries do in C (torch reads its entropy there). These are found in the source.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from threading import get_ident
from types import FrameType
from typing import Any

from blake3 import blake3

from reprobook.ambient.answers import EVENTS, Answer, Question, Watched, plain
from reprobook.ambient.caller import Caller, find_caller, frame_above, running_cell
from reprobook.ambient.model import Call, CallKind
from reprobook.ambient.stand_in import Function, Replacements
from reprobook.ambient.watched import put_in_place

_PER_KIND = 64
_MOST_NAMES = 256
_MOST_VARIABLES = 20
# From then on a place that calls again is taken to be called from the same line.
_WALKS = 64
_DEEP: frozenset[str] = frozenset({"clock", "pid", "entropy", "exists", "file_time", "environment"})

_Site = tuple[str, int, int]

_watches: list[CallWatch] = []
_replacements: list[Replacements] = []
_hooked: list[bool] = []


class _Entry:
    """Calls of one kind from one place."""

    __slots__ = ("count", "first", "members", "results")

    def __init__(self, first: Answer) -> None:
        self.first = first if len(first.names or ()) <= _MOST_NAMES else first._replace(names=None)
        self.count = 0
        self.results: Any = None
        self.members: Any = None

    def add(self, answer: Answer) -> None:
        """Take in the answer to one more call."""
        self.count += 1
        if answer.names is not None:
            self.results = self.results or blake3()
            self.members = self.members or blake3()
            self.results.update(_joined(answer.names))
            self.members.update(_joined(sorted(answer.names)))
        elif answer.result:
            self.results = self.results or blake3()
            self.results.update(answer.result + b"\n")


def _joined(names: Iterable[str]) -> bytes:
    return "\0".join((*names, "\n")).encode("utf-8", "surrogatepass")


class CallWatch:
    """Notes calls between ``start`` and ``stop``.

    Args:
        namespace: The notebook's: code with these globals is the notebook's.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._cell = ""
        self._entries: dict[tuple[CallKind, str, int | None, str], _Entry] = {}
        self._kinds: Counter[CallKind] = Counter()
        self._sites: dict[_Site, tuple[int, Caller | None]] = {}
        # What places come to that call again and again: None where that is none of the cell's doing.
        self.often: dict[_Site, _Entry | None] = {}
        self.busy: set[int] = set()

    def start(self) -> None:
        """Begin to note."""
        install()
        self._cell, self._entries, self._kinds, self._sites, self.often = "", {}, Counter(), {}, {}
        self.busy.clear()
        if self not in _watches:
            _watches.append(self)

    def stop(self) -> tuple[Call, ...]:
        """End it and return the calls, in the order in which they first came."""
        if self in _watches:
            _watches.remove(self)
        found = [_call(key, entry) for key, entry in list(self._entries.items())]
        return _merged_variables(found)

    def note(self, watched: Watched, question: Question) -> None:
        """Note one call, if it is the cell's doing. Called in the user's stack: it must not raise."""
        # What was asked with may be an object of the user's, with code of its own.
        try:
            # To list a folder again costs as much as to list it.
            if not watched.name or (watched.kind == "listing" and self._kinds["listing"] >= _PER_KIND):
                return
            frame = question.frame
            # By id: code objects are hashed by their whole content.
            site = (watched.name, id(frame.f_code), frame.f_lasti)
            caller = self._caller(watched.kind, site, frame)
            answer = watched.describe(question, caller) if caller else None
            entry = self._add(answer, caller) if answer and caller else None
            if self._sites[site][0] >= _WALKS and (caller is None or (entry and watched.is_plain)):
                self.often[site] = entry
        except Exception:  # noqa: BLE001
            return

    def _caller(self, kind: CallKind, site: _Site, frame: FrameType) -> Caller | None:
        """Return who called; None for what is none of the cell's doing."""
        walks, known = self._sites.get(site, (0, None))
        if walks < _WALKS:
            self._cell = self._cell or running_cell(self._namespace)
            known = find_caller(frame, self._namespace, self._cell, deep=kind in _DEEP)
            self._sites[site] = (walks + 1, known)
        return known

    def _add(self, answer: Answer, caller: Caller) -> _Entry | None:
        """Note one more call; where there are too many of its kind already, it is dropped."""
        key = (answer.kind, answer.target, caller.line, caller.via)
        entry = self._entries.get(key)
        if entry is None:
            if self._kinds[answer.kind] >= _PER_KIND:
                return None
            self._kinds[answer.kind] += 1
            entry = self._entries[key] = _Entry(answer)
        entry.add(answer)
        return entry


def install() -> None:
    """Put the stand-ins in place, once per process."""
    if not _replacements:
        _replacements.append(Replacements())
        put_in_place(_replacements[0], _ask)
        # A hook can never be removed: it is inert while nobody watches.
        if not _hooked:
            _hooked.append(True)
            sys.addaudithook(_audit)


def uninstall() -> None:
    """Put the functions themselves back."""
    while _replacements:
        _replacements.pop().undo()


def _ask(watched: Watched, original: Function, args: Any, kwargs: Any) -> Any:
    """Call a function for the user, and note it if a cell runs."""
    __tracebackhide__ = True
    # A thread that is noting already makes calls of its own.
    if not _watches or (thread := get_ident()) in (busy := _watches[-1].busy):
        return original(*args, **kwargs)
    watch = _watches[-1]
    busy.add(thread)
    try:
        try:
            result = original(*args, **kwargs)
        except (OSError, KeyError) as error:
            watch.note(watched, Question(watched.name, original, args, kwargs, error, frame_above(2)))
            raise
        frame = frame_above(2)
        site = (watched.name, id(frame.f_code), frame.f_lasti)
        # A place that calls in a loop is only counted.
        if site not in watch.often:
            watch.note(watched, Question(watched.name, original, args, kwargs, result, frame))
        elif entry := watch.often[site]:
            entry.count += 1
        return result
    finally:
        busy.discard(thread)


def _audit(event: str, args: tuple[Any, ...]) -> None:
    """Note an event of the standard library; called for every audit event, so it returns at once."""
    if not _watches or event not in EVENTS or (thread := get_ident()) in (busy := _watches[-1].busy):
        return
    kind, target = EVENTS[event]
    busy.add(thread)
    try:
        name = target(args)
        _watches[-1].note(Watched(name, kind, plain(kind)), Question(name, None, args, {}, None, frame_above(1)))
    finally:
        busy.discard(thread)


def _call(key: tuple[CallKind, str, int | None, str], entry: _Entry) -> Call:
    """Return the calls of one entry."""
    kind, target, line, via = key
    names = entry.first.names or ()
    return Call(
        kind=kind,
        target=target,
        count=entry.count,
        line=line,
        via=via,
        digest=entry.results.hexdigest() if entry.results else "",
        members=entry.members.hexdigest() if entry.members else "",
        names=names,
        value=entry.first.value,
        is_set=entry.first.is_set,
    )


def _merged_variables(calls: list[Call]) -> tuple[Call, ...]:
    """Return the calls, with places that read the whole environment as one call each."""
    places = Counter((call.line, call.via) for call in calls if call.kind == "environment")
    whole = {place for place, count in places.items() if count > _MOST_VARIABLES}
    found: dict[object, Call] = {}
    for call in calls:
        place = (call.line, call.via)
        if call.kind != "environment" or place not in whole:
            found[len(found)] = call
        else:
            found.setdefault(place, Call(kind="environment", target="*", line=call.line, via=call.via))
    return tuple(found.values())
