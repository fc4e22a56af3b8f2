from __future__ import annotations

import pytest

from reprobook.hazards.timing import timings_of


@pytest.mark.parametrize(
    "sources",
    [
        ["import time\nt0 = time.time()", "took = time.time() - t0\nprint(f'{took:.1f} s')"],
        ["from time import perf_counter\nstart = perf_counter()", "elapsed = round(perf_counter() - start, 2)"],
        [
            "t0 = time.time()\nlog = []",
            "for i in range(3):\n    log.append({'step': i, 's': time.time() - t0})\nprint(log)",
        ],
        ["t0 = time.time()", "history = {'seconds': time.time() - t0, 'loss': loss}", "frame = pd.DataFrame(history)"],
        ["from datetime import datetime\nstamp = datetime.now().isoformat()", "print('done', stamp)"],
    ],
)
def test_what_is_only_measured_and_shown_is_benign(sources: list[str]) -> None:
    found = timings_of(sources)
    timed = {name for cell in found for name in (*cell.pure, *cell.carriers)}
    assert timed
    assert not timed & {name for cell in found for name in cell.used}


@pytest.mark.parametrize(
    ("sources", "name"),
    [
        (["s = int(time.time())", "random.seed(s)"], "s"),
        (["t0 = time.time()", "while time.time() - t0 < 3:\n    step()"], "t0"),
        (["t0 = time.time()", "if time.time() - t0 > 9:\n    stop = True"], "t0"),
        (["frame['age'] = datetime.now().year - frame['born']", "x = frame[['age']]", "model.fit(x)"], "frame"),
        (["now = time.time()", "order = sorted(rows, key=lambda row: row.t - now)"], "now"),
        (["t = time.time()", "u = t * 2", "w = make(u)"], "t"),
    ],
)
def test_what_decides_something_is_no_mere_timing(sources: list[str], name: str) -> None:
    assert name in {used for cell in timings_of(sources) for used in cell.used}


def test_other_names_are_no_timings() -> None:
    (found,) = timings_of(["x = 3\ny = model.time\nimport time"])
    assert not found.pure
    assert not found.carriers
    assert not found.clocks
