"""What one value is made of: the common form that every handler maps its type to."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from reprobook.trace.content.anatomy import identity

# marshal writes None and the plain scalars by content, in C. Format 2 is the last one that is free of references
# and of interning flags, both of which would depend on the history of the process; it has not changed since 2.5.
_MARSHAL_FORMAT = 2
# By id: to look a class up by itself would call the ``__hash__`` of its metaclass.
SCALARS = frozenset(map(identity, (type(None), bool, int, float, complex, str, bytes)))

# Anything with the buffer protocol, contiguous; numpy arrays too.
Buffer = Any

SAMPLE_BYTES = 16 * 2**20
_SAMPLE_BLOCKS = 256
_SMALL_BYTES = 4096


class Content(NamedTuple):
    """Bytes of a value, too large to be built twice.

    Attributes:
        size: Number of items.
        item_bytes: Bytes of one item.
        read: Returns the items from start to stop, as buffers in order.
    """

    size: int
    item_bytes: int
    read: Callable[[int, int], Iterable[Buffer]]

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.size * self.item_bytes

    def whole(self) -> Iterable[Buffer]:
        """Return all of it."""
        return self.read(0, self.size)

    def sample(self) -> Iterable[Buffer]:
        """Return evenly spaced blocks, the first and the last among them; they depend on the size only."""
        block = max(1, SAMPLE_BYTES // _SAMPLE_BLOCKS // max(1, self.item_bytes))
        last = max(0, self.size - block)
        for number in range(_SAMPLE_BLOCKS):
            start = last * number // (_SAMPLE_BLOCKS - 1)
            yield from self.read(start, min(self.size, start + block))


class Parts(NamedTuple):
    """One value, taken apart one level deep.

    Attributes:
        kind: Qualified type name, or a word.
        data: Small content of the value itself: names, dtype, shape.
        content: Large content of the value itself.
        children: The values it holds; a ``Parts`` among them stands for itself.
        ordered: Whether the order of the children is content.
        opaque: Whether some content is not covered.
        summary: See ``ValueDigest``.
    """

    kind: str
    data: bytes = b""
    content: Content | None = None
    children: Sequence[object] = ()
    ordered: bool = True
    opaque: bool = False
    summary: str = ""


def is_scalar(value: object) -> bool:
    """Tell whether a value is a plain scalar, of one of the builtin types and not of a subclass."""
    return identity(type(value)) in SCALARS


def encode(value: Any) -> bytes:
    """Encode a plain scalar, or a plain list or tuple of such, by content."""
    return marshal.dumps(value, _MARSHAL_FORMAT)


def bytes_content(data: Buffer) -> Content:
    """Return the content of a contiguous buffer."""
    view = memoryview(data).cast("B")
    return Content(len(view), 1, lambda start, stop: (view[start:stop],))


def sequence_parts(kind: str, items: list[object], *, ordered: bool = True) -> Parts:
    """Return the parts of a sequence or set; one of plain scalars is encoded at once, about 100 times faster."""
    summary = f"{kind}[{len(items)}]"
    if not SCALARS.issuperset(map(identity, map(type, items))):
        return Parts(kind, encode(len(items)), children=items, ordered=ordered, summary=summary)
    flat = encode(items) if ordered else encode(sorted(map(encode, items)))
    if len(flat) <= _SMALL_BYTES:
        return Parts(kind, b"flat" + flat, summary=summary)
    return Parts(kind, b"flat", bytes_content(flat), summary=summary)
