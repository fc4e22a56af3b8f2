"""The draws and seeds of a whole run, in their order."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from reprobook.hazards import generators
from reprobook.hazards.book import Book
from reprobook.hazards.course import Course, Step
from reprobook.hazards.estimators import takes_random_state
from reprobook.hazards.generators import is_given, keyword
from reprobook.hazards.model import Generator

_SAMPLERS = frozenset({"RandomSampler", "WeightedRandomSampler", "SubsetRandomSampler"})


@dataclass(frozen=True)
class Draw:
    """One draw from a global generator.

    Attributes:
        step: The call, or the loop over a loader, and the cell that runs it.
        generator: What is drawn from.
        seeded: Whether the generator was set by then.
        for_want_of: The argument that would have spared the draw: ``random_state``, ``generator``; empty if none.
        sure: Whether the draw decides a result whatever the data are.
    """

    step: Step
    generator: Generator
    seeded: bool
    for_want_of: str = ""
    sure: bool = True


@dataclass
class Streams:
    """The draws and the seeds of a notebook, in the order of a whole run."""

    draws: list[Draw] = field(default_factory=list)
    seeds: dict[Generator, list[Step]] = field(default_factory=dict)
    _loaders: list[Step] = field(default_factory=list)

    def seed(self, which: tuple[Generator, ...], step: Step) -> None:
        """Note that generators are set from here on."""
        for each in which:
            self.seeds.setdefault(each, []).append(step)
        if "torch" in which:
            self.load()

    def make_loader(self, step: Step) -> None:
        """Note a shuffled loader: it draws when it is iterated, somewhere later, not when it is made."""
        self._loaders.append(step)
        if "torch" in self.seeds:
            self.load()

    def load(self) -> None:
        """Let the loaders that were made draw from here on."""
        for step in self._loaders:
            self.draw("torch", step, "generator")
        self._loaders.clear()

    def draw(self, generator: Generator, step: Step, for_want_of: str = "", *, sure: bool = True) -> None:
        """Note a draw."""
        self.draws.append(Draw(step, generator, generator in self.seeds, for_want_of, sure))


def streams_of(book: Book, course: Course) -> Streams:
    """Go through the calls of a whole run."""
    streams = Streams()
    magics = _seeding_magics(book)
    for step in course.steps:
        while magics and magics[0].cell <= step.cell:
            streams.seed(generators.ALL, magics.pop(0))
        if isinstance(step.node, ast.Call):
            _note_call(book, streams, step, step.node)
        elif isinstance(step.node, (ast.For, ast.AsyncFor)) and _is_loader(book, step.node.iter):
            streams.load()
            # Iterating a loader draws the base seed of its workers, shuffled or not.
            streams.draw("torch", step, sure=False)
    streams.load()
    return streams


def _seeding_magics(book: Book) -> list[Step]:
    """Return the ``%reprotrain init --seed`` lines, as steps."""
    return [
        Step(ast.Pass(lineno=number, col_offset=0), cell)
        for cell, source in enumerate(book.sources)
        for number, line in enumerate(source.splitlines(), start=1)
        if line.split()[:2] == ["%reprotrain", "init"] and "--seed" in line
    ]


def _is_loader(book: Book, node: ast.expr) -> bool:
    return book.dotted(node).startswith("torch.utils.data.DataLoader()")


def _note_call(book: Book, streams: Streams, step: Step, call: ast.Call) -> None:
    """Note what a call seeds, or else what it draws."""
    dotted = book.dotted(call.func)
    if dotted == "reprobook.init" and not is_given(call, "seed"):
        return
    for table in (generators.SEEDING, generators.RESTORING, generators.RESEEDING):
        if dotted in table:
            streams.seed(table[dotted], step)
            return
    random_state = takes_random_state(dotted, call)
    if random_state is not False:
        streams.draw("numpy", step, "random_state", sure=bool(random_state))
    elif _samples_rows(book, call, dotted):
        streams.draw("numpy", step, "random_state")
    for each in generators.draws(dotted, call):
        streams.draw(each, step)
    if _loads_shuffled(dotted, call):
        streams.make_loader(step)
    if generators.draws_when_called(dotted):
        streams.draw("torch", step, sure=dotted.startswith("torch.nn.functional"))


def _samples_rows(book: Book, call: ast.Call, dotted: str) -> bool:
    """Tell whether a call is ``DataFrame.sample`` without random_state."""
    if not dotted.endswith(".sample") or is_given(call, "random_state") or "sample" in book.methods:
        return False
    likely = dotted.startswith("?") and any(keyword(call, word) for word in ("frac", "n", "replace"))
    return likely or dotted.startswith("pandas.")


def _loads_shuffled(dotted: str, call: ast.Call) -> bool:
    """Tell whether a call makes a loader or sampler that draws its order from torch's generator."""
    name = dotted.rpartition(".")[2]
    if not dotted.startswith("torch.utils.data.") or is_given(call, "generator"):
        return False
    shuffle = keyword(call, "shuffle")
    shuffled = shuffle is not None and not (isinstance(shuffle, ast.Constant) and not shuffle.value)
    return (name == "DataLoader" and shuffled) or name in _SAMPLERS
