"""The docstring of a section about which its author says nothing: what it does, and what comes of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence

from reprobook.promote.activities import data_steps
from reprobook.promote.identifiers import names_in_order
from reprobook.promote.libraries import SEEDING, STREAM_WORDS
from reprobook.promote.meaning import Names
from reprobook.promote.naming import takes_article
from reprobook.promote.prose import listed
from reprobook.promote.saving import saved_names
from reprobook.promote.verbs import VERBS

_WIDTH = 78  # what a line of 88 holds, within a function and between its quotes
_DEEDS = {
    "build_features": "Build the features",
    "build_optimizer": "Build the optimizer",
    "build_model": "Build the model",
    "choose_device": "Choose the device",
    "evaluate": "Evaluate the model",
    "fit_model": "Fit the model",
    "load_checkpoint": "Load the checkpoint",
    "load_data": "Load the data",
    "predict": "Predict with the model",
    "prepare_data": "Prepare the data",
    "preprocess": "Preprocess the data",
    "run_experiment": "Run the experiment",
    "report": "Report the results",
    "run_evaluation": "Evaluate the model",
    "run_prediction": "Predict with the model",
    "run_test": "Test the model",
    "run_training": "Train the model",
    "save_results": "Save the results",
    "scale_data": "Scale the data",
    "set_seeds": "Seed the generators",
    "set_up": "Set up the run",
    "split_data": "Split the data",
    "train": "Train the model",
    "validate": "Validate the model",
}

# What calls set, by their names.
_SETTINGS = {
    "filterwarnings": "ignore warnings",
    "simplefilter": "ignore warnings",
    "manual_seed": "seed the generators",
    "seed": "seed the generators",
    "basicConfig": "configure logging",
    "chdir": "change the working folder",
    "set_default_dtype": "set the default dtype",
    "set_float32_matmul_precision": "set the precision of matrix products",
    "set_num_threads": "set the number of threads",
    "set_option": "set how tables are shown",
    "set_printoptions": "set how arrays are shown",
    "set_verbosity_error": "quiet the libraries",
    "set_verbosity_warning": "quiet the libraries",
    "disable_progress_bar": "quiet the libraries",
}
_FIGURES = "draw figures"
_DRAWING = ("Draw", "Plot", "Visualize")
_BESIDE = frozenset({"device", "is_available", "print"})  # they set nothing


def summary_of(name: str, deed: str, outcome: Sequence[str]) -> tuple[str, str]:
    """Return what a section's heading, else its name, says that is done, with what comes of it.

    That is one line, and a sentence of what it has no room for. An author's own sentence stays as it is, and what is
    returned is said below it.
    """
    if deed.endswith("."):
        returned = [each for each in outcome if each.startswith("return ")]
        return deed, _sentence(_beyond(deed, name, returned))
    saves = name.startswith("save") and any(each.startswith("save ") for each in outcome)
    done = deed or ("" if saves else _deed(name))
    if done.endswith("?"):
        return done, ""
    verb, _, rest = done.partition(" ")
    logs = f"log {rest.removeprefix('the ')}"
    if rest and logs in outcome:  # "Compute the loss; log loss"
        done, outcome = f"{verb} and log {rest}", [each for each in outcome if each != logs]
    more = _beyond(done, name, outcome)
    parts = [done, *more] if done else more or list(outcome) or [name.replace("_", " ")]
    room = next((end for end in range(len(parts), 1, -1) if len("; ".join(parts[:end])) < _WIDTH), 1)
    return _sentence(parts[:room]), _sentence(parts[room:])


def _beyond(done: str, name: str, outcome: Sequence[str]) -> list[str]:
    """Return what of the outcome is not said yet: "Draw the weights" needs no "draw figures"."""
    left = [each for each in outcome if each != _FIGURES or not done.startswith(_DRAWING)]
    left = [each for each in left if not each.startswith("seed ") or "seed" not in done.lower()]
    words = {*re.findall(r"\w+", done), *name.split("_")}
    returned = left[-1].removeprefix("return ") if left else ""
    said = bool(done) and returned != "".join(left[-1:]) and set(re.findall(r"\w+", returned)) - {"and"} <= words
    return left[:-1] if said else left  # "Build the model; return model"


def _sentence(clauses: Sequence[str]) -> str:
    text = "; ".join(clauses)
    return f"{text[:1].upper()}{text[1:]}." if text and not text.endswith(".") else text


def setting_of(trees: Sequence[ast.stmt]) -> str:
    """Return which settings a section changes, where all its calls are known to; else nothing."""
    called = [node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in called]
    said = list(dict.fromkeys(_SETTINGS.get(name, "") for name in names if name not in _BESIDE))
    return "" if not said or "" in said else listed(said).capitalize()


def building_of(trees: Sequence[ast.stmt], names: Names, parameters: Collection[str]) -> str:
    """Return which model of the notebook's own a section builds, and from which parameters; else nothing."""
    calls = [tree.value for tree in trees if isinstance(tree, ast.Assign) and isinstance(tree.value, ast.Call)]
    models = [call for call in calls if isinstance(names.definitions.get(ast.unparse(call.func)), ast.ClassDef)]
    if len(models) != 1:
        return ""
    word = ast.unparse(models[0].func)
    given = [name for name in names_in_order(models[0]) if name in parameters]
    return f"Build {'an' if word[0] in 'AEIO' else 'a'} {word}" + (
        f" with the configured {listed(given)}" if given else ""
    )


def _deed(name: str) -> str:
    """Return what a function of this name does; empty if the name does not begin with a verb."""
    plain = name.rstrip("0123456789").rstrip("_")
    usual = _DEEDS.get(plain) or _DEEDS.get(plain.removesuffix("_model"))
    if usual:
        return usual
    first, _, rest = plain.partition("_")
    article = "the " if rest and takes_article(rest.partition("_")[0]) else ""
    return f"{first.capitalize()} {article}{rest.replace('_', ' ')}".rstrip() if first in VERBS else ""


def handling_of(name: str, trees: Sequence[ast.stmt]) -> str:
    """Return everything that a section of this name does to the data, where that is more than it says; else nothing."""
    steps = list(dict.fromkeys(step for tree in trees for step in data_steps(tree)))
    return f"{listed(steps).capitalize()} the data" if len(steps) > 1 and name.partition("_")[0] in steps else ""


def outcome(trees: Sequence[ast.stmt], returns: Sequence[str], job: str, names: Names, *, figures: bool) -> list[str]:
    """Say what a section seeds, logs, saves, draws and returns; ``job`` is the script's name of reprobook."""
    logged: dict[str, None] = {}
    saved: dict[str, None] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if not isinstance(node, ast.Call):
            continue
        saved |= dict.fromkeys(saved_names(node, job))
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == f"{job}.log":
            logged |= dict.fromkeys(word.arg for word in node.keywords if word.arg and word.arg != "step")
    things = [f"the {name}" if name.isalpha() and name.islower() else name for name in saved]
    deeds = (("seed", _seeded(trees, names)), ("log", list(logged)), ("save", things))
    clauses = [f"{verb} {listed(words)}" for verb, words in deeds if words]
    clauses += [_FIGURES] * figures
    return clauses + ([f"return {listed(returns)}"] if returns else [])


def _seeded(trees: Sequence[ast.stmt], names: Names) -> list[str]:
    """Return the generators of whole libraries that a section seeds."""
    calls = [tree.value for tree in trees if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Call)]
    streams = {stream for call in calls for stream in SEEDING.get(names.dotted(call.func) or "", ())}
    return [word for stream, word in STREAM_WORDS.items() if stream in streams]
