"""Which notebook was open in a live session, where no front end named the file?

A kernel started by a client library knows no file. What it executed tells: most of it stands in the notebook's cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

from reprobook.errors import ReprobookError
from reprobook.execute.history import Execution, read_history
from reprobook.notebook import Notebook, read_notebook
from reprobook.runs import RunFolder, RunRecord
from reprobook.verify.live.events import is_own_code

_MOST_PART = 0.5
_SIMILAR = 0.5


def is_session_of(run: RunFolder, record: RunRecord, path: Path, notebook: Notebook) -> bool:
    """Tell whether a live run that names no file, or one that is gone, executed the cells of this notebook."""
    if record.notebook and Path(record.notebook).is_file():
        return False
    try:
        folder = run.read_header().origin.folder
        history = read_history(run)
    except ReprobookError:
        return False  # damage is reported where it is looked for
    if history is None or folder is None or Path(folder).resolve() != path.resolve().parent:
        return False
    return likeness(history.executions, notebook) > _MOST_PART


def notebook_of_session(run: RunFolder, folder: Path) -> Path | None:
    """Return the notebook of a folder whose cells a live session executed; the most alike, the newest of equals."""
    history = read_history(run)
    if history is None:
        return None
    found = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            alike = likeness(history.executions, read_notebook(path.read_bytes(), path.name))
        except (ReprobookError, OSError):
            continue
        if alike > _MOST_PART:
            found.append((alike, path.stat().st_mtime_ns, path))
    return max(found)[2] if found else None


def likeness(executions: Iterable[Execution], notebook: Notebook) -> float:
    """Return the greater of two shares: of the notebook's cells that were executed, of what was executed in cells.

    A cell counts if it was executed as it stands, or in another text under its own id.
    """
    cells = [cell for cell in notebook.code_cells if cell.source.strip()]
    by_source = {cell.source.strip(): cell.index for cell in cells}
    by_id = {cell.id: cell for cell in cells if cell.id}
    texts = {each.source.strip(): each.cell_id for each in executions if not is_own_code(each.source)}
    hits: set[int] = set()
    known = 0
    for text, cell_id in texts.items():
        cell = by_id.get(cell_id or "")
        if text in by_source:
            hits.add(by_source[text])
        elif cell is not None and SequenceMatcher(None, cell.source, text, autojunk=False).ratio() > _SIMILAR:
            hits.add(cell.index)
        else:
            continue
        known += 1
    if not cells or not texts:
        return 0.0
    of_session = known / len(texts) if known > 1 else 0.0  # one cell of imports is in many notebooks
    return max(len(hits) / len(cells), of_session)
