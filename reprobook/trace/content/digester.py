"""Walk a value and digest its content.

The digest of a node is a BLAKE3 hash over its kind, its own content and the digests of its children, so it depends
on content alone: not on addresses, hash seeds or memory layout, and not on whether two equal parts are one object.

- The walk keeps its own stack: no nesting is too deep.
- A reference to a value that is still being walked becomes the distance up to it. Inside such a cycle, a second visit
  becomes the number of the first, which keeps the walk linear.
- Members of a set are walked each in a scope of its own, so that nothing depends on the order they come in.
- Work is bounded by a budget of bytes. What exceeds it is sampled: by position, never by chance or by clock.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from blake3 import blake3

from reprobook.trace.content.anatomy import identity
from reprobook.trace.content.builtin_values import HANDLERS, scalar_summary
from reprobook.trace.content.parts import Parts, bytes_content, encode, is_scalar
from reprobook.trace.content.registry import Registry, opaque_parts
from reprobook.trace.model import ValueDigest

DEFAULT_BUDGET = 2 * 2**30
# Walking a node takes about as long as hashing this many bytes.
_NODE_COST = 4096
_PARALLEL_FROM = 4 * 2**20
_SAMPLED_CHILDREN = 65536
_NO_ANCESTOR = 2**62
_LONGEST_TOKEN = 256
_SUMMARY_LENGTH = 80

_registry = Registry(HANDLERS)


class _Token(NamedTuple):
    """What a node contributes to its parent.

    Attributes:
        data: A digest, a distance or a number; the first byte says which. Short scalars stand beside them, encoded;
            theirs is a letter.
        low: Depth of the outermost ancestor that it refers back to.
        pure: No cycle and no cut inside: the same wherever the node stands.
        opaque: Some content is not covered.
        sampled: Some content was only sampled.
        cut: The budget ran out inside, so what was sampled depends on what came before.
    """

    data: bytes = b""
    low: int = _NO_ANCESTOR
    pure: bool = True
    opaque: bool = False
    sampled: bool = False
    cut: bool = False


class _Known(NamedTuple):
    """A node that was walked. ``value`` keeps the object alive, so that its id stays its own."""

    value: object
    token: _Token
    kind: str
    summary: str
    cost: int
    ancestor: int = 0


class _Frame:
    """A node whose children are being walked."""

    __slots__ = ("children", "hasher", "parts", "scope", "spent", "token", "tokens", "value")

    def __init__(self, value: object, parts: Parts, hasher: Any, token: _Token) -> None:
        self.value = value
        self.parts = parts
        self.hasher = hasher
        self.token = token
        self.children = iter(parts.children)
        self.tokens: list[bytes] = []
        self.scope: dict[int, _Known] = {}
        self.spent = 0

    def add(self, child: _Token) -> None:
        """Take in the token of a child."""
        self.tokens.append(child.data)
        if child[1:] == _PLAIN:
            return
        mine = self.token
        self.token = _Token(
            low=min(mine.low, child.low),
            pure=mine.pure and child.pure,
            opaque=mine.opaque or child.opaque,
            sampled=mine.sampled or child.sampled,
            cut=mine.cut or child.cut,
        )


_PLAIN = _Token()[1:]


class Digester:
    """Digests values of one moment: what two values share is walked once.

    Use a new one as soon as user code may have run: it remembers objects, not their changes.

    Args:
        budget: Bytes of content per value; above it a deterministic sample is digested.
    """

    def __init__(self, *, budget: int = DEFAULT_BUDGET) -> None:
        self._budget = budget
        self._memo: dict[int, _Known] = {}
        _registry.attach_loaded()

    def digest(self, value: object) -> ValueDigest:
        """Digest the content of a value."""
        return self.measured(value)[0]

    def measured(self, value: object) -> tuple[ValueDigest, int]:
        """Digest the content of a value; return the work it took too, in bytes hashed or as good as hashed."""
        root = value
        if is_scalar(value):
            data = encode(value)
            root = Parts(type(value).__name__, content=bytes_content(data), summary=scalar_summary(value))
        token, kind, summary, cost = _Walk(self._memo, self._budget).run(root)[1:5]
        digest = ValueDigest(
            digest=blake3(token.data).hexdigest(),
            kind=f"sampled:{kind}" if token.sampled else kind,
            opaque=token.opaque,
            summary=summary[:_SUMMARY_LENGTH],
        )
        return digest, cost


class _Walk:
    """One walk from one root."""

    def __init__(self, memo: dict[int, _Known], budget: int) -> None:
        self._memo = memo
        self._budget = budget
        self._spent = 0
        self._stack: list[_Frame] = []
        self._depths: dict[int, int] = {}
        # What was walked below the innermost set, or below the root: cycles and cuts included.
        self._scope: dict[int, _Known] = {}

    def run(self, root: object) -> _Known:
        """Walk the root."""
        if known := self._recall(root):
            return known
        self._enter(root)
        while True:
            frame = self._stack[-1]
            for child in frame.children:
                if not frame.parts.ordered:
                    self._scope = {}
                if is_scalar(child):
                    data = encode(child)
                    if len(data) <= _LONGEST_TOKEN:
                        frame.tokens.append(data)
                        continue
                    child = Parts("scalar", content=bytes_content(data))  # noqa: PLW2901  # long: it may be sampled
                if known := self._recall(child):
                    frame.add(known.token)
                else:
                    self._enter(child)
                    break
            else:
                known = self._leave(self._stack.pop())
                if not self._stack:
                    return known
                self._stack[-1].add(known.token)

    def _recall(self, value: object) -> _Known | None:
        """Return a value that was met before and may be taken as it was, if any."""
        key = identity(value)
        if (depth := self._depths.get(key)) is not None:
            up = _Token(b"\2" + encode(len(self._stack) - depth), low=depth, pure=False)
            return _Known(value, up, "", "", 0)
        # With too little budget left it must be walked again, to be cut where a first walk would be.
        if (known := self._memo.get(key)) and self._spent + known.cost <= self._budget:
            self._spent += known.cost
            return known
        if known := self._scope.get(key):
            low = self._depths.get(known.ancestor, _NO_ANCESTOR)
            return known._replace(token=known.token._replace(low=low))
        return None

    def _enter(self, value: object) -> None:
        """Take a value apart and put it on the stack."""
        cls = type(value)
        try:
            parts = value if type(value) is Parts else _registry.describe(value)
            frame = self._opened(value, parts)
        # A user's object, or a library's in an odd state: whatever it raises, the cell must not notice.
        except Exception:  # noqa: BLE001
            frame = self._opened(value, opaque_parts(cls))
        frame.scope, frame.spent = self._scope, self._spent
        content = frame.parts.content
        self._spent += _NODE_COST + (content.nbytes if content else 0)
        self._depths[identity(value)] = len(self._stack)
        self._stack.append(frame)

    def _opened(self, value: object, parts: Parts) -> _Frame:
        """Hash what a node has of its own, as far as the budget goes."""
        left = self._budget - self._spent - _NODE_COST
        size = parts.content.nbytes if parts.content else 0
        work = size + len(parts.children) * _NODE_COST
        sampled, cut = work > left, self._budget - _NODE_COST >= work > left
        hasher: Any = blake3(max_threads=blake3.AUTO) if size >= _PARALLEL_FROM else blake3()
        hasher.update(encode((parts.kind, parts.data, size, len(parts.children), sampled)))
        if parts.content and left > 0:
            for chunk in parts.content.sample() if sampled else parts.content.whole():
                hasher.update(chunk)
        token = _Token(pure=not cut, opaque=parts.opaque, sampled=sampled, cut=cut or left <= 0)
        if sampled:
            # Which members of a set come first is chance: none of them is taken.
            children = _spaced(parts.children) if parts.ordered and left > 0 else ()
            parts = parts._replace(content=None, children=children)
        return _Frame(value, parts, hasher, token)

    def _leave(self, frame: _Frame) -> _Known:
        """Hash the children of a node, and remember it."""
        depth, key, token = len(self._stack), identity(frame.value), frame.token
        del self._depths[key]
        if frame.parts.ordered:
            frame.hasher.update(encode(frame.tokens))
        elif token.cut:
            # Which members the budget was spent on is chance too.
            self._spent = self._budget
        else:
            frame.hasher.update(encode(sorted(frame.tokens)))
        self._scope = frame.scope
        closed = token.low >= depth
        low = _NO_ANCESTOR if closed else token.low
        token = _Token(b"\1" + frame.hasher.digest(), low, token.pure, token.opaque, token.sampled, token.cut)
        known = _Known(frame.value, token, frame.parts.kind, frame.parts.summary, self._spent - frame.spent)
        if type(frame.value) is Parts:
            return known
        if token.pure:
            self._memo[key] = known
        elif closed:
            self._scope[key] = known
        else:
            ancestor = identity(self._stack[token.low].value)
            number = b"\3" + encode(len(self._scope))
            self._scope[key] = known._replace(token=token._replace(data=number), ancestor=ancestor)
        return known


def _spaced(children: Any) -> list[object]:
    """Return evenly spaced children, the first and the last among them."""
    last = len(children) - 1
    if last < _SAMPLED_CHILDREN:
        return list(children)
    return [children[last * number // (_SAMPLED_CHILDREN - 1)] for number in range(_SAMPLED_CHILDREN)]
