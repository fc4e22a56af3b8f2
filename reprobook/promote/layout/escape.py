r"""Text of unknown authors in generated code: what could end a literal or deceive the reader is written as an escape.

Bidirectional controls show code in another order than it runs (CVE-2021-42574); other controls reach the terminal of
whoever looks at the file.
"""

from __future__ import annotations

import re

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTROLS = _BIDI | {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))} - set("\t\n\r")


def escape_controls(text: str) -> str:
    r"""Write controls that do not show as ``\uXXXX``."""
    return "".join(f"\\u{ord(char):04x}" if char in _CONTROLS else char for char in text)


def escape_controls_in_literal(literal: str) -> str:
    """Do so within a string literal, unless it is raw, where an escape would mean something else."""
    prefix = literal[: min(at for at in (literal.find('"'), literal.find("'")) if at >= 0)]
    return literal if re.search("[rRbB]", prefix) else escape_controls(literal)


def visible(text: str) -> str:
    """Return text as one line in which every character shows: fit for a comment or a help text."""
    return "".join(
        char if char.isprintable() and char not in _BIDI else char.encode("unicode_escape").decode()
        for char in " ".join(text.split())
    )


def docstring(*paragraphs: str) -> str:
    """Return a docstring literal of these paragraphs; the lines of one stay together."""
    texts = ["\n".join(map(_indented, paragraph.splitlines())) for paragraph in paragraphs]
    body = "\n\n".join(texts).replace("\\", "\\\\")
    if '"""' in body or body.endswith('"'):
        body = body.replace('"', '\\"')
    return f'"""{body}\n"""' if "\n" in body else f'"""{body}"""'


def _indented(line: str) -> str:
    return " " * (len(line) - len(line.lstrip(" "))) + visible(line)
