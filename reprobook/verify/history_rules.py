"""Why a live session came to something else than its notebook run from top to bottom: one rule for each way.

Each rule looks at one cell that differs by itself and yields clues: a suspect, the executions it blames, and the change
to the history that would make the difference vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from reprobook.verify import live_source
from reprobook.verify.live_edit import NO_EDIT, Edit, Step
from reprobook.verify.live_events import Event
from reprobook.verify.live_past import Past, Place
from reprobook.verify.suspect import Experiment, Suspect

_ITERATORS = ("iterator", "generator", "TextIOWrapper", "BufferedReader", "StringIO", "reader", "map", "zip", "filter",
              "enumerate", "DataLoaderIter", "count", "cycle", "islice", "chain", "TextFileReader")  # fmt: skip
_ON_REPLAY = Experiment(remedy="history", paired=False)


@dataclass(frozen=True)
class Clue:
    """A suspect, with the executions that it blames and the change that would prove it.

    ``cell`` and ``names`` are set where another place than the differing cell is the one to report.
    """

    suspect: Suspect
    blamed: frozenset[int]
    edit: Edit = NO_EDIT
    cell: int | None = None
    names: tuple[str, ...] = field(default=())


def clues(past: Past, place: Place) -> list[Clue]:
    """Return the clues for a cell that differs, the strongest first, one a label."""
    found: dict[str, Clue] = {}
    for rule in _RULES:
        for clue in rule(past, place):
            known = found.get(clue.suspect.cause)
            if known is None or known.suspect.weight < clue.suspect.weight:
                found[clue.suspect.cause] = clue
    return sorted(found.values(), key=lambda clue: -clue.suspect.weight)


def _edited_source(past: Past, place: Place) -> Iterator[Clue]:
    """The cell was edited after it ran, and not run again."""
    event = place.event
    if not past.is_edited(event):
        return
    text = f"cell [{place.cell}] was edited after it had run as In [{event.count}], and not run again: what ran was"
    yield _clue(
        "hidden_state.edited_after_run",
        f"{text} `{live_source.quoted(event.source)}`",
        f"run cell [{place.cell}] as it is now, and the cells below it; or undo the edit",
        0.95,
        blamed=(event,),
        edit=Edit(sources={event.number: past.sources[place.cell]}),
    )


def _stale_parameter(past: Past, place: Place) -> Iterator[Clue]:
    """The parameters cell derives a value, which a value given from outside does not reach."""
    live = past.parameters
    if place.cell != live.cell or not set(live.derived) & set(place.written):
        return
    names = tuple(name for name in live.derived if name in place.written)
    given = ", ".join(f"{name} = {live.values[name]!r}" for name in live.values)
    one = names[0]
    yield _clue(
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


def _written_otherwise(past: Past, place: Place) -> Iterator[Clue]:
    """A name that the cell read was written by another execution than the one before it in the notebook."""
    for name in place.strange:
        writer = past.live_writer(name, place.event)
        owner = past.clean_writer(name, place.cell)
        if writer is None:
            continue
        if writer.index is None:
            yield _by_deleted(past, place, name, writer)
        elif writer.index == place.cell:
            yield _by_itself(past, place, name, owner)
        elif owner is not None and not past.executions(owner, place.event):
            yield from _by_skipping(past, place, name, owner)
        elif writer.index > place.cell or (owner is not None and writer.index < owner):
            yield _out_of_order(past, place, name, writer, owner)
        elif place.is_code(name) and name not in writer.names.stores:
            yield _kept_by_function(past, place, name, [writer])
        elif past.is_edited(writer):
            yield _by_older_text(past, place, name, writer)
        elif writer is not past.latest.get(writer.index):
            yield _before_rerun(past, place, name, writer)
        elif any(event.number < writer.number for event in past.executions(writer.index)):
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
    return _clue(
        "hidden_state.deleted_cell",
        f"{' and '.join(names)}, which cell [{place.cell}] reads, {'was' if len(names) == 1 else 'were'} {what}",
        f"put `{code}` back into a cell above cell [{place.cell}], or restart and run all without it",
        0.95,
        blamed=tuple(gone),
        edit=Edit(drop=_numbers(gone)),
    )


def _by_itself(past: Past, place: Place, name: str, owner: int | None) -> Clue:
    base = next((e.number for e in reversed(past.before(place.event)) if e.index == owner is not None), -1)
    again = [e for e in past.executions(place.cell, place.event) if e.number > base]
    again = again or past.executions(place.cell, place.event)
    times = ", ".join(f"In [{e.count}]" for e in (*again, place.event))
    edit = Edit(drop=_numbers(again))
    if any(part in place.kind(name) for part in _ITERATORS):
        return _consumed(place, name, times, again, edit)
    if place.is_code(name):
        return _kept_by_function(past, place, name, again)
    if live_source.trains(place.event.source) and name not in place.event.names.stores:
        return _clue(
            "hidden_state.warm_start",
            f"cell [{place.cell}] ran {len(again) + 1} times ({times}) and trained {name} further each time",
            f"create {name} in cell [{place.cell}] itself, before it is trained; or restart and run all",
            0.95,
            blamed=(*again, place.event),
            edit=edit,
        )
    return _clue(
        "hidden_state.reexecuted_cell",
        f"cell [{place.cell}] ran {len(again) + 1} times ({times}) and changes {name}, which it also reads: "
        "its effect was applied more than once",
        f"give the result in cell [{place.cell}] a new name instead of overwriting {name}; or restart and run all",
        0.95,
        blamed=(*again, place.event),
        edit=edit,
    )


def _consumed(place: Place, name: str, times: str, again: list[Event], edit: Edit) -> Clue:
    return _clue(
        "hidden_state.iterator_consumed",
        f"cell [{place.cell}] takes items from the iterator {name}; others were taken before it ({times})",
        f"create the iterator {name} in cell [{place.cell}], so that each run starts at its first item",
        0.96,
        blamed=(*again, place.event),
        edit=edit,
    )


def _kept_by_function(past: Past, place: Place, name: str, earlier: list[Event]) -> Clue:
    """Blame what a function, or its cache, kept from earlier calls."""
    owner = past.clean_writer(name, place.cell)
    if _is_cached(past, name, place):
        return _stale_cache(past, place, name, earlier)
    kept = _stateful(past).get(name, "state of its own")
    renewed = (Step(past.sources[owner], None, owner),) if owner is not None else ()
    return _clue(
        "hidden_state.function_state",
        f"{name} keeps {kept} from call to call, and had been called before cell [{place.cell}] ran as "
        f"In [{place.event.count}] (In {[e.count for e in earlier]})",
        f"let {name} keep nothing: use None as default and make the object inside, or pass the state in",
        0.93,
        blamed=(*earlier, place.event),
        edit=Edit(insert={place.event.number: renewed}),
    )


def _stale_cache(past: Past, place: Place, name: str, earlier: list[Event]) -> Clue:
    owner = past.clean_writer(name, place.cell)
    return _clue(
        "stale_cache.lru_cache",
        f"{name} is cached and had been called before (In {[e.count for e in earlier]}): cell [{place.cell}] got what it "
        "had computed then, under older values of the globals that it reads",
        f"pass what {name} depends on as arguments, or call {name}.cache_clear() before it",
        0.94,
        blamed=(*earlier, place.event),
        edit=Edit(insert={place.event.number: (Step(f"{name}.cache_clear()", None, None),)}),
        names=tuple(each for each in place.names if not place.is_code(each)),
        cell=place.cell if owner is None else None,
    )


def _by_skipping(past: Past, place: Place, name: str, owner: int) -> Iterator[Clue]:
    later = past.executions(owner)
    if later:
        yield _out_of_order(past, place, name, past.last.get(owner) or later[0], owner)
        return
    yield _clue(
        "hidden_state.skipped_cell",
        f"cell [{owner}] was never executed in the session, and a run of the whole notebook executes it: it writes "
        f"{name}, which cell [{place.cell}] reads",
        f"delete cell [{owner}] if it is not wanted, or run it and all cells below it",
        0.95,
        blamed=(place.event,),
        edit=Edit(insert={_slot(past, owner, place.event): (Step(past.sources[owner], None, owner),)}),
        cell=owner,
        names=(name,),
    )


def _slot(past: Past, cell: int, event: Event) -> int:
    """Return the number of the execution before which a cell that was never run belongs."""
    above = [e.number for e in past.before(event) if e.index is not None and e.index < cell]
    return min(above[-1] + 1 if above else event.number, event.number)


def _out_of_order(past: Past, place: Place, name: str, writer: Event, owner: int | None) -> Clue:
    if writer.number > place.event.number:
        order = f"cell [{place.cell}] (In [{place.event.count}]) before {writer.label}"
    else:
        order = f"{writer.label}, before cell [{place.cell}] (In [{place.event.count}])"
    reads = f"cell [{place.cell}] reads {name}, which in the notebook " + (
        f"cell [{owner}] writes before it" if owner is not None else "no cell above it writes"
    )
    return _clue(
        "hidden_state.out_of_order",
        f"executed out of order: {order}; {reads}",
        f"restart and run all; let one cell alone write {name}",
        0.93,
        blamed=(writer, place.event),
        edit=Edit(ordered=True),
    )


def _by_older_text(past: Past, place: Place, name: str, writer: Event) -> Clue:
    cell = writer.index or 0
    return _clue(
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
    return _clue(
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
    return _clue(
        "hidden_state.reexecuted_cell",
        f"cell [{cell}] ran {len(again) + 1} times and changes {name}, which cell [{place.cell}] reads",
        f"let cell [{cell}] write its result to a new name; or restart and run all",
        0.7,
        blamed=(*again, writer),
        edit=Edit(drop=_numbers(again)),
        cell=cell if writer.trace is None else None,
        names=(name,) if writer.trace is None else (),
    )


def _drawn_otherwise(past: Past, place: Place) -> Iterator[Clue]:
    """Other executions drew random numbers between the seed and the cell."""
    for generator in place.live.rng_before:
        if not place.event.draws(generator):
            continue
        if place.live.rng_before[generator] == place.clean.rng_before.get(generator):
            continue
        common = _common_position(past, place, generator)
        if common is None:
            yield from _never_seeded(past, place, generator)
            continue
        start, cell = common
        between = [e for e in past.before(place.event) if e.number >= start and e.draws(generator)]
        expected = [
            index
            for index, trace in sorted(past.clean.items())
            if cell < index < place.cell and trace.rng_before.get(generator) != trace.rng_after.get(generator)
        ]
        yield from _draws(past, place, generator, between, expected)


def _common_position(past: Past, place: Place, generator: str) -> tuple[int, int] | None:
    """Return the latest execution, and the cell of the clean run, after which a generator stood alike in both."""
    known: dict[str, int] = {}
    for index, trace in sorted(past.clean.items()):
        if index <= place.cell and generator in trace.rng_before:
            known.setdefault(trace.rng_before[generator], index - 1)
        if index < place.cell and generator in trace.rng_after:
            known[trace.rng_after[generator]] = index
    for event in reversed(past.events[: place.event.number + 1]):
        if event.trace is None:
            continue
        if event.number < place.event.number and (after := event.trace.rng_after.get(generator)) in known:
            return event.number + 1, known[after or ""]
        if (before := event.trace.rng_before.get(generator)) in known:
            return event.number, known[before or ""]
    return None


def _draws(past: Past, place: Place, generator: str, between: list[Event], expected: list[int]) -> Iterator[Clue]:
    """Compare who drew with who should have."""
    seen: set[int] = set()
    extra = []
    for event in reversed(between):
        if event.index is None or event.index not in expected or event.index in seen:
            extra.append(event)
        else:
            seen.add(event.index)
    missing = [index for index in expected if index not in seen]
    if extra:
        labels = ", ".join(
            f"cell [{e.index}] as In [{e.count}]"
            if e.index is not None
            else f"deleted code In [{e.count}] `{live_source.quoted(e.source, 60)}`"
            for e in reversed(extra)
        )
        yield _clue(
            "hidden_state.rng_advanced",
            f"the {generator} generator had been advanced before cell [{place.cell}] drew from it as "
            f"In [{place.event.count}]: since it was seeded, {labels} drew from it too",
            f"seed in cell [{place.cell}] itself, or give it a generator of its own; or restart and run all",
            0.94,
            blamed=(*extra, place.event),
            edit=Edit(drop=_numbers(extra)),
        )
    for index in missing:
        if not past.executions(index):
            yield _skipped_effect(past, place, index, f"it draws from the {generator} generator", 0.9)
    if not extra and not missing and between:
        yield _out_of_order(past, place, f"the {generator} generator", between[-1], None)


def _never_seeded(past: Past, place: Place, generator: str) -> Iterator[Clue]:
    """A cell that seeds was not executed before the cell that draws."""
    for index, source in enumerate(past.sources[: place.cell]):
        if not live_source.seeds(source):
            continue
        if not past.executions(index):
            yield _skipped_effect(past, place, index, f"it seeds the {generator} generator", 0.93)
        elif not past.executions(index, place.event):
            yield _out_of_order(past, place, f"the {generator} generator", past.executions(index)[0], index)


def _skipped_effect(past: Past, place: Place, index: int, effect: str, weight: float) -> Clue:
    return _clue(
        "hidden_state.skipped_cell",
        f"cell [{index}] was never executed in the session, and a run of the whole notebook executes it: {effect}",
        f"run cell [{index}] and all cells below it, or delete it",
        weight,
        blamed=(place.event,),
        edit=Edit(insert={_slot(past, index, place.event): (Step(past.sources[index], None, index),)}),
    )


def _output_history(past: Past, place: Place) -> Iterator[Clue]:
    """The cell takes a value from IPython's history of outputs."""
    names = live_source.output_history(place.event.source)
    if not names:
        return
    shown = [e for e in past.before(place.event) if live_source.last_expression(e.source)]
    previous = (
        f"; the last value shown before it was `{live_source.last_expression(shown[-1].source)}`" if shown else ""
    )
    yield _clue(
        "hidden_state.ipython_history",
        f"cell [{place.cell}] reads {', '.join(names)}, IPython's history of outputs: what is there depends on the cells "
        f"that ran before it{previous}",
        f"bind the value to a name in the cell that shows it, and use that name in cell [{place.cell}]",
        0.9,
        blamed=(place.event,),
        edit=Edit(insert={place.event.number: tuple(_history_steps(past, place))}),
    )


def _history_steps(past: Past, place: Place) -> Iterator[Step]:
    """Yield steps that give the history the values that it has in a clean run."""
    order = [index for index in sorted(past.clean) if index < place.cell]
    for number in live_source.numbered_outputs(place.event.source):
        # In a clean run the n-th cell is In [n].
        if 0 < number <= len(order) and (shown := live_source.last_expression(past.sources[order[number - 1]])):
            yield Step(f"_{number} = Out[{number}] = {shown}")
    last = [shown for index in order if (shown := live_source.last_expression(past.sources[index]))]
    for shown in last[-3:]:
        yield Step(shown)


def _consumed_elsewhere(past: Past, place: Place) -> Iterator[Clue]:
    """Others took items from an iterator that the cell takes from."""
    for name in sorted(place.live.reads):
        if not any(part in place.live.reads[name].kind for part in _ITERATORS):
            continue
        made = next((e.number for e in reversed(past.before(place.event)) if name in e.names.stores), -1)
        takers = [e for e in past.before(place.event) if e.number > made and name in e.names.loads]
        clean = [i for i, source in enumerate(past.sources[: place.cell]) if i in past.clean and _loads(source, name)]
        extra = [e for e in takers if e.index not in clean or takers[-1].index == place.cell]
        if extra and (name in place.strange or not place.strange):
            times = ", ".join(f"In [{e.count}]" for e in extra)
            yield _consumed(place, name, times, extra, Edit(drop=_numbers(extra)))


def _loads(source: str, name: str) -> bool:
    """Tell whether a cell takes a value of a name."""
    return name in Event(0, source, 0, None).names.loads


def _called_before(past: Past, place: Place) -> Iterator[Clue]:
    """A function with a memory had been called before."""
    remembering = {**_stateful(past), **dict.fromkeys(_cached(past), "a cache")}
    for name in sorted(remembering.keys() & (place.event.names.loads | place.live.reads.keys())):
        owner = past.clean_writer(name, place.cell)
        made = next((e.number for e in reversed(past.before(place.event)) if name in e.names.stores), -1)
        callers = [e for e in past.before(place.event) if e.number > made and name in e.names.loads]
        clean = {i for i in range((owner or 0) + 1, place.cell) if i in past.clean and _loads(past.sources[i], name)}
        if [e.index for e in callers] != sorted(clean):
            yield _kept_by_function(past, place, name, callers)


def _is_cached(past: Past, name: str, place: Place) -> bool:
    """Tell whether a name is a function with a cache around it."""
    return "lru_cache" in place.kind(name) or name in _cached(past)


def _cached(past: Past) -> set[str]:
    """Return the cached functions of the notebook."""
    return {name for source in past.sources for name in live_source.cached_functions(source)}


def _stateful(past: Past) -> dict[str, str]:
    """Return the functions of the notebook that keep something, and what they made."""
    functions = {name: kept for source in past.sources for name, kept in live_source.stateful_functions(source).items()}
    made = {name: kept for source in past.sources for name, kept in live_source.made_by(source, functions).items()}
    # A factory that has a closure keeps nothing itself.
    return {**{name: kept for name, kept in functions.items() if "closure" not in kept}, **made}


def _patched(past: Past, place: Place) -> Iterator[Clue]:
    """Code that is gone, or that runs later in the notebook, replaced a part of a module."""
    aliases = {name for event in past.events for name in live_source.imported(event.source)}
    for event in past.before(place.event):
        if event.index is not None and event.index < place.cell and not past.is_edited(event):
            continue
        targets = [target for target in live_source.patches(event.source) if target.partition(".")[0] in aliases]
        if targets:
            code = live_source.quoted(event.source)
            yield _clue(
                "monkeypatch",
                f"{', '.join(targets)} had been replaced by {event.label} (`{code}`) before cell [{place.cell}] ran",
                f"write the replacement into a cell above cell [{place.cell}], or restart the kernel and do without it",
                0.9 if not place.strange else 0.8,
                blamed=(event,),
                edit=Edit(drop=frozenset({event.number})),
            )


def _settings_left(past: Past, place: Place) -> Iterator[Clue]:
    """Something that is gone changed a setting of the whole process."""
    before, clean = place.live.settings_before, place.clean.settings_before
    for setting in sorted(before.keys() & clean.keys()):
        if before[setting] == clean[setting]:
            continue
        writer = next((e for e in reversed(past.before(place.event)) if _sets(e, setting)), None)
        if writer is None:
            continue
        yield _clue(
            _setting_label(setting, writer),
            f"{setting} was {before[setting]} when cell [{place.cell}] ran, and is {clean[setting]} in a clean run; it was "
            f"set by {writer.label} (`{live_source.quoted(writer.source)}`)",
            f"set {setting} in a cell above cell [{place.cell}], or restart the kernel and do without it",
            0.9,
            blamed=(writer,),
            edit=Edit(drop=frozenset({writer.number})),
        )


def _sets(event: Event, setting: str) -> bool:
    """Tell whether an execution changed a setting."""
    trace = event.trace
    return trace is not None and trace.settings_before.get(setting) != trace.settings_after.get(setting)


def _setting_label(setting: str, writer: Event) -> str:
    """Return the label for a setting that was left behind."""
    if "dtype" in setting:
        return "global_config.default_dtype"
    if "rcparams" in setting.lower():
        return "global_config.rcparams"
    return "global_config" if writer.index is not None else "hidden_state.deleted_cell"


def _shadowed(past: Past, place: Place) -> Iterator[Clue]:
    """Two imports bind one name, and the other one came last."""
    for name in place.strange:
        writer, owner = past.live_writer(name, place.event), past.clean_writer(name, place.cell)
        if writer is None or owner is None or writer.index is None:
            continue
        here, there = live_source.imported(writer.source), live_source.imported(past.sources[owner])
        if (name in here or "*" in here) and (name in there or "*" in there) and writer.index != owner:
            yield _clue(
                "import_order.name_shadowing",
                f"{name} is imported by cell [{writer.index}] and by cell [{owner}]; before cell [{place.cell}] ran, "
                f"{writer.label} had come last, in the notebook cell [{owner}] does",
                f"import {name} once, or by two names (`import ... as`)",
                0.96,
                blamed=(writer, place.event),
                edit=Edit(ordered=True),
            )


def _module_edited(past: Past, place: Place) -> Iterator[Clue]:
    """A module beside the notebook was edited after the kernel had loaded it."""
    if not past.edited:
        return
    sources = [*past.sources, *(e.source for e in past.events)]
    bound = {name: module for source in sources for name, module in live_source.imported(source).items()}
    used = place.event.names.loads | place.event.names.stores | place.live.reads.keys()
    for module in past.edited:
        near = any(bound.get(name, "").partition(".")[0] == module.name.partition(".")[0] for name in used)
        star = bound.get("*") == module.name
        yield _clue(
            "module_edited",
            f"{module.name} was edited after the session had imported it (its file is no longer what the kernel "
            f"loaded): cell [{place.cell}] ran with the older version",
            f"restart the kernel after editing {module.name}, or reload it and run the cells that use it again",
            0.97 if near else 0.85 if star else 0.6,
            blamed=(),
            edit=Edit(modules_now=True),
        )


def _clue(  # noqa: PLR0913  # the parts of a sentence and its proof, by keyword
    cause: str,
    evidence: str,
    fix: str,
    weight: float,
    *,
    blamed: tuple[Event, ...],
    edit: Edit = NO_EDIT,
    cell: int | None = None,
    names: tuple[str, ...] = (),
) -> Clue:
    """Return a clue."""
    suspect = Suspect(cause=cause, evidence=evidence, fix=fix, weight=weight, experiment=_ON_REPLAY)
    return Clue(suspect, _numbers(blamed), edit, cell, names)


def _numbers(events: list[Event] | tuple[Event, ...]) -> frozenset[int]:
    """Return the numbers of some executions."""
    return frozenset(event.number for event in events)


_RULES: tuple[Callable[[Past, Place], Iterator[Clue]], ...] = (
    _stale_parameter,
    _edited_source,
    _module_edited,
    _shadowed,
    _written_otherwise,
    _consumed_elsewhere,
    _called_before,
    _drawn_otherwise,
    _output_history,
    _patched,
    _settings_left,
)
