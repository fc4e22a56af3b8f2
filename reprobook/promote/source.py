"""A code cell as Python statements, with IPython's syntax translated."""

# libcst finds a visitor by its name, and hands it the old node and the new one:

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from reprobook.notebook.model import Cell
from reprobook.promote.ipython_syntax import to_python
from reprobook.promote.magics import TRANSLATORS, Translation
from reprobook.promote.python import code_of, statements, tree_of


@dataclass(frozen=True)
class Statement:
    """A top-level statement: for emission (``node``), for analysis (``tree``), and its line in the cell."""

    node: cst.BaseStatement
    tree: ast.stmt
    line: int


@dataclass(frozen=True)
class Refusal:
    """Something without a translation."""

    line: int
    message: str
    hint: str


@dataclass(frozen=True)
class Source:
    """What promotion knows of a code cell.

    Attributes:
        index: 0-based index among the code cells.
        statements: Its top-level statements.
        shows: Whether the value of the last one is displayed.
        notes: Why lines were left out.
        requirements: What the cell asked to install.
        refusals: What has no translation.
        error: Why the cell does not parse; empty if it does.
        tags: The cell's tags.
        text: The cell as its author wrote it.
        above: Code indices of the cells of comments that it took over.
        carried: How many lines of comments it has from them.
    """

    index: int
    statements: tuple[Statement, ...] = ()
    shows: bool = False
    notes: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    error: str = ""
    tags: frozenset[str] = frozenset()
    text: str = ""
    above: tuple[int, ...] = ()
    carried: int = 0

    def written(self, statement: Statement) -> str:
        """Return the line that a statement begins with, as its author wrote it: magics and shell lines too."""
        lines = self.text.splitlines()
        return lines[statement.line - 1].strip() if statement.line <= len(lines) else ""


def read_source(cell: Cell) -> Source:
    """Read a code cell."""
    index = cell.code_index or 0
    blank_lines = len(cell.source) - len(cell.source.lstrip("\n"))
    text = "\n" * blank_lines + to_python(cell.source)
    try:
        wrapper = MetadataWrapper(cst.parse_module(text))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the notebook's own business
            # More than parsing: a `break` outside of a loop parses.
            compile(text, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (cst.ParserSyntaxError, SyntaxError) as error:
        line = getattr(error, "raw_line", None) or getattr(error, "lineno", None) or 1
        return Source(index, error=f"does not parse (line {line})", tags=cell.tags)
    lines = {id(node): place.start.line for node, place in wrapper.resolve(PositionProvider).items()}
    translator = _Translator(lines)
    placed = [pair for node in wrapper.module.body for pair in _unguarded(node, lines)]
    found = [pair for node, line in placed for pair in _one_a_line(node, line, translator)]
    if translator.body is not None:
        return read_source(Cell(cell.index, index, cell.kind, "\n" * blank_lines + translator.body, cell.tags))
    imports = [(node, 1) for name in translator.imports for node in statements(_import(name))]
    found = [*imports, *_with_header(found, wrapper.module.header)]
    return Source(
        index,
        statements=tuple(Statement(node, tree_of(node), line) for node, line in found if not _is_bare_pass(node)),
        shows=_shows(wrapper.module),
        notes=tuple(translator.notes),
        requirements=tuple(translator.requirements),
        refusals=tuple(translator.refusals),
        tags=cell.tags,
        text=cell.source,
    )


class _Translator(cst.CSTTransformer):
    """Replace the calls that stand for magics by what they mean in a script."""

    def __init__(self, lines: Mapping[int, int]) -> None:
        super().__init__()
        self._lines = lines
        self.notes: list[str] = []
        self.imports: list[str] = []
        self.requirements: list[str] = []
        self.refusals: list[Refusal] = []
        self.body: str | None = None

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.BaseStatement]:
        first = original_node.body[0]
        if not isinstance(first, cst.Expr) or (found := self._translate(first.value)) is None:
            return updated_node
        lines = statements(found.code or "pass")
        return cst.FlattenSentinel([lines[0].with_changes(leading_lines=updated_node.leading_lines), *lines[1:]])

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        """Translate ``name = !command``, the one magic that is an expression."""
        if _magic(original_node)[:1] != ("getoutput",) or (found := self._translate(original_node)) is None:
            return updated_node
        return cst.parse_expression(found.code or "None")

    def _translate(self, node: cst.BaseExpression) -> Translation | None:
        kind, *arguments = _magic(node) or ("",)
        if kind not in TRANSLATORS:
            return None
        found = TRANSLATORS[kind](*arguments)
        self.notes += [found.note] if found.note else []
        self.imports += found.imports
        self.requirements += found.requirements
        self.refusals += [Refusal(self._lines[id(node)], found.refusal, found.hint)] if found.refusal else []
        self.body = found.body if found.body is not None else self.body
        return found


def _magic(node: cst.BaseExpression) -> tuple[str, ...]:
    """Return (method, arguments) of ``get_ipython().method('...')``; empty for anything else."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return ()
    holder = node.func.value
    if not (isinstance(holder, cst.Call) and isinstance(holder.func, cst.Name) and holder.func.value == "get_ipython"):
        return ()
    texts = [arg.value.evaluated_value for arg in node.args if isinstance(arg.value, cst.SimpleString)]
    return (node.func.attr.value, *(str(text) for text in texts)) if len(texts) == len(node.args) else ()


def _import(name: str) -> str:
    module, _, attribute = name.rpartition(".")
    return f"from {module} import {attribute}" if module else f"import {name}"


Placed = tuple[cst.BaseStatement, int]


def _unguarded(statement: cst.BaseStatement, lines: Mapping[int, int]) -> list[Placed]:
    """Return what stands below ``if __name__ == "__main__":``, which is always so in a notebook; else the statement."""
    guard = {'__name__ == "__main__"', "__name__ == '__main__'"}
    if not isinstance(statement, cst.If) or code_of(statement.test).strip("()") not in guard or statement.orelse:
        return [(statement, lines[id(statement)])]
    inner = [(node, lines[id(node)]) for node in statement.body.body if isinstance(node, cst.BaseStatement)]
    return _with_header(inner, statement.leading_lines) or [(statement, lines[id(statement)])]


def _one_a_line(node: cst.BaseStatement, line: int, translator: _Translator) -> list[Placed]:
    """Translate a top-level statement, and give each part of ``a; b`` a line of its own."""
    visited = node.visit(translator)
    nodes = visited if isinstance(visited, cst.FlattenSentinel) else [visited]
    return [(part, line) for one in nodes if isinstance(one, cst.BaseStatement) for part in parts_of(one)]


def parts_of(statement: cst.BaseStatement) -> list[cst.BaseStatement]:
    """Return the parts of ``a; b``, each on a line of its own."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return [statement]
    parts: list[cst.BaseStatement] = [
        cst.SimpleStatementLine([part.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)]) for part in statement.body
    ]
    parts[0] = parts[0].with_changes(leading_lines=statement.leading_lines)
    parts[-1] = parts[-1].with_changes(trailing_whitespace=statement.trailing_whitespace)
    return parts


def _with_header(found: list[Placed], header: Sequence[cst.EmptyLine]) -> list[Placed]:
    """Give the comments at the top of a cell back to its first statement."""
    if not found:
        return found
    node, line = found[0]
    return [(node.with_changes(leading_lines=[*header, *getattr(node, "leading_lines", ())]), line), *found[1:]]


def _is_bare_pass(node: cst.BaseStatement) -> bool:
    """Tell a statement that a magic left behind, without a comment worth keeping."""
    return (
        isinstance(node, cst.SimpleStatementLine)
        and isinstance(node.body[0], cst.Pass)
        and not any(line.comment for line in node.leading_lines)
    )


def _shows(module: cst.Module) -> bool:
    """Tell whether IPython displays the last expression: it does not after a semicolon."""
    last = module.body[-1] if module.body else None
    if not isinstance(last, cst.SimpleStatementLine) or not isinstance(last.body[-1], cst.Expr):
        return False
    return not isinstance(last.body[-1].semicolon, cst.Semicolon)
