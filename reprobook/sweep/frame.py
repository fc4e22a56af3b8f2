"""The trials of a sweep as a pandas DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobook.sweep.model import SweepRecord

if TYPE_CHECKING:
    import pandas as pd

_LAST = ("duration_s", "step", "cached", "run_id", "error")


def trials_frame(record: SweepRecord) -> pd.DataFrame:
    """Return one row a trial: number (the index), state, the metric, its deviation over seeds, the parameters, the run.

    A parameter that a trial did not vary is missing in its row.
    """
    import pandas as pd  # noqa: PLC0415 - takes a second to import

    metric, several = record.options.metric, record.options.seeds > 1
    rows = [
        {
            "number": trial.number,
            "state": trial.state,
            metric: trial.value,
            **({f"{metric}_std": trial.deviation} if several else {}),
            **{name: trial.parameters.get(name) for name in record.options.spaces},
            **{name: getattr(trial, name) for name in _LAST},
        }
        for trial in record.trials
    ]
    names = ["number", "state", metric, *([f"{metric}_std"] if several else []), *record.options.spaces, *_LAST]
    frame = pd.DataFrame(rows, columns=list(dict.fromkeys(names)))
    return frame.set_index("number")
