"""Read a notebook file's bytes (nbformat 4), strictly, with the place of whatever is wrong."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

from reprobook.errors import NotebookError
from reprobook.notebook.model import Cell, CellKind, Notebook

_CONVERT = "Open and save it in a current Jupyter, or run `jupyter nbconvert --to notebook --nbformat 4`."


def read_notebook(data: bytes, name: str) -> Notebook:
    """Read a notebook from its bytes.

    Args:
        data: The file's bytes: UTF-8, with or without a byte order mark.
        name: What messages call it.

    Raises:
        NotebookError: If the bytes are not a Python notebook of nbformat 4.
    """
    content = _parse_json(data, name)
    _check_format(content, name)
    cells: list[Cell] = []
    code_count = 0
    for index, raw in enumerate(content["cells"]):
        cell = _read_cell(raw, index, code_count, name)
        code_count += cell.kind == "code"
        cells.append(cell)
    metadata = content.get("metadata")
    notebook = Notebook(name, tuple(cells), metadata if isinstance(metadata, dict) else {}, content)
    if notebook.language not in {"python", "ipython", "python3"}:
        msg = f"{name}: the notebook is written in {notebook.language}"
        raise NotebookError(msg, hint="reprobook runs Python notebooks only.")
    return notebook


def _parse_json(data: bytes, name: str) -> dict[str, Any]:
    """Parse strict JSON; NaN and Infinity, which JSON does not have, are refused."""
    if not data.strip():
        msg = f"{name}: the file is empty"
        raise NotebookError(msg, hint="Save the notebook first.")
    try:
        text = data.decode("utf-8-sig")
        content = json.loads(text, parse_constant=lambda constant: _refuse_constant(constant, text))
    except UnicodeDecodeError as error:
        msg = f"{name}: not UTF-8 text (byte {error.start})"
        raise NotebookError(msg, hint="Notebooks are JSON in UTF-8; save it in Jupyter again.") from error
    except json.JSONDecodeError as error:
        msg = f"{name}: not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        raise NotebookError(
            msg, hint="Is it a notebook? A half-written file can be restored from a checkpoint."
        ) from error
    except (ValueError, RecursionError) as error:
        msg = f"{name}: not valid JSON: {error}"
        raise NotebookError(msg, hint="Save the notebook in Jupyter again.") from error
    if not isinstance(content, dict):
        msg = f"{name}: not a notebook (the JSON is a {type(content).__name__}, not an object)"
        raise NotebookError(msg, hint="Give the path of an .ipynb file.")
    return content


def _refuse_constant(constant: str, text: str) -> None:
    """Raise with the place of the first such constant, which json does not tell: texts are skipped whole."""
    places = (m.start(1) for m in re.finditer(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)', text) if m[1])
    msg = f"{constant} is not JSON"
    raise json.JSONDecodeError(msg, text, next(places))


def _check_format(content: dict[str, Any], name: str) -> None:
    """Refuse what is not nbformat 4."""
    version = content.get("nbformat")
    if version is None and "cells" not in content:
        msg = f"{name}: not a notebook (neither 'nbformat' nor 'cells')"
        raise NotebookError(msg, hint="Give the path of an .ipynb file.")
    if version != 4:  # noqa: PLR2004 (the format's number)
        msg = f"{name}: notebook format {version!r} is not supported, only 4"
        raise NotebookError(msg, hint=_CONVERT)
    if not isinstance(content.get("cells"), list):
        msg = f"{name}: the notebook has no list of cells"
        raise NotebookError(msg, hint=_CONVERT)


def _read_cell(raw: Any, index: int, code_count: int, name: str) -> Cell:
    """Read one cell."""
    kind: Any = raw.get("cell_type") if isinstance(raw, dict) else None
    if kind not in get_args(CellKind):
        msg = f"{name}: cell {index} has no known cell_type (found {kind!r})"
        raise NotebookError(msg, hint=_CONVERT)
    source = raw.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        msg = f"{name}: the source of cell {index} is neither text nor a list of lines"
        raise NotebookError(msg, hint=_CONVERT)
    try:
        source.encode()
    except UnicodeEncodeError as error:
        msg = f"{name}: the source of cell {index} has half a character (a lone surrogate) at offset {error.start}"
        raise NotebookError(msg, hint="Delete that character.") from error
    metadata = raw.get("metadata")
    tags = metadata.get("tags", ()) if isinstance(metadata, dict) else ()
    cell_id = raw.get("id")
    return Cell(
        index=index,
        code_index=code_count if kind == "code" else None,
        kind=kind,
        source=source,
        tags=frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset(),
        id=cell_id if isinstance(cell_id, str) else None,
    )
