"""Suspects among files: changed data, what an earlier run left behind, and the order of a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from reprobook.ambient import Call, Pins
from reprobook.trace import MISSING
from reprobook.verify.causes.experiments import experiment_for
from reprobook.verify.causes.scene import Scene
from reprobook.verify.pair import Pair
from reprobook.verify.suspect import Experiment, Suspect

_CHECKPOINTS = frozenset({".pt", ".pth", ".ckpt", ".tar", ".safetensors", ".checkpoint"})
_SHORT = 8
# A cell that looks for a file of an earlier run, and goes on from it.
_RESUME = "checkpoint_missing_rng_state"
_RESUMING = (_RESUME, "leftover_file.cache")


def suspects(scene: Scene) -> Iterator[Suspect]:
    """Suspect the files that the cell read, looked for or listed otherwise."""
    if scene.pair is None:
        return
    for path in sorted(scene.pair.files):
        yield _of_file(scene, scene.pair, path)
    for before, after in scene.calls("exists"):
        if before and after and before.is_set is not after.is_set:
            yield _of_presence(scene, after)
    for before, after in scene.calls("listing"):
        if before and after and before.digest != after.digest:
            yield from _of_listing(scene, before, after)
    if any(call for pair in scene.calls("socket") for call in pair):
        yield Suspect(
            cause="data_drift.remote",
            evidence=f"cell {scene.cell} talked to another machine, and what it made of the answer differs",
            fix="Download the data once, keep the file beside the notebook, and check its SHA-256.",
            weight=0.6,
        )


def _of_file(scene: Scene, pair: Pair, path: str) -> Suspect:
    """Suspect a file that was read with another content, or by one side only."""
    before, after = pair.original.files_read.get(path), pair.replay.files_read.get(path)
    changed = f"{path} ({_shown(before)} → {_shown(after)})"
    is_own = path in scene.known.made or (before in {None, MISSING} and _has_hazard(scene, *_RESUMING))
    if is_own and after not in {None, MISSING}:
        return _leftover(scene, path, changed, existed=before not in {None, MISSING})
    if after in {None, MISSING}:
        cause = "cwd_relative_path" if scene.known.moved and before is None else "data_drift.missing_files"
        return Suspect(
            cause=cause,
            evidence=f"cell {scene.cell} found {path} in the recorded run; now it is not read: {changed}",
            fix=f"Restore {path}, or give the folder that holds it with --cwd.",
            weight=0.9,
            experiment=experiment_for("data_drift.missing_files"),
        )
    cause = "data_drift.appended" if path in scene.known.grown else "data_drift.file_changed"
    how = "has rows or bytes added at its end" if cause == "data_drift.appended" else "was changed"
    return Suspect(
        cause=cause,
        evidence=f"cell {scene.cell} reads {path}, which {how} since the run was recorded: {changed}",
        fix=f"Pin the data: read an immutable copy of {path}, and check its SHA-256 before use.",
        weight=0.95,
        experiment=experiment_for(cause),
    )


def _leftover(scene: Scene, path: str, changed: str, *, existed: bool) -> Suspect:
    """Suspect a file that the recorded run itself wrote."""
    if existed:
        cause, fix = "leftover_file.append", f"Open {path} with mode 'w', or remove it at the start of the notebook."
    elif _has_hazard(scene, _RESUME) or (
        PurePosixPath(path).suffix in _CHECKPOINTS and not _has_hazard(scene, "leftover_file.cache")
    ):
        cause = _RESUME
        fix = (
            "Save the states of all random generators (random, NumPy, torch) and of the sampler in the checkpoint, and "
            f"restore them after loading it; or start without {path}."
        )
    else:
        cause = "leftover_file.cache"
        fix = f"Remove {path} before a run, or name the cache by a digest of the data and code that made it."
    return Suspect(
        cause=cause,
        evidence=f"cell {scene.cell} finds {path}, which an earlier run of this notebook wrote: {changed}",
        fix=fix,
        weight=0.96,
        experiment=experiment_for(cause),
    )


def _of_presence(scene: Scene, after: Call) -> Suspect:
    """Suspect a file that is there in one of the runs only."""
    path = after.target
    if after.is_set and path in scene.known.made:
        return _leftover(scene, path, "not there → there", existed=False)
    here, there = ("is there now", "was not") if after.is_set else ("is not there now", "was")
    return Suspect(
        cause="leftover_file.cache" if after.is_set else "data_drift.missing_files",
        evidence=f"cell {scene.cell} looks for {path}, which {here} and {there} when the run was recorded",
        fix=f"Make {path} part of the notebook's inputs, or do without the test.",
        weight=0.85,
        experiment=experiment_for("leftover_file.cache" if after.is_set else "data_drift.missing_files"),
    )


def _of_listing(scene: Scene, before: Call, after: Call) -> Iterator[Suspect]:
    """Suspect a folder that was listed in another order, or with other members."""
    if before.members == after.members:
        yield Suspect(
            cause="fs_order",
            evidence=f"cell {scene.cell} lists {after.target}, whose files are the same in another order",
            fix="Sort the listing: sorted(os.listdir(...)), sorted(glob.glob(...)).",
            weight=0.97 if _has_hazard(scene, "fs_order") or not after.via else 0.6,
            experiment=_recorded_order(before),
        )
        return
    new, gone = set(after.names) - set(before.names), set(before.names) - set(after.names)
    made = {path for path in scene.known.made if PurePosixPath(path).name in new}
    if made:
        cause, what = "leftover_file.cache", f"now also holds {_listed(made)}, which an earlier run wrote"
    elif gone or not after.names:
        cause, what = "data_drift.missing_files", f"lacks {_listed(gone)}" if gone else "holds other files"
    else:
        cause, what = "data_drift.appended", f"holds more files: {_listed(new)}"
    yield Suspect(
        cause=cause,
        evidence=f"cell {scene.cell} lists {after.target}, which {what}",
        fix="Name the files that the notebook reads, or check a manifest of them first.",
        # What a library lists is mostly its own business.
        weight=0.4 if after.via else 0.9,
        experiment=experiment_for(cause),
    )


def _recorded_order(before: Call) -> Experiment:
    """List the folder as it was listed when the run was recorded, if that is known."""
    if not before.names:
        return experiment_for("fs_order")
    return Experiment(remedy="pins", pins=Pins(recorded_listings={before.target: before.names}), paired=False)


def _has_hazard(scene: Scene, *causes: str) -> bool:
    """Tell whether the source of the cell holds one of some hazards."""
    return any(hazard.cause in causes for hazard in scene.hazards)


def _listed(names: set[str]) -> str:
    """Join the first few names."""
    shown = sorted(names)[:3]
    return ", ".join(shown) + (" …" if len(names) > len(shown) else "")


def _shown(digest: str | None) -> str:
    """Return one side of a file."""
    if digest is None:
        return "not read"
    return digest if digest == MISSING else f"sha256 {digest[:_SHORT]}"
