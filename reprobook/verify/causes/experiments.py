"""The experiment that proves each cause, where there is one on this machine."""

from __future__ import annotations

from reprobook.ambient import Pins
from reprobook.verify.suspect import Experiment

_NO_EXPERIMENT = Experiment()
_FIXED_HASHES: dict[str, str | None] = {"PYTHONHASHSEED": "0"}


def _pinned(**pins: object) -> Experiment:
    """Hold something still in two replays and compare them."""
    return Experiment(remedy="pins", pins=Pins(**pins))  # type: ignore[arg-type]  # checked by the model


_HASHES = _pinned(environment=_FIXED_HASHES)
_ENTROPY = _pinned(entropy=True)
_CLOCK = _pinned(clock=True)
_IDENTITY = _pinned(identity=True)
_SERIAL = _pinned(serial=True)
_KERNELS = _pinned(deterministic=True)
_ONE = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
_ONE_THREAD = _pinned(threads=1, environment=_ONE)
_CLEAN = Experiment(remedy="clean_folder", paired=False)
_FILES = Experiment(remedy="recorded_files", paired=False)
_MODULES = Experiment(remedy="recorded_modules", paired=False)

_EXPERIMENTS: dict[str, Experiment] = {
    "unseeded_rng.python_random": _pinned(generators=("python",)),
    "unseeded_rng.numpy_legacy": _pinned(generators=("numpy",)),
    "unseeded_rng.numpy_generator": _ENTROPY,
    "unseeded_rng.torch": _pinned(generators=("torch",)),
    "unseeded_rng.cuda": _pinned(generators=("cuda",)),
    "unseeded_rng.torch_generator": _ENTROPY,
    "unseeded_rng.sampler": _pinned(generators=("python", "numpy"), entropy=True),
    "unseeded_rng.sklearn_random_state": _pinned(generators=("numpy",)),
    "unseeded_rng.seeded_too_late": _pinned(generators=("python", "numpy", "torch", "cuda")),
    "os_entropy": _ENTROPY,
    "os_entropy.uuid": _ENTROPY,
    "dataloader.worker_rng": _pinned(generators=("python", "numpy", "torch"), entropy=True),
    "rng_coupling": _CLOCK,
    "rng_consumed_by_timing": _CLOCK,
    "hash_randomization.set_order": _HASHES,
    "hash_randomization.hash_split": _HASHES,
    "object_identity": _pinned(addresses=True, environment=_FIXED_HASHES),
    "wall_clock": _CLOCK,
    "wall_clock.time_seed": _CLOCK,
    "wall_clock.datetime_feature": _CLOCK,
    "wall_clock.early_stop": _CLOCK,
    "process_identity.pid": _IDENTITY,
    "machine_identity": _IDENTITY,
    "tempfile_names": _IDENTITY,
    "machine_state": _pinned(identity=True, clock=True),
    "thread_completion_order": _SERIAL,
    "thread_race": _SERIAL,
    "thread_race.shared_rng": _SERIAL,
    "pool_completion_order": _SERIAL,
    "pool_worker_rng": _pinned(generators=("python", "numpy", "torch"), entropy=True, serial=True),
    "async_completion_order": _SERIAL,
    "nondeterministic_kernel.torch": _KERNELS,
    "uninitialised_memory": _KERNELS,
    "thread_reduction": _pinned(serial=True, threads=1, environment=_ONE),
    "thread_count.torch": _ONE_THREAD,
    "thread_count.blas": _ONE_THREAD,
    "fs_order": _pinned(listings="sorted"),
    "fs_mtime_order": _pinned(file_times=True),
    "leftover_file.cache": _CLEAN,
    "leftover_file.append": _CLEAN,
    "checkpoint_missing_rng_state": _CLEAN,
    "data_drift.file_changed": _FILES,
    "data_drift.missing_files": _FILES,
    "data_drift.appended": _FILES,
    "module_edited": _MODULES,
    "env_drift.package_version": _MODULES,
    "machine_shape.cpu_count": _pinned(cpus=2),
    "unstable_sort": _pinned(sorts=True),
    "unordered_query": _pinned(queries=True),
    "mp_start_method": _pinned(start_method="spawn"),
    "compiled_kernel": _pinned(environment={"TORCH_COMPILE_DISABLE": "1"}),
}


def experiment_for(cause: str) -> Experiment:
    """Return the experiment for a label; one without a remedy if nothing can be tried here."""
    return _EXPERIMENTS.get(cause, _NO_EXPERIMENT)
