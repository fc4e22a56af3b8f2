"""New sources for a notebook: the safe edits of its hazards, and one block that seeds the global generators."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from reprobook.hazards import generators
from reprobook.hazards.bindings import Position
from reprobook.hazards.book import Book
from reprobook.hazards.fixes import seed_name
from reprobook.hazards.model import Edit, Generator, Hazard
from reprobook.notebook import Notebook
from reprobook.notebook.syntax import parse_cell

_MODULES: dict[Generator, tuple[str, str, str]] = {
    "python": ("random", "random", "{}.seed({})"),
    "numpy": ("numpy", "np", "{}.random.seed({})"),
    "torch": ("torch", "torch", "{}.manual_seed({})"),
    "cuda": ("torch", "torch", "{}.manual_seed({})"),
}
_DEFAULT = 0


def fix_notebook(notebook: Notebook, hazards: Sequence[Hazard]) -> dict[int, str]:
    """Return the new sources of the cells that can be mended safely, by code index; the others are not in it."""
    book = Book(notebook)
    edits = [*_wanted(book, hazards), *_seeding(book, hazards)]
    sources: dict[int, str] = {}
    for cell in sorted({edit.cell for edit in edits}):
        changed = _edited(book.sources[cell], [edit for edit in edits if edit.cell == cell])
        broken = book.trees[cell] is not None and parse_cell(changed) is None
        if changed != book.sources[cell] and not broken:
            sources[cell] = changed
    return sources


def _wanted(book: Book, hazards: Sequence[Hazard]) -> list[Edit]:
    """Return the edits of the hazards; those that name the seed only where it is bound above them."""
    name = seed_name(book)
    bound = _seed_cell(book, name)
    found: dict[Edit, None] = {}
    for hazard in hazards:
        usable = all(name not in edit.text or bound is None or bound <= edit.cell for edit in hazard.edits)
        if hazard.certain and usable:
            found.update(dict.fromkeys(hazard.edits))
    return list(found)


def _seed_cell(book: Book, name: str) -> int | None:
    """Return the cell that first binds the seed."""
    return next((binding.at[0] for binding in book.names.names.get(name, ())), None)


def _seeding(book: Book, hazards: Sequence[Hazard]) -> list[Edit]:
    """Return the edit that seeds what nothing seeds, and binds the seed where nothing does."""
    name = seed_name(book)
    bound = _seed_cell(book, name)
    certain = [hazard for hazard in hazards if hazard.certain]
    missing: list[Generator] = [each for each in generators.ALL if any(each in hazard.seeds for hazard in certain)]
    uses_seed = [edit.cell for hazard in certain for edit in hazard.edits if name in edit.text]
    first = min([*(cell for hazard in certain if hazard.seeds for cell in hazard.cells), *uses_seed], default=None)
    if first is None or (bound is not None and (bound > first or not missing)):
        return []
    cell, line = _place(book, bound, first)
    lines = [] if bound is not None else [f"{name} = {_DEFAULT}"]
    lines = [*_imports(book, missing, (cell, line, 0)), *lines, *_calls(book, missing, name, (cell, line, 0))]
    return [Edit(cell, line, 0, line, 0, "".join(f"{each}\n" for each in lines))]


def _place(book: Book, bound: int | None, first: int) -> tuple[int, int]:
    """Return cell and line where seeding belongs: beside other seeds, else below the seed and above the first draw."""
    for call in book.all(ast.Call):
        statement, cell = book.parent(call), book.cell(call)
        plain = isinstance(statement, ast.Expr) and isinstance(book.parent(statement), ast.Module)
        if plain and book.dotted(call.func) in generators.SEEDING and (bound or 0) <= cell <= first:
            return cell, call.lineno
    if bound is not None and bound == first:
        tree = book.trees[bound]
        statements = [each for each in tree.body if seed_name(book) in _stored(each)] if tree else []
        end = statements[0].end_lineno if statements else 0
        return bound, (end or 0) + 1
    cell = first if bound is None or "parameters" in book.tags[bound] or bound + 1 <= first else bound
    # Below the seed, so that a value given from outside counts.
    cell = min(first, bound + 1) if bound is not None else cell
    return cell, _first_line(book, cell)


def _stored(statement: ast.stmt) -> set[str]:
    return {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def _first_line(book: Book, cell: int) -> int:
    """Return the line above which a block can stand: after a cell magic, a text, and imports that stand there."""
    tree = book.trees[cell]
    lines = book.sources[cell].splitlines()
    top = next((number for number, line in enumerate(lines, start=1) if line.startswith("%%")), 0)
    last = top
    for statement in tree.body if tree else ():
        text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not isinstance(statement, (ast.Import, ast.ImportFrom, ast.Pass)) and not text:
            break
        last = statement.end_lineno or last
    return last + 1


def _imports(book: Book, missing: Iterable[Generator], at: Position) -> list[str]:
    """Return the imports that the block needs and that nothing above it brings in."""
    found = []
    for module, short in dict.fromkeys(_MODULES[each][:2] for each in missing):
        if _alias(book, module, at) is None:
            name = _free(book, short)
            found.append(f"import {module}" if name == module else f"import {module} as {name}")
    return found


def _alias(book: Book, module: str, at: Position) -> str | None:
    """Return the name under which a module is imported above a place."""
    for name, bindings in book.names.names.items():
        if any(each.origin == "import" and each.dotted == module and each.at < at for each in bindings):
            return name
    return None


def _free(book: Book, name: str) -> str:
    """Return a name for a module that nothing of the notebook has: ``random`` may be a function there."""
    taken = any(each.origin != "import" or "." in each.dotted for each in book.names.names.get(name, ()))
    return f"_{name}" if taken else name


def _calls(book: Book, missing: Iterable[Generator], name: str, at: Position) -> list[str]:
    """Return the seeding calls, each once."""
    texts = [
        form.format(_alias(book, module, at) or _free(book, short), name)
        for module, short, form in (_MODULES[each] for each in missing)
    ]
    return list(dict.fromkeys(texts))


def _edited(source: str, edits: Sequence[Edit]) -> str:
    """Apply edits from the last to the first, so that the places of those before stay true."""
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = b"".join(lines)
    for edit in sorted(edits, key=lambda each: (each.line, each.column, each.end_line, each.end_column), reverse=True):
        begin, end = _offset(starts, edit.line, edit.column), _offset(starts, edit.end_line, edit.end_column)
        text = edit.text
        if edit.line > len(lines) and data and not data.endswith(b"\n"):
            text = f"\n{text.removesuffix(chr(10))}"  # the last line of a cell has no line end
        data = data[:begin] + text.encode() + data[end:]
    return data.decode()


def _offset(starts: list[int], line: int, column: int) -> int:
    return starts[min(line - 1, len(starts) - 1)] + (column if line <= len(starts) - 1 else 0)
