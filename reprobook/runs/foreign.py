"""Runs that came from elsewhere: marked as such, and not executed until somebody says that they are trusted."""

from __future__ import annotations

from reprobook.errors import UntrustedError
from reprobook.runs.model import RunRecord
from reprobook.runs.seal import RECORD

_EXECUTED, _SOURCE = "executed.ipynb", "source.ipynb"


def as_foreign(record: RunRecord, origin: str) -> RunRecord:
    """Return the record of an imported run: it belongs to nothing in this store, and names no path of this machine."""
    notebook = _EXECUTED if _EXECUTED in record.files else _SOURCE
    place = f"/{RECORD}"  # a folder that is nowhere: what is below it moves with the run
    return record.model_copy(
        update={
            "foreign": origin,
            "owner": None,
            "parent": None,
            "trial": None,
            "source": None,
            "run_dir": place,
            "notebook": f"{place}/{notebook}",
        }
    )


def check_trust(record: RunRecord, *, trust: bool) -> None:
    """Refuse to execute the code of an imported run, unless it is trusted.

    Raises:
        UntrustedError: If it is not; names where the run came from.
    """
    if record.foreign is not None and not trust:
        msg = f"run {record.run_id} was imported from {record.foreign}; this would execute its code"
        raise UntrustedError(msg, hint="Read its source.ipynb. If you trust it: the same command with --trust.")
