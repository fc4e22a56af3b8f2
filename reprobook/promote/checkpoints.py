"""Write checkpoints into the training loops of a script, so that a killed job goes on where it was."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from reprobook.errors import NotPromotableError
from reprobook.promote.annotations import annotated, uses_any
from reprobook.promote.evidence import Evidence
from reprobook.promote.flow import flow_of, local_names
from reprobook.promote.loops import Course, Ground, Loop, loop_at, words_called
from reprobook.promote.meaning import Names, aliases, later_reads
from reprobook.promote.model import Function, Import, Statements, Words
from reprobook.promote.python import code_of, literal, statements, tree_of
from reprobook.promote.source import Source, parts_of

_GENERATORS = frozenset({"numpy.random.default_rng", "numpy.random.Generator", "numpy.random.RandomState"})
_GENERATORS |= {"random.Random", "torch.Generator"}


@dataclass(frozen=True)
class Checkpointed:
    """A script with checkpoints: its sections, its module level, and its training loops."""

    functions: tuple[Function, ...]
    module: Statements
    loops: tuple[Loop, ...] = ()

    @property
    def imports(self) -> tuple[Import, ...]:
        """What the lines that were added need."""
        statements = [*self.module, *(node for function in self.functions for node in function.body)]
        return (Import("typing", "Any", "Any"),) if self.loops and any(map(uses_any, statements)) else ()


def with_checkpoints(
    made: Sequence[Function], module: Statements, ground: Ground, words: Words, evidence: Evidence
) -> Checkpointed:
    """Write a checkpoint into each training loop of a section, and of a function of the notebook.

    Raises:
        NotPromotableError: If no loop can have one; says why.
    """
    at_hand = flow_of([tree_of(node) for node in module]).binds | {name for each in made for name in each.globals}
    courses = [_course(function, at_hand, evidence) for function in made]
    writer = _Writer(ground, words)
    for course in courses:
        writer.look_into(course)
    writer.look_into_functions([*module, *(node for function in made for node in function.body)])
    functions = [
        replace(function, body=writer.block(function.body, course))
        for function, course in zip(made, courses, strict=True)
    ]
    module = tuple(writer.definition(node) for node in module)
    _check(writer.loops)
    return Checkpointed(tuple(functions), module, tuple(writer.loops))


def ground_of(sources: Sequence[Source], names: Names, evidence: Evidence) -> Ground:
    """Learn what is known of a notebook's loops beyond their text."""
    flows = [flow_of(statement.tree) for source in sources for statement in source.statements]
    return Ground(
        names=names,
        aliases=aliases(sources, names),
        kinds={name: kind for cell in evidence.kinds.values() for name, kind in cell.items()},
        later={name: read - set(names.definitions) for name, read in later_reads(sources, names).items()},
        generators=_generators(sources, names),
        set_by_functions=frozenset(name for flow in flows for name in flow.later_writes),
    )


def _generators(sources: Sequence[Source], names: Names) -> frozenset[str]:
    """Return the variables that are set to something made of a random generator."""
    trees = [node for source in sources for each in source.statements for node in ast.walk(each.tree)]
    return frozenset(
        name
        for tree in trees
        if isinstance(tree, ast.Assign)
        and any(isinstance(node, ast.Call) and names.dotted(node.func) in _GENERATORS for node in ast.walk(tree.value))
        for name in flow_of(tree.targets).writes
    )


def check_parameters(names: Collection[str]) -> None:
    """See that no parameter has the name of the option that scripts with checkpoints have.

    Raises:
        NotPromotableError: If one has.
    """
    if "resume" in names:
        msg = "a parameter is called resume"
        raise NotPromotableError(msg, hint="Rename it: --resume is an option of scripts with checkpoints.")


class _Writer:
    """Writes the checkpoints of one script, and remembers its loops."""

    def __init__(self, ground: Ground, words: Words) -> None:
        self.loops: list[Loop] = []
        self._ground = ground
        self._words = words
        self._within: frozenset[str] = frozenset()  # called in a pass of a loop that can have a checkpoint

    def look_into(self, course: Course) -> None:
        """Note what the loops of a function call: only the outermost loop has a checkpoint."""
        for at, tree in enumerate(course.trees):
            loop = loop_at(at, course, self._ground)
            if loop is not None and not loop.reason:
                self._within |= words_called([tree], self._ground.names)

    def look_into_functions(self, nodes: Sequence[cst.BaseStatement]) -> None:
        """Note it for the functions among these statements."""
        for function in (each for node in nodes for each in _functions_of(node)):
            self.look_into(self._course(function, _body(function)))

    def block(self, body: Statements, course: Course) -> Statements:
        """Return the statements of a function, with checkpoints."""
        loops = {at: loop for at in range(len(body)) if (loop := loop_at(at, course, self._ground))}
        self.loops += loops.values()
        kept = {at: loop for at, loop in loops.items() if not loop.reason}
        names = {name for loop in kept.values() for name in (*loop.objects, *loop.values)}
        result: list[cst.BaseStatement] = []
        for at, node in enumerate(body):
            if at in kept:
                number = list(kept).index(at) + 1
                label = course.place if number == 1 else f"{course.place}_{number}"
                result += _written(cst.ensure_type(node, cst.For), kept[at], self._words, label)
                continue
            bound = flow_of(course.trees[at]).binds
            result.append(annotated(self.definition(node), bound & names))
            names -= bound
        return tuple(result)

    def definition(self, node: cst.BaseStatement) -> cst.BaseStatement:
        """Return a function or class of the notebook with checkpoints; any other statement as it is."""
        if isinstance(node, cst.ClassDef) and isinstance(node.body, cst.IndentedBlock):
            return node.with_changes(
                body=node.body.with_changes(body=[self.definition(each) for each in node.body.body])
            )
        if not isinstance(node, cst.FunctionDef) or not _functions_of(node) or node.name.value in self._within:
            return node
        body = _body(node)
        written = self.block(body, self._course(node, body))
        return (
            node
            if all(new is old for new, old in zip(written, body, strict=False))
            else node.with_changes(body=node.body.with_changes(body=written))
        )

    def _course(self, node: cst.FunctionDef, body: Statements) -> Course:
        """Return what is known of a function: it is given its arguments, and may read variables of the notebook."""
        tree = tree_of(node)
        local = local_names(tree)  # type: ignore[arg-type]  # a function, by its node
        given = _arguments(node) | (self._ground.read_later - local)
        # A run saw the variables of the notebook, not those of its functions.
        return Course(node.name.value, [tree_of(each) for each in body], given, frozenset(), in_function=True)


def _course(function: Function, at_hand: frozenset[str], evidence: Evidence) -> Course:
    """Return what is known of a section."""
    arguments = frozenset(function.arguments)
    seen = [evidence.observed[cell] for cell in function.cells if cell in evidence.observed]
    changed = frozenset(name for cell in seen for name in cell.writes)
    complete = len(seen) == len(function.cells)
    return Course(
        function.name,
        [tree_of(node) for node in function.body],
        given=arguments | at_hand,
        needed=frozenset(function.returns) | frozenset(function.globals),
        unchanged=arguments - changed - frozenset(evidence.opaque) if complete else frozenset(),
        changed=arguments & changed,
    )


def _functions_of(node: cst.BaseStatement) -> list[cst.FunctionDef]:
    """Return the function that a statement defines, or the methods of its class, generators and coroutines apart."""
    if isinstance(node, cst.ClassDef) and isinstance(node.body, cst.IndentedBlock):
        return [function for each in node.body.body for function in _functions_of(each)]
    if not isinstance(node, cst.FunctionDef) or not isinstance(node.body, cst.IndentedBlock):
        return []
    tree = tree_of(node)
    yields = any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in ast.walk(tree))
    return [node] if isinstance(tree, ast.FunctionDef) and not yields else []


def _body(function: cst.FunctionDef) -> Statements:
    return tuple(part for each in function.body.body for part in parts_of(each))  # type: ignore[arg-type]  # of a block


def _arguments(function: cst.FunctionDef) -> frozenset[str]:
    given = function.params
    every = [*given.posonly_params, *given.params, *given.kwonly_params, given.star_arg, given.star_kwarg]
    return frozenset(each.name.value for each in every if isinstance(each, cst.Param))


def _written(node: cst.For, loop: Loop, words: Words, label: str) -> list[cst.BaseStatement]:
    """Return a loop with the lines that keep its state."""
    own, state = words.checkpoint, [f"{name}={name}" for name in loop.objects]
    lines = [f"{own} = {words.job}.Checkpoint({', '.join([literal(label), *state])})"]
    values = ", ".join(f"{name}={name}" for name in loop.values)
    if values:
        before = ", ".join(f"{name}={'None' if name in loop.unset else name}" for name in loop.values)
        lines.append(f"{', '.join(loop.values)} = {own}.restore({before})")
    first, *others = statements("\n".join(lines) + "\n")
    (save,) = statements(f"{own}.save({values})\n")
    remaining = cst.parse_expression(f"{own}.remaining({code_of(node.iter)})")
    block = node.body
    body = list(block.body) if isinstance(block, cst.IndentedBlock) else [cst.SimpleStatementLine(list(block.body))]  # type: ignore[arg-type]  # the statements of a line
    indented = block if isinstance(block, cst.IndentedBlock) else cst.IndentedBlock([])
    loop_node = node.with_changes(
        iter=remaining, leading_lines=[], body=indented.with_changes(body=[*body, save]) if _ends(body) else node.body
    )
    return [first.with_changes(leading_lines=node.leading_lines), *others, loop_node]


def _ends(body: Sequence[cst.BaseStatement]) -> bool:
    """Tell whether the end of a pass can be reached."""
    last = body[-1]
    jumps = (cst.Continue, cst.Break, cst.Return, cst.Raise)
    return not (isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], jumps))


def _check(loops: Sequence[Loop]) -> None:
    if any(not loop.reason for loop in loops):
        return
    if not loops:
        msg = "there is no training loop to write checkpoints in"
        raise NotPromotableError(msg, hint="Promote it without --resume: nothing in it could be gone on with.")
    found = "; ".join(f"{loop.place}: {loop.reason}" for loop in loops)
    msg = f"no training loop can have a checkpoint: {found}"
    raise NotPromotableError(msg, hint="Promote it without --resume.")
