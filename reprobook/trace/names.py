"""The names of a notebook and what each of them held when it was last looked at."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from reprobook.ambient.stand_in import unwrapped
from reprobook.trace.background import Background
from reprobook.trace.content import Digester
from reprobook.trace.content.anatomy import identity, module_of
from reprobook.trace.content.parts import is_scalar
from reprobook.trace.model import ValueDigest
from reprobook.trace.patches import Patches
from reprobook.trace.reach import NOWHERE, Reach, Touched
from reprobook.trace.static import CellNames
from reprobook.trace.walker import Walker

_SHELL_NAMES = re.compile(r"In|Out|exit|quit|get_ipython|_+|_i+|_i?\d+|_[iod]h|_exit_code|__\w+__")
_PACKAGE = "reprobook"
# A longer text is not kept alive for the sake of comparing it.
_LONGEST_TEXT = 65536
# A collection that no cell can be shown to have changed is looked at nevertheless, if that costs next to nothing.
_COLLECTIONS = frozenset({"list", "dict", "set", "deque", "defaultdict", "OrderedDict", "collections.Counter"})
_SMALL_COST = 8 * 4096
_SMALL_COSTS = 64 * 4096
_ABSENT = object()


class _Known(NamedTuple):
    """What a name held.

    Attributes:
        value: Its digest.
        reach: What it came to.
        cost: What it costs to digest it, in bytes.
        scalar: The value itself if it is one: the same object needs no other look.
        can_change: Whether it may become another without being bound anew.
    """

    value: ValueDigest
    reach: Reach
    cost: int
    scalar: object
    can_change: bool


class _Moment:
    """What is found out while no user code runs; each name is looked at once."""

    def __init__(self, budget: int) -> None:
        self.digester = Digester(budget=budget)
        self.fresh: dict[str, Reach] = {}
        self.anywhere: list[Reach] = []


class NotebookNames:
    """Digests the names of a notebook around each cell.

    Args:
        namespace: The notebook's namespace; never changed.
        hidden: Names that the shell put there, with their values; they count once rebound.
        budget: See ``Digester``.
    """

    def __init__(self, namespace: dict[str, Any], hidden: Mapping[str, object], budget: int) -> None:
        self.namespace = namespace
        self._budget = budget
        self._hidden = hidden
        self._known: dict[str, _Known] = {}
        self._identities: dict[str, int] = {}
        self._walker = Walker(namespace)
        self._patches = Patches(namespace)
        self._background = Background(namespace)
        self._names = CellNames()
        self._before: dict[str, _Known] = {}
        self._reads: dict[str, ValueDigest] = {}
        self._touched = Touched()

    def begin(self, names: CellNames) -> dict[str, ValueDigest]:
        """Look at the names before a cell, and return those that it may read."""
        moment = _Moment(self._budget)
        self._patches.watch(names.owners)
        self._look_at_patched(moment)
        self._rebound(moment)
        direct = set(names.inputs)
        if names.stores & names.loads:
            # It may call what it defines: what those functions refer to is read here.
            direct |= names.deferred
        reached = self._closure(moment, direct)
        self._names, self._before, self._touched = names, dict(self._known), Touched()
        self._reads = {name: self._known[name].value for name in sorted(reached) if name in self._known}
        self._touch(moment)
        return self._reads

    def end(self, *, finished: bool) -> tuple[dict[str, ValueDigest], tuple[str, ...]]:
        """Look at the names after the cell; return those that it bound or changed, and those that it deleted."""
        moment = _Moment(self._budget)
        before = self._before
        self._look_at_patched(moment)
        bound = self._rebound(moment)
        if finished:
            # A cell that failed may not have come as far as to bind what it names.
            bound |= self._names.stores
        self._closure(moment, self._names.loads | self._reads.keys() | bound)
        self._touch(moment)
        self._look_at_the_rest(moment)
        writes = {
            name: self._known[name].value
            for name in sorted(moment.fresh.keys() & self._known.keys())
            if name in bound or name not in before or before[name].value != self._known[name].value
        }
        deletes = tuple(sorted(before.keys() - self.namespace.keys()))
        return writes, deletes

    def _rebound(self, moment: _Moment) -> set[str]:
        """Look at the names that hold another object than when this was last called, and return them."""
        identities = self._identities
        found = {name for name, value in self.namespace.items() if identities.get(name) != identity(value)}
        for name in found:
            identities[name] = identity(self.namespace[name])
            self._look(moment, name)
        if len(identities) > len(self.namespace):
            for name in identities.keys() - self.namespace.keys():
                del identities[name]
                self._known.pop(name, None)
        return found

    def _look_at_patched(self, moment: _Moment) -> None:
        """Look at the names of modules and classes that were patched since this was last called."""
        for name in self._patches.refresh(moment.digester):
            self._look(moment, name)
        # Any call of a library may run a patch, and any moment may run a thread.
        moment.anywhere = [self._walker.walk(each) for each in (*self._patches.values, *self._background.running())]

    def _closure(self, moment: _Moment, names: Iterable[str]) -> set[str]:
        """Look at names, and at those that the code reached from them refers to; return all of them."""
        found: set[str] = set()
        names = [*names, *(name for reach in moment.anywhere for name in reach.names)]
        pending = [name for name in names if name in self.namespace]
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending.extend(self._look(moment, name).names)
        return found

    def _look(self, moment: _Moment, name: str) -> Reach:
        """Digest what a name holds now, unless that was done already, and return what it comes to."""
        if (reach := moment.fresh.get(name)) is not None:
            return reach
        value = self.namespace[name]
        known = self._known.get(name)
        if known is not None and known.scalar is value:
            reach = NOWHERE
        elif self._counts(name, value):
            reach = NOWHERE if is_scalar(value) else self._walker.walk(value)
            digest, cost = moment.digester.measured(value)
            digest = self._patches.applied(value, digest)
            scalar = value if _is_small_scalar(value) else _ABSENT
            self._known[name] = _Known(digest, reach, cost, scalar, bool(reach.objects or reach.memory))
        else:
            self._known.pop(name, None)
            reach = NOWHERE if _is_shells(name) or value is self._hidden.get(name) else self._walker.walk(value)
        moment.fresh[name] = reach
        return reach

    def _touch(self, moment: _Moment) -> None:
        """Note what the names that were looked at come to."""
        for reach in (*moment.fresh.values(), *moment.anywhere):
            self._touched.add(reach)

    def _look_at_the_rest(self, moment: _Moment) -> None:
        """Look at the names that the cell does not use, but may have changed by another name or out of sight.

        Out of sight is what only a library refers to, such as a hook: small collections are looked at for its sake.
        """
        spent = 0
        for name, known in [item for item in self._known.items() if item[1].can_change]:
            if name in moment.fresh:
                continue
            if not self._names.dynamic and not self._touched.meets(known.reach):
                small = known.cost <= _SMALL_COST and known.value.kind in _COLLECTIONS
                if not small or spent + known.cost > _SMALL_COSTS:
                    continue
                spent += known.cost
            self._look(moment, name)

    def _counts(self, name: object, value: object) -> bool:
        """Tell whether a name is the user's."""
        if type(name) is not str or _is_shells(name):
            return False
        return value is not self._hidden.get(name, _ABSENT) and not _is_ours(value)


def _is_shells(name: object) -> bool:
    """Tell whether a name is IPython's or Python's own."""
    return type(name) is not str or _SHELL_NAMES.fullmatch(name) is not None


def _is_small_scalar(value: object) -> bool:
    """Tell whether a value is a scalar, and no long text."""
    return is_scalar(value) and not (type(value) in (str, bytes) and len(value) > _LONGEST_TEXT)  # type: ignore[arg-type]


def _is_ours(value: object) -> bool:
    """Tell whether a value is part of reprobook itself."""
    value = unwrapped(value)
    value = unwrapped(value)
    if type(value) is types.ModuleType:
        module = value.__name__
    elif type(value) is types.FunctionType:
        module = value.__module__
    else:
        module = module_of(value) if type(value) is type else module_of(type(value))
    return module == _PACKAGE or str(module).startswith(f"{_PACKAGE}.")
