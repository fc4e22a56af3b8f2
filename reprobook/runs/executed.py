"""The cells of an executed notebook, as they stand in a run's folder."""

from __future__ import annotations

import json
from typing import Any

from reprobook.errors import IntegrityError
from reprobook.runs.files import RESTORE, read_bytes
from reprobook.runs.folder import RunFolder


def executed_cells(run: RunFolder) -> list[dict[str, Any]]:
    """Return the code cells with their outputs; none where the notebook was not executed.

    Raises:
        IntegrityError: If the file is no notebook.
    """
    if not run.executed.is_file():
        return []
    place = run.place(run.executed)
    try:
        cells = json.loads(read_bytes(run.executed, place))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        return [{**cell, "outputs": [dict(output) for output in cell["outputs"]]} for cell in code]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        msg = f"{place}: not readable as a notebook ({type(error).__name__}: {error})"
        raise IntegrityError(msg, hint=RESTORE) from error
