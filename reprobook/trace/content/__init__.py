"""Content digests of any value, without running the code of its type."""

from reprobook.trace.content.digester import DEFAULT_BUDGET, Digester
from reprobook.trace.model import ValueDigest

__all__ = ["DEFAULT_BUDGET", "Digester", "digest_value"]


def digest_value(value: object, *, budget: int = DEFAULT_BUDGET) -> ValueDigest:
    """Digest the content of one value.

    Equal content gives equal digests in any process on any machine of the same byte order; see
    ``reprobook/trace/content/digester.py`` for what counts as content.

    Args:
        value: Any object; none of its code is run, and it is not changed.
        budget: Bytes of content above which a deterministic sample is digested.
    """
    return Digester(budget=budget).digest(value)
