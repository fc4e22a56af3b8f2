"""What kind of work a cell does, by what it calls and sets: the name of a section that no heading names."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from reprobook.promote import libraries
from reprobook.promote.effect import SETTING, Effects
from reprobook.promote.effects import effects_of
from reprobook.promote.flow import flow_of
from reprobook.promote.meaning import Names
from reprobook.promote.source import Source
from reprobook.promote.training import trains


def works(source: Source) -> bool:
    """Tell whether a cell does more than define and import."""
    return any(not isinstance(statement.tree, _NO_WORK) for statement in source.statements)


def only_empties(source: Source) -> bool:
    """Tell a cell that only sets variables to empty lists and the like, for the next one to fill."""
    return bool(source.statements) and all(
        isinstance(statement.tree, ast.Assign) and _is_empty(statement.tree.value) for statement in source.statements
    )


def _is_empty(value: ast.expr) -> bool:
    if isinstance(value, ast.Tuple):
        return all(map(_is_empty, value.elts))
    if isinstance(value, ast.Call):
        return not value.args and not value.keywords and _callee(value) in {"list", "dict", "set"}
    return (isinstance(value, ast.List) and not value.elts) or (isinstance(value, ast.Dict) and not value.keys)


def activity(source: Source, names: Names) -> str:
    """Name the kind of work that a cell does; empty if it is not recognised or does none."""
    trees = [s.tree for s in source.statements if not isinstance(s.tree, _NO_WORK)]
    if not trees:
        return ""
    effects = Effects()
    for tree in trees:
        effects |= effects_of(tree, names)
    flow = flow_of(trees)
    calls = {name for tree in trees for name in method_calls(tree)}
    classes = {name for name, tree in names.definitions.items() if isinstance(tree, ast.ClassDef)}
    sets = (effects.seeds or SETTING in effects.changes) and not calls & (libraries.SAVING | classes)
    if sets and not flow.reads & flow.writes and len(flow.writes) <= 1:
        if calls and calls <= _MAKING_FOLDERS:
            return "make_folders"
        return "set_seeds" if effects.seeds and SETTING not in effects.changes else "set_up"
    if "load_state_dict" in calls and any(trains(tree, names) for tree in trees):
        return "train"  # and goes back to the best weights
    return next((name for name, does in _RULES if does(calls, flow.writes, classes)), "")


def method_calls(tree: ast.AST) -> frozenset[str]:
    """Return the functions and methods that code calls, by their last name."""
    return frozenset(_callee(node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def data_steps(tree: ast.stmt) -> list[str]:
    """Return what a statement does to the data, as verbs."""
    calls, nothing = method_calls(tree), frozenset[str]()
    does = {
        "load": _loads(calls, nothing, nothing),
        "scale": bool(calls & _SCALING),
        "split": _splits(calls, flow_of(tree).writes, nothing),
        "batch": "DataLoader" in calls,
    }
    return [step for step, done in does.items() if done]


def intent(wish: str) -> str:
    """Name the kind of work that a heading, as an identifier, speaks of; empty if that is not clear."""
    words = set(wish.split("_"))
    return next((kind for kind, telling in _INTENTS.items() if not words.isdisjoint(telling)), "")


def _callee(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _trains(calls: Collection[str], _: Collection[str], __: Collection[str]) -> bool:
    return bool({"backward", "fit", "partial_fit"} & set(calls)) or any(
        "train" in c and "split" not in c and "pretrained" not in c for c in calls
    )


def _evaluates(calls: Collection[str], written: Collection[str], _: Collection[str]) -> bool:
    telling = {"predict", "predict_proba", "no_grad", "inference_mode"}
    return bool(telling & set(calls)) or _scores(calls, written)


def _scores(calls: Collection[str], written: Collection[str]) -> bool:
    scores = any(call.endswith(_SCORING) or (call.startswith("eval") and call != "eval") for call in calls)
    results = any(_is_score(name) and _HELD_OUT & set(name.split("_")) for name in written)
    told = {"score", "classification_report"} & set(calls) or "accuracy" in written
    return bool(told) or ((scores or results) and "backward" not in calls)


def _saves(calls: Collection[str], written: Collection[str], _: Collection[str]) -> bool:
    """Tell a cell that writes a file, be it of predictions that it makes, and neither logs nor scores."""
    return "log" not in calls and bool(libraries.SAVING & set(calls)) and not _scores(calls, written)


def _is_score(name: str) -> bool:
    """Tell a name such as ``test_cost``: a score of a part of the data, not the part."""
    return bool(_SCORES & set(name.split("_")))


def _splits(calls: Collection[str], written: Collection[str], _: Collection[str]) -> bool:
    data = [name for name in written if not _is_score(name)]
    parts = {name.rpartition("_")[2] for name in data} | {name.partition("_")[0] for name in data}
    short = {found[1] for name in data if (found := _SHORT_PART.fullmatch(name))}
    return bool({"train_test_split", "random_split"} & set(calls)) or len(_PARTS & parts) > 1 or len(short) > 1


def _loads(calls: Collection[str], _: Collection[str], __: Collection[str]) -> bool:
    telling = {"load", "loadtxt", "genfromtxt", "open", "listdir", "glob", "read_text", "load_dataset"}
    return bool(telling & set(calls)) or any(call.startswith(("load_", "read_", "fetch_", "make_")) for call in calls)


def _builds(calls: Collection[str], written: Collection[str], classes: Collection[str]) -> bool:
    layers = {"Sequential", "Linear", "SGD", "Adam", "AdamW", "RMSprop", "Conv2d", "LSTM", "Embedding"}
    weights = {"randn", "rand", "zeros", "Generator", "Parameter"}
    if weights & set(calls) and all(call in weights | {"manual_seed", "print"} for call in calls):
        return True
    named = {"parameters", "model", "net", "network", "clf", "classifier", "regressor", "estimator", "optimizer", "opt"}
    return bool(layers & set(calls)) or bool(set(classes) & set(calls)) or bool(named & set(written))


def _writes_data(calls: Collection[str], written: Collection[str], _: Collection[str]) -> bool:
    making = {"tensor", "array", "DataFrame", "arange", "linspace", "reshape", "unsqueeze", "astype", "print"}
    return bool(written and calls) and set(calls) <= making and set(written) <= _DATA


_DATA = frozenset({"x", "y", "X", "Y", "data", "features", "inputs", "labels", "targets"})
_SCORING = ("accuracy", "_score", "_loss", "_error", "cross_entropy", "criterion", "loss_fn")
_SCORES = frozenset({"acc", "accuracy", "auc", "cost", "err", "error", "f1", "loss", "losses", "mse", "rmse", "score"})
_PARTS = frozenset({"train", "test", "val"})
_SHORT_PART = re.compile(r"[XxYy](tr|te|dev|val|train|test)")  # Xtr, Ydev
_SCALING = frozenset({"MinMaxScaler", "Normalize", "Normalizer", "RobustScaler", "StandardScaler"})
_HELD_OUT = frozenset({"test", "val", "valid", "validation"})
_NO_WORK = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MAKING_FOLDERS = frozenset({"makedirs", "mkdir", "Path"})
_RULES = (
    ("choose_device", lambda _calls, written, _classes: set(written) == {"device"}),
    ("train", lambda calls, _written, _classes: "backward" in calls),
    ("load_checkpoint", lambda calls, _written, _classes: "load_state_dict" in calls),
    ("train", _trains),
    ("save_results", _saves),
    ("evaluate", _evaluates),
    ("split_data", _splits),
    ("build_model", _builds),
    ("load_data", _loads),
    ("prepare_data", _writes_data),
)
# What a heading speaks of, by its words; the first that is found counts.
_INTENTS = {
    "train": ("train", "training", "fit", "fitting", "optimize", "optimization", "learn", "learning"),
    "evaluate": ("accuracy", "evaluate", "evaluation", "inference", "metrics", "predict", "prediction", "predictions"),
    "save_results": ("export", "save", "saving"),
    "split_data": ("split", "splits", "splitting"),
    "build_model": ("architecture", "loss", "model", "network", "optimizer"),
    "load_data": ("data", "dataset", "datasets", "load", "loading"),
}
