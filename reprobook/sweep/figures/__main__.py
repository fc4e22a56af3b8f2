"""Draw figures for another process: ``python -m reprobook.sweep.figures STORE``.

A panel lives in the user's kernel, where matplotlib and Optuna must neither be imported nor cost time. So it asks here:
a line ``FIGURE SWEEP_ID`` on standard input, a line of JSON with ``svg`` or ``error`` on standard output. The end of
the input, which comes with the end of the kernel, ends this process.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from reprobook.runs import Store
from reprobook.sweep.figures import FIGURES, figure_svg
from reprobook.sweep.handle import SweepHandle


def main() -> None:
    """Answer until the input ends."""
    store = Store(Path(sys.argv[1]))
    for line in sys.stdin:
        name, _, sweep_id = line.strip().partition(" ")
        try:
            record = SweepHandle.open(store, sweep_id).record()
            answer = {"svg": figure_svg(FIGURES[name](record, store), f"{sweep_id}-{name}")}
        # The process boundary: whatever is wrong with one figure is said in its place.
        except Exception as error:  # noqa: BLE001
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)  # noqa: T201  # the answer


if __name__ == "__main__":
    main()
