"""A recorded history with one thing changed, as a list of steps to execute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reprobook.verify.live.events import Event


@dataclass(frozen=True)
class Step:
    """Something to execute.

    Attributes:
        source: The text.
        event: Number of the execution that it repeats; None for one that was put in.
        index: Code index of its cell in the saved notebook.
    """

    source: str
    event: int | None = None
    index: int | None = None


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A change to a history.

    Attributes:
        drop: Numbers of executions to leave out.
        sources: Other texts, by number of the execution.
        insert: Steps to execute before an execution, by its number.
        ordered: Execute the cells in the order of the notebook.
        modules_now: Import local modules as they are now, not as the session loaded them.
    """

    drop: frozenset[int] = frozenset()
    sources: Mapping[int, str] = field(default_factory=dict)
    insert: Mapping[int, tuple[Step, ...]] = field(default_factory=dict)
    ordered: bool = False
    modules_now: bool = False

    def joined(self, other: Edit) -> Edit:
        """Return both changes together."""
        insert = {
            number: (*self.insert.get(number, ()), *other.insert.get(number, ()))
            for number in self.insert.keys() | other.insert.keys()
        }
        return Edit(
            drop=self.drop | other.drop,
            sources={**self.sources, **other.sources},
            insert=insert,
            ordered=self.ordered or other.ordered,
            modules_now=self.modules_now or other.modules_now,
        )


NO_EDIT = Edit()


def steps_of(events: Sequence[Event], edit: Edit = NO_EDIT, until: int | None = None) -> tuple[Step, ...]:
    """Return the steps of a history with a change, up to the execution ``until``.

    reprobook's own magics stay as empty steps, so that the numbers of ``In`` and ``Out`` stay what they were; the
    seeds that ``%reprotrain init`` sets are set again.
    """
    chosen = [event for event in events if until is None or event.number <= until]
    if edit.ordered:
        chosen = _ordered(chosen)
    return tuple(_steps(chosen, edit))


def _steps(events: Sequence[Event], edit: Edit) -> Iterator[Step]:
    """Yield the steps of some executions."""
    for event in events:
        yield from edit.insert.get(event.number, ())
        if event.number in edit.drop:
            continue
        source = edit.sources.get(event.number, event.source)
        seeding = "%reprotrain init" in source
        yield Step("pass" if event.is_own and not seeding else source, event.number, event.index)


def _ordered(events: Sequence[Event]) -> list[Event]:
    """Return the executions in notebook order; what is no cell of it stays behind the cell that it followed."""
    places: list[int] = []
    for event in events:
        places.append(event.index if event.index is not None else places[-1] if places else -1)
    order = sorted(range(len(events)), key=lambda at: places[at])
    return [events[at] for at in order]
