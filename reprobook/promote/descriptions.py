"""What an author's prose says of the code below it, in a form that fits a docstring.

A notebook talks to its reader: it asks, credits, announces and points. A docstring describes.
"""

from __future__ import annotations

import re

from reprobook.promote.naming import imperative_words, words_of
from reprobook.promote.prose import plain
from reprobook.promote.verbs import NOUNS, PLAIN_VERBS, VERBS

_VERBS = VERBS | PLAIN_VERBS
_LONGEST = 78  # what a line of 88 holds, within a function and between its quotes
_LONGER = 240  # a paragraph of three lines
_SHORT = 3
_ITEM = re.compile(r"[0-9]+(?:\.[0-9]+)*[.):]")
_NUMBER = re.compile(
    r"^(?:(?:step|part|section|chapter|lecture|lesson|exercise|task|question)\s+)?"
    r"[0-9]+(?:\.[0-9]+)*(?:[.):]|\s+-)?\s+",
    re.IGNORECASE,
)
_TALK = frozenset(
    """i i'm i've i'll me my mine we we'll we're we've our ours us let's lets you you'll you're you've your yours here
    below above preceding aforementioned section notebook notebooks colab jupyter kaggle tutorial lecture homework
    exercise exercises recall remember please github""".split()  # noqa: SIM905 - so many words read best as a text
)
_OPENINGS = frozenset(
    """again all also alternatively and another assume but consider finally first firstly fourth hint hopefully
    however imagine lastly look next note notice now ok okay once second so that's then there's therefore third
    this these tip todo warning well with""".split()  # noqa: SIM905 - so many words read best as a text
)
_POINTING = frozenset(
    {"because", "both", "hence", "his", "it", "its", "otherwise", "such", "their", "they", "thus", "which"}
)
_NO_PROSE = re.compile(r"\s*(?:(?:[-*+>]|[0-9]+[.)])\s|```|\$\$|\|)")
_CREDITS = re.compile(
    r"credit|thanks|(?:created|written|made) by|"
    r"courtesy|copyright|licen[cs]e|adapted from|borrowed|inspired by|acknowledg|\bauthors?\b|"
    r"\bsource:|\breferences?:|\bby:? @|https?:|www\.",
    re.IGNORECASE,
)


def first_sentence(prose: str, longest: int = _LONGEST) -> str:
    """Return the first sentence of the first paragraph of plain text, if it describes; else nothing."""
    return next((_if_it_describes(sentence, longest) for sentence in _sentences(prose)), "")


def description(prose: str) -> str:
    """Return what the first paragraph of plain text describes, as far as a few lines hold it.

    Where its first sentence talks to the reader, what follows counts only in a short paragraph, and a sentence that
    points back to one left out does not.
    """
    sentences = _sentences(prose)
    if sentences and not _if_it_describes(sentences[0], _LONGER) and len(" ".join(sentences)) > _LONGER:
        return ""
    found: list[str] = []
    whole = True
    for sentence in sentences:
        points_back = not whole and sentence.partition(" ")[0].lower().strip(",") in _POINTING
        said = "" if points_back else _if_it_describes(sentence, _LONGER)
        if said and len(" ".join([*found, said])) > _LONGER:
            break
        found += [said] if said else []
        whole = bool(said)
    return " ".join(found)


def _sentences(prose: str) -> list[str]:
    """Return the sentences of the first paragraph of plain text, up to a list, a table or code in it."""
    for paragraph in prose.split("\n\n"):
        raw = paragraph.strip()
        text = plain(raw)
        if not text or raw.startswith(("- ", "* ", "+ ", "<!")) or text[0] in "|>!$`=[" or _ITEM.match(text):
            continue
        rows = raw.splitlines()
        end = next((at for at, row in enumerate(rows) if _NO_PROSE.match(row)), len(rows))
        text, found, begin = plain("\n".join(rows[:end])), list[str](), 0
        for at in range(len(text)):
            if text[at] in ".!?" and text[at + 1 : at + 2] in {"", " "} and not text[:at].endswith(("e.g", "i.e")):
                found.append(text[begin : at + 1].strip())
                begin = at + 1
        return found  # what has no end is a caption, a table, the head of a list
    return []


def tells(sentence: str) -> bool:
    """Tell a sentence that says what code does, as ``Train a network.`` and ``Loads the images.`` do."""
    first = sentence.partition(" ")[0].lower()
    return bool({first, first.removesuffix("s"), first.removesuffix("es")} & _VERBS)


def heading_sentence(heading: str, name: str) -> str:
    """Return a heading as a sentence, where it says more than the name of the function; else nothing."""
    text = without_number(heading).rstrip(".:;,")
    if not set(words_of(text)) - set(name.split("_")):
        return ""
    return _if_it_describes(f"{text[:1].upper()}{text[1:]}.")


def deed(heading: str, name: str) -> str:
    """Return what a heading says that is done, as a phrase without a full stop; empty if it does not tell more.

    ``Saving and reloading the trained model`` is ``Save and reload the trained model``.
    """
    text = without_number(heading).rstrip(".:;,")
    words = text.split()
    if len(words) > 1 and (done := imperative_words(words))[0].lower() in VERBS:
        phrase = " ".join(done)
        return _if_it_describes(f"{phrase[:1].upper()}{phrase[1:]}.").removesuffix(".")
    if len(words) > _SHORT and NOUNS.get(words[1].lower(), "-") == name.partition("_")[0]:
        words = [NOUNS[words[1].lower()].capitalize(), "the", words[0].lower(), *words[2:]]  # "Model training via X"
        return _if_it_describes(f"{' '.join(words)}.").removesuffix(".")
    if len(words) <= _SHORT and name.partition("_")[0] in VERBS:
        return ""  # ``Feature selection`` says no more than ``select_features``
    return heading_sentence(heading, name).removesuffix(".")


def comment_sentence(comment: str) -> str:
    """Return a comment that says what code does as a sentence."""
    return f"{comment[:1].upper()}{comment[1:].rstrip('.:;, ')}."


def without_questions(comment: str) -> str:
    """Return a comment without what it asks: ``context length: how long is it?`` is ``context length``."""
    if "?" not in comment:
        return comment
    clauses = re.split(r"(?<=[.:;?])\s+", comment)
    return " ".join(clause for clause in clauses if not clause.endswith("?")).rstrip(".:; ")


def without_number(heading: str) -> str:
    """Return a heading without its number: ``2.1 Model`` and ``Step 2: Model`` are ``Model``."""
    return _NUMBER.sub("", heading) or heading


def _if_it_describes(sentence: str, longest: int = _LONGEST) -> str:
    words = re.findall(r"[a-z0-9']+", sentence.lower().replace("\u2019", "'"))
    talks = (
        not words
        or bool(_TALK & {*words, *(word.partition("'")[0] for word in words)})
        or words[0] in _OPENINGS
        or bool(_CREDITS.search(sentence))
    )
    asks = "?" in sentence or "```" in sentence or sentence.endswith("!")
    return "" if talks or asks or len(sentence) > longest else sentence
