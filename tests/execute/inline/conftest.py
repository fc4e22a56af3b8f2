"""Make the notebooks importable: those of this folder, and the casebook."""

import sys
from pathlib import Path

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "cases")]
