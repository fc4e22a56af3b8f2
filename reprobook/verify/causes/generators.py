"""Suspects among random generators: numbers drawn from positions that no seed had fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reprobook.hazards import Hazard
from reprobook.verify.causes.experiments import experiment_for
from reprobook.verify.causes.scene import Scene
from reprobook.verify.suspect import Suspect

_LABELS = {
    "python": "unseeded_rng.python_random",
    "numpy": "unseeded_rng.numpy_legacy",
    "torch": "unseeded_rng.torch",
    "cuda": "unseeded_rng.cuda",
    "mps": "unseeded_rng.torch",
}
_SEEDING = {
    "python": "random.seed(seed)",
    "numpy": "np.random.seed(seed)",
    "torch": "torch.manual_seed(seed)",
    "cuda": "torch.manual_seed(seed)",
    "mps": "torch.manual_seed(seed)",
}
# Labels of draws from a global generator that say more than which generator it was.
_TELLING = {
    "numpy": ("unseeded_rng.sklearn_random_state", "unseeded_rng.sampler"),
    "torch": ("dataloader.worker_rng",),
}
# What shifts a seeded stream before the draw, or seeds it with something that differs.
_SHIFTING = (
    "wall_clock.time_seed",
    "rng_consumed_by_timing",
    "rng_coupling",
    "wall_clock.early_stop",
    "process_identity.pid",
    "machine_identity",
    "os_entropy",
    "os_entropy.uuid",
    "hash_randomization.hash_split",
    "thread_race.shared_rng",
    "machine_shape.cpu_count",
    "env_var",
)


def suspects(scene: Scene) -> Iterator[Suspect]:
    """Suspect each generator that the cell moved on both sides from positions that differ, or to such."""
    if scene.pair is None:
        return
    for generator in sorted(scene.pair.unlike_draws | scene.pair.rng):
        family = generator.partition(":")[0]
        departure = _departure(scene, generator)
        yield from _reseeded(scene, generator, family, departure)
        if generator not in scene.pair.unlike_draws:
            continue
        yield from _shifted(scene, family, departure)
        yield from _unseeded(scene, generator, family, departure)


def _reseeded(scene: Scene, generator: str, family: str, departure: int | None) -> Iterator[Suspect]:
    """Suspect the last line, up to the cell, that seeds a generator from the operating system's entropy."""
    cells = range(0 if departure is None else departure, scene.cell + 1)
    families = {family, *_related(family)}
    acting = [(cell, each) for cell in cells for each in _acting(scene, cell) if each.reseeds]
    for cell, hazard in acting[::-1]:
        if hazard.generator in families:
            where = f"cell {hazard.cell}, line {hazard.line}"
            moved = "" if cell == scene.cell else f"; cell {scene.cell} draws from `{family}` after it"
            found = _suspect(hazard.cause, f"{where}: {hazard.message}{moved}", hazard.fix, 0.96)
            experiment = experiment_for("os_entropy")
            if departure is None and generator not in (scene.pair.rng if scene.pair else ()):
                # Nothing seeded it before either.
                pins = experiment.pins.joined(found.experiment.pins)
                experiment = replace(experiment, pins=pins)
            yield replace(found, experiment=experiment)
            return


def _unseeded(scene: Scene, generator: str, family: str, departure: int | None) -> Iterator[Suspect]:
    """Suspect a generator that nothing had seeded."""
    hazards = [hazard for hazard in scene.hazards if hazard.generator == family]
    draws = f"cell {scene.cell} draws from the global generator `{family}`, which stood elsewhere in the two runs"
    for label in _TELLING.get(family, ()):
        if telling := next((hazard for hazard in scene.hazards if hazard.cause == label), None):
            yield _suspect(label, f"{draws}: {telling.message}", telling.fix, 0.93)
    if departure is not None:
        return  # it was seeded, and drifted apart later
    later = _seeded_later(scene, generator)
    if later == scene.cell and not hazards:
        return  # the cell seeds it and, by its source, draws nothing from it before
    if later is not None:
        evidence = f"{draws}; it is seeded in cell {later}, after this use"
        yield _suspect("unseeded_rng.seeded_too_late", evidence, f"Move the seeding above cell {scene.cell}.", 0.94)
    hazard = next(iter(hazards), None)
    fix = hazard.fix if hazard and hazard.cause == _LABELS[family] else f"{_SEEDING[family]} before cell {scene.cell}"
    yield _suspect(_LABELS[family], f"{draws}; no cell before it seeds it{_also(scene, family)}", fix, 0.9)


def _also(scene: Scene, family: str) -> str:
    """Name the later cells that draw from the same generator, as the one fix is for all of them."""
    label = _LABELS[family]
    others = sorted({each.cell for each in scene.known.hazards if each.cause == label and each.cell > scene.cell})
    return f"; cells that draw from it, too: {', '.join(map(str, others))}" if others else ""


def _shifted(scene: Scene, family: str, departure: int | None) -> Iterator[Suspect]:
    """Suspect what made an earlier cell seed or move the generator otherwise."""
    cells = range(scene.cell) if departure is None else range(departure, departure + 1)
    for cell in cells:
        for hazard in _acting(scene, cell):
            if hazard.cause in _SHIFTING and hazard.generator in {"", family, *_related(family)}:
                seeds = hazard.generator or departure is not None or hazard.cause == "wall_clock.time_seed"
                evidence = f"`{family}` left its course in cell {cell}: {hazard.message}"
                yield _suspect(hazard.cause, evidence, hazard.fix, 0.95 if seeds else 0.4)


def _related(family: str) -> tuple[str, ...]:
    """Return generators that one call seeds together."""
    return ("torch",) if family in {"cuda", "mps"} else ()


def _acting(scene: Scene, cell: int) -> list[Hazard]:
    """Return the hazards that act in another cell."""
    return [hazard for hazard in scene.known.hazards if cell in hazard.cells]


def _departure(scene: Scene, generator: str) -> int | None:
    """Return the last earlier cell before which the generator stood alike, and after which it does not."""
    found = None
    for pair in scene.known.earlier(scene.cell):
        if generator in pair.rng:
            found = pair.original.index
    return found


def _seeded_later(scene: Scene, generator: str) -> int | None:
    """Return this or the first later cell after which the generator stands alike: it is seeded there."""
    pairs = [scene.pair] if scene.pair else []
    for pair in [*pairs, *scene.known.later(scene.cell)]:
        after = pair.original.rng_after.get(generator)
        if after is not None and after == pair.replay.rng_after.get(generator):
            return pair.original.index
    return None


def _suspect(cause: str, evidence: str, fix: str, weight: float) -> Suspect:
    return Suspect(cause=cause, evidence=evidence, fix=fix, weight=weight, experiment=experiment_for(cause))
