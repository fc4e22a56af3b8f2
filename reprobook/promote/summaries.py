"""The docstring of a section about which its author says nothing: what it does, and what comes of it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from reprobook.promote.identifiers import names_in_order
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


def summary_of(name: str, deed: str, outcome: Sequence[str]) -> str:
    """Return one line on a section: what its heading, else its name, says that is done, and what comes of it."""
    saves = name.startswith("save") and any(each.startswith("save ") for each in outcome)
    done = deed or ("" if saves else _deed(name))
    if done.endswith("?"):
        return done
    verb, _, rest = done.partition(" ")
    logs = f"log {rest.removeprefix('the ')}"
    if rest and logs in outcome:  # "Compute the loss; log loss"
        done, outcome = f"{verb} and log {rest}", [each for each in outcome if each != logs]
    if done.startswith(_DRAWING):
        outcome = [each for each in outcome if each != _FIGURES]  # "Draw the weights; draw figures"
    parts = [done, *outcome] if done else list(outcome) or [name.replace("_", " ")]
    returned = parts[-1].removeprefix("return ")
    if len(parts) > 1 and returned != parts[-1] and set(returned.split()) <= {*done.split(), *name.split("_")}:
        parts.pop()  # "Build the model; return model"
    while len(parts) > 1 and len("; ".join(parts)) >= _WIDTH:
        parts.pop()
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


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


def outcome(trees: Sequence[ast.stmt], returns: Sequence[str], job: str, *, figures: bool) -> list[str]:
    """Say what a section logs, saves, draws and returns; ``job`` is the script's name of reprobook."""
    logged: dict[str, None] = {}
    saved: dict[str, None] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if not isinstance(node, ast.Call):
            continue
        saved |= dict.fromkeys(saved_names(node, job))
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == f"{job}.log":
            logged |= dict.fromkeys(word.arg for word in node.keywords if word.arg and word.arg != "step")
    things = [f"the {name}" if name.isalpha() and name.islower() else name for name in saved]
    clauses = [f"{verb} {listed(names)}" for verb, names in (("log", list(logged)), ("save", things)) if names]
    clauses += [_FIGURES] * figures
    return clauses + ([f"return {listed(returns)}"] if returns else [])
