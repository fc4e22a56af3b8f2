"""Suspects from made-up evidence: which cause is accused first, and which experiment would prove it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reprobook.ambient import Call
from reprobook.hazards import possible_causes
from reprobook.notebook import read_notebook
from reprobook.runs import Difference
from reprobook.trace import CellTrace, Trace, ValueDigest
from reprobook.verify.causes.attribution import suspects
from reprobook.verify.causes.scene import Knowledge, Scene
from reprobook.verify.compare import compare
from reprobook.verify.suspect import Suspect
from reprobook.verify.walk import Source


def value(content: object, kind: str = "int", summary: str = "") -> ValueDigest:
    return ValueDigest(digest=f"{content!s:0>64}", kind=kind, summary=summary)


def accused(sources: list[str], left: dict[int, Any], right: dict[int, Any], **known: Any) -> Suspect:
    """Return the first suspect for the first difference of two runs that evidence by cell describes."""
    return all_accused(sources, left, right, **known)[0]


def all_accused(sources: list[str], left: dict[int, Any], right: dict[int, Any], **known: Any) -> tuple[Suspect, ...]:
    """Return the suspects for the first difference, the likeliest first."""
    cells = [
        {"cell_type": "code", "metadata": {}, "source": s, "outputs": [], "execution_count": None} for s in sources
    ]
    notebook = read_notebook(
        json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode(), "nb"
    )
    a, b = (
        Trace(
            cells=tuple(CellTrace(index=n, source_digest="s", order=n, **side.get(n, {})) for n in range(len(sources)))
        )
        for side in (left, right)
    )
    comparison = compare(a, b, Source(sources))
    assert comparison.first is not None
    knowledge = Knowledge(
        original=a, replay=b, comparison=comparison, hazards=possible_causes(notebook), sources=sources, **known
    )
    return suspects(Scene(divergence=comparison.first, known=knowledge))


def drew(generator: str, run: int, name: str = "x") -> dict[str, Any]:
    return {
        "writes": {name: value(run)},
        "rng_before": {generator: f"p{run}"},
        "rng_after": {generator: f"q{run}"},
    }


@pytest.mark.parametrize(
    ("generator", "source", "cause"),
    [
        ("python", "import random\nx = random.random()", "unseeded_rng.python_random"),
        ("numpy", "import numpy as np\nx = np.random.rand()", "unseeded_rng.numpy_legacy"),
        ("torch", "import torch\nx = torch.rand(1)", "unseeded_rng.torch"),
        (
            "numpy",
            "from sklearn.model_selection import train_test_split\nx, y = train_test_split([1, 2, 3])",
            "unseeded_rng.sklearn_random_state",
        ),
    ],
)
def test_an_unseeded_generator_is_accused_by_its_name(generator: str, source: str, cause: str) -> None:
    found = accused([source], {0: drew(generator, 1)}, {0: drew(generator, 2)})
    assert found.cause == cause
    assert generator in found.experiment.pins.generators
    assert found.experiment.paired


def test_later_draws_from_an_unseeded_generator_are_named_with_the_first() -> None:
    sources = ["import torch\nx = torch.randn(3)", "n = 3", "ix = torch.randint(0, n, (32,))"]
    found = accused(sources, {0: drew("torch", 1)}, {0: drew("torch", 2)})
    assert "draw from it, too: 2" in found.evidence


def test_a_seed_after_the_first_use_came_too_late() -> None:
    sources = ["import numpy as np\nx = np.random.rand()", "np.random.seed(0)"]
    left, right = (
        {0: drew("numpy", n), 1: {"rng_before": {"numpy": f"q{n}"}, "rng_after": {"numpy": "s"}}} for n in (1, 2)
    )
    found = accused(sources, left, right)
    assert found.cause == "unseeded_rng.seeded_too_late"
    assert "cell 1" in found.evidence
    assert "above cell 0" in found.fix


def test_a_cell_that_seeds_a_generator_and_draws_nothing_from_it_is_no_late_seeding() -> None:
    sources = ["import numpy as np, torch\nnp.random.seed(0)\nused = torch.seed()"]
    left, right = (
        {
            0: {
                "writes": {"used": value(n)},
                "rng_before": {"numpy": f"n{n}", "torch": f"t{n}"},
                "rng_after": {"numpy": "seeded", "torch": f"u{n}"},
            }
        }
        for n in (1, 2)
    )
    assert accused(sources, left, right).cause == "unseeded_rng.torch"


@pytest.mark.parametrize(
    ("generator", "seeding", "cause"),
    [
        ("torch", "torch.seed()", "unseeded_rng.torch"),
        ("numpy", "np.random.seed()", "unseeded_rng.numpy_legacy"),
        ("numpy", "np.random.seed(None)", "unseeded_rng.numpy_legacy"),
        ("python", "random.seed()", "unseeded_rng.python_random"),
    ],
)
@pytest.mark.parametrize("alike_before", [True, False])
def test_a_seed_from_the_system_is_accused_with_its_line_and_a_stopwatch_is_not(
    generator: str, seeding: str, cause: str, *, alike_before: bool
) -> None:
    draw = {"torch": "torch.rand(1)", "numpy": "np.random.rand()", "python": "random.random()"}[generator]
    training = f"t0 = time.time()\n{seeding}\nx = {draw}\nprint(f'{{x}} ({{time.time() - t0:.1f}} s)')"
    clock = [Call(kind="clock", target="time.time", line=1), Call(kind="clock", target="time.time", line=4)]
    left, right = (
        {
            1: {
                "writes": {"x": value(n)},
                "rng_before": {generator: "seeded" if alike_before else f"p{n}"},
                "rng_after": {generator: f"q{n}"},
                "calls": clock,
            }
        }
        for n in (1, 2)
    )
    found = accused(["import random, time, torch\nimport numpy as np", training], left, right)
    assert found.cause == cause
    assert "cell 1, line 2" in found.evidence
    assert "(seed)" in found.fix
    assert found.experiment.pins.entropy


def test_a_seed_from_the_system_in_an_earlier_cell_is_accused() -> None:
    sources = ["import torch\ntorch.manual_seed(0)", "torch.seed()", "x = torch.rand(1)"]
    left, right = (
        {1: {"rng_before": {"torch": "s"}, "rng_after": {"torch": f"p{n}"}}, 2: drew("torch", n)} for n in (1, 2)
    )
    found = accused(sources, left, right)
    assert (found.cause, found.experiment.pins.generators) == ("unseeded_rng.torch", ())
    assert "cell 1, line 1" in found.evidence


def test_the_last_resort_names_the_lines_that_were_seen() -> None:
    calls = [Call(kind="entropy", target="os.urandom", line=3)]
    left, right = ({0: {"writes": {"x": value(n)}, "calls": calls}} for n in (1, 2))
    cells = ["x = library.make()"]
    assert "line 3: `os.urandom`" in next(
        each.evidence for each in all_accused(cells, left, right) if each.cause == "os_entropy"
    )


def test_a_seed_from_the_clock_is_blamed_on_the_clock() -> None:
    sources = ["import time, random\nrandom.seed(int(time.time()))", "x = random.random()"]
    left, right = ({0: {"rng_after": {"python": f"p{n}"}}, 1: drew("python", n)} for n in (1, 2))
    assert accused(sources, left, right).cause == "wall_clock.time_seed"


@pytest.mark.parametrize(
    ("before", "after", "made", "cause"),
    [
        ({"d.csv": "1" * 64}, {"d.csv": "2" * 64}, {}, "data_drift.file_changed"),
        ({"d.csv": "1" * 64}, {"d.csv": "missing"}, {}, "data_drift.missing_files"),
        ({}, {"f.npy": "2" * 64}, {"f.npy": "2" * 64}, "leftover_file.cache"),
        ({"log": "1" * 64}, {"log": "2" * 64}, {"log": "1" * 64}, "leftover_file.append"),
        ({}, {"ckpt.pt": "2" * 64}, {"ckpt.pt": "3" * 64}, "checkpoint_missing_rng_state"),
    ],
)
def test_files_are_told_apart_by_who_wrote_them(
    before: dict[str, str], after: dict[str, str], made: dict[str, str], cause: str
) -> None:
    left = {0: {"writes": {"x": value(1)}, "files_read": before, "files_written": made}}
    right = {0: {"writes": {"x": value(2)}, "files_read": after}}
    found = accused(["x = load()"], left, right)
    assert found.cause == cause
    assert not found.experiment.paired


def test_a_file_that_begins_as_recorded_was_appended_to() -> None:
    left = {0: {"writes": {"x": value(1)}, "files_read": {"d.csv": "1" * 64}}}
    right = {0: {"writes": {"x": value(2)}, "files_read": {"d.csv": "2" * 64}}}
    assert accused(["x = load()"], left, right, grown=frozenset({"d.csv"})).cause == "data_drift.appended"


def test_a_listing_in_another_order_is_replayed_in_the_recorded_one() -> None:
    left, right = (
        {
            0: {
                "writes": {"x": value(n)},
                "calls": (Call(kind="listing", target="d", line=2, digest=str(n), members="m", names=names),),
            }
        }
        for n, names in ((1, ("b", "a")), (2, ("a", "b")))
    )
    found = accused(["import os\nx = os.listdir('d')"], left, right)
    assert found.cause == "fs_order"
    assert found.experiment.pins.recorded_listings == {"d": ("b", "a")}
    assert not found.experiment.paired


@pytest.mark.parametrize(
    ("releases", "cause"), [(("1.4", "2.0"), "env_drift.package_version"), (("", ""), "module_edited")]
)
def test_a_module_that_the_cell_uses_is_accused(releases: tuple[str, str], cause: str) -> None:
    left, right = (
        {0: {"writes": {"kit": value(r, "module", f"kit {r}".strip())}}, 1: {"writes": {"x": value(n)}}}
        for n, r in enumerate(releases)
    )
    headers = [Difference("environment", "local_modules.kit", "1" * 64, "2" * 64)]
    found = accused(["import kit", "x = kit.scale(3)"], left, right, headers=headers)
    assert found.cause == cause
    assert found.experiment.remedy == "recorded_modules"


def test_latency_in_threads_is_no_reason_to_blame_the_entropy() -> None:
    sources = [
        "import os, time\ndef fetch(k):\n    time.sleep(os.urandom(1)[0] / 1e6)\n    return k",
        (
            "from concurrent.futures import ThreadPoolExecutor, as_completed\nx = []\n"
            "with ThreadPoolExecutor(4) as ex:\n"
            "    for f in as_completed([ex.submit(fetch, k) for k in range(9)]):\n        x.append(f.result())"
        ),
    ]
    calls = (Call(kind="entropy", target="os.urandom", count=9),)
    left, right = ({1: {"writes": {"x": value(n)}, "calls": calls}} for n in (1, 2))
    found = accused(sources, left, right)
    assert found.cause == "thread_completion_order"
    assert found.experiment.pins.serial


def test_without_any_sign_the_hash_seed_is_tried_first() -> None:
    assert accused(["x = len([1])"], {0: {"writes": {"x": value(1)}}}, {0: {"writes": {"x": value(2)}}}).cause == (
        "hash_randomization.set_order"
    )
