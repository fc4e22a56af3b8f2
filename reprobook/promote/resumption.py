"""The proof that a script goes on: it is killed after a checkpoint, resumed, killed again, and resumed to its end."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

from reprobook.errors import ExecutionError
from reprobook.execute.checkpoint import KILL_AFTER, SECONDS
from reprobook.execute.script import JobRequest, run_script, start_script
from reprobook.promote.proof import proving_ground
from reprobook.promote.recipe import Recipe

# After how many checkpoints of its own each process is killed: the second one was resumed itself.
_KILLS = (1, 2)


def prove_resumption(folder: Path, recipe: Recipe) -> tuple[bool | None, str]:
    """Kill the script (SIGKILL) and resume it, twice; return whether the result is that of the notebook, and why not.

    None if nothing was tried: it wrote no checkpoint, or there is no result to tell by.
    """
    if not recipe.trace.sinks:
        return None, "the notebook logs and shows no result that a resumed script could be compared by"
    with proving_ground(folder, recipe) as request:
        kills = 0
        for after in _KILLS:
            if not _is_killed(request, after, resume=bool(kills)):
                break
            kills += 1
        if not kills:
            return None, "it came to its end before a checkpoint was written"
        try:
            result = run_script(replace(request, arguments=("--resume",)))
        except ExecutionError as error:
            return False, f"resumed after SIGKILL, the script fails: {error}"
    if result["result_digest"] != recipe.record.result_digest:
        return False, "killed and resumed, the script gives another result_digest than the notebook"
    return True, ""


def _is_killed(request: JobRequest, after: int, *, resume: bool) -> bool:
    """Let the script be killed right after it wrote so many checkpoints; False if it does not write as many."""
    process = replace(
        request,
        arguments=("--resume",) if resume else (),
        environment={SECONDS: "0", KILL_AFTER: str(after)},
    )
    return start_script(process).returncode == -signal.SIGKILL
