"""Suspects in the environment: packages, modules, variables, settings and the machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from multiprocessing import get_all_start_methods

from reprobook.ambient import Pins
from reprobook.notebook.syntax import imported, parse_cell
from reprobook.runs import Difference
from reprobook.trace import ValueDigest
from reprobook.verify.causes.experiments import experiment_for
from reprobook.verify.causes.scene import Scene
from reprobook.verify.restore import cause_of_variable
from reprobook.verify.suspect import Experiment, Suspect

_MODULE = re.compile(r"(distributions|local_modules)\.(?P<name>[^.]+)(\.files)?")
# Process-wide settings by the beginning of their key; the first that fits names the cause.
_SETTINGS = (
    ("torch.default_dtype", "global_config.default_dtype"),
    ("torch.num_", "thread_count.torch"),
    ("torch.cpu_capability", "cpu_dispatch.aten"),
    ("torch.matmul_precision", "precision_mode"),
    ("torch.cuda_precision", "precision_mode"),
    ("torch.cudnn_precision", "precision_mode"),
    ("torch.cudnn_benchmark", "cudnn_autotune"),
    ("torch.deterministic", "nondeterministic_kernel.torch"),
    ("torch.default_device", "device_changed"),
    ("numpy.cpu_features", "cpu_dispatch.numpy"),
    ("matplotlib", "global_config.rcparams"),
    ("python.locale", "locale"),
    ("python.timezone", "timezone"),
    ("python.cwd", "cwd_relative_path"),
    ("python.path", "import_path"),
    ("python.flags", "interpreter_flags"),
    ("python.multiprocessing", "mp_start_method"),
    ("fp", "fp_environment"),
)
# Differ between any two folders, and rarely matter.
_WEAK_SETTINGS = frozenset({"cwd_relative_path", "import_path"})
_SECTIONS = (
    (re.compile(r"environment:flags\..*"), "interpreter_flags"),
    (re.compile(r"environment:(python|implementation)"), "env_drift.package_version"),
    (re.compile(r"environment:locale"), "locale"),
    (re.compile(r"environment:timezone"), "timezone"),
    (re.compile(r"hardware:cpu_count"), "machine_shape.cpu_count"),
    (re.compile(r"hardware:(instruction_sets|machine)"), "cpu_dispatch"),
    (re.compile(r"hardware:(gpus|cuda|cudnn|driver).*"), "device_changed"),
)


def suspects(scene: Scene) -> Iterator[Suspect]:
    """Suspect what of the environment differs between the two runs."""
    yield from _modules(scene)
    yield from _variables(scene)
    yield from _settings(scene)
    yield from _machine(scene)


def _modules(scene: Scene) -> Iterator[Suspect]:
    """Suspect packages and local modules of another release or content, those that the cell uses first."""
    versions = _versions(scene)
    used = _used_modules(scene)
    seen: set[str] = set()
    for difference in scene.known.headers:
        match = _MODULE.fullmatch(difference.key)
        if difference.section != "environment" or match is None or (name := match["name"]) in seen:
            continue
        seen.add(name)
        module = name.replace("-", "_")
        before, after = versions.get(module) or _release(scene.known.headers, name)
        is_local = difference.key.startswith("local_modules")
        cause = "env_drift.package_version" if before != after or not is_local else "module_edited"
        change = f"{before} → {after}" if before != after else "same release, other files"
        fix = f"Pin {name}=={before} in the environment." if before != after else f"Restore {name} as it was."
        if name in scene.known.elsewhere:
            cause, change = "import_path", "its recorded files lie in another folder, which is searched later now"
            fix = f"Name the folder of {name} first on sys.path, or give the two modules different names."
        yield Suspect(
            cause=cause,
            evidence=f"{name} is not the one that the run was recorded with ({change})"
            + (f", and cell {scene.cell} uses it" if module in used else ""),
            fix=fix,
            weight=0.92 if module in used else 0.3,
            experiment=experiment_for("module_edited") if is_local else Experiment(),
        )

    for name in sorted((scene.known.local_modules & used) - seen):
        yield Suspect(
            cause="stale_bytecode",
            evidence=f"cell {scene.cell} uses {name}, whose source is as recorded; its compiled file may be older",
            fix=f"Remove the __pycache__ folder beside {name}.",
            weight=0.3,
            experiment=experiment_for("module_edited"),
        )


def _versions(scene: Scene) -> dict[str, tuple[str, str]]:
    """Return the releases that modules name themselves, where they differ."""
    found: dict[str, tuple[str, str]] = {}
    for pair in scene.known.comparison.pairs.values():
        for a, b in ((pair.original.writes, pair.replay.writes), (pair.original.reads, pair.replay.reads)):
            for name in a.keys() & b.keys():
                if a[name].kind == b[name].kind == "module" and a[name].summary != b[name].summary:
                    module, before = _module_of(a[name])
                    found[module] = (before, _module_of(b[name])[1])
    return found


def _module_of(value: ValueDigest) -> tuple[str, str]:
    """Return the top-level name of a module and the release that it names."""
    name, _, version = value.summary.partition(" ")
    return name.partition(".")[0], version or "?"


def _release(headers: Sequence[Difference], name: str) -> tuple[str, str]:
    """Return the releases of a distribution in both headers; the same where only its files differ."""
    for difference in headers:
        if difference.key == f"distributions.{name}":
            return str(difference.a or "none"), str(difference.b or "none")
    return "?", "?"


def _used_modules(scene: Scene) -> set[str]:
    """Return the top-level modules behind the names that the cell loads, its own imports included."""
    origin: dict[str, str] = {}
    sources = scene.known.sources[: scene.cell + 1]
    for source in sources:
        origin |= _packages(source)
    tree = parse_cell(sources[-1]) if sources else None
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree else set()
    used |= set(scene.pair.original.reads) if scene.pair else set()
    own = set(_packages(sources[-1]).values()) if sources else set()
    return {origin[name] for name in used if name in origin} | own


def _packages(source: str) -> dict[str, str]:
    """Return the top-level package behind each name that a cell imports."""
    return {name: module.partition(".")[0] for name, module in imported(source).items()}


def _variables(scene: Scene) -> Iterator[Suspect]:
    """Suspect environment variables that the cell asked for and that were set otherwise."""
    for before, after in scene.calls("environment"):
        if before is None or after is None or before.digest == after.digest:
            continue
        name = before.target
        cause = cause_of_variable(name, uses_torch=False)
        was = "was set otherwise" if before.is_set and after.is_set else "was set" if before.is_set else "was not set"
        pins = Pins(environment={name: before.value if before.is_set else None})
        known = not before.is_set or before.value is not None
        yield Suspect(
            cause=cause,
            evidence=f"cell {scene.cell} reads the environment variable {name}, which {was} when the run was recorded",
            fix=f"Make it a parameter of the notebook instead of reading {name}.",
            weight=0.9,
            experiment=Experiment(remedy="pins", pins=pins, paired=False) if known else Experiment(),
        )


def _settings(scene: Scene) -> Iterator[Suspect]:
    """Suspect process-wide settings that stood otherwise before the cell."""
    if scene.pair is None:
        return
    a, b = scene.pair.original.settings_before, scene.pair.replay.settings_before
    for key in sorted(a.keys() & b.keys()):
        if a[key] == b[key]:
            continue
        cause = next((label for beginning, label in _SETTINGS if key.startswith(beginning)), "global_config")
        hinted = any(hazard.cause.startswith(cause.partition(".")[0]) for hazard in scene.hazards)
        yield Suspect(
            cause=cause,
            evidence=f"{key} was {a[key]} when the run was recorded and is {b[key]} now",
            fix=f"Set {key} in the notebook, or start the kernel with the recorded value.",
            weight=(0.15 if cause in _WEAK_SETTINGS else 0.6) + 0.25 * hinted,
            experiment=_as_recorded(key, a[key]),
        )


def _as_recorded(key: str, recorded: str) -> Experiment:
    """Give the replay the recorded setting; the number of threads has a pin of its own."""
    if key == "torch.num_threads" and recorded.isdigit():
        return Experiment(remedy="pins", pins=Pins(threads=int(recorded)), paired=False)
    if key == "python.multiprocessing":
        # The first of the methods is the platform's default.
        method = recorded if recorded in get_all_start_methods() else get_all_start_methods()[0]
        return Experiment(remedy="pins", pins=Pins(start_method=method), paired=False)
    return Experiment(remedy="pins", pins=Pins(settings={key: recorded}), paired=False)


def _machine(scene: Scene) -> Iterator[Suspect]:
    """Suspect differences of interpreter and machine."""
    for before, after in scene.calls("cpu_count"):
        if before and after and before.value and before.value != after.value:
            yield Suspect(
                cause="machine_shape.cpu_count",
                evidence=f"cell {scene.cell} asks for the number of processors: {before.value} then, {after.value} now",
                fix="Make the number a parameter of the notebook.",
                weight=0.92,
                experiment=Experiment(remedy="pins", pins=Pins(cpus=int(before.value)), paired=False),
            )
    for difference in scene.known.headers:
        fact = f"{difference.section}:{difference.key}"
        cause = next((label for pattern, label in _SECTIONS if pattern.fullmatch(fact)), None)
        if cause is None:
            continue
        hinted = any(hazard.cause.startswith(cause.partition(".")[0]) for hazard in scene.hazards)
        asked = cause == "machine_shape.cpu_count" and any(scene.calls("cpu_count"))
        recorded = difference.a if isinstance(difference.a, int) else None
        is_count = cause == "machine_shape.cpu_count" and recorded is not None
        yield Suspect(
            cause=cause,
            evidence=f"{difference.section}: {difference.key} was {difference.a} and is {difference.b} now",
            fix="Run it on a machine like the recorded one, or make the value a parameter.",
            weight=0.9 if asked else 0.7 if hinted else 0.25,
            experiment=Experiment(remedy="pins", pins=Pins(cpus=recorded), paired=False) if is_count else Experiment(),
        )
