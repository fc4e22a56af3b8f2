"""The journal of a sweep, ``trials.jsonl``: a line for each trial that is proposed, each run of it, and each result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from reprobook.errors import InputError, IntegrityError
from reprobook.header import decode
from reprobook.runs import JsonLines
from reprobook.runs.files import RESTORE
from reprobook.runs.model import json_number, readable
from reprobook.sweep.model import Trial
from reprobook.sweep.study import Told

_TRIALS = TypeAdapter(list[Trial], config=ConfigDict(defer_build=True))


class Journal:
    """Appends to the journal and reads it; a line that a crash has torn is as if it had never been written.

    On the disk is every trial that has ended. One whose proposal was lost to a power loss is proposed again as it was,
    and its runs are found in the store.
    """

    def __init__(self, path: Path) -> None:
        self._lines = JsonLines(path, durable=False)
        self._place = f"{path.parent.name}/{path.name}"

    def proposed(self, number: int, parameters: Mapping[str, Any]) -> None:
        """Note what a trial is to be."""
        self._lines.append({"event": "proposed", "number": number, "parameters": readable(dict(parameters))})

    def run(self, number: int, seed_index: int, run_id: str) -> None:
        """Note that a run of a trial has begun."""
        self._lines.append({"event": "run", "number": number, "seed_index": seed_index, "run_id": run_id})

    def ended(self, told: Told) -> None:
        """Note what became of a trial: nothing more will happen to it."""
        trial = told.trial
        self._lines.append(
            {
                "event": "ended",
                "number": trial.number,
                "state": trial.state,
                "value": trial.value,
                "values": list(trial.values),
                "run_ids": list(trial.run_ids),
                "cached": trial.cached,
                "step": trial.step,
                "duration_s": round(trial.duration_s, 3),
                "error": trial.error,
                "curve": [[step, json_number(value)] for step, value in told.curve],
                "rungs": {name: json_number(value) for name, value in told.rungs.items()},
            }
        )
        self._lines.sync()

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()

    def read(self) -> dict[int, Told]:
        """Return all trials by number, as far as the journal knows of them.

        Raises:
            IntegrityError: If a whole line is not what a driver wrote.
        """
        try:
            found = self._trials()
            _TRIALS.validate_python([asdict(told.trial) for told in found.values()])
        except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
            msg = f"{self._place}: the journal of the sweep was edited ({type(error).__name__})"
            raise IntegrityError(msg, hint=RESTORE) from error
        return found

    def _trials(self) -> dict[int, Told]:
        found: dict[int, Told] = {}
        runs: dict[int, dict[int, str]] = {}
        for line in self._lines.read().records:
            number = line["number"]
            if line["event"] == "proposed":
                found.setdefault(number, Told(Trial(number=number, parameters=decode(line["parameters"]))))
            elif line["event"] == "run":
                # The last one of each seed: those before it were killed.
                runs.setdefault(number, {})[line["seed_index"]] = line["run_id"]
                ids = tuple(run_id for _, run_id in sorted(runs[number].items()))
                found[number] = Told(replace(found[number].trial, state="running", run_id=ids[0], run_ids=ids))
            else:
                found[number] = _ended(line, found[number].trial)
        return dict(sorted(found.items()))


def _ended(line: dict[str, Any], before: Trial) -> Told:
    """Return a trial as its last line describes it."""
    trial = replace(
        before,
        state=line["state"],
        value=line["value"],
        values=tuple(line["values"]),
        run_id=next(iter(line["run_ids"]), None),
        run_ids=tuple(line["run_ids"]),
        cached=line["cached"],
        step=line["step"],
        duration_s=line["duration_s"],
        error=line["error"],
    )
    curve = tuple((step, float(value)) for step, value in line["curve"])
    return Told(trial, curve, {name: float(value) for name, value in line["rungs"].items()})
