from __future__ import annotations

from typing import Any

import pytest

from reprobook.ambient import Call
from reprobook.trace import CellTrace, Trace, ValueDigest
from reprobook.verify import compare
from reprobook.verify.labels import labels_of
from reprobook.verify.walk import Source


@pytest.mark.parametrize(
    "source",
    [
        "x = uuid.uuid4().hex[:8]",
        "x = f'run-{os.getpid()}'",
        "x = Path(tempfile.mkdtemp()) / 'model.pt'",
        "x = os.path.join(tempfile.gettempdir(), 'a.csv')",
        "with tempfile.TemporaryDirectory() as x:\n    pass",
        "x = {'run': str(uuid4()), 'lr': 0.1}",
        "class Watch:\n    def __init__(self):\n        self.t0 = time.time()\nx = Watch()",
    ],
)
def test_text_and_paths_of_an_id_are_labels(source: str) -> None:
    (found,) = labels_of([source])
    assert found.names == {"x"}


@pytest.mark.parametrize(
    "source",
    [
        "x = uuid.uuid4().int",
        "x = os.getpid()",
        "x = 7 + os.getpid()",
        "x = int(secrets.token_hex(4), 16)",
        "x = np.random.default_rng(uuid.uuid4().int)",
        "x = [uuid.uuid4().int for _ in range(3)]",
        "x = 'a' if uuid4() > other else 'b'",
        "x = str(3)",
    ],
)
def test_numbers_made_of_an_id_are_data(source: str) -> None:
    (found,) = labels_of([source])
    assert not found.names


def _cell(index: int, run: int, **sides: Any) -> CellTrace:
    """Return a cell; what is named in ``differs`` has another content in each run."""
    differs = sides.pop("differs", ())
    values = {
        side: {name: ValueDigest(digest=str(run * (name in differs)) * 64, kind="str") for name in names}
        for side, names in sides.items()
        if side in {"reads", "writes"}
    }
    rest = {name: value for name, value in sides.items() if name not in values}
    return CellTrace(index=index, source_digest="s", order=index, **values, **rest)


def test_a_label_that_nothing_depends_on_is_no_difference() -> None:
    sources = ["run = uuid4().hex", "model = fit()", "save(model, run)\nprint(run)"]
    a, b = (
        Trace(
            cells=(
                _cell(0, n, writes=["run"], differs=["run"]),
                _cell(1, n, writes=["model"]),
                _cell(2, n, reads=["run", "model"], differs=["run"], outputs=str(n)),
            )
        )
        for n in (1, 2)
    )
    found = compare(a, b, Source(sources))
    assert (found.origins, found.differing, found.benign) == ((), (), ("run",))


def test_a_label_that_something_depends_on_is_where_it_began() -> None:
    sources = ["run = uuid4().hex", "model = fit(run)"]
    a, b = (
        Trace(
            cells=(
                _cell(0, n, writes=["run"], differs=["run"]),
                _cell(1, n, reads=["run"], writes=["model"], differs=["run", "model"]),
            )
        )
        for n in (1, 2)
    )
    found = compare(a, b, Source(sources))
    assert [each.cell for each in found.origins] == [0]
    assert found.benign == ()


def test_a_label_beside_an_unseeded_draw_is_not_to_blame() -> None:
    sources = ["run = uuid4().hex", "print(run)\nx = np.random.rand()"]
    a, b = (
        Trace(
            cells=(
                _cell(0, n, writes=["run"], differs=["run"]),
                _cell(
                    1,
                    n,
                    reads=["run"],
                    writes=["x"],
                    differs=["run", "x"],
                    rng_before={"numpy": f"p{n}"},
                    rng_after={"numpy": f"q{n}"},
                ),
            )
        )
        for n in (1, 2)
    )
    found = compare(a, b, Source(sources))
    assert [(each.cell, each.names) for each in found.origins] == [(1, ("x",))]


def test_a_label_that_seeds_a_generator_is_where_it_began() -> None:
    sources = ["run = uuid4().hex\nrandom.seed(run)", "x = random.random()"]
    seeded = (Call(kind="seed", target="random.seed"),)
    a, b = (
        Trace(
            cells=(
                _cell(0, n, writes=["run"], differs=["run"], calls=seeded),
                _cell(
                    1,
                    n,
                    writes=["x"],
                    differs=["x"],
                    rng_before={"python": f"p{n}"},
                    rng_after={"python": f"q{n}"},
                ),
            )
        )
        for n in (1, 2)
    )
    first = compare(a, b, Source(sources)).first
    assert first is not None
    assert (first.cell, first.names) == (0, ("run",))


def test_an_id_that_is_only_shown_is_no_difference() -> None:
    a, b = (Trace(cells=(_cell(0, n, outputs=str(n)),)) for n in (1, 2))
    assert compare(a, b, Source(["print(uuid.uuid4())"])).first is None
    assert compare(a, b, Source(["print(order)"])).first is not None
