"""The text of a photo, line by line, read by RapidOCR: its models are in its package, nothing leaves the machine."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from reprobook.errors import InputError
from reprobook.spec.reading import Written

_EXTRA = "Install what reads it: pip install 'reprobook[ocr]'."


def read_photo(path: Path) -> tuple[Written, ...]:
    """Return the lines of a picture, from top to bottom.

    Raises:
        InputError: If it is no picture, or the reader is not installed.
    """
    if not path.is_file():
        msg = f"{path}: there is no such file"
        raise InputError(msg, hint="Give the path of a picture: PNG or JPEG.")
    found = _reader()(_pixels(path))
    if found.txts is None:
        return ()
    boxes = [
        (_extent(box), text, float(score))
        for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
    ]
    return tuple(_line(row) for row in _rows(boxes))


def _reader() -> Any:
    """Return the reader; it may not say a word of its own."""
    try:
        from rapidocr import RapidOCR  # noqa: PLC0415  # seconds to import, and optional
    except ImportError as error:
        msg = "reading a photo needs rapidocr and onnxruntime"
        raise InputError(msg, hint=_EXTRA) from error
    reader = RapidOCR(params={"Global.log_level": "critical"})
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return reader


def _pixels(path: Path) -> Any:
    """Return the picture upright, as an array of bytes (height, width, 3): phones note how they were held."""
    import numpy as np  # noqa: PLC0415  # heavy
    from PIL import Image, ImageOps  # noqa: PLC0415  # comes with the reader

    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    # The boundary to Pillow: its decoders raise whatever the bytes lead them to, of bombs an error of their own.
    except Exception as error:
        msg = f"{path}: not a picture that can be read ({type(error).__name__})"
        raise InputError(msg, hint="Give a PNG or JPEG.") from error
    return np.asarray(upright)


Extent = tuple[float, float, float]
Box = tuple[Extent, str, float]


def _extent(box: Any) -> Extent:
    """Return left edge, top and bottom of a box, in pixels."""
    return min(x for x, _ in box), min(y for _, y in box), max(y for _, y in box)


def _rows(boxes: list[Box]) -> list[list[Box]]:
    """Put boxes that stand beside each other into one row: the middle of one lies within the other."""
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda each: each[0][1] + each[0][2]):
        (_, top, bottom), middle = box[0], (box[0][1] + box[0][2]) / 2
        before = rows[-1][0][0] if rows else None
        if before and (before[1] < middle < before[2]) and top < (before[1] + before[2]) / 2 < bottom:
            rows[-1].append(box)
        else:
            rows.append([box])
    return [sorted(row) for row in rows]


def _line(row: list[Box]) -> Written:
    return Written(" ".join(text for _, text, _ in row), min(score for *_, score in row))
