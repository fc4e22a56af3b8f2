"""Break a logical line that is too long, or that its author spread out with a trailing comma.

The rules are those of Black, in their order: split at the last bracket, give each element a line of its own, else put
the expression in parentheses and break it at its operators of lowest priority.
"""

from __future__ import annotations

from collections.abc import Sequence

from reprobook.promote.layout.tokens import (
    CLOSE,
    COMMA,
    DOT,
    OPEN,
    Token,
    break_points,
    chain_dots,
    cut,
    fits,
    has_magic_comma,
    is_literal,
    joined,
    matching,
)

_ASSIGNMENTS = frozenset(
    {"=", *(f"{sign}=" for sign in ("|", "^", "&", "<<", ">>", "+", "-", "*", "/", "//", "%", "@", "**"))}
)


def wrapped(code: str, indent: int) -> list[str]:
    """Break one logical line, given without its indentation, into the lines that Black would write."""
    tokens = cut(code)
    if any("\n" in token.text for token in tokens):
        return [code]  # a text of several lines: its author laid it out
    return [" " * by + text for by, text in _split_statement(tokens, indent)]


Line = tuple[int, str]


def _split_statement(tokens: list[Token], indent: int) -> list[Line]:
    """Break a whole statement, or the header of a compound one."""
    if fits(tokens, indent) and not has_magic_comma(tokens):
        return [(indent, joined(tokens))]
    first = tokens[0].text
    if first in {"def", "class"} or (first == "async" and tokens[1].text == "def"):
        opening = next((at for at, token in enumerate(tokens) if token.text == "("), None)
        return _break_bracket(tokens, opening, indent) if opening is not None else [(indent, joined(tokens))]
    if first == "from":
        start = next(at for at, token in enumerate(tokens) if token.text == "import") + 1
        names = tokens[start:]
        tokens = [*tokens[:start], Token("(", blank=True), Token(names[0].text), *names[1:], Token(")")]
        return _break_bracket(tokens, start, indent)
    start = _expression_start(tokens)
    spread = _spread_annotation(tokens, start, indent)
    return _split_expression(tokens, start, indent) if spread is None else _break_bracket(tokens, spread, indent)


def _spread_annotation(tokens: Sequence[Token], start: int, indent: int) -> int | None:
    """Return the opening bracket of an annotation that is to be spread out.

    Its author did so, with a trailing comma, or else the value, which has no bracket to break at, leaves no room.
    """
    target, value = tokens[:start], tokens[start:]
    opening = next((at for at, token in enumerate(target) if token.text in OPEN), None)
    if opening is None or target[1].text != ":":
        return None
    no_room = not any(token.text in OPEN for token in value) and not fits([*target, Token("(", blank=True)], indent)
    return opening if no_room or target[matching(target)[opening] - 1].text == "," else None


def _expression_start(tokens: Sequence[Token]) -> int:
    """Return where the expression that may be put in parentheses begins: after ``=``, ``return``, ``if`` ..."""
    if tokens[0].text == "for" or (tokens[0].text == "async" and tokens[1].text == "for"):
        return next(at for at, token in enumerate(tokens) if token.text == "in") + 1
    if tokens[0].text == "assert":
        commas = [at for at, priority in break_points(tokens) if priority == COMMA]
        return commas[0] + 1 if commas else 1
    if tokens[0].text in {"return", "if", "elif", "while", "del", "raise", "with", "await", "yield"}:
        return 1
    depth, start = 0, 0
    for at, token in enumerate(tokens):
        depth += (token.text in OPEN) - (token.text in CLOSE)
        if depth == 0 and token.text == "lambda":
            break
        if depth == 0 and token.text in _ASSIGNMENTS:
            start = at + 1
    return start


def _split_expression(tokens: list[Token], start: int, indent: int) -> list[Line]:
    """Break the expression that begins at ``start``: within its last bracket, or in parentheses around it."""
    stop = len(tokens) - (tokens[-1].text == ":")
    inner = tokens[start:stop]
    bracket = _last_bracket(tokens, start, indent)
    delimiters = break_points(inner)
    top = max((priority for _, priority in delimiters), default=None)
    count = sum(priority == top for _, priority in delimiters)
    bare_tuple = top == COMMA
    ends_in_bracket = not delimiters or (count == 1 and top != DOT and _ends_a_group(inner))
    if bracket is not None and ends_in_bracket and not bare_tuple:
        return _break_bracket(tokens, bracket, indent)
    can_wrap = start > 0 and tokens[0].text not in {"with", "await", "del"}
    worth_it = fits(inner, indent + 4) or tokens[0].text == "assert"
    if can_wrap and (delimiters or (bracket is None and worth_it)):
        opening = Token("(", blank=True)
        rest = [opening, Token(inner[0].text), *inner[1:], Token(")"), *tokens[stop:]]
        return _break_bracket([*tokens[:start], *rest], start, indent)
    if bracket is None:
        return [(indent, joined(tokens))]
    return _break_bracket(tokens, bracket, indent)


def _ends_a_group(inner: Sequence[Token]) -> bool:
    """Tell whether an expression ends in a bracket that is no subscript."""
    if inner[-1].text != "]":
        return inner[-1].text in CLOSE
    return is_literal(inner, matching(inner)[len(inner) - 1])


def _last_bracket(tokens: Sequence[Token], start: int, indent: int) -> int | None:
    """Return the opening bracket at which to split: the last whose head fits and that is not empty."""
    pairs = matching(tokens)
    depth = 0
    found: list[int] = []
    for at, token in enumerate(tokens):
        if token.text in OPEN:
            if depth == 0 and pairs[at] > at + 1 and at >= start:
                found.append(at)
            depth += 1
        depth -= token.text in CLOSE
    fitting = [at for at in found if fits(tokens[: at + 1], indent) and fits(tokens[pairs[at] :], indent)]
    return fitting[-1] if fitting else found[-1] if found and not start else None


def _break_bracket(tokens: Sequence[Token], opening: int, indent: int) -> list[Line]:
    """Put what stands in a bracket on lines of its own."""
    closing = matching(tokens)[opening]
    head, body, tail = tokens[: opening + 1], list(tokens[opening + 1 : closing]), tokens[closing:]
    literal = is_literal(tokens, opening) or tokens[0].text == "from"
    invisible = (
        literal
        and opening > 0
        and tokens[opening].text == "("
        and not any(priority == COMMA for _, priority in break_points(body))
    )
    one_each = (literal and not invisible) or body[-1].text == ","
    definition = tokens[0].text in {"def", "async"}
    if definition and not any(token.text == "," for token in body):
        body.append(Token(","))
        one_each = False  # a comma of our own asks for no more lines
    lines = _split_body(body, indent + 4, explode=one_each, lone_comma=definition)
    tail_lines: list[Line] = [(indent, joined(tail))]
    if not fits(tail, indent):
        later = next((at for at, token in enumerate(tail) if at and token.text in OPEN), None)
        if later is not None and matching(tail)[later] > later + 1:
            tail_lines = _break_bracket(tail, later, indent)
    return [(indent, joined(head)), *lines, *tail_lines]


def _split_body(body: list[Token], indent: int, *, explode: bool, lone_comma: bool) -> list[Line]:
    """Break what stands in a bracket: in one line if it fits, else at its delimiters."""
    delimiters = break_points(body)
    top = max((priority for _, priority in delimiters), default=None)
    if fits(body, indent) and not has_magic_comma(body) and not (explode and top == COMMA):
        return [(indent, joined(body))]
    if top == COMMA or (lone_comma and top in {None, DOT}):
        return _one_each(body, [at for at, priority in delimiters if priority == COMMA], indent)
    if not delimiters or (top == DOT and not chain_dots(body)):
        return _split_inside(body, indent)
    starts = [0, *(at for at, priority in delimiters if priority == top and at)]
    parts = [body[begin:end] for begin, end in zip(starts, [*starts[1:], len(body)], strict=True)]
    return [line for part in parts for line in _split_part(part, indent)]


def _one_each(body: list[Token], commas: Sequence[int], indent: int) -> list[Line]:
    """Give each element a line and every line a comma."""
    starts = [0, *(at + 1 for at in commas)]
    parts = [body[begin:end] for begin, end in zip(starts, [*commas, len(body)], strict=True)]
    lines: list[Line] = []
    for part in filter(None, parts):
        element = _split_part([*part, Token(",")], indent)
        lines += element
    return lines


def _split_part(part: list[Token], indent: int) -> list[Line]:
    if fits(part, indent) and not has_magic_comma(part):
        return [(indent, joined(part))]
    return _split_inside(part, indent)


def _split_inside(part: list[Token], indent: int) -> list[Line]:
    """Break an element that is still too long: at the operators that stand bare in it, else in its last bracket."""
    trailing = part[-1:] if part[-1].text == "," else []
    inner = part[: len(part) - len(trailing)]
    bracket = _last_bracket(part, 0, indent)
    delimiters = [priority for _, priority in break_points(inner) if priority != COMMA]
    top = max(delimiters, default=None)
    if top is not None and (bracket is None or delimiters.count(top) > 1):
        starts = [0, *(at for at, priority in break_points(inner) if priority == top)]
        pieces = [inner[begin:end] for begin, end in zip(starts, [*starts[1:], len(inner)], strict=True)]
        pieces[-1] = [*pieces[-1], *trailing]
        return [line for piece in pieces for line in _split_part(piece, indent)]
    if bracket is None:
        return [(indent, joined(part))]
    return _break_bracket(part, bracket, indent)
