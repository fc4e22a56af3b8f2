"""Where a run's time and memory go, cell by cell, and which knob to turn; measuring changes no result."""

from reprobook.profile.model import PROFILE, CellProfile, Profile, Verdict
from reprobook.profile.shell import ShellProfile
from reprobook.profile.verdict import judge

__all__ = ["PROFILE", "CellProfile", "Profile", "ShellProfile", "Verdict", "judge"]
