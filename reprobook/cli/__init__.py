"""The command line: parse, call, render."""

from reprobook.cli.app import main

__all__ = ["main"]
