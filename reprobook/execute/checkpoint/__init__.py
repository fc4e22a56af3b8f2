"""Checkpoints of training loops: a promoted script that was killed goes on, to the same bits."""

from reprobook.execute.checkpoint.ledger import KILL_AFTER, SECONDS, Ledger
from reprobook.execute.checkpoint.loop import Checkpoint

__all__ = ["KILL_AFTER", "SECONDS", "Checkpoint", "Ledger"]
