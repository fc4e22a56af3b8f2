"""The outputs of a notebook's cells, built from what the shell sends, as nbclient builds them from a kernel's messages.

One thing differs: pieces of one stream that follow each other are one output, as a front end shows them, and not one
for each time that the stream was flushed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

Content = dict[str, Any]


class NotebookOutputs:
    """Takes the messages of the cell that runs.

    Args:
        cells: The notebook's cells, whose outputs are filled.
        node: Makes a node of the notebook from a dict.
    """

    def __init__(self, cells: Sequence[Any], node: Callable[[Content], Any]) -> None:
        self._cells = cells
        self._node = node
        self._current: int | None = None
        self._outputs: list[Any] = []
        self._clear_first = False
        # Where each display id is shown: by cell, the positions among its outputs.
        self._displays: dict[str, dict[int, list[int]]] = {}
        # Pieces of the text of the last output, if that is a stream: joined once.
        self._pieces: list[str] = []
        # What other processes print arrives in a thread of its own.
        self._lock = threading.RLock()

    @property
    def current(self) -> int | None:
        """Index of the cell that runs."""
        return self._current

    def begin(self, index: int) -> None:
        """Begin a cell."""
        self._current, self._outputs, self._clear_first = index, [], False
        self._cells[index]["outputs"] = self._outputs

    def end(self) -> None:
        """End the cell; what comes later is dropped."""
        with self._lock:
            self._join()
            self._current = None

    def take(self, kind: str, content: Content) -> None:
        """Take a message, of the kinds of Jupyter's messaging protocol; of other kinds nothing is kept."""
        with self._lock:
            if self._current is None:
                return
            if kind == "stream":
                self._take_text(content["name"], content["text"])
            elif kind == "clear_output":
                self._clear(wait=bool(content.get("wait")))
            elif kind in _SHOWN:
                self._show(kind, content)

    def _take_text(self, name: str, text: str) -> None:
        """Add text to the stream that is being written, or begin one."""
        self._clear_if_asked()
        last = self._outputs[-1] if self._outputs else {}
        if last.get("output_type") != "stream" or last["name"] != name:
            self._append({"output_type": "stream", "name": name, "text": ""})
        self._pieces.append(text)

    def _show(self, kind: str, content: Content) -> None:
        """Add an output, and renew those that have its display id."""
        shown = {key: content.get(key) for key in _SHOWN[kind]}
        display_id = (content.get("transient") or {}).get("display_id")
        if display_id and kind != "error":
            self._update(display_id, shown)
        if kind == "update_display_data":
            return
        self._clear_if_asked()
        if display_id:
            places = self._displays.setdefault(display_id, {})
            places.setdefault(self._current or 0, []).append(len(self._outputs))
        self._append({"output_type": kind, **shown})

    def _update(self, display_id: str, shown: Content) -> None:
        """Renew the outputs of a display id, in whichever cell they are."""
        for index, positions in self._displays.get(display_id, {}).items():
            for position in positions:
                output = self._cells[index]["outputs"][position]
                output.update(self._node({"data": shown["data"], "metadata": shown["metadata"]}))

    def _clear(self, *, wait: bool) -> None:
        """Drop the outputs of the cell; ``wait``: when the next one comes."""
        if wait:
            self._clear_first = True
            return
        self._pieces.clear()
        self._outputs.clear()
        for places in self._displays.values():
            places.pop(self._current or 0, None)

    def _clear_if_asked(self) -> None:
        """Drop the outputs if that was put off to the next output."""
        if self._clear_first:
            self._clear_first = False
            self._clear(wait=False)

    def _append(self, output: Content) -> None:
        """Add an output."""
        self._join()
        self._outputs.append(self._node(output))

    def _join(self) -> None:
        """Give the last output its text."""
        if self._pieces:
            self._outputs[-1]["text"] += "".join(self._pieces)
            self._pieces.clear()


_SHOWN = {
    "display_data": ("data", "metadata"),
    "update_display_data": ("data", "metadata"),
    "execute_result": ("data", "metadata", "execution_count"),
    "error": ("ename", "evalue", "traceback"),
}
