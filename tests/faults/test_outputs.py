"""Outputs that are huge, or come from where nobody listens; many runs and large values (F16, F17, F23)."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.execute import RunEvent, RunOptions, read_trace, replay_run, run_notebook
from reprobook.runs import NewRun, RunFolder, Store, fsck

Run = Callable[..., RunFolder]
Write = Callable[..., Path]
Command = Callable[..., tuple[int, str]]


@pytest.mark.slow
def test_huge_outputs_are_kept_and_compared_as_a_whole(run: Run, command: Command) -> None:
    """F16: a line of 10 MB, and one letter of it that changes; 20,000 lines; many displays."""
    cells = (
        "import os\nprint('x' * 10_000_000 + os.environ.get('LAST', 'a'))",
        "for i in range(20_000):\n    print(i)",
        "from IPython.display import display, HTML\nfor i in range(300):\n    display(HTML(f'<b>{i}</b>'))",
    )
    folder = run(*cells)
    record = folder.read_record()
    assert record.status == "succeeded", record.error
    texts = ["".join(str(output) for output in cell["outputs"]) for cell in _code(folder)]
    assert len(texts[0]) > 10_000_000
    assert "19999" in texts[1]
    assert texts[2].count("<b>") == 300
    assert command("show", folder.run_id)[0] == 0
    # The trace holds digests, not the text.
    assert folder.trace.stat().st_size < 1_000_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAST", "b")
        other = run(*cells)
    outputs = [[cell.outputs for cell in read_trace(each).cells] for each in (folder, other)]
    assert [one == two for one, two in zip(*outputs, strict=True)] == [False, True, True]


def _code(folder: RunFolder) -> list[dict[str, Any]]:
    cells = json.loads(folder.executed.read_bytes())["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_how_output_is_cut_into_pieces_is_no_difference(run: Run, store: Store) -> None:
    """F17: from C by the descriptor, from a thread after the end of the cell, both streams by turns, in any chunks."""
    original = run(
        "import os, sys, threading, time, random\nfor part in 'a b c d'.split():\n"
        "    os.write(1, part.encode())\n    time.sleep(random.random() / 50)\n    print(part)\n"
        "    print(part, file=sys.stderr, flush=random.random() < 0.5)",
        "def late():\n    time.sleep(0.2 + random.random() / 20)\n    print('late')\n"
        "thread = threading.Thread(target=late)\nthread.start()",
        "thread.join()\ntotal = 3",
        "print('loss: 0.5')",
        kernel="cold",
    )  # fmt: skip
    assert original.read_record().status == "succeeded", original.read_record().error
    replay = replay_run(original, store)
    found = [[cell.outputs for cell in read_trace(each).cells] for each in (original, replay)]
    assert found[0][0] == found[1][0]
    assert found[0][3] == found[1][3]
    assert original.read_record().metrics == replay.read_record().metrics == {"loss": 0.5}


@pytest.mark.slow
def test_ten_thousand_runs_are_listed(store: Store, command: Command) -> None:
    """F23: the time is bounded by what a listing reads; the bound is wide, for slow machines."""
    for number in range(10_000):
        run = store.create(NewRun(seed=number, parameters={"lr": number / 7}))
        run.metrics.write_text("")  # a run that succeeded has kept something
        run.seal(status="succeeded", metrics={"loss": number / 3})
    store.records(limit=1)
    started = time.monotonic()
    code, said = command("runs", "--where", "loss < 100 and seed > 10", "--sort", "-loss", "--limit", "5", "--json")
    assert time.monotonic() - started < 30
    assert (code, [run["seed"] for run in json.loads(said)]) == (0, [299, 298, 297, 296, 295])
    assert fsck(store).problems == ()


def test_values_too_large_to_read_whole_are_marked_as_samples(run: Run) -> None:
    """F23: a frame of a million rows, and an array beyond the budget of a value."""
    folder = run(
        "import numpy as np, pandas as pd\nframe = pd.DataFrame({c: np.arange(1_000_000) for c in 'abc'})",
        "huge = np.zeros(40_000_000)",
        trace="light",
    )
    record = folder.read_record()
    assert record.status == "succeeded", record.error
    first, second = read_trace(folder).cells
    assert second.writes["huge"].kind == "sampled:numpy.ndarray"
    assert first.writes["frame"].kind.startswith("sampled:pandas")
    assert folder.trace.stat().st_size < 200_000


def test_five_thousand_values_of_a_metric_are_kept(run: Run) -> None:
    folder = run("import reprobook as rb\nfor i in range(5_000):\n    rb.log(loss=i, step=i)")
    assert len(folder.read_metrics().records) == 5_000
    assert folder.read_record().metrics == {"loss": 4_999.0}
    assert folder.check_integrity().status == "succeeded"


_THREADS = (
    "import threading, sys\ndef fail(n):\n    raise ValueError(f'lost {n}')\ndone = []",
    "for _ in range(2):\n    thread = threading.Thread(target=fail, args=(1,))\n    thread.start()\n    thread.join()",
    "leaves = threading.Thread(target=sys.exit)\nleaves.start()\nleaves.join()\nprint('on')",
)


@pytest.mark.parametrize("kernel", ["inline", "cold"])
def test_what_ends_a_thread_is_reported_apart(
    write: Write, store: Store, kernel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B20: no cell fails of it, Python prints it, and so the run says it at its end."""
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)  # pytest's own prints nothing
    notes: list[tuple[int | None, str]] = []

    def note(event: RunEvent) -> None:
        if event.kind == "note":
            notes.append((event.cell, event.text))

    folder = run_notebook(write(*_THREADS), store, RunOptions(kernel=kernel, seed=1), note)
    assert folder.read_record().status == "succeeded"
    said = "in or after cell 1, 2 threads ended by ValueError: lost 1; the notebook went on without"
    assert notes == [(1, said)]
    errors = read_trace(folder).thread_errors
    assert [(each.cell, each.ename, each.evalue) for each in errors] == [(1, "ValueError", "lost 1")] * 2
    cells = json.loads(folder.executed.read_bytes())["cells"]
    assert "lost 1" in json.dumps(cells[1]["outputs"])  # as without us
    assert threading.excepthook is threading.__excepthook__
    folder.check_integrity()


_WARNED = (
    "import warnings\ndef f(): warnings.warn('mine')\nx = 1if True else 2",
    "f()",
    "f()\n%timeit -n1 -r1 1if True else 2",
    "warnings.simplefilter('always')",
    "z = '\\q'\nz",
)


def _warnings(folder: RunFolder) -> list[str]:
    said = [[each for each in cell["outputs"] if each.get("name") == "stderr"] for cell in _code(folder)]
    return [re.sub(r"ipykernel_\d+", "", "".join("".join(output["text"]) for output in each)) for each in said]


def test_the_recorder_warns_of_nothing_that_python_warns_of(run: Run) -> None:
    """F24: nor does it let Python warn again of what it has warned of once."""
    recorded, plain = (_warnings(run(*_WARNED, kernel="cold", trace=trace)) for trace in ("full", "off"))
    assert recorded == plain
    assert "SyntaxWarning" in plain[0]
    assert "mine" in plain[1]
