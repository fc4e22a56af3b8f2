"""Make the casebook importable: it lies beside the tests, as the harness is a script of its own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
