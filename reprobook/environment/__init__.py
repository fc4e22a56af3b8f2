"""The environment of a recorded run: locked with its wheels, compared with another, and made again."""

from reprobook.environment.index import IndexOptions
from reprobook.environment.interpreter import Interpreter, read_interpreter, this_interpreter
from reprobook.environment.lock import Lock, lock_environment
from reprobook.environment.mismatch import Mismatch, install_command, mismatches, restore_hint
from reprobook.environment.restore import Restored, restore

__all__ = [
    "IndexOptions",
    "Interpreter",
    "Lock",
    "Mismatch",
    "Restored",
    "install_command",
    "lock_environment",
    "mismatches",
    "read_interpreter",
    "restore",
    "restore_hint",
    "this_interpreter",
]
