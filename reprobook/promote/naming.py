"""Names for functions, out of headings."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Collection, Sequence

# What an author would call a function under such a heading.
_USUAL = {
    "data": "load_data",
    "dataset": "load_data",
    "datasets": "load_data",
    "the_data": "load_data",
    "loading_data": "load_data",
    "data_loading": "load_data",
    "split": "split_data",
    "data_split": "split_data",
    "splits": "split_data",
    "train_test_split": "split_data",
    "preprocessing": "preprocess",
    "data_preprocessing": "preprocess",
    "features": "build_features",
    "feature_engineering": "build_features",
    "model": "build_model",
    "model_definition": "build_model",
    "network": "build_model",
    "architecture": "build_model",
    "optimization": "build_optimizer",
    "optimizer": "build_optimizer",
    "training": "train",
    "training_loop": "train",
    "train_loop": "train",
    "fit": "fit_model",
    "evaluation": "evaluate",
    "testing": "test",
    "test": "run_test",
    "validation": "validate",
    "prediction": "predict",
    "predictions": "predict",
    "inference": "predict",
    "result": "report",
    "results": "report",
    "metrics": "report",
    "summary": "report",
    "saving": "save_results",
    "save": "save_results",
    "export": "save_results",
    "seed": "set_seeds",
    "seeds": "set_seeds",
    "setup": "set_up",
    "set_up": "set_up",
    "scaling": "scale_data",
}
_ARTICLES = frozenset({"a", "an", "the", "our", "my", "this", "your", "their", "its", "some", "these", "lets"})
# How an author would call what a heading announces.
_GERUNDS = {
    "building": "build",
    "calculating": "calculate",
    "checking": "check",
    "choosing": "choose",
    "cleaning": "clean",
    "comparing": "compare",
    "computing": "compute",
    "creating": "create",
    "defining": "define",
    "encoding": "encode",
    "evaluating": "evaluate",
    "exploring": "explore",
    "fitting": "fit",
    "generating": "generate",
    "implementing": "implement",
    "importing": "import",
    "initializing": "initialize",
    "loading": "load",
    "making": "make",
    "normalizing": "normalize",
    "plotting": "plot",
    "predicting": "predict",
    "preparing": "prepare",
    "preprocessing": "preprocess",
    "processing": "process",
    "reading": "read",
    "reloading": "reload",
    "sampling": "sample",
    "saving": "save",
    "scaling": "scale",
    "selecting": "select",
    "setting": "set",
    "splitting": "split",
    "testing": "test",
    "training": "train",
    "transforming": "transform",
    "tuning": "tune",
    "visualizing": "visualize",
}
# What an author would call work that a heading names by a noun: ``Model training via torch.nn`` is ``train_model``.
_NOUNS = {
    "building": "build",
    "cleaning": "clean",
    "creation": "create",
    "evaluation": "evaluate",
    "fitting": "fit",
    "generation": "generate",
    "initialization": "initialize",
    "loading": "load",
    "preparation": "prepare",
    "preprocessing": "preprocess",
    "scaling": "scale",
    "selection": "select",
    "splitting": "split",
    "testing": "test",
    "training": "train",
    "tuning": "tune",
    "visualization": "visualize",
}
_MANY = {"column": "columns", "feature": "features", "parameter": "parameters", "variable": "variables"}
_MOST_WORDS = 5
_FEWEST_WORDS = 2
_LONG = 4
VERBS = frozenset(_GERUNDS.values()) | frozenset(
    """build calculate check choose clean combine compare compute construct convert count create draw encode estimate
    evaluate extract fit generate get initialize load make measure normalize optimize plot predict prepare process read
    report run sample save scale score select set simulate solve sort split test tokenize train transform tune update
    validate vectorize visualize""".split()  # noqa: SIM905 - so many words read best as a text
)
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
# A name that was cut short does not end in one of these.
_JOINING = frozenset(
    "and are as at between by for from in into is of on or over per that the to under using via vs when with".split()  # noqa: SIM905
)
# They begin a phrase that a name can do without.
_OPENING = _JOINING - {"and", "are", "is", "of", "or", "the", "to", "vs"}
_HOW = frozenset({"using", "via"})
# Headings over cells that do no work of their own kind: what stands below is named by what it does.
_NEUTRAL = frozenset({"parameters", "hyperparameters", "params", "configuration", "config", "settings", "imports"})
_NEUTRAL |= {
    "import",
    "constants",
    "introduction",
    "overview",
    "libraries",
    "dependencies",
    "options",
    "import_libraries",
}


def words_of(heading: str) -> list[str]:
    """Return the words of a heading in lower case, without numbering, articles and possessives; an imperative first."""
    text = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", heading).replace("\u2019", "'")).replace("'", "")
    words = "".join(char.lower() if char.isalnum() else " " for char in text).split()
    while words and words[0].isdigit():
        words = words[1:]
    words = [word for word in words if word not in _ARTICLES] or words
    if len(words) == 1:
        return words
    return imperative_words(words)


def imperative_words(words: Sequence[str]) -> list[str]:
    """Return the words of a phrase that begins with a gerund as an imperative, others as they are."""
    gerund = bool(words) and words[0].lower() in _GERUNDS
    verbs = {0, *(at + 1 for at, word in enumerate(words[1:], 1) if word == "and" and gerund)}
    return [_GERUNDS.get(word.lower(), word) if at in verbs else word for at, word in enumerate(words)]


def snake_case(heading: str) -> str:
    """Return a heading as an identifier, without numbering and articles; empty if nothing is left of it."""
    words = _cut(words_of(heading))
    if len(words) > 1 and words[-1] in _NOUNS and words[0] not in VERBS and "and" not in words:
        words = [_NOUNS[words[-1]], *words[:-2], _MANY.get(words[-2], words[-2])]
    name = "_".join(words)
    return name if name.isidentifier() else ""


def _cut(words: list[str]) -> list[str]:
    """Return the first words of a heading, up to the end of a phrase: none is cut in two."""
    opening = [at for at, word in enumerate(words) if at >= _FEWEST_WORDS and word in _OPENING]
    if opening and (len(words) > _LONG or words[opening[0]] in _HOW):
        words = words[: opening[0]]
    first, rest = words[:_MOST_WORDS], words[_MOST_WORDS:]
    joints = [at for at, word in enumerate(first) if at and word in _JOINING]
    if rest and rest[0] not in _JOINING and joints:
        first = first[: joints[-1]]
    while len(first) > 1 and first[-1] in _JOINING:
        first.pop()
    return first


def names_no_work(name: str) -> bool:
    """Tell a name that is a mere noun, and none that a function is usually called by."""
    return name.partition("_")[0] not in VERBS and name not in _USUAL


def with_verb(name: str, fit: str) -> str:
    """Return a name that says what is done: metrics are reported, a model is fitted or trained, as ``fit`` says."""
    words = set(name.split("_"))
    if not names_no_work(name):
        return name
    verb = "report" if words & _REPORTED else fit if words & _MODELS else ""
    return f"{verb}_{name}" if verb else name


_REPORTED = frozenset({"metrics", "results", "scores", "statistics"})
_MODELS = frozenset(
    """autoencoder bayes boosting classification classifier clustering cnn forest forests gan kmeans lstm machines mlp
    neighbors net network networks pca perceptron regression regressor rnn svm transformer tree trees""".split()  # noqa: SIM905 - so many words read best as a text
)


def is_neutral(name: str) -> bool:
    """Tell whether a heading, as an identifier, says nothing of what the cells below it do."""
    return name in _NEUTRAL


def function_name(wish: str, taken: Collection[str], earlier: Collection[str] = ()) -> str:
    """Return a free name for a function that its heading or its work would call ``wish``.

    ``taken`` are the notebook's names, ``earlier`` the functions before it: a second one of a name has a number.
    """
    name = _USUAL.get(wish, wish) or "run"
    if name not in earlier:
        other = f"{name}_model" if name in {"train", "test", "evaluate", "predict"} else f"run_{name}"
        for candidate in (name, other):
            if is_free(candidate, {*taken, *earlier}):
                return candidate
    used = {*taken, *earlier}
    return next(f"{name}_{count}" for count in range(2, len(used) + 3) if is_free(f"{name}_{count}", used))


def first_free(*candidates: str, taken: Collection[str]) -> str:
    """Return the first candidate that is free, else the last with underscores added."""
    name = next((name for name in candidates if name not in taken), candidates[-1])
    while name in taken:
        name += "_"
    return name


def is_free(name: str, taken: Collection[str]) -> bool:
    """Tell whether a function may have this name."""
    return name not in taken and not keyword.iskeyword(name) and not hasattr(builtins, name)
