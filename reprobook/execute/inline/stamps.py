"""What papermill and nbclient write into the metadata of a notebook that they execute: states, times, the language."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

# Read as this is imported: a fork of a warm server finds it read.
_PAPERMILL = version("papermill")
_MARKER_TAG = "papermill-error-cell-tag"
_STYLE = 'style="color:red; font-family:Helvetica Neue, Helvetica, Arial, sans-serif; font-size:2em;"'
_AT_TOP = "<span {style}>An Exception was encountered at '<a href=\"#papermill-error-cell\">In [{count}]</a>'.</span>"
_AT_CELL = (
    '<span id="papermill-error-cell" {style}>'
    "Execution using papermill encountered an exception here and stopped:</span>"
)


class Stamps:
    """Stamps a notebook as its cells run.

    Args:
        notebook: Changed in place.
    """

    def __init__(self, notebook: Any) -> None:
        self._notebook = notebook
        self._started = _now()

    def begin(self) -> None:
        """Clear what an earlier execution left."""
        own = self._notebook.metadata.setdefault("papermill", _node(self._notebook, _papermill()))
        own.update(input_path=None, output_path=None, start_time=self._started.isoformat())
        own.update(end_time=None, duration=None, exception=None)
        for cell in self._notebook.cells:
            cell.metadata.setdefault("tags", [])
            times = {"exception": None, "start_time": None, "end_time": None, "duration": None, "status": "pending"}
            cell.metadata["papermill"] = _node(self._notebook, times)
            if cell.cell_type == "code":
                cell.execution_count, cell.outputs = None, []

    def begin_cell(self, cell: Any) -> None:
        """Mark a cell as running."""
        cell.metadata["papermill"].update(start_time=_now().isoformat(), status="running", exception=False)

    def fail_cell(self, cell: Any) -> None:
        """Mark the cell that ended the run."""
        cell.metadata["papermill"].update(exception=True, status="failed")
        self._notebook.metadata["papermill"]["exception"] = True

    def end_cell(self, cell: Any) -> None:
        """Mark a cell as over."""
        own, now = cell.metadata["papermill"], _now()
        own.update(end_time=now.isoformat(), duration=_seconds(datetime.fromisoformat(own["start_time"]), now))
        if own["status"] != "failed":
            own["status"] = "completed"

    def execution(self, cell: Any, moment: str) -> None:
        """Note when a message of this kind would have come from a kernel."""
        text = _now().isoformat().replace("+00:00", "Z")
        cell.metadata.setdefault("execution", _node(self._notebook, {}))[moment] = text

    def end(self) -> None:
        """Mark the notebook as over."""
        own, now = self._notebook.metadata["papermill"], _now()
        own.update(end_time=now.isoformat(), duration=_seconds(self._started, now))

    def name_language(self) -> None:
        """Write down the language, in the words of ipykernel."""
        language = {
            "name": "python",
            "version": sys.version.split()[0],
            "mimetype": "text/x-python",
            "codemirror_mode": {"name": "ipython", "version": sys.version_info[0]},
            "pygments_lexer": "ipython3",
            "nbconvert_exporter": "python",
            "file_extension": ".py",
        }
        self._notebook.metadata["language_info"] = _node(self._notebook, language)

    def mark_error(self, new_markdown_cell: Any) -> None:
        """Put papermill's two cells that lead to the error into the notebook, if a cell shows one."""
        cells = self._notebook.cells
        failed = [index for index, cell in enumerate(cells) if _shows_error(cell)]
        if not failed:
            return
        count = cells[failed[-1]].get("execution_count")
        for index, text in ((failed[-1], _AT_CELL), (0, _AT_TOP)):
            marker = new_markdown_cell(text.format(style=_STYLE, count=count))
            marker.metadata["tags"] = [_MARKER_TAG]
            cells.insert(index, marker)


def _shows_error(cell: Any) -> bool:
    """Tell whether a cell shows an error that is not the notebook's own way to end."""
    errors = [output for output in cell.get("outputs", []) if output["output_type"] == "error"]
    return any(error["ename"] != "SystemExit" or error["evalue"] not in {"", "0"} for error in errors)


def _papermill() -> dict[str, Any]:
    """Return what papermill writes into a notebook that it opens."""
    return {
        "default_parameters": {},
        "parameters": {},
        "environment_variables": {},
        "version": _PAPERMILL,
    }


def _node(notebook: Any, content: dict[str, Any]) -> Any:
    """Return content as a node of the notebook's own kind, down to its leaves."""
    return type(notebook)(
        {key: _node(notebook, each) if isinstance(each, dict) else each for key, each in content.items()}
    )


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()


def _now() -> datetime:
    return datetime.now(UTC)
