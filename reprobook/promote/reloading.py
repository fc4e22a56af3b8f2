"""How a saved model is had again: the lines that build it, by its class in the script, and load its weights."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

from reprobook.promote.construction import Construction, Numbers, construction
from reprobook.promote.layout import formatted
from reprobook.promote.model import Plan
from reprobook.promote.model_files import ModelFile, model_files
from reprobook.promote.python import literal

_WEIGHTS = ".safetensors"
_LINES = """\
{library}
from train import {imported}

{before}model = {build}
model.load_state_dict({load})
model.eval()
"""
# What ``torch.save(model, path)`` pickles names its classes by their module, which is the script that was run.
_WHOLE = """\
import __main__
import torch
from train import {imported}

{given}
model = torch.load({path}, map_location="cpu", weights_only=False)
model.eval()
"""


def artifact_reloading(plan: Plan, numbers: Numbers, artifact: str, path: str) -> str:
    """Return the code that loads an artifact into a model; empty where the script does not tell how it is built.

    ``artifact`` is the name of its file, ``path`` what leads to it from the folder of the script.
    """
    name = PurePosixPath(artifact)
    file = model_files(plan).get(name.stem) if name.suffix == _WEIGHTS else None
    built = _built(plan, numbers, file) if file and file.is_artifact else None
    if built is None:
        return ""
    return _lines(plan, built, "from safetensors.torch import load_file", f"load_file({literal(path)})")


def state_reloading(plan: Plan, numbers: Numbers, file: ModelFile) -> str:
    """Return the same for a file to which the code itself saves the ``state_dict()`` of a model."""
    built = _built(plan, numbers, file)
    load = f'torch.load({literal(file.name)}, map_location="cpu", weights_only=True)'
    return _lines(plan, built, "import torch", load) if built else ""


def whole_reloading(plan: Plan, numbers: Numbers, file: ModelFile) -> tuple[tuple[str, ...], str]:
    """Return the classes of the script that a pickled model takes in ``__main__``, and the code that loads it."""
    built = _built(plan, numbers, file)
    if built is None:
        return (), ""
    given = "\n".join(f"__main__.{name} = {name}" for name in built.classes)
    lines = _WHOLE.format(imported=", ".join(built.classes), given=given, path=literal(file.name))
    return built.classes, formatted(lines)


def _built(plan: Plan, numbers: Numbers, file: ModelFile) -> Construction | None:
    return construction(plan, file.section, file.variable, numbers)


def _lines(plan: Plan, built: Construction, library: str, load: str) -> str:
    """Return the code that builds a model and loads its weights; empty if one of its arguments is not known."""
    if built.numbers is None:
        return ""
    words = plan.words
    config = [f"{words.config} = {words.config_class}()"] * built.takes_config
    numbers = [f"{name} = {literal(value)}  # in the run" for name, value in built.numbers.items()]
    lines = _LINES.format(
        library=library,
        imported=", ".join([*([words.config_class] * built.takes_config), *built.imported]),
        before="".join(f"{line}\n" for line in [*config, *numbers]),
        build=ast.unparse(built.call),
        load=load,
    )
    return formatted(lines)
