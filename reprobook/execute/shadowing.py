"""Which modules a process has that another one would have found in its working folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.machinery import all_suffixes
from pathlib import Path
from types import ModuleType


def shadowed(folder: str, modules: Mapping[str, ModuleType]) -> str:
    """Return the name of a module in a folder that would have been imported in the place of one of these.

    A kernel looks into its working folder after the standard library, and before installed packages.
    """
    roots = {name for name in modules if "." not in name} - sys.stdlib_module_names
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return ""
    for entry in entries:
        name = next((entry.name.removesuffix(end) for end in all_suffixes() if entry.name.endswith(end)), "")
        if not name and (Path(entry.path) / "__init__.py").exists():
            name = entry.name
        # Not where it is that module itself: a notebook beside a package under development.
        if name in roots and not str(getattr(modules[name], "__file__", "")).startswith(f"{folder}{os.sep}"):
            return name
    return ""
