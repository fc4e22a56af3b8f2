"""Which loops of a script are training loops, and what they carry from one pass to the next."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reprobook.promote.effects import effects_of
from reprobook.promote.flow import Flow, flow_of
from reprobook.promote.identifiers import names_in_order
from reprobook.promote.meaning import Names
from reprobook.promote.passage import Passage, leaves_pass
from reprobook.promote.reasons import quoted

_NONE: frozenset[str] = frozenset()
_STEPS = frozenset({"backward", "step", "fit", "partial_fit", "zero_grad", "train_on_batch"})
# Types, as a run saw them, without a state that could be saved.
_LOST = ("sklearn.", "xgboost.", "lightgbm.", "catboost.", "matplotlib.", "torch.utils.tensorboard.", "wandb.", "_io.")
_LOST_ENDS = ("generator", "iterator", "DataLoaderIter")
# Types of which it shows in the code whether they are changed.
_PLAIN = ("numpy.ndarray", "torch.Tensor", "list", "dict", "set", "collections.", "pandas.", "range", "numpy.float")
# Types without any state.
_STATELESS = ("torch.nn.modules.loss.", "tqdm.")
_STATELESS_NAMES = frozenset(
    {"int", "float", "str", "bool", "bytes", "NoneType", "tuple", "function", "type", "module"}
)


@dataclass(frozen=True)
class Loop:
    """A training loop of the script.

    Attributes:
        place: The function that it stands in.
        objects: Variables whose objects it changes in place.
        values: Variables that it gives new values, which a later pass or the code after it reads.
        unset: Those of ``values`` that nothing sets before it.
        reason: Why it gets no checkpoint; empty if it gets one.
    """

    place: str
    objects: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    unset: frozenset[str] = _NONE
    reason: str = ""


@dataclass(frozen=True)
class Ground:
    """What is known of the notebook beyond a loop's own text.

    Attributes:
        names: What its names stand for.
        aliases: The variables that may share an object, by variable.
        kinds: The type of each variable, where a run saw it.
        later: The variables that each function reads when it is called.
        generators: The variables that hold random generators, by the look of the code.
        set_by_functions: The variables that functions declare ``global`` and set.
    """

    names: Names
    aliases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    later: Mapping[str, frozenset[str]] = field(default_factory=dict)
    generators: frozenset[str] = _NONE
    set_by_functions: frozenset[str] = _NONE

    @property
    def read_later(self) -> frozenset[str]:
        """Every variable that a function reads when it is called."""
        return _NONE.union(*self.later.values())

    def used(self, flow: Flow) -> frozenset[str]:
        """Return what code reads, through the functions that it calls too."""
        found: set[str] = set()
        waiting = list(flow.uses)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.later.get(name, ())
        return frozenset(found)


@dataclass(frozen=True)
class Course:
    """The statements of one function, and what is known around them.

    Attributes:
        place: The function's name.
        trees: Its statements.
        given: What is bound before the first of them.
        needed: What is read after the last.
        unchanged: Names that the run saw not to change here.
        changed: Names that it saw to change.
        in_function: Whether it is a function of the notebook, whose variables no run saw.
    """

    place: str
    trees: Sequence[ast.stmt]
    given: frozenset[str]
    needed: frozenset[str]
    unchanged: frozenset[str] = _NONE
    changed: frozenset[str] = _NONE
    in_function: bool = False


def loop_at(at: int, course: Course, ground: Ground) -> Loop | None:
    """Return the training loop that this statement is; None if it is none."""
    tree = course.trees[at]
    ground = replace(ground, kinds={}) if course.in_function else ground
    if not isinstance(tree, (ast.For, ast.While)) or not _trains(tree, ground):
        return None
    before = flow_of(course.trees[:at])
    given = course.given | before.binds
    passage = Passage(tree, ground.names)
    one_pass = passage.flow
    needed = flow_of(course.trees[at + 1 :]).uses | course.needed
    known = {*ground.names.imports, *ground.names.definitions}
    values = (_values(tree, passage, needed) | (one_pass.writes & ground.read_later)) - known
    objects = (_objects(tree, course, ground) & given) - one_pass.writes - course.unchanged - known
    objects -= {name for name in objects if _is_stateless(ground.kinds.get(name, ""))}
    order = list(dict.fromkeys([*names_in_order(tree), *sorted(values | objects)]))
    found = Loop(
        course.place,
        objects=tuple(name for name in order if name in objects),
        values=tuple(name for name in order if name in values),
        unset=frozenset(values - given),
        reason=_reason(tree, values | objects, (before.writes - given) & values, ground),
    )
    return found if found.objects or found.values else None


def _trains(tree: ast.For | ast.While, ground: Ground) -> bool:
    """Tell a loop that trains: it steps an optimiser, fits, logs, or computes arrays from those of the pass before."""
    effects = effects_of(tree, ground.names)
    if effects.plots and not effects.sinks:
        return False
    if effects.sinks or words_called([tree], ground.names) & _STEPS:
        return True
    one_pass = flow_of(tree.body)
    carried = (one_pass.reads & one_pass.writes) | effects.changes
    return any(
        ground.kinds.get(name, "").startswith(("numpy.ndarray", "torch.Tensor", "torch.nn.")) for name in carried
    )


def words_called(trees: Sequence[ast.AST], names: Names) -> frozenset[str]:
    """Return the names of everything that code calls, through the functions and classes of the notebook too."""
    found: set[str] = set()
    waiting = list(trees)
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Call):
                word = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if word in names.definitions and word not in found:
                    waiting.append(names.definitions[word])
                found.add(word)
    return frozenset(found)


def _values(tree: ast.For | ast.While, one_pass: Passage, needed: frozenset[str]) -> frozenset[str]:
    """Return what one pass sets and a later one reads, or the code after the loop, where the last may not set it."""
    bound = flow_of(tree.target).binds if isinstance(tree, ast.For) else _NONE
    for statement in tree.body:
        if leaves_pass(statement):
            break
        bound |= one_pass.flow_of([statement]).binds
    return one_pass.flow.writes & (one_pass.flow.reads | (needed - bound))


def _objects(tree: ast.For | ast.While, course: Course, ground: Ground) -> frozenset[str]:
    """Return the variables whose objects may change in place, those that share them included.

    What an object of an unknown class does when it is used does not show in the code; nor does it in a function, whose
    arguments no run saw.
    """
    changed = effects_of(tree, ground.names).changes
    # What was drawn from a generator shares nothing with it.
    changed |= _NONE.union(*(ground.aliases.get(name, _NONE) for name in changed - ground.generators))
    used = ground.used(flow_of(tree.body))
    if course.in_function:
        return changed | used
    unknown = {name for name in used if (kind := ground.kinds.get(name)) and not kind.startswith(_PLAIN)}
    return changed | unknown | (used & (ground.generators | course.changed))


def _is_stateless(kind: str) -> bool:
    return kind in _STATELESS_NAMES or kind.startswith(_STATELESS)


def _reason(tree: ast.For | ast.While, carried: Collection[str], perhaps: Collection[str], ground: Ground) -> str:
    """Say why a loop cannot have a checkpoint; empty if it can."""
    if isinstance(tree, ast.While):
        return f"`while {ast.unparse(tree.test)}`: only `for` loops go on in the middle"
    if not _can_be_left_out(tree.iter, ground.names):
        return f"it runs over `{ast.unparse(tree.iter)}`: only loops over range(...) or a literal go on in the middle"
    lost = [name for name in sorted(carried) if _is_lost(ground.kinds.get(name, ""))]
    if lost:
        return f"it changes {quoted(lost[:1])}, and a {ground.kinds[lost[0]]} cannot be saved"
    if perhaps:
        return f"{quoted(sorted(perhaps))} may or may not be set before it"
    if by_functions := effects_of(tree, ground.names).changes & ground.set_by_functions:
        return f"a function sets the global {quoted(sorted(by_functions))}"
    if any(_appends_to_file(node) for node in ast.walk(tree)):
        return "it appends to a file, which a repeated pass would do twice"
    return ""


def _can_be_left_out(passes: ast.expr, names: Names) -> bool:
    """Tell an iterable of which the first items can be left out without any effect."""
    if isinstance(passes, (ast.List, ast.Tuple)):
        return not any(isinstance(node, ast.Call) for node in ast.walk(passes))
    if not isinstance(passes, ast.Call):
        return False
    called = names.dotted(passes.func) or str(getattr(passes.func, "id", ""))
    if called.startswith("tqdm"):
        return called.endswith("trange") or (bool(passes.args) and _can_be_left_out(passes.args[0], names))
    if called == "enumerate":
        return bool(passes.args) and _can_be_left_out(passes.args[0], names)
    return called == "range" and "range" not in names.definitions


def _is_lost(kind: str) -> bool:
    return kind.startswith(_LOST) or (kind.endswith(_LOST_ENDS) and not kind.endswith(".Generator"))


def _appends_to_file(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or getattr(node.func, "id", getattr(node.func, "attr", "")) != "open":
        return False
    modes = [*node.args, *(word.value for word in node.keywords if word.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and mode.value in {"a", "ab", "at", "a+"} for mode in modes)
