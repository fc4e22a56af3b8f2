"""Python's parser beside a running cell."""

from __future__ import annotations

import ast
import warnings
from typing import Any


def parse(source: str, mode: str = "exec") -> Any:
    """Parse in silence: what the parser warns of is said when the cell is compiled.

    Said twice it would be an output of the cell. The filters of warnings are left alone: after any change of them
    Python shows again what it has shown once.

    Raises:
        SyntaxError: If it is no Python.
    """
    shown, warnings.showwarning = warnings.showwarning, lambda *_, **__: None
    try:
        return ast.parse(source, mode=mode)
    finally:
        warnings.showwarning = shown
