"""How the modules that a script imports are called where they are installed from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from importlib import metadata

from packaging.requirements import Requirement

# Where the name on PyPI is not that of the module.
_NAMES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "lightning_fabric": "lightning-fabric",
    "dateutil": "python-dateutil",
    "hydra": "hydra-core",
    "mpl_toolkits": "matplotlib",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}


def distribution_of(module: str) -> str:
    """Return the name that a module is installed by."""
    root = module.partition(".")[0]
    return _NAMES.get(root, root)


def normalised(name: str) -> str:
    """Return the name of a distribution as PEP 503 compares it."""
    return name.lower().replace("_", "-").replace(".", "-")


def is_recorded(module: str, installed: Collection[str]) -> bool:
    """Tell a module that came with one of these distributions, by its name."""
    names = {normalised(name) for name in installed}
    return normalised(distribution_of(module)) in names or normalised(module.partition(".")[0]) in names


def brought_along(names: Iterable[str], versions: Mapping[str, str]) -> dict[str, str]:
    """Return these distributions and all that they require, with their recorded versions, in the order of their names.

    ``versions`` are those of the environment of the run; what requires what is read from this one.
    """
    recorded = {normalised(name): (name, version) for name, version in versions.items()}
    found: dict[str, str] = {}
    waiting = [normalised(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in recorded and recorded[name][0] not in found:
            found[recorded[name][0]] = recorded[name][1]
            waiting += _required_by(name)
    return dict(sorted(found.items(), key=lambda item: normalised(item[0])))


def public(version: str) -> str:
    """Return a version without its local part, as in torch's ``+cpu``: an index of one's own apart, none has it."""
    return version.partition("+")[0]


def _required_by(name: str) -> list[str]:
    """Return what a distribution requires here; nothing if it is not installed."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    needed = [Requirement(line) for line in lines]
    return [normalised(one.name) for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
