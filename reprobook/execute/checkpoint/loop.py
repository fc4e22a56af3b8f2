"""``rb.Checkpoint``: a training loop that can be killed and goes on where it was, to the same bits."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from reprobook.errors import IntegrityError
from reprobook.execute.checkpoint import archive
from reprobook.execute.checkpoint.generators import global_positions, put_global
from reprobook.execute.checkpoint.ledger import Ledger, current, tell
from reprobook.execute.checkpoint.origins import Origins
from reprobook.execute.checkpoint.pack import Packer
from reprobook.execute.checkpoint.unpack import UNREADABLE, Unpacker

T = TypeVar("T")
_END = object()


class Checkpoint:
    """The state of a loop, kept on disk between its passes while a job goes on.

    Used like this::

        checkpoint = rb.Checkpoint("train", model=model, optimizer=optimizer)
        best = checkpoint.restore(best=best)
        for epoch in checkpoint.remaining(range(epochs)):
            ...
            checkpoint.save(best=best)

    ``state`` are the objects that the loop changes in place. ``restore`` and ``save`` take the values that it gives
    new ones. With them go the positions of all random generators and what was logged. A job that is run again with
    ``resume`` does what stands before the loop again, takes the state back, and leaves out the passes that are done.
    Outside a job, and within a pass of another checkpoint's loop, nothing is kept.

    The first pass is saved, then a pass a minute at most (``REPROBOOK_CHECKPOINT_SECONDS``), and never the last: it
    is done again, and sets what the code after the loop uses.

    Raises:
        InputError: From ``save``, if something that changed cannot be saved; names it.
        IntegrityError: If the checkpoint is damaged, or what stands before the loop gave something else this time.
    """

    def __init__(self, name: str, /, **state: Any) -> None:
        ledger = current()
        self._ledger: Ledger | None = ledger if ledger and not ledger.inside else None
        self._name = name
        self._path = self._ledger.place(name) if self._ledger else Path()
        self._origins = Origins()
        self._done = 0
        self._restored = False
        self._is_last = False
        self._saved: float | None = None
        for each, value in state.items() if self._ledger else ():
            self._origins.add(each, value)

    def restore(self, **values: Any) -> Any:
        """Take the state back, if there is one; return these values, as they were then, in this order.

        A single one is returned by itself.
        """
        self._restored = True
        if self._ledger:
            for each, value in values.items():
                self._origins.add(each, value)
            if self._path.exists():
                values = self._read(self._ledger, values)
        found = tuple(values.values())
        return found[0] if len(found) == 1 else found

    def remaining(self, passes: Iterable[T]) -> Iterator[T]:
        """Return the passes that are still to be done."""
        if not self._restored:
            self.restore()
        return self._passes(self._ledger, iter(passes)) if self._ledger else iter(passes)

    def save(self, **values: Any) -> None:
        """Keep the state as it is at the end of a pass, if it is time to; ``values`` are those of ``restore``."""
        if self._ledger is None or self._is_last or not self._ledger.is_due(self._saved):
            return
        packer = Packer(self._origins)
        document = {
            "passes": self._done,
            "objects": [packer.content(number) for number in range(len(self._origins.objects))],
            "values": [[name, packer.value(value, name)] for name, value in values.items()],
            "generators": packer.value(global_positions(), "generators"),
            "progress": self._ledger.progress.captured(),
        }
        self._ledger.write(self._path, document, packer.blobs)
        self._saved = time.monotonic()

    def _passes(self, ledger: Ledger, passes: Iterator[T]) -> Iterator[T]:
        """Yield what is left; one item ahead, to know the last pass."""
        for _ in range(self._done):
            next(passes, None)
        ledger.inside = True
        try:
            following: Any = next(passes, _END)
            while following is not _END:
                item, following = following, next(passes, _END)
                self._done += 1
                self._is_last = following is _END
                yield item
        finally:
            ledger.inside = False

    def _read(self, ledger: Ledger, values: Mapping[str, Any]) -> dict[str, Any]:
        """Put everything back where it was.

        Raises:
            IntegrityError: If the checkpoint is damaged, or other objects are there.
        """
        document, blobs = archive.read(self._path)
        try:
            return self._restored_from(document, blobs, ledger, values)
        except UNREADABLE as error:
            msg = f"{self._path}: the checkpoint is damaged ({type(error).__name__}: {error})"
            raise IntegrityError(msg, hint="Start from the beginning, without --resume.") from error

    def _restored_from(
        self, document: Mapping[str, Any], blobs: Sequence[bytes], ledger: Ledger, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        if [name for name, _ in document["values"]] != list(values):
            msg = f"{self._path}: the checkpoint holds other values than {', '.join(values)}"
            raise IntegrityError(msg, hint="Start from the beginning, without --resume.")
        ledger.progress.go_on_from(document["progress"])
        unpacker = Unpacker(self._origins, blobs)
        unpacker.fill(document["objects"])
        found = {name: unpacker.value(node) for name, node in document["values"]}
        put_global(unpacker.value(document["generators"]))
        self._done = document["passes"]
        self._saved = time.monotonic()
        tell(f"{self._name} goes on after pass {self._done}")
        return found
