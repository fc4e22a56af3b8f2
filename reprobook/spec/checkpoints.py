"""Whether a run kept of the model what its spec says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from reprobook.spec.evaluation import rhythm
from reprobook.spec.finding import Finding, judged, unobserved
from reprobook.spec.model import Checkpoints
from reprobook.spec.observed import Observed, Steps

_RUN = "run"


def check_checkpoints(checkpoints: Checkpoints, run: Observed) -> Iterator[Finding]:
    """Yield findings on what was saved, how often, and where."""
    for name in checkpoints.what:
        steps = _saved(name, run)
        if steps is None:
            yield _missing(name, run)
            continue
        times = "once" if len(steps) == 1 else f"{len(steps)} times"
        yield judged("checkpoints.what", f"{name} was saved {times}.", kept=True)
        if checkpoints.every:
            yield _often(name, checkpoints.every, steps, run)
    if checkpoints.where:
        yield _where(checkpoints, run)


def _saved(name: str, run: Observed) -> Steps | None:
    """Return the steps at which something was saved; a file of that name counts too."""
    if name in run.saved:
        return run.saved[name]
    files = [path for path in run.written if PurePath(path).stem == name]
    return (None,) * len(files) if files else None


def _missing(name: str, run: Observed) -> Finding:
    entry = "checkpoints.what"
    if not run.traced and not run.saved:
        return unobserved(entry, f"{name} is declared; the run recorded no cells.")
    others = ", ".join(sorted({*run.saved, *(PurePath(path).name for path in run.written)}))
    return judged(entry, f"{name} was never saved{f'; saved were {others}' if others else ''}.", kept=False)


def _often(name: str, every: str, steps: Steps, run: Observed) -> Finding:
    entry = "checkpoints.every"
    said = f"{name} was saved {'once' if len(steps) == 1 else f'{len(steps)} times'}"
    if every == "end":
        kept = len(steps) == 1
        return judged(entry, f"{said}{', as' if kept else '; the end alone is'} declared.", kept=kept)
    if every == "best":
        return unobserved(entry, f"{said}; whether each time it was the best so far does not show.")
    return rhythm(entry, said, every, steps, run)


def _where(checkpoints: Checkpoints, run: Observed) -> Finding:
    """Check the place: the run's artifacts, or a folder."""
    entry, where = "checkpoints.where", checkpoints.where or ""
    if where == _RUN:
        kept = any(name in run.saved for name in checkpoints.what) or (not checkpoints.what and bool(run.saved))
        text = "Saved with the run, as declared." if kept else "Nothing of it was saved with the run (rb.save)."
        return judged(entry, text, kept=kept)
    if "://" in where:
        return unobserved(entry, f"{where} is declared; what goes to other machines is not seen.")
    inside = sorted(path for path in run.written if PurePath(path).is_relative_to(where))
    if not inside and not run.traced:
        return unobserved(entry, f"{where} is declared; the run recorded no cells.")
    text = f"{inside[0]} was written" if inside else f"No cell wrote a file below {where}"
    return judged(entry, f"{text}{', as' if inside else ', though that is'} declared.", kept=bool(inside))
