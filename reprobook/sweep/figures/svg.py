"""A figure as SVG whose text takes the colour of the page, so that it reads in every theme."""

from __future__ import annotations

import io
import re
from typing import Any

from reprobook.sweep.figures.canvas import INK


def figure_svg(figure: Any, name: str) -> str:
    """Return a figure as an SVG element, as wide as its place; ``name`` keeps its ids apart from those of others."""
    from matplotlib import rc_context  # noqa: PLC0415  # heavy

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    # The page's own font, and the size of the page's place.
    text = re.sub(r"(font(?:-family)?: [^;\"]*?)'DejaVu Sans'[^;\"]*", r"\1sans-serif", text)
    head, rest = text.split(">", 1)
    return re.sub(r' (?:width|height)="[^"]*"', "", head) + ' width="100%">' + rest
