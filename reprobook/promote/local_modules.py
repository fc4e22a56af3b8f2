"""The notebook's own modules: they go with the script, as the run recorded them."""

from __future__ import annotations

from reprobook.errors import NotPromotableError
from reprobook.execute.inputs import recorded_modules
from reprobook.execute.script import SCRIPT
from reprobook.promote.model import Plan
from reprobook.runs import RunFolder


def module_files(run: RunFolder, made: Plan) -> dict[str, bytes]:
    """Return the files of the local modules, by path, if the script imports any of them.

    Raises:
        NotPromotableError: If one has the name of the script.
    """
    recorded = recorded_modules(run)
    imported = {one.module.partition(".")[0] for one in made.imports} | {star.partition(".")[0] for star in made.stars}
    if not imported & set(map(top_level, recorded)):
        return {}
    if SCRIPT in recorded:
        msg = f"the notebook imports a module of its own from {SCRIPT}, the name of every promoted script"
        raise NotPromotableError(msg, hint="Rename the module.")
    return {path: run.blobs.read(digest) for path, digest in recorded.items()}


def top_level(path: str) -> str:
    """Return the module or package that a file belongs to: ``helpers`` of ``helpers/plots.py``."""
    return path.partition("/")[0].removesuffix(".py")
