"""Whether rows were divided as a spec says, and whether its leakage risks are those that were found."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reprobook.spec.finding import Finding, judged, unobserved
from reprobook.spec.model import Split
from reprobook.spec.observed import Observed

# What scikit-learn's dividers stand for.
_DIVIDERS = {
    "StratifiedKFold": "stratified",
    "StratifiedShuffleSplit": "stratified",
    "RepeatedStratifiedKFold": "stratified",
    "GroupKFold": "entity",
    "GroupShuffleSplit": "entity",
    "LeaveOneGroupOut": "entity",
    "StratifiedGroupKFold": "entity",
    "TimeSeriesSplit": "time",
    "KFold": "random",
    "ShuffleSplit": "random",
    "random_split": "random",
}
# Rows are few: shares are met up to rounding, those of a hash up to chance.
_ROUNDING, _CHANCE = 0.02, 4.0


def check_split(split: Split, run: Observed) -> Iterator[Finding]:
    """Yield findings on strategy, shares and leakage."""
    if split.strategy:
        yield _strategy(split.strategy, run)
    if split.parts:
        yield from _parts(split.parts, run)
    if split.leakage_risks or run.splits:
        yield from _leakage(split, run)


def _strategy(declared: str, run: Observed) -> Finding:
    entry = "split.strategy"
    seen = {f"rb.split {name!r}": str(made["by"]) for name, made in run.splits.items()} or _dividers(run)
    if not seen:
        return unobserved(
            entry, f"{declared} is declared; the run used neither rb.split nor a divider of scikit-learn."
        )
    kept = all(how == declared for how in seen.values())
    said = ", ".join(f"{how} ({place})" for place, how in seen.items())
    return judged(entry, f"The division is {said}, {'as' if kept else f'not {declared} as'} declared.", kept=kept)


def _dividers(run: Observed) -> dict[str, str]:
    """Return how the source divides rows, by where."""
    found: dict[str, str] = {}
    for call in run.calls:
        how = _DIVIDERS.get(call.short)
        if call.short == "train_test_split":
            plain = "given" if call.options.get("shuffle") is False else "random"
            how = "stratified" if "stratify" in call.given and call.options.get("stratify", 1) is not None else plain
        if how:
            found[f"{call.short} in code cell [{call.cell}]"] = how
    return found


def _parts(declared: dict[str, float], run: Observed) -> Iterator[Finding]:
    """Compare the shares with what came of the division."""
    entry = "split.parts"
    if not run.splits:
        yield unobserved(entry, "shares are declared; only what rb.split divides is counted.")
    for name, made in run.splits.items():
        sizes = {part: len(each["rows"]) for part, each in made["parts"].items()}
        rows = sum(sizes.values()) or 1
        said = ", ".join(f"{part} {size / rows:.3g}" for part, size in sizes.items())
        kept = sizes.keys() == declared.keys() and all(
            abs(sizes[part] / rows - share) <= _ROUNDING + _CHANCE * math.sqrt(share * (1 - share) / rows)
            for part, share in declared.items()
        )
        wanted = ", ".join(f"{part} {share:g}" for part, share in declared.items())
        text = f"rb.split {name!r} gave {said} of {rows} rows{', as' if kept else f'; {wanted} is'} declared."
        yield judged(entry, text, kept=kept)


def _leakage(split: Split, run: Observed) -> Iterator[Finding]:
    """Say what leaks, and whether the spec knew of it."""
    entry = "split.leakage_risks"
    if not run.splits:
        yield unobserved(entry, f"{len(split.leakage_risks)} named; only rb.split looks for leakage.")
    for name, made in run.splits.items():
        texts = [str(leak["text"]) for leak in made["leakage"]["found"]]
        if not texts:
            yield Finding(entry=entry, state="kept", text=f"rb.split {name!r} looked for leakage and found none.")
        for text in texts:
            if split.leakage_risks:
                yield Finding(entry=entry, state="risk", text=f"rb.split {name!r}: {text}. Is that the named risk?")
            else:
                yield judged(entry, f"rb.split {name!r}: {text}; the spec names no risk.", kept=False)
