"""Pins that decide what would else depend on the machine, and what no pin may hide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.ambient import Pins

Run = Callable[..., str]

LISTING = """
import glob, os
from pathlib import Path
folder = Path("shards")
folder.mkdir(exist_ok=True)
for name in "part-3 part-1 part-10 part-2".split(): (folder / name).touch()
print(os.listdir("shards"), glob.glob("shards/*"), [each.name for each in folder.iterdir()])
print([each.name for each in folder.glob("part*")], next(os.walk("shards"))[2], [e.name for e in os.scandir(b"shards")])
"""


def test_listings_come_sorted(pinned: Run) -> None:
    sorted_names = ["part-1", "part-10", "part-2", "part-3"]
    paths = [f"shards/{name}" for name in sorted_names]
    expected = (
        f"{sorted_names} {paths} {sorted_names}\n{sorted_names} {sorted_names} {[n.encode() for n in sorted_names]}"
    )
    assert pinned(LISTING, Pins(listings="sorted")) == expected


def test_a_listing_comes_as_it_was_recorded(pinned: Run, tmp_path: Path) -> None:
    recorded = ("part-2", "gone", "part-3", "part-1")
    order = ["part-2", "part-3", "part-1", "part-10"]
    found = pinned(LISTING, Pins(recorded_listings={"shards": recorded}))
    assert found.startswith(f"{order} {[f'shards/{name}' for name in order]} {order}")
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    script = "import os; print(sorted(os.listdir()) == sorted(os.listdir('.')), 'a' in os.listdir())"
    assert pinned(script, Pins(recorded_listings={"x": ("y",)})) == "True True"


def test_the_process_is_told_of_processors(pinned: Run) -> None:
    script = """
        import multiprocessing, os
        import joblib, psutil
        print(os.cpu_count(), len(os.sched_getaffinity(0)), multiprocessing.cpu_count(), psutil.cpu_count())
        print(joblib.cpu_count())
    """
    assert pinned(script, Pins(cpus=3)) == "3 3 3 3\n3"


def test_threads_of_one_operation(pinned: Run) -> None:
    script = """
        import numpy, scipy.linalg, threadpoolctl, torch
        torch.set_num_threads(2)
        print(torch.get_num_threads(), {each["num_threads"] for each in threadpoolctl.threadpool_info()})
    """
    assert pinned(script, Pins(threads=1), OMP_NUM_THREADS="2") == "1 {1}"
    assert pinned(script, OMP_NUM_THREADS="2") == "2 {2}"


def test_kernels_are_deterministic_and_memory_is_filled(pinned: Run) -> None:
    script = """
        import numpy as np
        import torch
        for _ in range(3): np.full((64,), 7.0); a = np.empty(64); b = np.empty_like(a, dtype=np.int32)
        print(torch.are_deterministic_algorithms_enabled(), torch.empty(3).isnan().all().item(), a.any(), b.any())
    """
    assert pinned(script, Pins(deterministic=True)) == "True True False False"


def test_sorts_keep_the_order_of_what_is_equal(pinned: Run) -> None:
    script = """
        import numpy as np
        import pandas as pd
        import torch
        keys = np.tile([2, 1, 0], 500)
        stable = sorted(range(1500), key=lambda k: keys[k])
        frame = pd.DataFrame({"key": keys, "n": range(1500)})
        found = [np.argsort(keys), keys.argsort(), torch.argsort(torch.tensor(keys)), torch.tensor(keys).sort()[1]]
        found += [frame.sort_values("key").n, frame.key.sort_values().index]
        found += [np.argpartition(keys, 9), keys.argpartition(9)]
        found += [torch.topk(torch.tensor(keys), 1500, largest=False)[1], torch.sort(torch.tensor(keys), 0, False)[1]]
        print([list(map(int, each)) == stable for each in found])
        print(torch.tensor([1, 3, 3, 2]).topk(2).indices.tolist(), np.argpartition([[2, 1], [3, 4]], 0, 0).tolist())
        print(np.sort(keys, axis=0)[0], keys.argsort(kind="heapsort")[0])
    """
    assert pinned(script, Pins(sorts=True)) == f"{[True] * 10}\n[1, 2] [[0, 0], [1, 1]]\n0 2"


def test_rows_of_unordered_queries_are_sorted(pinned: Run) -> None:
    script = """
        import sqlite3
        import pandas as pd
        con = sqlite3.connect(":memory:")
        con.execute("create table t (a integer, b text)")
        con.executemany("insert into t values (?, ?)", [(3, "c"), (1, "a"), (2, "b")])
        print(con.execute("select a from t").fetchall(), list(con.execute("select b from t where a < ?", (3,))))
        cursor = con.cursor().execute("select a from t")
        print(con.execute("select a from t order by a desc").fetchone(), cursor.fetchmany(2))
        print(pd.read_sql("select * from t", con).a.tolist(), con.execute("select count(*) from t").fetchone())
    """
    expected = "[(1,), (2,), (3,)] [('a',), ('b',)]\n(3,) [(1,), (2,)]\n[1, 2, 3] (3,)"
    assert pinned(script, Pins(queries=True)) == expected


def test_recorded_settings_are_put_back(pinned: Run) -> None:
    settings = {
        "python.decimal": "9 ROUND_DOWN",
        "numpy.errors": "divide=raise over=warn under=ignore invalid=warn",
        "torch.default_dtype": "torch.float64",
        "torch.matmul_precision": "high",
        "matplotlib.changed": "",
        "python.cwd": "/nowhere",
    }
    script = """
        import decimal
        import numpy as np
        import torch
        import matplotlib
        print(decimal.getcontext().prec, np.geterr()["divide"], torch.get_default_dtype())
        print(torch.get_float32_matmul_precision(), matplotlib.rcParams["lines.linewidth"])
    """
    (Path(pinned("import os; print(os.getcwd())")) / "matplotlibrc").write_text("lines.linewidth: 7\n")
    assert pinned(script).endswith("highest 7.0")
    assert pinned(script, Pins(settings=settings)) == "9 raise torch.float64\nhigh 1.5"


def test_a_restored_setting_is_kept_against_modules_and_not_against_the_notebook(pinned: Run, tmp_path: Path) -> None:
    (tmp_path / "defaults.py").write_text("import torch\ntorch.set_default_dtype(torch.float64)\n")
    script = """
        import torch
        import defaults
        print(torch.get_default_dtype())
        torch.set_default_dtype(torch.float16)
        print(torch.get_default_dtype())
    """
    assert pinned(script, Pins(settings={"torch.default_dtype": "torch.float32"})) == "torch.float32\ntorch.float16"


def test_modules_come_first_from_the_folder_of_the_pin(pinned: Run, tmp_path: Path) -> None:
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    (recorded / "mine.py").write_text("value = 'recorded'")
    (tmp_path / "mine.py").write_text("value = 'now'")
    script = "import mine, multiprocessing; print(mine.value, multiprocessing.get_start_method())"
    assert pinned(script, Pins(import_path=str(recorded), start_method="spawn")) == "recorded spawn"


@pytest.mark.parametrize("pins", [Pins(entropy=True, clock=True), Pins(generators=("python",))])
def test_pinning_what_decides_a_delay_does_not_pin_the_order(pinned: Run, pins: Pins) -> None:
    script = """
        import os, random, time
        from concurrent.futures import ThreadPoolExecutor, as_completed
        def work(k): time.sleep(random.random() / 20 + int.from_bytes(os.urandom(1)) / 5000); return k
        with ThreadPoolExecutor(8) as pool:
            print([each.result() for each in as_completed([pool.submit(work, k) for k in range(40)])])
    """
    assert pinned(script, pins) != pinned(script, pins)


def test_what_waits_for_its_starter_does_not_hang(pinned: Run) -> None:
    script = """
        import asyncio, queue, threading
        from concurrent.futures import ThreadPoolExecutor
        items, gate = queue.Queue(), threading.Barrier(2)
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(items.get)
            items.put("given")
            print(future.result())
        threads = [threading.Thread(target=lambda: gate.wait()) for _ in range(2)]
        for each in threads: each.start()
        for each in threads: each.join()
        print(gate.broken)
    """
    assert pinned(script, Pins(serial=True)) == "given\nFalse"
