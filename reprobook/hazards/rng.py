"""Random numbers: which generators are drawn from before anything seeds them, in the order of a whole run."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from reprobook.hazards import generators
from reprobook.hazards.book import Book
from reprobook.hazards.course import Step
from reprobook.hazards.estimators import takes_random_state
from reprobook.hazards.fixes import add_argument, give, replace
from reprobook.hazards.generators import is_given, keyword
from reprobook.hazards.model import Edit, Generator
from reprobook.hazards.report import Report, bound_names
from reprobook.hazards.seeds import varying_source
from reprobook.hazards.spread import calls_of

_CAUSES: dict[Generator, str] = {
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


@dataclass
class _State:
    """What is known of one global generator at the point reached."""

    seeded: bool = False
    first_seed: ast.AST | None = None


@dataclass(frozen=True)
class Draw:
    """One call that draws from a global generator."""

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
    states: dict[Generator, bool] = field(default_factory=dict)

    def seed(self, which: tuple[Generator, ...], step: Step) -> None:
        """Note that generators are set from here on."""
        for each in which:
            self.states[each] = True
            self.seeds.setdefault(each, []).append(step)

    def draw(self, generator: Generator, step: Step, for_want_of: str = "", *, sure: bool = True) -> None:
        """Note a draw."""
        self.draws.append(Draw(step, generator, self.states.get(generator, False), for_want_of, sure))


def find(report: Report) -> Streams:
    """Report draws from generators that nothing seeds, and seeds that differ in every run."""
    streams = _streams(report)
    told: set[tuple[object, ...]] = set()
    for draw in streams.draws:
        key = (draw.step.node, draw.generator)
        if key not in told:
            told.add(key)
            _tell(report, streams, draw)
    return streams


def _streams(report: Report) -> Streams:
    """Go through the calls of a whole run."""
    streams = Streams()
    for cell, seed in seeded_by_magic(report.book).items():
        if seed == 0:
            streams.seed(generators.ALL, Step(ast.Module([], []), cell))
    magic = {cell for cell in seeded_by_magic(report.book)}
    done: set[int] = set()
    told: set[ast.AST] = set()
    for step in report.course.steps:
        for cell in sorted(magic - done):
            if cell <= step.cell:
                done.add(cell)
                streams.seed(generators.ALL, Step(ast.Module([], []), cell))
        if isinstance(step.node, ast.Call):
            _call(report, streams, step, step.node, told)
        elif isinstance(step.node, (ast.For, ast.AsyncFor)):
            _loop(report.book, streams, step, step.node.iter)
    return streams


def seeded_by_magic(book: Book) -> dict[int, int]:
    """Return the cells with a ``%reprotrain init --seed`` line."""
    found: dict[int, int] = {}
    for cell, source in enumerate(book.sources):
        for number, line in enumerate(source.splitlines(), start=1):
            if line.split()[:2] == ["%reprotrain", "init"] and "--seed" in line:
                found[cell] = number
    return found


def _call(report: Report, streams: Streams, step: Step, call: ast.Call, told: set[ast.AST]) -> None:
    dotted = report.book.dotted(call.func)
    if dotted in generators.SEEDING:
        _seeding(report, streams, step, call, told)
    elif dotted in generators.RESTORING:
        streams.seed(generators.RESTORING[dotted], step)
    elif dotted in generators.RESEEDING:
        for each in generators.RESEEDING[dotted]:
            streams.states[each] = True
        if call not in told:
            _tell_entropy(report, call, dotted, "unseeded_rng.torch", "torch")
    elif dotted in generators.OWN:
        if call not in told:
            _own(report, call, dotted)
    elif dotted.endswith("torch.Generator().seed"):
        if call not in told:
            text = "`.seed()` without a number takes one from the operating system, a new one in every run"
            edits = _call_edits(report, call, "manual_seed")
            report.add(call, "unseeded_rng.torch_generator", text, "generator.manual_seed(seed)", generator="own", edits=edits)
    else:
        _drawing(report, streams, step, call, dotted, told)
    told.add(call)


def _drawing(report: Report, streams: Streams, step: Step, call: ast.Call, dotted: str, told: set[ast.AST]) -> None:
    """Note what a library call draws."""
    for word in call.keywords:
        if word.arg in {"random_state", "seed", "generator"} and step.node not in told:
            if varying := varying_source(report.book, word.value):
                tell_varying(report, call, varying)
    book = report.book
    if (random_state := takes_random_state(dotted, call)) is not False:
        streams.draw("numpy", step, "random_state", sure=bool(random_state))
    for each in generators.draws(dotted, call):
        streams.draw(each, step)
    if _samples_rows(book, call, dotted):
        streams.draw("numpy", step, "random_state")
    if _loads_shuffled(dotted, call):
        streams.draw("torch", step, "generator")
    if generators.draws_when_called(dotted):
        streams.draw("torch", step, sure=dotted.startswith("torch.nn.functional"))


def _samples_rows(book: Book, call: ast.Call, dotted: str) -> bool:
    """Tell whether a call is ``DataFrame.sample`` without random_state."""
    if not dotted.endswith(".sample") or is_given(call, "random_state") or "sample" in book.methods:
        return False
    known = dotted.startswith("pandas.")
    likely = dotted.startswith("?") and any(keyword(call, word) for word in ("frac", "n", "replace"))
    return known or likely


def _loads_shuffled(dotted: str, call: ast.Call) -> bool:
    """Tell whether a call makes a loader that draws its order from torch's generator."""
    name = dotted.rpartition(".")[2]
    if not dotted.startswith("torch.utils.data.") or is_given(call, "generator"):
        return False
    shuffle = keyword(call, "shuffle")
    shuffled = shuffle is not None and not (isinstance(shuffle, ast.Constant) and not shuffle.value)
    return (name == "DataLoader" and shuffled) or name in {"RandomSampler", "WeightedRandomSampler", "SubsetRandomSampler"}


def _loop(book: Book, streams: Streams, step: Step, iterable: ast.expr) -> None:
    """Note that iterating a loader draws the base seed of its workers, shuffled or not."""
    if book.dotted(iterable).startswith("torch.utils.data.DataLoader()"):
        streams.draw("torch", step, sure=False)


def _seeding(report: Report, streams: Streams, step: Step, call: ast.Call, told: set[ast.AST]) -> None:
    """Note a seed, and report one that differs in every run."""
    dotted = report.book.dotted(call.func)
    which = generators.SEEDING[dotted]
    seed = _seed(report.book, call, "*")
    streams.seed(which, step)
    if call in told or dotted == "reprobook.init":
        return
    if seed is None:
        generator: Generator = which[0] if which else "own"
        cause = _CAUSES.get(generator, "unseeded_rng")
        _tell_entropy(report, call, dotted, cause, generator)
    elif varying := varying_source(report.book, seed):
        tell_varying(report, call, varying)


def _call_edits(report: Report, call: ast.Call, method: str = "") -> tuple[Edit, ...]:
    """Return the edits that give a call the seed as its only argument, and another method's name if one is given."""
    book = report.book
    renamed: tuple[Edit, ...] = ()
    if method and isinstance(call.func, ast.Attribute):
        end = (call.func.end_lineno or 0, call.func.end_col_offset or 0)
        renamed = (Edit(book.cell(call), end[0], end[1] - len(call.func.attr), *end, method),)
    elif method:
        return ()
    if call.args:
        return (*renamed, *replace(book, call.args[0], report.seed))
    if call.keywords:
        return (*renamed, *replace(book, call.keywords[0].value, report.seed))
    return (*renamed, *add_argument(book, call, report.seed))


def _seed(book: Book, call: ast.Call, word: str) -> ast.expr | None:
    """Return the argument that carries a seed; None where there is none, or it is a variable that is None."""
    found = generators.seed_argument(call, word)
    return None if found is None or book.dotted(found) == "NoneType()" else found


def tell_varying(report: Report, call: ast.Call, varying: tuple[str, ast.AST]) -> None:
    """Report a seed that is taken from the clock, the process or the like, where that value is made."""
    cause, source = varying
    if _is_default_only(report.book, source):
        report.add(source, cause, "only without a seed given", "give a seed", certain=False, shown=False)
        return
    text = report.book.text(source)
    message = f"a seed is made from `{text}`, which differs in every run"
    if report.book.cell(source) != report.book.cell(call):
        report.add(call, cause, message, "use a constant: seed = 0", certain=False, shown=False)
    report.add(source, cause, message, "use a constant, or the parameter `seed`, instead")


def _is_default_only(book: Book, source: ast.AST) -> bool:
    """Tell whether a value stands in for an argument that every call of the function gives."""
    owner = book.owner(source)
    branch = next((each for each in book.parents(source) if isinstance(each, (ast.IfExp, ast.If, ast.BoolOp))), None)
    if owner is None or branch is None:
        return False
    tested = branch.values[0] if isinstance(branch, ast.BoolOp) else branch.test
    words = {each.id for each in ast.walk(tested) if isinstance(each, ast.Name)}
    if not words & {argument.arg for argument in (*owner.args.args, *owner.args.kwonlyargs)}:
        return False
    calls = list(calls_of(book, owner))
    return bool(calls) and all(each.args or any(word.arg in words for word in each.keywords) for each in calls)


def _tell_entropy(report: Report, call: ast.Call, dotted: str, cause: str, generator: Generator) -> None:
    name = report.book.text(call.func)
    message = f"`{report.book.text(call)}` without a number takes a seed from the operating system, a new one in every run"
    fix = f"{name}(seed)" if dotted in generators.SEEDING else "torch.manual_seed(seed)"
    alone = not _initialises_workers(report.book, call)
    edits = _call_edits(report, call, "" if dotted in generators.SEEDING else "manual_seed")
    report.add(call, cause, message, fix, generator=generator, certain=alone, shown=alone, edits=edits)


def _initialises_workers(book: Book, call: ast.Call) -> bool:
    """Tell whether a call stands in a function that sets up workers; those are looked at elsewhere."""
    owner = book.owner(call)
    for load in book.loads.get(owner.name, ()) if owner else ():
        parent = book.parent(load)
        if isinstance(parent, ast.keyword) and parent.arg in {"initializer", "worker_init_fn"}:
            return True
    return False


def _own(report: Report, call: ast.Call, dotted: str) -> None:
    """Report a generator of one's own without a seed, or with one that differs in every run."""
    cause, word = generators.OWN[dotted]
    seed = _seed(report.book, call, word)
    name = report.book.text(call.func)
    if seed is None:
        message = f"`{name}()` without a seed starts differently in every run"
        report.add(call, cause, message, f"{name}(seed)", generator="own", edits=_call_edits(report, call))
    elif varying := varying_source(report.book, seed):
        tell_varying(report, call, varying)


def _tell(report: Report, streams: Streams, draw: Draw) -> None:
    """Report one draw."""
    call = draw.step.node
    generator = draw.generator
    names = bound_names(report.book, call)
    source = report.book.text(call.func) if isinstance(call, ast.Call) else "iterating a DataLoader"
    cause = "unseeded_rng.sklearn_random_state" if draw.for_want_of == "random_state" else _CAUSES[generator]
    more = {"generator": generator, "names": names}
    if draw.seeded:
        message = f"`{source}` draws from {_NAMES[generator]}, whose position depends on every draw before it"
        report.add(call, cause, message, _own_fix(draw), certain=False, shown=False, **more)
        again = f"`{source}` goes on from where {_NAMES[generator]} is: run twice, the cell gives another result"
        fix = f"{_CALLS[generator]} at the top of this cell"
        report.add(call, "hidden_state.rng_advanced", again, fix, certain=False, shown=False, **more)
        return
    late = next(iter(streams.seeds.get(generator, ())), None)
    if late is not None:
        cause = "unseeded_rng.seeded_too_late"
        place = f"cell {late.cell}, line {getattr(late.node, 'lineno', 1)}"
        message = f"`{source}` draws from {_NAMES[generator]} before it is seeded ({place})"
        fix = f"move {_CALLS[generator]} above this cell"
        report.add(call, cause, message, fix, certain=draw.sure, seeds=(generator,), **more)
        return
    message = f"`{source}` draws from {_NAMES[generator]}, and nothing seeds it"
    wants_state = draw.for_want_of == "random_state" and isinstance(call, ast.Call)
    edits = give(report.book, call, "random_state", report.seed) if wants_state and isinstance(call, ast.Call) else ()
    report.add(call, cause, message, _fix(draw), certain=draw.sure, edits=edits, seeds=() if edits else (generator,), **more)


def _own_fix(draw: Draw) -> str:
    return "random_state=seed" if draw.for_want_of == "random_state" else "give it a generator of its own"


def _fix(draw: Draw) -> str:
    if draw.for_want_of == "random_state":
        return "random_state=seed (or np.random.seed(seed) before it)"
    return f"{_CALLS[draw.generator]} before the first use"
