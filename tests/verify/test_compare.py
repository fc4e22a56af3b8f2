from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reprobook.trace import CellError, CellTrace, Sink, Trace, ValueDigest
from reprobook.verify import compare
from reprobook.verify.walk import Source


def value(content: object, *, opaque: bool = False, kind: str = "int") -> ValueDigest:
    return ValueDigest(digest=f"{content!s:0>64}", kind=kind, opaque=opaque, summary=f"int {content}")


def cell(index: int | None, **fields: Any) -> CellTrace:
    for name in ("reads", "writes"):
        fields[name] = {key: value(item) for key, item in fields.get(name, {}).items()}
    return CellTrace(index=index, source_digest=fields.pop("source", "s"), order=index or 0, **fields)


def trace(*cells: CellTrace, sinks: tuple[Sink, ...] = ()) -> Trace:
    return Trace(cells=cells, sinks=sinks, result_digest=str([sink.digest for sink in sinks]))


def test_equal_traces_have_no_difference() -> None:
    one = trace(cell(0, writes={"x": 1}), cell(1, reads={"x": 1}, writes={"y": 2}))
    found = compare(one, one)
    assert (found.first, found.origins, found.opaque, found.cells) == (None, (), (), (0, 1))


def test_first_is_the_cell_whose_reads_were_equal() -> None:
    a = trace(
        cell(0, writes={"n": 3}), cell(1, reads={"n": 3}, writes={"x": 1}), cell(2, reads={"x": 1}, writes={"y": 1})
    )
    b = trace(
        cell(0, writes={"n": 3}), cell(1, reads={"n": 3}, writes={"x": 2}), cell(2, reads={"x": 2}, writes={"y": 2})
    )
    found = compare(a, b)
    assert found.first is not None
    assert (found.first.cell, found.first.names, found.first.cause) == (1, ("x",), "unknown")
    assert [each.cell for each in found.origins] == [1]
    assert found.differing == (1, 2)
    (change,) = found.first.values
    assert (change.name, change.original[:5], change.replay[:5]) == ("x", "int 1", "int 2")


def test_a_read_that_nothing_before_made_differ_counts_as_the_difference() -> None:
    """The cell between has changed it through an alias, or a live session before any recorded cell."""
    a = trace(cell(0, writes={"x": 1}), cell(1), cell(2, reads={"x": 5}, writes={"y": 5}))
    b = trace(cell(0, writes={"x": 1}), cell(1), cell(2, reads={"x": 6}, writes={"y": 6}))
    first = compare(a, b).first
    assert first is not None
    assert (first.cell, first.names) == (2, ("x",))
    assert "no earlier cell changed it" in first.evidence


def test_a_cell_that_passes_on_is_not_first_even_if_it_is_the_only_one_with_new_names() -> None:
    a = trace(cell(0, writes={"x": 1}), cell(1, reads={"x": 1}), cell(2, writes={"z": 1}))
    b = trace(cell(0, writes={"x": 2}), cell(1, reads={"x": 2}, outputs="other"), cell(2, writes={"z": 2}))
    found = compare(a, b)
    assert found.first is not None
    assert found.first.cell == 0
    assert [each.cell for each in found.origins] == [0, 2]
    assert found.differing == (0, 1, 2)


def test_outputs_alone_are_a_difference() -> None:
    first = compare(trace(cell(0, outputs="a")), trace(cell(0, outputs="b"))).first
    assert first is not None
    assert (first.cell, first.names) == (0, ())
    assert "output differs" in first.evidence


def test_a_generator_that_left_its_course_shows_where_it_is_drawn_from() -> None:
    """`%timeit` draws another number of times in each run; that alone changes no value."""
    a, b = (
        trace(
            cell(0, rng_before={"numpy": "p"}, rng_after={"numpy": f"q{n}"}),
            cell(1, writes={"x": n}, rng_before={"numpy": f"q{n}"}, rng_after={"numpy": f"r{n}"}),
        )
        for n in (1, 2)
    )
    found = compare(a, b)
    assert [(each.cell, each.names) for each in found.origins] == [(1, ("x",))]
    assert found.pairs[0].rng == {"numpy"}
    assert compare(trace(a.cells[0]), trace(b.cells[0])).first is None


def test_a_later_draw_from_the_same_unseeded_generator_is_no_origin_of_its_own() -> None:
    a, b = (
        trace(
            *(
                cell(c, writes={f"x{c}": n}, rng_before={g: f"{g}{c}{n}"}, rng_after={g: f"{g}{c}{n}+"})
                for c, g in enumerate(["numpy", "numpy", "torch"])
            )
        )
        for n in (1, 2)
    )
    assert [each.cell for each in compare(a, b).origins] == [0, 2]


def test_names_come_in_the_order_of_the_source_with_by_products_last() -> None:
    source = Source(("import time\nt0 = time.time()\nb = 1\na = b\nfor i in range(a):\n    c = i",))
    names = dict.fromkeys(("a", "b", "c", "i", "t0"))
    one, other = (trace(cell(0, writes=dict.fromkeys(names, n))) for n in (1, 2))
    first = compare(one, other, source).first
    assert first is not None
    assert first.names == ("b", "a", "c", "i")


def test_timings_differ_in_every_run_and_are_benign() -> None:
    sources = ("import time\nt0 = time.time()", "x = 1", "took = time.time() - t0\nprint(took)")
    a, b = (trace(cell(0, writes={"t0": n}), cell(1), cell(2, reads={"t0": n}, writes={"took": n})) for n in (1, 2))
    found = compare(a, b, Source(sources))
    assert (found.first, found.benign) == (None, ("t0", "took"))


def test_a_clock_that_seeds_is_no_timing() -> None:
    sources = ("import time\ns = int(time.time())", "rng = default_rng(s)")
    a, b = (trace(cell(0, writes={"s": n}), cell(1, reads={"s": n}, writes={"rng": n})) for n in (1, 2))
    first = compare(a, b, Source(sources)).first
    assert first is not None
    assert (first.cell, first.names) == (0, ("s",))


def test_another_release_of_a_module_is_no_content() -> None:
    a, b = (
        trace(
            CellTrace(index=0, source_digest="s", order=0, writes={"m": value(n, kind="module")}),
            cell(1, writes={"x": n}),
        )
        for n in (1, 2)
    )
    assert [each.cell for each in compare(a, b).origins] == [1]


def test_a_generator_that_a_library_brings_along_is_no_difference() -> None:
    a, b = (trace(cell(0, rng_before={}, rng_after={"numpy": end})) for end in "qr")
    assert compare(a, b).first is None


def test_draws_from_unlike_generators_are_evidence() -> None:
    a, b = (
        trace(cell(0, writes={"x": n}, rng_before={"numpy": f"p{n}"}, rng_after={"numpy": f"q{n}"})) for n in (1, 2)
    )
    first = compare(a, b).first
    assert first is not None
    assert "did not stand alike before it: numpy" in first.evidence


def test_files_are_evidence_with_path_and_digests() -> None:
    a = trace(cell(0, writes={"x": 1}, files_read={"d.csv": "a" * 64, "same": "c"}))
    b = trace(cell(0, writes={"x": 2}, files_read={"d.csv": "missing", "same": "c"}))
    first = compare(a, b).first
    assert first is not None
    assert "files read: d.csv (sha256 aaaaaaaa → missing)" in first.evidence
    assert "same" not in first.evidence


def test_files_and_durations_alone_are_no_difference() -> None:
    a = trace(cell(0, files_read={"d": "a"}, files_written={"o": "a"}, duration_s=1))
    b = trace(cell(0, files_read={"d": "b"}, files_written={"o": "b"}, duration_s=2))
    assert compare(a, b).first is None


def test_of_a_cell_that_was_executed_twice_the_last_time_counts() -> None:
    live = trace(cell(0, writes={"x": 1}), cell(0, reads={"x": 1}, writes={"x": 2}))
    replay = trace(cell(0, writes={"x": 1}))
    first = compare(live, replay).first
    assert first is not None
    assert (first.cell, first.names) == (0, ("x",))


def test_injected_cells_do_not_count() -> None:
    found = compare(trace(cell(None, writes={"x": 1}), cell(0)), trace(cell(None, writes={"x": 2}), cell(0)))
    assert (found.first, found.cells) == (None, (0,))


def test_a_cell_that_only_the_original_ran_is_a_difference() -> None:
    first = compare(trace(cell(0), cell(1, writes={"y": 1})), trace(cell(0))).first
    assert first is not None
    assert (first.cell, first.names) == (1, ("y",))


def test_a_cell_that_only_the_replay_ran_shows_where_its_names_are_read() -> None:
    skipped = trace(cell(0, writes={"x": 1}), cell(2, reads={"x": 1}, writes={"y": 1}))
    replay = trace(cell(0, writes={"x": 1}), cell(1, writes={"x": 2}), cell(2, reads={"x": 2}, writes={"y": 2}))
    first = compare(skipped, replay).first
    assert first is not None
    assert (first.cell, first.names) == (2, ("x",))
    assert compare(trace(cell(0)), trace(cell(0), cell(1, writes={"z": 1}))).first is None


def test_an_error_on_one_side_is_a_difference() -> None:
    failed = trace(cell(0, status="error", error=CellError(ename="KeyError", evalue="1")))
    first = compare(trace(cell(0)), failed).first
    assert first is not None
    assert "succeeded in the original and failed with KeyError in the replay" in first.evidence
    assert compare(failed, failed).first is None


def test_an_edited_cell_is_named_as_such() -> None:
    first = compare(trace(cell(0, writes={"x": 1})), trace(cell(0, writes={"x": 2}, source="t"))).first
    assert first is not None
    assert first.evidence.startswith("the cell's source was edited")


def test_results_that_no_variable_holds_are_compared_too() -> None:
    a, b = (trace(cell(0), cell(1), sinks=(Sink(kind="metric", name="loss", step=1, digest=d, cell=1),)) for d in "ab")
    first = compare(a, b).first
    assert first is not None
    assert (first.cell, first.names) == (1, ("loss",))


def test_what_a_deleted_cell_showed_is_no_result() -> None:
    shown = Sink(kind="metric", name="x.max()", digest="a", cell=None, explicit=False)
    assert compare(trace(cell(0), sinks=(shown,)), trace(cell(0))).first is None


def test_results_outside_of_any_cell_are_compared_too() -> None:
    a, b = (trace(sinks=(Sink(kind="artifact", name="model", digest=d),)) for d in "ab")
    first = compare(a, b).first
    assert first is not None
    assert (first.cell, first.names) == (None, ("model",))


def test_equal_digests_of_opaque_and_sampled_values_prove_nothing() -> None:
    hidden = CellTrace(
        index=0,
        source_digest="s",
        order=0,
        writes={"gen": value(1, opaque=True), "big": value(2, kind="sampled:list"), "x": value(3)},
    )
    found = compare(trace(hidden), trace(hidden))
    assert (found.first, found.opaque) == (None, ("big", "gen"))


def test_different_digests_of_opaque_values_differ() -> None:
    a, b = (
        trace(CellTrace(index=0, source_digest="s", order=0, writes={"gen": value(n, opaque=True)})) for n in (1, 2)
    )
    found = compare(a, b)
    assert found.first is not None
    assert (found.first.names, found.opaque) == (("gen",), ())


contents = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3)
traces = st.lists(st.tuples(contents, contents, st.sampled_from(["", "o"])), max_size=5).map(
    lambda cells: trace(*(cell(n, reads=r, writes=w, outputs=o) for n, (r, w, o) in enumerate(cells)))
)


@given(traces, traces)
def test_comparison_is_symmetric_where_both_ran_and_sound(a: Trace, b: Trace) -> None:
    assert compare(a, a).first is None
    found = compare(a, b)
    assert (found.first is None) == (not found.origins)
    if found.first:
        assert found.first in found.origins
    if len(a.cells) == len(b.cells):
        assert [each.cell for each in found.origins] == [each.cell for each in compare(b, a).origins]
