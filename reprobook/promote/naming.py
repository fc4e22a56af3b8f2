"""Names for functions, out of headings."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Collection, Sequence

from reprobook.promote.verbs import GERUNDS, NOUNS, PLAIN_VERBS, USUAL, VERBS

_ARTICLES = frozenset({"a", "an", "the", "our", "my", "this", "your", "their", "its", "some", "these", "lets"})
_MANY = {"column": "columns", "feature": "features", "parameter": "parameters", "variable": "variables"}
_MOST_WORDS = 5
_FEWEST_WORDS = 2
_LONG = 4
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
# A name that was cut short does not end in one of these.
_JOINING = frozenset(
    "and are as at between by for from in into is of on or over per that the to under using via vs when with".split()  # noqa: SIM905
)
# They begin a phrase that a name can do without.
_OPENING = _JOINING - {"and", "are", "is", "of", "or", "the", "to", "vs"}
_NO_ARTICLE = frozenset({"all", "both", "each", "every", "it", "more", "no", "one", "them"})
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
    gerund = bool(words) and words[0].lower() in GERUNDS
    verbs = {0, *(at + 1 for at, word in enumerate(words[1:], 1) if word == "and" and gerund)}
    return [GERUNDS.get(word.lower(), word) if at in verbs else word for at, word in enumerate(words)]


def snake_case(heading: str) -> str:
    """Return a heading as an identifier, without numbering and articles; empty if nothing is left of it."""
    words = _cut(words_of(heading))
    if len(words) > 1 and words[-1] in NOUNS and words[0] not in VERBS and "and" not in words:
        words = [NOUNS[words[-1]], *words[:-2], _MANY.get(words[-2], words[-2])]
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
    return name.partition("_")[0] not in VERBS | PLAIN_VERBS and name not in USUAL


def with_verb(name: str, fit: str, kind: str = "") -> str:
    """Return a name that says what is done.

    Metrics are reported, a model is fitted or trained, as ``fit`` says; else ``kind``, the work of the cells, tells the
    verb: ``adapter`` over cells that build a model is ``build_adapter``. What a clause announces is shown.
    """
    words = set(name.split("_"))
    if not names_no_work(name):
        return name
    if name.partition("_")[0] in _CLAUSES:
        return f"show_{name}"
    verb = "report" if words & _REPORTED else fit if words & _MODELS else _OF_KINDS.get(kind, "")
    return f"{verb}_{name}" if verb and verb not in words else name


def takes_article(word: str) -> bool:
    """Tell whether ``the`` may stand before a word that follows a verb."""
    return word not in _JOINING | _CLAUSES | _NO_ARTICLE | VERBS | PLAIN_VERBS and not word.isdigit()


def asks(name: str) -> bool:
    """Tell a heading, as an identifier, that is a question: it names no work."""
    return name.partition("_")[0] in _QUESTIONS


_CLAUSES = frozenset({"how", "what", "where", "which", "why"})
_QUESTIONS = frozenset(
    {"are", "can", "could", "did", "do", "does", "has", "is", "should", "was", "were", "will", "would"}
)
_OF_KINDS = {
    "build_model": "build",
    "define": "define",
    "draw": "draw",
    "evaluate": "report",
    "load_data": "load",
    "prepare_data": "prepare",
    "save_results": "save",
    "split_data": "split",
    "train": "run",
}


def trained_name(name: str, verb: str) -> str:
    """Return the name of a section that trains what its heading says is built; empty if the heading speaks of no such.

    ``build_linear_regression_model`` is ``train_linear_regression_model``, ``build_model`` is ``train``.
    """
    first, _, rest = name.partition("_")
    if first not in _BUILDING or not (set(rest.split("_")) & (_MODELS | _ANY_MODEL)):
        return ""
    return verb if set(rest.split("_")) <= _ANY_MODEL else f"{verb}_{rest}"


_BUILDING = frozenset({"build", "construct", "create", "define", "implement", "initialize", "make"})
_ANY_MODEL = frozenset({"model", "models"})
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
    name = USUAL.get(wish, wish) or "run"
    verb = name.removesuffix("_model")
    if verb in _OF_MODELS and {verb, f"{verb}_model"} & set(earlier):
        name = verb  # ``train`` beside ``train_model`` would tell nobody which is which
    elif name not in earlier:
        other = _STAGES.get(name, f"run_{name}")
        for candidate in (name, other):
            if is_free(candidate, {*taken, *earlier}):
                return candidate
    used = {*taken, *earlier}
    return next(f"{name}_{count}" for count in range(2, len(used) + 3) if is_free(f"{name}_{count}", used))


_OF_MODELS = frozenset({"train", "test", "evaluate", "predict"})
# Beside a function of the author's with the plain name: ``evaluate_model`` would be taken for another of its kind.
_STAGES = {
    "train": "run_training",
    "test": "run_test",
    "evaluate": "run_evaluation",
    "predict": "run_prediction",
}


def first_free(*candidates: str, taken: Collection[str]) -> str:
    """Return the first candidate that is free, else the last with underscores added."""
    name = next((name for name in candidates if name not in taken), candidates[-1])
    while name in taken:
        name += "_"
    return name


def is_free(name: str, taken: Collection[str]) -> bool:
    """Tell whether a function may have this name."""
    return name not in taken and not keyword.iskeyword(name) and not hasattr(builtins, name)
