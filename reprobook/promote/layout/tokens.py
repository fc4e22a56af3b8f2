"""The tokens of a logical line, and the places where it may break."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 88  # Black's and ruff's default, so that a job needs no setting for them

OPEN, CLOSE = frozenset("([{"), frozenset(")]}")
COMMA, _TERNARY, COMPREHENSION, _LOGIC, _NOT, TEXTS, _COMPARE = 18, 16, 20, 14, 12, 12, 10
OPERATORS = {"|": 9, "^": 8, "&": 7, "<<": 6, ">>": 6, "+": 5, "-": 5, "*": 4, "/": 4, "//": 4, "%": 4, "@": 4}
OPERATORS |= {"**": 1} | dict.fromkeys(("<", ">", "==", "!=", "<=", ">="), _COMPARE)
_WORDS = {"or": _LOGIC, "and": _LOGIC, "if": _TERNARY, "else": _TERNARY, "in": _COMPARE, "is": _COMPARE}
DOT = 0


@dataclass(frozen=True)
class Token:
    """A piece of source and whether a blank stands before it."""

    text: str
    blank: bool = False


def cut(code: str) -> list[Token]:
    """Cut a line into tokens; an f-string is one token in every Python."""
    tokens: list[Token] = []
    end, depth, start = 0, 0, 0
    flat = io.StringIO(code).readline
    lines = code.splitlines(keepends=True) or [""]
    offsets = [sum(map(len, lines[:row])) for row in range(len(lines) + 1)]
    for token in tokenize.generate_tokens(flat):
        kind = tokenize.tok_name[token.type]
        if kind in {"NEWLINE", "NL", "ENDMARKER", "INDENT", "DEDENT"}:
            continue
        begin = offsets[token.start[0] - 1] + token.start[1]
        stop = offsets[token.end[0] - 1] + token.end[1]
        if kind == "FSTRING_START":
            depth, start = depth + 1, start if depth else begin
        if kind == "FSTRING_END":
            depth -= 1
            begin = start
        if not depth:
            after = tokens[-1].text if tokens else "("
            blank = begin > end and after not in OPEN and code[begin:stop] not in CLOSE
            tokens.append(Token(code[begin:stop], blank))
            end = stop
    return tokens


def joined(tokens: Sequence[Token]) -> str:
    """Return the tokens as one line."""
    return "".join(f" {token.text}" if token.blank else token.text for token in tokens).strip()


def fits(tokens: Sequence[Token], indent: int) -> bool:
    """Tell whether the tokens fit a line at this indentation."""
    return indent + len(joined(tokens)) <= WIDTH


def matching(tokens: Sequence[Token]) -> dict[int, int]:
    """Map the position of each bracket to that of its partner; one whose partner stands on a line above has none."""
    pairs: dict[int, int] = {}
    stack: list[int] = []
    for at, token in enumerate(tokens):
        if token.text in OPEN:
            stack.append(at)
        elif token.text in CLOSE and stack:
            opening = stack.pop()
            pairs[opening], pairs[at] = at, opening
    return pairs


def has_magic_comma(tokens: Sequence[Token]) -> bool:
    """Tell whether a bracket ends with a comma that asks for one element a line."""
    pairs = matching(tokens)
    for at, token in enumerate(tokens[:-1]):
        if token.text != "," or tokens[at + 1].text not in CLOSE:
            continue
        opening = pairs[at + 1]
        lone = not any(priority == COMMA for _, priority in break_points(tokens[opening + 1 : at]))
        subscript_or_tuple = tokens[opening].text == "[" or is_literal(tokens, opening)
        # The comma of ``(x,)`` and of ``a[x,]`` makes the tuple; that of ``[x,]`` asks for lines.
        if not (lone and subscript_or_tuple) or (tokens[opening].text in {"[", "{"} and is_literal(tokens, opening)):
            return True
    return False


def is_literal(tokens: Sequence[Token], opening: int) -> bool:
    """Tell a list, tuple, set or dict from the brackets of a call or subscript."""
    if opening == 0:
        return True
    before = tokens[opening - 1].text
    return keyword.iskeyword(before) or not (before[-1].isalnum() or before[-1] in "_)]}\"'")


def break_points(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Return (position, priority) of the operators outside any bracket; a line breaks before them, after commas."""
    found: list[tuple[int, int]] = []
    depth = lambdas = comprehensions = 0
    dots = chain_dots(tokens)
    for at, token in enumerate(tokens):
        depth += (token.text in OPEN) - (token.text in CLOSE)
        if depth or token.text in CLOSE:
            continue
        lambdas += token.text == "lambda"
        if lambdas:  # a lambda is not broken inside
            lambdas -= token.text == ":"
            continue
        comprehensions += token.text == "for"
        priority = DOT if at in dots else _priority(tokens, at, in_comprehension=comprehensions > 0)
        if priority is not None and (at or priority == COMMA):
            found.append((at, priority))
    return found


def _priority(tokens: Sequence[Token], at: int, *, in_comprehension: bool) -> int | None:
    """Return how loosely the operator at a position binds; None if it is no operator."""
    word = tokens[at].text
    previous = tokens[at - 1].text if at else "("
    following = tokens[at + 1].text if at + 1 < len(tokens) else ")"
    if word == ",":
        return COMMA
    if _is_text(word) and _is_text(previous):
        return TEXTS
    if word in {"for", "async"}:
        return None if previous == "async" else COMPREHENSION
    if word == "if" and in_comprehension:
        return COMPREHENSION
    if word == "not":
        return _COMPARE if following == "in" else None if previous == "is" else _NOT
    if word == "in" and (previous == "not" or _belongs_to_for(tokens, at)):
        return None
    if word in OPERATORS:
        return None if _is_operator(previous) else OPERATORS[word]
    return _WORDS.get(word)


def _is_text(token: str) -> bool:
    """Tell a literal text: two in a row are one, in parts."""
    return token[-1] in "\"'"


def _belongs_to_for(tokens: Sequence[Token], at: int) -> bool:
    depth = 0
    for token in reversed(tokens[:at]):
        depth += (token.text in CLOSE) - (token.text in OPEN)
        if depth == 0 and token.text in {"in", "if", "or", "and", "else"}:
            return False
        if depth == 0 and token.text == "for":
            return True
    return False


def _is_operator(text: str) -> bool:
    """Tell whether what follows is the operand of a sign (``-x``), not of a binary operator."""
    word = keyword.iskeyword(text) and text not in {"True", "False", "None"}
    return word or text in OPERATORS or text in OPEN or text in {",", "=", ":", ":="}


def chain_dots(tokens: Sequence[Token]) -> set[int]:
    """Return the dots of a chain with at least two calls, which Black breaks one call a line."""
    depth, dots = 0, []
    for at, token in enumerate(tokens):
        depth += (token.text in OPEN) - (token.text in CLOSE)
        if depth == 0 and token.text == "." and at:
            dots.append(at)
    if dots[:1] == [1] and tokens[0].text.isidentifier():
        dots = dots[1:]  # what is called on a plain name stays with it: ``frame.dropna()`` begins the chain
    called = [at for at in dots if at + 2 < len(tokens) and tokens[at + 2].text in {"(", "["}]
    return set(dots) if len(called) > 1 else set()
