"""Clues from state that no name shows: iterators, functions with a memory, IPython's history, modules, settings."""

from __future__ import annotations

from collections.abc import Iterator

from reprobook.notebook.syntax import imported
from reprobook.verify.live import source as live_source
from reprobook.verify.live.clue import Clue, clue, numbers
from reprobook.verify.live.edit import Edit, Step
from reprobook.verify.live.events import Event
from reprobook.verify.live.past import Past, Place

_ITERATORS = ("iterator", "generator", "TextIOWrapper", "BufferedReader", "StringIO", "reader", "map", "zip", "filter",
              "enumerate", "DataLoaderIter", "count", "cycle", "islice", "chain", "TextFileReader")  # fmt: skip

_SETTINGS = {
    "torch.default_dtype": "global_config.default_dtype",
    "matplotlib.": "global_config.rcparams",
    "torch.matmul_precision": "precision_mode",
    "torch.cuda_precision": "precision_mode",
    "torch.cudnn_precision": "precision_mode",
    "torch.num_threads": "thread_count.torch",
    "fp.": "fp_environment",
    "python.cwd": "cwd_relative_path",
    "python.path": "import_path",
    "python.locale": "locale",
    "python.timezone": "timezone",
}


def is_iterator(kind: str) -> bool:
    """Tell whether a value of this kind is used up as items are taken from it."""
    return any(part in kind for part in _ITERATORS)


def output_history(past: Past, place: Place) -> Iterator[Clue]:
    """The cell takes a value from IPython's history of outputs."""
    names = live_source.output_history(place.event.source)
    if not names:
        return
    shown = [e for e in past.before(place.event) if live_source.last_expression(e.source)]
    previous = (
        f"; the last value shown before it was `{live_source.last_expression(shown[-1].source)}`" if shown else ""
    )
    yield clue(
        "hidden_state.ipython_history",
        f"cell [{place.cell}] reads {', '.join(names)}, IPython's history of outputs: what is there depends "
        f"on the cells that ran before it{previous}",
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


def consumed_elsewhere(past: Past, place: Place) -> Iterator[Clue]:
    """Others took items from an iterator that the cell takes from."""
    for name in sorted(place.live.reads):
        if not is_iterator(place.live.reads[name].kind):
            continue
        made = next((e.number for e in reversed(past.before(place.event)) if name in e.names.stores), -1)
        takers = [e for e in past.before(place.event) if e.number > made and name in e.names.loads]
        clean = [i for i, source in enumerate(past.sources[: place.cell]) if i in past.clean and _loads(source, name)]
        extra = [e for e in takers if e.index not in clean or takers[-1].index == place.cell]
        if extra and (name in place.strange or not place.strange):
            times = ", ".join(f"In [{e.count}]" for e in extra)
            yield consumed(place, name, times, extra, Edit(drop=numbers(extra)))


def _loads(source: str, name: str) -> bool:
    """Tell whether a cell takes a value of a name."""
    return name in Event(0, source, 0, None).names.loads


def called_before(past: Past, place: Place) -> Iterator[Clue]:
    """A function with a memory had been called before."""
    remembering = {**_stateful(past), **dict.fromkeys(_cached(past), "a cache")}
    for name in sorted(remembering.keys() & (place.event.names.loads | place.live.reads.keys())):
        owner = past.clean_writer(name, place.cell)
        made = next((e.number for e in reversed(past.before(place.event)) if name in e.names.stores), -1)
        callers = [e for e in past.before(place.event) if e.number > made and name in e.names.loads]
        clean = {i for i in range((owner or 0) + 1, place.cell) if i in past.clean and _loads(past.sources[i], name)}
        if [e.index for e in callers] != sorted(clean):
            yield kept_by_function(past, place, name, callers)


def consumed(place: Place, name: str, times: str, again: list[Event], edit: Edit) -> Clue:
    """Blame executions that took items from an iterator."""
    return clue(
        "hidden_state.iterator_consumed",
        f"cell [{place.cell}] takes items from the iterator {name}; others were taken before it ({times})",
        f"create the iterator {name} in cell [{place.cell}], so that each run starts at its first item",
        0.96,
        blamed=(*again, place.event),
        edit=edit,
    )


def kept_by_function(past: Past, place: Place, name: str, earlier: list[Event]) -> Clue:
    """Blame what a function, or its cache, kept from earlier calls."""
    owner = past.clean_writer(name, place.cell)
    if _is_cached(past, name, place):
        return _stale_cache(past, place, name, earlier)
    kept = _stateful(past).get(name, "state of its own")
    extra = [e for e in earlier if e.index is None or e.index >= place.cell]
    renewed = (Step(past.sources[owner], None, owner),) if owner is not None else ()
    edit = Edit(drop=numbers(extra)) if len(extra) == len(earlier) else Edit(insert={place.event.number: renewed})
    return clue(
        "hidden_state.function_state",
        f"{name} keeps {kept} from call to call, and had been called before cell [{place.cell}] ran as "
        f"In [{place.event.count}] (In {[e.count for e in earlier]})",
        f"let {name} keep nothing: use None as default and make the object inside, or pass the state in",
        0.96,
        blamed=(*earlier, place.event),
        edit=edit,
    )


def _stale_cache(past: Past, place: Place, name: str, earlier: list[Event]) -> Clue:
    owner = past.clean_writer(name, place.cell)
    return clue(
        "stale_cache.lru_cache",
        f"{name} is cached and had been called before (In {[e.count for e in earlier]}): cell [{place.cell}] got what "
        "it had computed then, under older values of the globals that it reads",
        f"pass what {name} depends on as arguments, or call {name}.cache_clear() before it",
        0.97,
        blamed=(*earlier, place.event),
        edit=Edit(insert={place.event.number: (Step(f"{name}.cache_clear()", None, None),)}),
        names=tuple(each for each in place.names if not place.is_code(each)),
        cell=place.cell if owner is None else None,
    )


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


def patched(past: Past, place: Place) -> Iterator[Clue]:
    """Code that is gone, or that runs later in the notebook, replaced a part of a module."""
    aliases = {name for event in past.events for name in imported(event.source)}
    used = place.event.names.loads | place.live.reads.keys()
    for event in past.before(place.event):
        if event.index is not None and event.index < place.cell and not past.is_edited(event):
            continue
        targets = [target for target in live_source.patches(event.source) if target.partition(".")[0] in aliases]
        heads = {target.partition(".")[0] for target in targets}
        if targets:
            code = live_source.quoted(event.source)
            yield clue(
                "monkeypatch",
                f"{', '.join(targets)} had been replaced by {event.label} (`{code}`) before cell [{place.cell}] ran",
                f"write the replacement into a cell above cell [{place.cell}], or restart the kernel and do without it",
                0.97 if used & heads else 0.8,
                blamed=(event,),
                edit=Edit(drop=frozenset({event.number})),
            )


def settings_left(past: Past, place: Place) -> Iterator[Clue]:
    """Something that is gone changed a setting of the whole process."""
    before, clean = place.live.settings_before, place.clean.settings_before
    for setting in sorted(before.keys() & clean.keys()):
        if before[setting] == clean[setting]:
            continue
        writer = next((e for e in reversed(past.before(place.event)) if _sets(e, setting)), None)
        if writer is None:
            continue
        yield clue(
            _setting_label(setting, writer),
            f"{setting} was {before[setting]} when cell [{place.cell}] ran, and is {clean[setting]} in a clean run; it "
            f"was set by {writer.label} (`{live_source.quoted(writer.source)}`)",
            f"set {setting} in a cell above cell [{place.cell}], or restart the kernel and do without it",
            0.85 if place.strange else 0.96,
            blamed=(writer,),
            edit=Edit(drop=frozenset({writer.number})),
        )


def _sets(event: Event, setting: str) -> bool:
    """Tell whether an execution changed a setting."""
    trace = event.trace
    return trace is not None and trace.settings_before.get(setting) != trace.settings_after.get(setting)


def _setting_label(setting: str, writer: Event) -> str:
    """Return the label for a setting that was left behind."""
    for beginning, label in _SETTINGS.items():
        if setting.startswith(beginning):
            return label
    return "global_config" if writer.index is not None else "hidden_state.deleted_cell"


def module_edited(past: Past, place: Place) -> Iterator[Clue]:
    """A module beside the notebook was edited after the kernel had loaded it."""
    if not past.edited:
        return
    sources = [*past.sources, *(e.source for e in past.events)]
    bound = {name: module for source in sources for name, module in imported(source).items()}
    used = place.event.names.loads | place.event.names.stores | place.live.reads.keys()
    for module in past.edited:
        near = any(bound.get(name, "").partition(".")[0] == module.name.partition(".")[0] for name in used)
        star = bound.get("*") == module.name
        yield clue(
            "module_edited",
            f"{module.name} was edited after the session had imported it (its file is no longer what the kernel "
            f"loaded): cell [{place.cell}] ran with the older version",
            f"restart the kernel after editing {module.name}, or reload it and run the cells that use it again",
            0.97 if near else 0.85 if star else 0.6,
            blamed=(),
            edit=Edit(modules_now=True),
        )
