"""Random numbers: which generators are drawn from before anything seeds them, in the order of a whole run."""

from __future__ import annotations

import ast

from reprobook.hazards.draws import Draw, Streams, streams_of
from reprobook.hazards.fixes import give
from reprobook.hazards.model import Generator
from reprobook.hazards.report import Report, bound_names

CAUSES: dict[Generator, str] = {
    "python": "unseeded_rng.python_random",
    "numpy": "unseeded_rng.numpy_legacy",
    "torch": "unseeded_rng.torch",
    "cuda": "unseeded_rng.cuda",
}
_NAMES: dict[Generator, str] = {
    "python": "Python's global generator (`random`)",
    "numpy": "NumPy's global generator (`np.random`)",
    "torch": "torch's global generator",
    "cuda": "the GPU's generator",
}
_CALLS: dict[Generator, str] = {
    "python": "random.seed(seed)",
    "numpy": "np.random.seed(seed)",
    "torch": "torch.manual_seed(seed)",
    "cuda": "torch.cuda.manual_seed_all(seed)",
}


def find(report: Report) -> None:
    """Report draws from generators that nothing seeds, or not yet."""
    streams = streams_of(report.book, report.course)
    told: set[tuple[ast.AST, Generator]] = set()
    for draw in streams.draws:
        key = (draw.step.node, draw.generator)
        if key not in told:
            told.add(key)
            (_tell_seeded if draw.seeded else _tell_unseeded)(report, streams, draw)


def _source(report: Report, draw: Draw) -> str:
    """Return how messages call a draw."""
    node = draw.step.node
    return f"`{report.book.text(node.func)}`" if isinstance(node, ast.Call) else "iterating a DataLoader"


def _cause(draw: Draw) -> str:
    if draw.for_want_of == "random_state":
        return "unseeded_rng.sklearn_random_state"
    return CAUSES[draw.generator]


def _tell_seeded(report: Report, streams: Streams, draw: Draw) -> None:
    """Note a draw that is reproducible, for the attribution of divergences that were seen."""
    del streams
    node, name = draw.step.node, _NAMES[draw.generator]
    source = _source(report, draw)
    more = {"generator": draw.generator, "names": bound_names(report.book, node), "certain": False, "shown": False}
    message = f"{source} draws from {name}, whose position depends on every draw before it"
    fix = "random_state=seed" if draw.for_want_of == "random_state" else "give it a generator of its own"
    report.add(node, _cause(draw), message, fix, **more)
    message = f"{source} goes on from where {name} is: run twice, the cell gives another result"
    report.add(node, "hidden_state.rng_advanced", message, f"{_CALLS[draw.generator]} at the top of this cell", **more)


def _tell_unseeded(report: Report, streams: Streams, draw: Draw) -> None:
    """Report a draw from a generator that nothing has seeded by then."""
    node, generator = draw.step.node, draw.generator
    names = bound_names(report.book, node)
    late = next(iter(streams.seeds.get(generator, ())), None)
    if late is not None:
        place = f"cell {late.cell}, line {getattr(late.node, 'lineno', 1)}"
        message = f"{_source(report, draw)} draws from {_NAMES[generator]} before it is seeded ({place})"
        cause, fix = "unseeded_rng.seeded_too_late", f"move {_CALLS[generator]} above this cell"
        more = {"certain": draw.sure, "seeds": (generator,), "generator": generator, "names": names}
        report.add(node, cause, message, fix, **more)
        return
    message = f"{_source(report, draw)} draws from {_NAMES[generator]}, and nothing seeds it"
    fix = f"{_CALLS[generator]} before the first use"
    more = {"certain": draw.sure, "generator": generator, "names": names, "seeds": (generator,)}
    if draw.for_want_of == "random_state" and isinstance(node, ast.Call):
        fix = "random_state=seed (or np.random.seed(seed) before it)"
        edits = give(report.book, node, "random_state", report.seed)
        more |= {"edits": edits, "seeds": () if edits else (generator,)}
    report.add(node, _cause(draw), message, fix, **more)
