"""How Pillow's images are taken apart. Imported only once Pillow is."""

from __future__ import annotations

from typing import Any

from PIL import Image

from reprobook.trace.content.anatomy import attributes_of, module_of, qualified_name
from reprobook.trace.content.parts import Parts, bytes_content, encode
from reprobook.trace.content.registry import Handler, opaque_parts


def handlers() -> dict[type, Handler]:
    """Return the handlers of Pillow's types."""
    return {Image.Image: Handler(_image, whole=True)}


def _image(value: Image.Image) -> Parts:
    cls = type(value)
    own = attributes_of(value)
    # An image that was opened and not yet used has its pixels in the file: to ask for them would read it.
    if not module_of(cls).startswith("PIL.") or own.get("_im") is None or own.get("tile"):
        return opaque_parts(cls)
    mode, size = own["_mode"], own["_size"]
    palette: Any = own.get("palette")
    children = () if palette is None else (bytes(palette.palette), palette.mode)
    data = encode((mode, size))
    kind = qualified_name(cls)
    return Parts(kind, data, bytes_content(value.tobytes()), children=children, summary=f"{kind}[{mode}, {size}]")
