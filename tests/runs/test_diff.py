from __future__ import annotations

import math
from typing import Any

from reprobook.header import Code, DataSource, Distribution, Environment, Git, Hardware, Header, Origin, Seeds
from reprobook.runs import Side, diff
from reprobook.runs.model import RunRecord


def side(**changes: Any) -> Side:
    """One run, alike but for what is changed, by the name of a header section or a record field."""
    header = Header(
        code=Code(cells=("a" * 64, "b" * 64)),
        seeds=Seeds(seed=changes.get("seed")),
        environment=Environment(
            python="3.11.7",
            implementation="CPython",
            distributions=changes.get("distributions", (Distribution(name="numpy", version="2.4.0", record="r"),)),
            variables=changes.get("variables", {}),
        ),
        hardware=Hardware(machine="x86_64", threads=changes.get("threads", {"torch": 2})),
        data=changes.get("data", (DataSource(name="digits", sha256="d" * 64, size=1),)),
        git=Git(commit="c1"),
        origin=Origin(created=changes.get("created", "2026-11-21")),
    )
    if "code" in changes:
        header = header.model_copy(update={"code": changes["code"]})
    fields = {key: changes[key] for key in ("parameters", "metrics", "seed", "status") if key in changes}
    return Side(RunRecord(run_id="20261121-000000-aaaa", **fields), header)


def found(a: Side, b: Side) -> list[tuple[str, str, Any, Any]]:
    return [(item.section, item.key, item.a, item.b) for item in diff(a, b)]


def test_equal_runs_do_not_differ() -> None:
    a = side(metrics={"loss": math.nan}, parameters={"x": math.nan}, created="2026-11-28T00:00:00Z")
    assert found(a, side(metrics={"loss": math.nan}, parameters={"x": math.nan}, created="2026-11-29T00:00:00Z")) == []


def test_each_difference_is_in_its_section() -> None:
    numpy = (Distribution(name="numpy", version="2.4.1", record="s"), Distribution(name="torch", version="2.13"))
    changed = side(
        parameters={"lr": 0.2},
        metrics={"loss": 1.0},
        seed=1,
        status="failed",
        code=Code(cells=("a" * 64, "x" * 64, "y" * 64)),
        distributions=numpy,
        variables={"PYTHONHASHSEED": "0"},
        threads={"torch": 1},
        data=(DataSource(name="digits", sha256="e" * 64, size=1),),
    )
    # What only one run has stands in its section too.
    assert found(side(parameters={"lr": 0.1}), changed) == [
        ("parameters", "lr", 0.1, 0.2),
        ("code", "cell 1", "b" * 64, "x" * 64),
        ("code", "cell 2", None, "y" * 64),
        ("environment", "distributions.numpy", "2.4.0", "2.4.1"),
        ("environment", "distributions.numpy.files", "r", "s"),
        ("environment", "variables.PYTHONHASHSEED", None, "0"),
        ("environment", "distributions.torch", None, "2.13"),
        ("data", "digits", "d" * 64, "e" * 64),
        ("hardware", "threads.torch", 2, 1),
        ("seeds", "seed", None, 1),
        ("results", "status", "pending", "failed"),
        ("results", "metrics.loss", None, 1.0),
    ]


def test_types_count_in_parameters() -> None:
    assert found(side(parameters={"x": 1}), side(parameters={"x": True})) == [("parameters", "x", 1, True)]


def test_runs_without_a_header_are_compared_by_their_records() -> None:
    a, b = side(metrics={"loss": 1.0}, seed=1), side(metrics={"loss": 2.0}, seed=2)
    records = found(Side(a.record), Side(b.record))
    assert records == [("seeds", "seed", 1, 2), ("results", "metrics.loss", 1.0, 2.0)]
