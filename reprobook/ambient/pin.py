"""Hold still what a notebook asks of the world around it, before its first cell runs.

Most causes have a pin of their own name (``Pins``). Served by ``Pins.environment``, which whoever starts the process
sets, are: hash randomisation (``PYTHONHASHSEED``), instruction sets (``ATEN_CPU_CAPABILITY``, ``MKL_CBWR``,
``NPY_DISABLE_CPU_FEATURES``), the workspace of cuBLAS, compiled kernels (``TORCH_COMPILE_DISABLE=1``), interpreter
flags, time zone and locale, stale bytecode (``PYTHONPYCACHEPREFIX`` of an empty folder) and the world size.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from reprobook.ambient.pins import NO_PINS, Pins
from reprobook.ambient.stand_in import Replacements

_replacements: list[Replacements] = []


def apply_pins(pins: Pins) -> None:
    """Apply pins to this process, for the rest of its life."""
    if pins == NO_PINS:
        return
    replacements = Replacements()
    _replacements.append(replacements)
    _hold_world(pins, replacements)
    _hold_order(pins, replacements)
    _hold_numerics(pins, replacements)
    # Last: what a generator is seeded with may be pinned itself.
    if pins.generators:
        _part("numerics").pin_generators(replacements, pins.generators)


def _hold_world(pins: Pins, replacements: Replacements) -> None:
    """Pin what the process is told of the world."""
    if pins.import_path is not None:
        sys.path.insert(0, pins.import_path)
    if pins.entropy:
        _part("entropy").pin_entropy(replacements)
    if pins.clock:
        _part("clock").pin_clock(replacements)
    if pins.identity:
        _part("identity").pin_identity(replacements)
    if pins.file_times:
        _part("folders").pin_file_times(replacements)
    if pins.listings or pins.recorded_listings:
        _part("folders").pin_listings(replacements, pins.recorded_listings, is_sorted=bool(pins.listings))
    if pins.queries:
        _part("queries").pin_queries(replacements)
    if pins.cpus is not None:
        _part("numerics").pin_processors(replacements, pins.cpus)


def _hold_order(pins: Pins, replacements: Replacements) -> None:
    """Pin the order of what runs at once, and of objects."""
    if pins.start_method is not None:
        import_module("multiprocessing").set_start_method(pins.start_method, force=True)
    if pins.addresses:
        _part("addresses").pin_addresses(replacements)
    if pins.serial:
        _part("serial").pin_pools(replacements)
        _part("serial_tasks").pin_tasks(replacements)
    elif pins.entropy or pins.clock or pins.generators:
        _part("jitter").add_jitter(replacements)


def _hold_numerics(pins: Pins, replacements: Replacements) -> None:
    """Pin how numbers are computed."""
    if pins.threads is not None:
        _part("numerics").pin_threads(replacements, pins.threads)
    if pins.deterministic:
        _part("numerics").pin_kernels(replacements)
    if pins.sorts:
        _part("sorts").pin_sorts(replacements)
    if pins.settings:
        _part("restored").pin_settings(replacements, pins.settings)


def _part(name: str) -> Any:
    """Import what applies a pin: a process without that pin never does."""
    return import_module(f"reprobook.ambient.pinned.{name}")
