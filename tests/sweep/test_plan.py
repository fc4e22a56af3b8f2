from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprobook.errors import InputError, IntegrityError, ParameterError
from reprobook.space import Choice, Float, Int
from reprobook.sweep.grid import axis
from reprobook.sweep.model import SweepOptions
from reprobook.sweep.plan import WINDOW, Plan, make_plan
from reprobook.sweep.plan_file import parse_plan, plan_bytes
from reprobook.sweep.proposals import Proposals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[..., Path]


def plan(path: Path, **options: Any) -> Plan:
    return make_plan("20261129-000000-abcd", path, path.read_bytes(), SweepOptions(**{"metric": "loss", **options}))


def points(found: Plan) -> list[dict[str, Any]]:
    proposals = Proposals(found)
    return [proposals.propose(number, {}) for number in range(found.trials)]


def test_declared_spaces_need_not_be_named_and_plain_parameters_stay(write: Write) -> None:
    found = plan(write())
    assert found.options.spaces == {"lr": Float(1e-4, 1e-1, log=True), "width": Int(1, 8), "kind": Choice("a", "b")}
    assert found.fixed == {"lr": 1e-2, "width": 4, "kind": "a", "offset": 0.5}
    assert found.trials == 20


def test_a_space_that_is_given_counts_and_a_value_fixes_a_declared_one(write: Write) -> None:
    found = plan(write(), spaces={"offset": Float(0.0, 1.0), "lr": Float(1e-3, 1e-2)}, texts={"width": "2"})
    assert found.options.spaces == {
        "lr": Float(1e-3, 1e-2),
        "kind": Choice("a", "b"),
        "offset": Float(0.0, 1.0),
    }
    assert found.fixed["width"] == 2


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"spaces": {"lrr": Int(1, 2)}}, "'lrr'", "Did you mean lr?"),
        ({"spaces": {"lr": Float(1e-6, 1.0)}}, "lr", "widen the space"),
        ({"spaces": {"kind": Choice("c")}}, "kind", ""),
        ({"spaces": {"lr": Float(1e-3, 1e-2)}, "values": {"lr": 1e-3}}, "a space and a value", "one of the two"),
        ({"values": {"lr": 5.0}}, "lr", ""),
        ({"constraints": ("widht < 3",)}, "'widht'", "Did you mean width?"),
        ({"constraints": ("open('x')",)}, "cannot read", "comparison"),
        ({"conditions": {"offset": "width > 2"}}, "not varied", "--param offset="),
        ({"conditions": {"lr": "width > 2", "width": "lr > 0.01"}}, "depend on each other", ""),
        ({"sampler": "tpee"}, "sampler", "'tpe'"),
        ({"direction": "maximum"}, "direction", ""),
        ({"prune": "asah"}, "prune", "'asha'"),
        ({"jobs": 0}, "jobs", ""),
        ({"trials": -1}, "trials", ""),
        ({"seeds": 2.0}, "seeds", ""),
        ({"seed": 2**32 - 1, "seeds": 2}, "seed", ""),
        ({"metric": " "}, "metric", "--metric"),
        ({"sampler": "grid", "constraints": ("width > 8",)}, "no point", "Loosen"),
        ({"sampler": "grid", "spaces": {"offset": Choice(*map(float, range(2000)))}}, "points", "--sampler random"),
    ],
)
def test_what_makes_no_sweep_is_refused_before_anything_runs(
    write: Write, options: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(InputError, match=message) as refused:
        plan(write(), **options)
    assert refused.value.hint
    assert hint in refused.value.hint


def test_with_nothing_to_vary_there_is_no_sweep(write: Write) -> None:
    with pytest.raises(ParameterError, match="nothing to vary") as refused:
        plan(write("x = 1", "x"))
    assert "--param" in refused.value.hint


def test_a_constraint_that_next_to_nothing_satisfies_is_an_error(write: Write) -> None:
    with pytest.raises(ParameterError, match="no point"):
        points(plan(write(), sampler="random", trials=1, constraints=("width > 8",)))


def test_threads_and_window_do_not_depend_on_the_jobs(write: Write) -> None:
    one, four, more = (plan(write(), jobs=jobs) for jobs in (1, 4, 6))
    assert (one.window, one.threads) == (four.window, four.threads)
    assert one.window == WINDOW
    assert more.window == 6
    assert plan(write(), threads=3).threads == 3


@pytest.mark.parametrize("sampler", ["random", "grid"])
def test_every_point_satisfies_constraints_and_conditions(write: Write, sampler: str) -> None:
    conditions = {"width": "kind == 'a'"}
    constraints = ("width * lr < 0.1",)
    found = plan(write(), sampler=sampler, trials=12, constraints=constraints, conditions=conditions)
    proposed = points(found)
    assert all(("width" in point) == (point["kind"] == "a") for point in proposed)
    assert all({**found.fixed, **point}["width"] * point["lr"] < 0.1 for point in proposed)
    assert {"a", "b"} == {point["kind"] for point in proposed}


def test_a_grid_is_all_combinations_once(write: Write) -> None:
    found = plan(write(), sampler="grid", spaces={"lr": Choice(1e-3, 1e-2), "width": Int(1, 3)})
    assert found.trials == 2 * 3 * 2
    assert points(found)[:3] == [
        {"lr": 1e-3, "width": 1, "kind": "a"},
        {"lr": 1e-3, "width": 1, "kind": "b"},
        {"lr": 1e-3, "width": 2, "kind": "a"},
    ]
    conditional = plan(
        write(),
        sampler="grid",
        spaces={"lr": Choice(1e-3, 1e-2), "width": Int(1, 3)},
        conditions={"width": "kind == 'a'"},
    )
    assert conditional.trials == 2 * (3 + 1)


def test_part_of_a_grid_is_drawn_by_the_seed(write: Write) -> None:
    options = {"sampler": "grid", "spaces": {"lr": Choice(1e-3, 1e-2)}, "trials": 5}
    first, again, other = (points(plan(write(), seed=seed, **options)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len({repr(point) for point in first}) == 5


@pytest.mark.parametrize(
    ("space", "values"),
    [
        (Int(1, 4), [1, 2, 3, 4]),
        (Int(0, 100), [0, 25, 50, 75, 100]),
        (Int(1, 10_000, log=True), [1, 10, 100, 1000, 10_000]),
        (Float(0.0, 1.0), [0.0, 0.25, 0.5, 0.75, 1.0]),
        (Float(1e-4, 1.0, log=True), pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1.0])),
        (Float(2.0, 2.0), [2.0]),
    ],
)
def test_a_range_is_cut_evenly_on_its_scale(space: Any, values: Any) -> None:
    found = axis(space)
    assert found == values
    assert all(value in space for value in found)


def test_a_plan_comes_back_from_its_file(write: Write, tmp_path: Path) -> None:
    odd = {"offset": Choice(0.5, float("inf"))}
    found = plan(
        write(), spaces=odd, conditions={"width": "lr > 0.01"}, constraints=("width < 9",), prune="asha", cwd=tmp_path
    )
    again = parse_plan(plan_bytes(found), "plan.json")
    assert again == found
    assert [type(option) for option in again.options.spaces["offset"].options] == [float, float]  # type: ignore[union-attr]


def test_a_damaged_plan_is_named(write: Write) -> None:
    data = plan_bytes(plan(write()))
    for broken in (b"", data[:40], data.replace(b"sweep/1", b"sweep/9"), data.replace(b'"Float"', b'"Flota"')):
        with pytest.raises(IntegrityError, match=r"plan\.json"):
            parse_plan(broken, "plan.json")
