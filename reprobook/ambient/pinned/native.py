"""Replace a method of a type that is written in C, in place, so that its values keep their type.

Python refuses to set an attribute of such a type; its dictionary is reached by way of the garbage collector.
Never done outside a pinned process.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Any


def set_native(cls: type, name: str, method: Any) -> None:
    """Replace a plain method; slots such as ``__repr__`` are not reached this way."""
    for found in gc.get_referents(cls.__dict__):
        if type(found) is dict and "__doc__" in found:
            found[name] = method
            # Lookups are cached per type until it says that it changed.
            ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))
