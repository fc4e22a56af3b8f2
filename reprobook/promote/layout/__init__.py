"""The layout of a generated script: what ``ruff format`` and Black agree on, without needing either."""

from reprobook.promote.layout.source import formatted, same_code

__all__ = ["formatted", "same_code"]
