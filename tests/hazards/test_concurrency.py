"""Results in the order of completion, shared state in threads, generators in workers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reprobook.hazards import find_hazards, possible_causes
from reprobook.notebook import Notebook

MakeNotebook = Callable[..., Notebook]

IMPORTS = """import random, threading, asyncio, multiprocessing, queue
import numpy as np, torch
from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor, as_completed, wait
from multiprocessing.pool import ThreadPool
from joblib import Parallel, delayed
from torch.utils.data import DataLoader, Dataset
random.seed(0)
np.random.seed(0)
torch.manual_seed(0)
def work(x):
    return x * 2
xs = [1, 2, 3]
"""
POOL = "with ThreadPoolExecutor(2) as ex:\n    fs = [ex.submit(work, x) for x in xs]\n"
DATA = (
    "class D(Dataset):\n    def __len__(self):\n        return 3\n    def __getitem__(self, i):\n        return {}\n\n"
)

RACING = [
    (
        (
            "def produce(q, x):\n    q.put(x)\n\nq = multiprocessing.Queue()\n"
            "ps = [multiprocessing.Process(target=produce, args=(q, x)) for x in xs]"
        ),
        "pool_completion_order",
    ),
    (POOL + "    ys = [f.result() for f in as_completed(fs)]", "thread_completion_order"),
    (POOL + "    done, _ = wait(fs)\n    ys = [f.result() for f in done]", "thread_completion_order"),
    (
        (
            "with ProcessPoolExecutor(2) as ex:\n    fs = [ex.submit(work, x) for x in xs]\n"
            "    ys = []\n    for f in as_completed(fs):\n        ys.append(f.result())"
        ),
        "pool_completion_order",
    ),
    ("with multiprocessing.Pool(2) as p:\n    ys = list(p.imap_unordered(work, xs))", "pool_completion_order"),
    ("with ThreadPool(2) as p:\n    ys = list(p.imap_unordered(work, xs))", "thread_completion_order"),
    ("ys = list(Parallel(2, return_as='generator_unordered')(delayed(work)(x) for x in xs))", "pool_completion_order"),
    (
        (
            "async def get(x):\n    return x\n\nys = []\n"
            "for c in asyncio.as_completed([get(x) for x in xs]):\n    ys.append(await c)"
        ),
        "async_completion_order",
    ),
    (
        (
            "ys = []\nasync def get(x):\n    await asyncio.sleep(0)\n"
            "    ys.append(x)\n\nawait asyncio.gather(*[get(x) for x in xs])"
        ),
        "async_completion_order",
    ),
    (
        (
            "ys = []\ndef collect(x):\n    ys.append(x)\n\n"
            "ts = [threading.Thread(target=collect, args=(x,)) for x in xs]"
        ),
        "thread_completion_order",
    ),
    (
        "ys = []\ndef collect(x):\n    ys.append(x)\n\nwith ThreadPoolExecutor() as ex:\n    ex.map(collect, xs)",
        "thread_completion_order",
    ),
    (
        (
            "total = 0\ndef count(x):\n    global total\n    total += x\n"
            "\nts = [threading.Thread(target=count, args=(x,)) for x in xs]"
        ),
        "thread_race",
    ),
    (
        (
            "rng = np.random.default_rng(0)\ndef noisy(x):\n    return x + rng.normal()\n"
            "\nwith ThreadPoolExecutor() as ex:\n    ys = list(ex.map(noisy, xs))"
        ),
        "thread_race.shared_rng",
    ),
    (
        (
            "def noisy(x):\n    return x + random.random()\n\n"
            "with ThreadPoolExecutor() as ex:\n    ys = list(ex.map(noisy, xs))"
        ),
        "thread_race.shared_rng",
    ),
    ("ys = Parallel(2, prefer='threads')(delayed(noisy)(x) for x in xs)", "thread_race.shared_rng"),
    ("ys = Parallel(2)(delayed(noisy)(x) for x in xs)", "pool_worker_rng"),
    ("with multiprocessing.Pool(2) as p:\n    ys = p.map(noisy, xs)", "pool_worker_rng"),
    (
        DATA.format("np.random.default_rng().normal()") + "loader = DataLoader(D(), num_workers=2)",
        "dataloader.worker_rng",
    ),
    (
        DATA.format("i")
        + "def init(i):\n    np.random.seed()\n\nloader = DataLoader(D(), num_workers=2, worker_init_fn=init)",
        "dataloader.worker_rng",
    ),
]

ORDERLY = [
    "with ThreadPoolExecutor(2) as ex:\n    ys = list(ex.map(work, xs))",
    POOL + "    ys = [f.result() for f in fs]",
    POOL + "    wait(fs)\n    ys = [f.result() for f in fs]",
    POOL + "    ys = [None] * 3\n    for f in as_completed(fs):\n        ys[fs.index(f)] = f.result()",
    POOL + "    ys = sorted(f.result() for f in as_completed(fs))",
    "with multiprocessing.Pool(2) as p:\n    ys = p.map(work, xs)",
    "ys = Parallel(2)(delayed(work)(x) for x in xs)",
    "async def get(x):\n    return x\n\nys = await asyncio.gather(*[get(x) for x in xs])",
    (
        "def noisy(i):\n    return np.random.default_rng([0, i]).normal()\n"
        "\nwith ThreadPoolExecutor() as ex:\n    ys = list(ex.map(noisy, xs))"
    ),
    (
        "def noisy(x):\n    rng = random.Random(x)\n    return rng.random()\n"
        "\nwith multiprocessing.Pool(2) as p:\n    ys = p.map(noisy, xs)"
    ),
    (
        "lock = threading.Lock()\nn = 0\ndef count(x):\n    global n\n    with lock:\n"
        "        n += 1\n\nts = [threading.Thread(target=count, args=(x,)) for x in xs]"
    ),
    DATA.format("torch.rand(1)") + "loader = DataLoader(D(), num_workers=2, shuffle=True)",
    DATA.format("np.random.rand()") + "loader = DataLoader(D(), num_workers=0)",
    DATA.format("np.random.rand()")
    + (
        "def init(i):\n    np.random.seed(torch.initial_seed() % 2**32)\n"
        "\nloader = DataLoader(D(), num_workers=2, worker_init_fn=init)"
    ),
]


@pytest.mark.parametrize(("code", "cause"), RACING)
def test_races(notebook: MakeNotebook, code: str, cause: str) -> None:
    noisy = "def noisy(x):\n    return x + np.random.rand()"
    found = [hazard for hazard in find_hazards(notebook(IMPORTS, noisy, code)) if hazard.certain]
    assert {hazard.cause for hazard in found} == {cause}


@pytest.mark.parametrize("code", ORDERLY)
def test_no_races(notebook: MakeNotebook, code: str) -> None:
    assert [hazard for hazard in find_hazards(notebook(IMPORTS, code)) if hazard.certain] == []


def test_the_loop_over_a_loader_may_be_blamed_too(notebook: MakeNotebook) -> None:
    code = DATA.format("np.random.default_rng().normal()") + "loader = DataLoader(D(), num_workers=2)"
    loop = "total = 0\nfor batch in loader:\n    total += batch"
    found = possible_causes(notebook(IMPORTS, code, loop))
    assert (2, ("total", "batch")) in {(h.cell, h.names) for h in found if h.cause == "dataloader.worker_rng"} or any(
        h.cell == 2 and "total" in h.names for h in found if h.cause == "dataloader.worker_rng"
    )
