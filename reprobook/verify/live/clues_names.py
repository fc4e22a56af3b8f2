"""Clues from names: a cell read what another execution had written than the one before it in the notebook."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

from reprobook.notebook.syntax import imported
from reprobook.verify.live import source as live_source
from reprobook.verify.live.clue import Clue, clue, numbers
from reprobook.verify.live.clues_state import consumed, is_iterator, kept_by_function
from reprobook.verify.live.edit import Edit, Step
from reprobook.verify.live.events import Event
from reprobook.verify.live.past import Past, Place


def edited_source(past: Past, place: Place) -> Iterator[Clue]:
    """The cell was edited after it ran, and not run again."""
    event = place.event
    if not past.is_edited(event):
        return
    text = f"cell [{place.cell}] was edited after it had run as In [{event.count}], and not run again: what ran was"
    yield clue(
        "hidden_state.edited_after_run",
        f"{text} `{live_source.quoted(event.source)}`",
        f"run cell [{place.cell}] as it is now, and the cells below it; or undo the edit",
        0.95,
        blamed=(event,),
        edit=Edit(sources={event.number: past.sources[place.cell]}),
    )


def stale_parameter(past: Past, place: Place) -> Iterator[Clue]:
    """The parameters cell derives a value, which a value given from outside does not reach."""
    live = past.parameters
    if place.cell != live.cell or not set(live.derived) & set(place.written):
        return
    names = tuple(name for name in live.derived if name in place.written)
    given = ", ".join(f"{name} = {live.values[name]!r}" for name in live.values)
    one = names[0]
    yield clue(
        "derived_parameter_stale",
        f"cell [{place.cell}] ran with {given}; given to the saved notebook from outside (papermill -p, a job), "
        f"{', '.join(names)} is still computed from {_saved(live.saved)}, as the assignment comes after it",
        f"keep only literals in the parameters cell [{place.cell}], and move `{one} = ...` to the next cell",
        0.98,
        blamed=(place.event,),
        names=names,
    )


def _saved(values: object) -> str:
    """Return the values of the file as a sentence names them."""
    return ", ".join(f"{name} = {value!r}" for name, value in dict(values).items())  # type: ignore[call-overload]


def shadowed(past: Past, place: Place) -> Iterator[Clue]:
    """Two imports bind one name, or one import hides a builtin, and the other one came last."""
    for name in place.strange:
        writer, owner = past.live_writer(name, place.event), past.clean_writer(name, place.cell)
        if writer is None or writer.index == owner or not _imports(writer.source, name):
            continue
        if owner is not None and _imports(past.sources[owner], name):
            usual = f"in the notebook cell [{owner}] imports it last"
        elif owner is None and hasattr(builtins, name):
            usual = "in the notebook it is Python's own"
        else:
            continue
        yield clue(
            "import_order.name_shadowing",
            f"before cell [{place.cell}] ran, {name} had been imported by {writer.label} "
            f"(`{live_source.quoted(writer.source)}`); {usual}",
            f"import {name} once, or by two names (`import ... as`), and nothing with `import *`",
            0.96,
            blamed=(writer, place.event),
            edit=Edit(ordered=True) if writer.index is not None else Edit(drop=frozenset({writer.number})),
        )


def _imports(source: str, name: str) -> bool:
    """Tell whether a cell imports a name."""
    return not imported(source).keys().isdisjoint({name, "*"})


def written_otherwise(past: Past, place: Place) -> Iterator[Clue]:
    """A name that the cell read was written by another execution than the one before it in the notebook."""
    for name in place.strange:
        writer = past.live_writer(name, place.event)
        if writer is None:
            continue
        if writer.index is None:
            yield _by_deleted(past, place, name, writer)
        elif writer.index == place.cell:
            yield _by_itself(past, place, name)
        else:
            yield from _by_another(past, place, name, writer, writer.index)


def _by_another(past: Past, place: Place, name: str, writer: Event, cell: int) -> Iterator[Clue]:
    """Another cell of the notebook wrote the name last: which one should have, and when?"""
    owner = past.clean_writer(name, place.cell)
    if owner is not None and not past.executions(owner, place.event):
        yield _by_skipping(past, place, name, owner)
    elif cell > place.cell or (owner is not None and cell < owner):
        yield out_of_order(place, name, writer, owner)
    elif place.is_code(name) and name not in writer.names.stores:
        yield kept_by_function(past, place, name, [writer])
    elif past.is_edited(writer):
        yield _by_older_text(past, place, name, writer)
    elif writer is not past.latest.get(cell):
        yield _before_rerun(past, place, name, writer)
    elif any(event.number < writer.number for event in past.executions(cell)):
        # It ran more than once and what it wrote is not what it writes on a first run.
        yield _by_other_rerun(past, place, name, writer)


def _by_deleted(past: Past, place: Place, name: str, writer: Event) -> Clue:
    gone = [e for e in past.before(place.event) if e.index is None and any(e.writes(each) for each in place.strange)]
    code = live_source.quoted(writer.source)
    names = [each for each in place.strange if (last := past.live_writer(each, place.event)) and last.index is None]
    if past.clean_writer(name, place.cell) is None and name not in place.clean.reads:
        what = f"defined by code that is no longer in the notebook (In [{writer.count}]: `{code}`)"
    else:
        what = f"last written by code that is no longer in the notebook (In [{writer.count}]: `{code}`)"
    return clue(
        "hidden_state.deleted_cell",
        f"{' and '.join(names)}, which cell [{place.cell}] reads, {'was' if len(names) == 1 else 'were'} {what}",
        f"put `{code}` back into a cell above cell [{place.cell}], or restart and run all without it",
        0.95,
        blamed=tuple(gone),
        edit=Edit(drop=numbers(gone)),
    )


def _by_itself(past: Past, place: Place, name: str) -> Clue:
    owner = past.clean_writer(name, place.cell)
    base = next((e.number for e in reversed(past.before(place.event)) if owner is not None and e.index == owner), -1)
    again = [e for e in past.executions(place.cell, place.event) if e.number > base]
    again = again or past.executions(place.cell, place.event)
    times = ", ".join(f"In [{e.count}]" for e in (*again, place.event))
    edit = Edit(drop=numbers(again))
    if is_iterator(place.kind(name)):
        return consumed(place, name, times, again, edit)
    if targets := list(live_source.patches(place.event.source)):
        return _patched_again(place, targets, again, edit)
    if place.is_code(name):
        return kept_by_function(past, place, name, again)
    stores = place.event.names.stores
    trained = [each for each in place.strange if each not in stores and not place.is_code(each)]
    if trained and live_source.trains(place.event.source):
        return clue(
            "hidden_state.warm_start",
            f"cell [{place.cell}] ran {len(again) + 1} times ({times}) and trained {trained[0]} further each time",
            f"create {trained[0]} in cell [{place.cell}] itself, before it is trained; or restart and run all",
            0.95,
            blamed=(*again, place.event),
            edit=edit,
        )
    return clue(
        "hidden_state.reexecuted_cell",
        f"cell [{place.cell}] ran {len(again) + 1} times ({times}) and changes {name}, which it also reads: "
        "its effect was applied more than once",
        f"give the result in cell [{place.cell}] a new name instead of overwriting {name}; or restart and run all",
        0.95,
        blamed=(*again, place.event),
        edit=edit,
    )


def _patched_again(place: Place, targets: list[str], again: list[Event], edit: Edit) -> Clue:
    return clue(
        "monkeypatch",
        f"cell [{place.cell}] ran {len(again) + 1} times and replaced {', '.join(targets)} each time, the last time on "
        "top of its own replacement",
        f"keep the original under another name once, and let cell [{place.cell}] always build on that",
        0.97,
        blamed=(*again, place.event),
        edit=edit,
    )


def _by_skipping(past: Past, place: Place, name: str, owner: int) -> Clue:
    later = past.executions(owner)
    if later:
        return out_of_order(place, name, past.last.get(owner) or later[0], owner)
    return clue(
        "hidden_state.skipped_cell",
        f"cell [{owner}] was never executed in the session, and a run of the whole notebook executes it: it writes "
        f"{name}, which cell [{place.cell}] reads",
        f"delete cell [{owner}] if it is not wanted, or run it and all cells below it",
        0.95,
        blamed=(place.event,),
        edit=Edit(insert={slot(past, owner, place.event): (Step(past.sources[owner], None, owner),)}),
        cell=owner,
        names=(name,),
    )


def slot(past: Past, cell: int, event: Event) -> int:
    """Return the number of the execution before which a cell that was never run belongs."""
    above = [e.number for e in past.before(event) if e.index is not None and e.index < cell]
    return min(above[-1] + 1 if above else event.number, event.number)


def out_of_order(place: Place, name: str, writer: Event, owner: int | None) -> Clue:
    """Blame the order in which two cells were executed."""
    if writer.number > place.event.number:
        order = f"cell [{place.cell}] (In [{place.event.count}]) before {writer.label}"
    else:
        order = f"{writer.label}, before cell [{place.cell}] (In [{place.event.count}])"
    reads = f"cell [{place.cell}] reads {name}, which in the notebook " + (
        f"cell [{owner}] writes before it" if owner is not None else "no cell above it writes"
    )
    return clue(
        "hidden_state.out_of_order",
        f"executed out of order: {order}; {reads}",
        f"restart and run all; let one cell alone write {name}",
        0.93,
        blamed=(writer, place.event),
        edit=Edit(ordered=True),
    )


def _by_older_text(past: Past, place: Place, name: str, writer: Event) -> Clue:
    cell = writer.index or 0
    return clue(
        "hidden_state.edited_after_run",
        f"{name}, which cell [{place.cell}] reads, was written by an older text of cell [{cell}] "
        f"(In [{writer.count}]: `{live_source.quoted(writer.source)}`); cell [{place.cell}] was not run again since",
        f"run cell [{place.cell}] again, or restart and run all",
        0.92,
        blamed=(writer,),
        edit=Edit(sources={writer.number: past.sources[cell]}),
    )


def _before_rerun(past: Past, place: Place, name: str, writer: Event) -> Clue:
    cell = writer.index or 0
    after = past.latest[cell]
    return clue(
        "hidden_state.out_of_order",
        f"cell [{cell}], which writes {name}, ran again as In [{after.count}], after cell [{place.cell}] had read it "
        f"(In [{place.event.count}])",
        f"run cell [{place.cell}] again, or restart and run all",
        0.85,
        blamed=(writer, after, place.event),
        edit=Edit(ordered=True),
    )


def _by_other_rerun(past: Past, place: Place, name: str, writer: Event) -> Clue:
    cell = writer.index or 0
    again = [e for e in past.executions(cell) if e.number < writer.number]
    return clue(
        "hidden_state.reexecuted_cell",
        f"cell [{cell}] ran {len(again) + 1} times and changes {name}, which cell [{place.cell}] reads",
        f"let cell [{cell}] write its result to a new name; or restart and run all",
        0.7,
        blamed=(*again, writer),
        edit=Edit(drop=numbers(again)),
        cell=cell if writer.trace is None else None,
        names=(name,) if writer.trace is None else (),
    )
