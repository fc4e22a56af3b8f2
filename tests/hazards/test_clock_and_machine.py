"""The clock, the process and the machine as sources of data."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reprobook.hazards import find_hazards
from reprobook.notebook import Notebook

MakeNotebook = Callable[..., Notebook]

IMPORTS = """import os, time, socket, platform, tempfile, hashlib, multiprocessing
import datetime as dt
from datetime import datetime, date
import numpy as np, pandas as pd, torch, psutil
df = pd.DataFrame({'created': pd.to_datetime(['2024-01-01'])})
xs = list(range(100))
model = None
"""

VARYING = [
    ("t0 = time.time()\nsteps = 0\nwhile time.time() - t0 < 2:\n    steps += 1", "wall_clock.early_stop"),
    (
        "t0 = time.monotonic()\nfor x in xs:\n    if time.monotonic() - t0 > 5:\n        break\n    best = x",
        "wall_clock.early_stop",
    ),
    (
        "end = dt.datetime.now() + dt.timedelta(seconds=3)\nn = 0\nwhile dt.datetime.now() < end:\n    n += 1",
        "wall_clock.early_stop",
    ),
    (
        (
            "def out_of_time(t0):\n    return time.time() - t0 > 9\n\nt0 = time.time()\n"
            "for x in xs:\n    last = x\n    if out_of_time(t0):\n        break"
        ),
        "wall_clock.early_stop",
    ),
    ("df['age'] = (datetime.now() - df['created']).dt.days", "wall_clock.datetime_feature"),
    ("now = pd.Timestamp.now()\ndf['age'] = (now - df.created).dt.days", "wall_clock.datetime_feature"),
    ("today = date.today()\nrecent = df[df.created.dt.date > today]", "wall_clock.datetime_feature"),
    ("df['hour'] = datetime.now().hour", "wall_clock.datetime_feature"),
    ("weekend = datetime.today().weekday() >= 5\nn = 3 if weekend else 5", "wall_clock.datetime_feature"),
    ("df['age_s'] = time.time() - df['created'].astype(int)", "wall_clock.datetime_feature"),
    (
        (
            "import threading\nstop = threading.Event()\nthreading.Timer(2, stop.set).start()\nn = 0\n"
            "while not stop.is_set():\n    n += 1"
        ),
        "wall_clock.early_stop",
    ),
    (
        "name = os.path.basename(tempfile.mkdtemp())\npart = xs[sum(map(ord, name)) % 9 :]",
        "tempfile_names",
    ),
    ("np.random.seed(len(socket.gethostname()))", "machine_identity"),
    ("np.random.seed(os.cpu_count())", "machine_shape.cpu_count"),
    ("fold = os.getpid() % 5\npart = xs[fold:]", "process_identity.pid"),
    ("host = socket.gethostname()\nn = 3 if host.startswith('gpu') else 5", "machine_identity"),
    ("lr = {'a': 1}.get(platform.node(), 2)", "machine_identity"),
    (
        ("salt = hashlib.sha256(tempfile.mkdtemp().encode()).hexdigest()\npart = xs[int(salt, 16) % 9:]"),
        "tempfile_names",
    ),
    ("batch = int(psutil.virtual_memory().available // 2**30)\nchunks = np.array_split(xs, batch)", "machine_state"),
    ("free, total = torch.cuda.mem_get_info()\nbatch = free // 1000\npart = xs[:batch]", "machine_state"),
    ("k = os.cpu_count()\nparts = np.array_split(xs, k)", "machine_shape.cpu_count"),
    ("parts = [xs[i::multiprocessing.cpu_count()] for i in range(2)]", "machine_shape.cpu_count"),
    (
        (
            "def a(): pass\ndef b(): pass\ndef took(f):\n    t = time.perf_counter()\n    f()\n"
            "    return time.perf_counter() - t\n\nfaster = min([a, b], key=took)\nx = [faster]"
        ),
        "machine_state",
    ),
]

SHOWN_ONLY = [
    "t0 = time.time()\nx = sum(xs)\nprint(time.time() - t0)",
    "t0 = time.perf_counter()\nx = sum(xs)\nelapsed = time.perf_counter() - t0\nprint(f'{elapsed:.1f} s')",
    "started = datetime.now()\nprint(f'started {started:%H:%M}')",
    "history = []\nfor x in xs:\n    t = time.time()\n    history.append({'x': x, 'seconds': time.time() - t})",
    "last = time.time()\nfor x in xs:\n    if time.time() - last > 10:\n        print(x)\n        last = time.time()",
    "speed = len(xs) / (time.time() - 3.0)\nprint(speed)",
    "run_name = f'run-{datetime.now():%Y%m%d-%H%M}'\nprint(run_name)",
    "print(os.getpid(), socket.gethostname(), os.cpu_count())",
    "torch.set_num_threads(2)\nloader = torch.utils.data.DataLoader(xs, num_workers=os.cpu_count())",
    (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(os.cpu_count()) as ex:\n    ys = list(ex.map(str, xs))"
    ),
    "with tempfile.TemporaryDirectory() as folder:\n    np.save(os.path.join(folder, 'a.npy'), xs)",
    "path = tempfile.mkdtemp()\nopen(os.path.join(path, 'x.txt'), 'w', encoding='utf-8').write('a')",
    "time.sleep(0.01)",
    "timings = {}\nt0 = time.time()\ntimings['fit'] = time.time() - t0",
    "print(psutil.virtual_memory().percent)",
    "day = datetime(2024, 1, 1)\ndf['age'] = (day - df.created).dt.days",
]


@pytest.mark.parametrize(("code", "cause"), VARYING)
def test_values_that_decide_something(notebook: MakeNotebook, code: str, cause: str) -> None:
    found = [hazard for hazard in find_hazards(notebook(IMPORTS, code)) if hazard.certain]
    assert {(hazard.cell, hazard.cause) for hazard in found} == {(1, cause)}


@pytest.mark.parametrize("code", SHOWN_ONLY)
def test_values_that_are_only_shown(notebook: MakeNotebook, code: str) -> None:
    assert [hazard for hazard in find_hazards(notebook(IMPORTS, code)) if hazard.certain] == []


def test_an_early_stop_names_what_the_loop_changes(notebook: MakeNotebook) -> None:
    code = "t0 = time.time()\nwhile time.time() - t0 < 2:\n    loss = opt.step()\n    seen = 1"
    found = [h for h in find_hazards(notebook(IMPORTS + "opt = torch.optim.SGD([], 1)\n", code)) if h.certain]
    assert [(hazard.line, set(hazard.names)) for hazard in found] == [(2, {"loss", "seen"})]
