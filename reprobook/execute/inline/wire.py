"""What the shell of a kernel sends its messages with; here they go no further than the notebook."""

from __future__ import annotations

import os
from typing import Any

from jupyter_client.session import Session, json_packer, json_unpacker

from reprobook.execute.inline.outputs import NotebookOutputs


class Wire(Session):  # type: ignore[misc]  # jupyter_client is not followed
    """A session of Jupyter's messaging protocol that hands each message to the outputs of the cell that runs.

    Args:
        outputs: Takes the messages.
    """

    def __init__(self, outputs: NotebookOutputs) -> None:
        super().__init__()
        self._outputs = outputs
        self._owner = os.getpid()

    def send(self, _stream: Any, msg_or_type: Any, content: Any = None, parent: Any = None, **_: Any) -> None:
        """Take a message that belongs to the cell that runs, reduced to JSON as on its way to a client."""
        kind = msg_or_type if isinstance(msg_or_type, str) else msg_or_type["header"]["msg_type"]
        if not isinstance(msg_or_type, str):
            content, parent = msg_or_type["content"], msg_or_type["parent_header"]
        if os.getpid() != self._owner or not self.is_current(parent):
            return
        self._outputs.take(kind, json_unpacker(json_packer(content)))

    def is_current(self, parent: Any) -> bool:
        """Tell whether a message's parent is the cell that runs: a task of an earlier cell has that one's."""
        return bool(parent) and parent.get("msg_id") == request_id(self._outputs.current)


def request_id(index: int | None) -> str:
    """Return the id that stands for the request to run a cell."""
    return f"cell-{index}"
