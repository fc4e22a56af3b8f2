"""Send the figures of a notebook, which shows them without being told to, to files."""

# libcst finds a visitor by its name, and hands it the old node and the new one:
# ruff: noqa: ARG002

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from reprobook.promote import libraries
from reprobook.promote.meaning import Names
from reprobook.promote.model import Statements
from reprobook.promote.python import code_of, statements, tree_of

FOLDER = "figures"  # of the output folder
_PLOTTING_METHODS = frozenset({"hist", "plot", "show"})


@dataclass(frozen=True)
class Gallery:
    """Where the figures of a section go: ``out / "figures" / "train.png"``, then ``train-2.png`` and so on.

    Attributes:
        pyplot: The notebook's name of ``matplotlib.pyplot``.
        out: The name of the output folder.
        section: The name of the section.
    """

    pyplot: str
    out: str
    section: str

    def path(self, number: int) -> str:
        """Return the expression of the path of a figure; the first has number 1."""
        file = f"{self.section}.png" if number == 1 else f"{self.section}-{number}.png"
        return f'{self.out} / "{FOLDER}" / "{file}"'


def saved(lines: Sequence[cst.BaseStatement], gallery: Gallery, count: int) -> tuple[list[cst.BaseStatement], int]:
    """Write the figures of a cell instead of showing them; ``count`` figures came before, and how many then."""
    shows = sum(_shows_figure(tree_of(line), gallery.pyplot) for line in lines)
    if not shows:
        return [*lines, *_save(gallery.pyplot, gallery.path(count + 1))], count + 1
    paths = [gallery.path(count + number + 1) for number in range(shows)]
    module = cst.Module(lines).visit(_Figures(gallery.pyplot, paths))  # type: ignore[arg-type]  # statements, all
    return list(module.body), count + shows


def is_plotting(value: ast.expr, names: Names) -> bool:
    """Tell a call that draws or shows a figure: what it gives is no result, whatever it returns."""
    if not isinstance(value, ast.Call):
        return False
    dotted = names.dotted(value.func)
    if dotted is not None:
        return libraries.root(dotted) in libraries.PLOTTING
    return isinstance(value.func, ast.Attribute) and value.func.attr in _PLOTTING_METHODS


def _save(pyplot: str, path: str) -> Statements:
    return statements(f"{pyplot}.savefig({path})\n{pyplot}.close()\n")


def _shows_figure(tree: ast.AST, pyplot: str) -> int:
    """Count the calls of ``plt.show()``."""
    return sum(isinstance(node, ast.Call) and ast.unparse(node.func) == f"{pyplot}.show" for node in ast.walk(tree))


class _Figures(cst.CSTTransformer):
    def __init__(self, pyplot: str, paths: list[str]) -> None:
        super().__init__()
        self._show = f"{pyplot}.show"
        self._pyplot = pyplot
        self._paths = paths

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.BaseStatement]:
        first = updated_node.body[0]
        call = first.value if isinstance(first, cst.Expr) else None
        if not isinstance(call, cst.Call) or code_of(call.func) != self._show or not self._paths:
            return updated_node
        lines = _save(self._pyplot, self._paths.pop(0))
        return cst.FlattenSentinel([lines[0].with_changes(leading_lines=updated_node.leading_lines), *lines[1:]])
