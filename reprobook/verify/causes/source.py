"""Suspects among the lines of the source: places where a cause may come in, weighed by what the traces show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from reprobook.hazards import Hazard
from reprobook.verify.causes.experiments import experiment_for
from reprobook.verify.causes.scene import Scene
from reprobook.verify.suspect import Suspect

_T = TypeVar("_T")
# How often a place of this family is to blame when its cell diverges, by the beginning of the label.
_BASE = (
    ("thread_reduction", 0.2),
    ("thread", 0.72),
    ("pool_", 0.72),
    ("async_", 0.72),
    ("hash_randomization", 0.66),
    ("wall_clock", 0.62),
    ("object_identity", 0.6),
    ("unseeded_rng.numpy_generator", 0.8),
    ("unseeded_rng.torch_generator", 0.8),
    ("unseeded_rng.sampler", 0.75),
    ("unseeded_rng.python_random", 0.3),
    ("dataloader", 0.86),
    ("os_entropy", 0.55),
    ("process_identity", 0.6),
    ("machine_state", 0.8),
    ("machine", 0.5),
    ("tempfile", 0.55),
    ("uninitialised_memory", 0.6),
    ("nondeterministic_kernel", 0.45),
    ("fs_", 0.5),
    ("unordered_query", 0.5),
    ("data_drift.remote", 0.5),
    ("rng_", 0.4),
    ("env_var", 0.4),
    ("execution_context", 0.4),
    ("timezone", 0.4),
    ("locale", 0.4),
    ("mp_start_method", 0.4),
    ("world_size", 0.4),
    ("compiled_kernel", 0.3),
    ("unstable_sort", 0.3),
)
_OTHER = 0.1
# By the source, the time is only shown, or a duration.
_ONLY_MEASURED = 0.5
# What only a live session can do: its history tells more (``verify.live``).
_OF_SESSIONS = ("hidden_state", "stale_cache", "derived_parameter_stale")
# Possible at almost any line: only files, headers and settings that differ speak for these.
_BY_EVIDENCE_ONLY = (
    "env_drift",
    "module_edited",
    "stale_bytecode",
    "cpu_dispatch",
    "blas_vendor",
    "thread_count",
    "fp_environment",
    "precision_mode",
    "global_config",
    "data_drift.file_changed",
    "data_drift.missing_files",
    "data_drift.appended",
    "cwd_relative_path",
    "leftover_file",
    "checkpoint",
)
# The kinds of calls that a trace shows where a place really acted, by the beginning of the label.
_SEEN_AS = (
    ("wall_clock", ("clock",)),
    ("os_entropy.uuid", ("uuid", "entropy")),
    ("os_entropy", ("entropy",)),
    ("unseeded_rng.numpy_generator", ("entropy", "unseeded")),
    ("process_identity", ("pid",)),
    ("machine_identity", ("host", "socket")),
    ("machine_shape", ("cpu_count",)),
    ("tempfile", ("tempfile", "entropy")),
    ("fs_mtime", ("file_time",)),
    ("fs_order", ("listing",)),
    ("env_var", ("environment",)),
    ("execution_context", ("environment",)),
)


def suspects(scene: Scene) -> Iterator[Suspect]:
    """Suspect every hazard that acts in the cell; draws from global generators are weighed elsewhere."""
    for hazard in scene.hazards:
        if hazard.generator not in {"", "own"} and hazard.cause.startswith("unseeded_rng"):
            continue
        if hazard.cause.startswith(_OF_SESSIONS):
            continue
        if hazard.cause.startswith(_BY_EVIDENCE_ONLY) and not hazard.certain:
            continue
        where = f"cell {hazard.cell}, line {hazard.line}"
        yield Suspect(
            cause=hazard.cause,
            evidence=f"{where}: {hazard.message}",
            fix=hazard.fix,
            weight=_weight(scene, hazard),
            experiment=experiment_for(hazard.cause),
        )


def _weight(scene: Scene, hazard: Hazard) -> float:
    """Weigh a hazard: how telling its label is, whether it was seen to act, and whether it binds what differs."""
    weight = _first(_BASE, hazard.cause, _OTHER)
    if hazard.cause == "wall_clock.datetime_feature" and not hazard.certain:
        weight *= _ONLY_MEASURED
    kinds: tuple[str, ...] = _first(_SEEN_AS, hazard.cause, ())
    if kinds and scene.pair is not None:
        seen = any(call for pair in scene.calls(*kinds) for call in pair)
        weight = weight + 0.12 if seen else weight * 0.7
    if set(hazard.names) & set(scene.divergence.names):
        weight += 0.08
    if scene.divergence.names[:1] and scene.divergence.names[0] in hazard.names:
        weight += 0.03
    return min(weight + 0.05 * hazard.certain, 0.89)


def _first(table: tuple[tuple[str, _T], ...], cause: str, default: _T) -> _T:
    """Return the entry of the first beginning that fits a label."""
    return next((entry for beginning, entry in table if cause.startswith(beginning)), default)
