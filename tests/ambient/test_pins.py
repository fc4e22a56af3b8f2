"""Each pin makes a script repeat that does not repeat by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reprobook.ambient import Pins

Run = Callable[..., str]

# Scripts that never print the same twice, by the pin that makes them.
CHANGING = {
    "clock": (
        Pins(clock=True),
        """
        import datetime as dt, time
        from datetime import date, datetime
        import pandas as pd
        print(time.time(), time.time_ns(), time.monotonic(), time.perf_counter_ns(), time.process_time())
        print(datetime.now(), datetime.utcnow(), datetime.today(), date.today(), datetime.now(dt.timezone.utc))
        print(time.ctime(), time.strftime("%c"), time.localtime(), pd.Timestamp.now(), pd.Timestamp("now"))
        t0 = time.time()
        time.sleep(0.01)
        steps = sum(1 for _ in iter(lambda: time.time() - t0 < 1, False))
        print(time.time() - t0, steps)
        """,
    ),
    "clock in threads": (
        Pins(clock=True),
        """
        import threading, time
        found = {}
        def work(name): found[name] = [time.time() for _ in range(100)]
        threads = [threading.Thread(target=work, args=(k,), name=f"worker {k}") for k in range(4)]
        for each in threads: each.start()
        for each in threads: each.join()
        print(sorted(found.items()))
        """,
    ),
    "entropy": (
        Pins(entropy=True),
        """
        import os, random, secrets, uuid
        import numpy as np
        print(os.urandom(8), secrets.token_hex(8), secrets.randbelow(10**9), uuid.uuid4(), uuid.uuid1())
        print(random.SystemRandom().random(), random.Random().random())
        random.seed(); print(random.random())
        print(np.random.default_rng().random(), np.random.RandomState().rand(), np.random.SeedSequence().entropy)
        np.random.seed(); print(np.random.rand())
        """,
    ),
    "entropy of torch": (
        Pins(entropy=True),
        "import torch; print(torch.Generator().seed(), torch.seed(), torch.rand(3))",
    ),
    "entropy after a fork": (
        Pins(entropy=True),
        """
        import multiprocessing, os, random
        def work(_): return random.random(), os.urandom(4)
        with multiprocessing.get_context("fork").Pool(1) as pool: print(pool.map(work, range(3)))
        """,
    ),
    "generators": (
        Pins(generators=("python", "numpy", "torch")),
        """
        import random; print(random.random()); random.seed(); print(random.random())
        import numpy as np; print(np.random.rand()); np.random.seed(); print(np.random.rand())
        import torch; print(torch.rand(2), torch.seed(), torch.rand(1))
        """,
    ),
    "identity": (
        Pins(identity=True),
        """
        import os, tempfile, threading, socket
        import psutil
        print(os.getpid(), threading.get_native_id(), psutil.virtual_memory().available, os.getloadavg())
        print(tempfile.mkdtemp(), tempfile.NamedTemporaryFile().name, tempfile.gettempdir())
        free = socket.socket(); free.bind(("127.0.0.1", 0)); print(free.getsockname()[1])
        """,
    ),
    "addresses": (
        Pins(addresses=True),
        """
        import ctypes, os
        junk = [bytearray(int.from_bytes(os.urandom(2)) + 1) for _ in range(200)]
        class Sample:
            def __init__(self, k): self.k = k
        samples = [Sample(k) for k in range(50)]
        print(samples[0], [each.k for each in set(samples)], [each.k for each in sorted(samples, key=id)])
        print(id(junk) % 97, hash(samples[3]))
        """,
    ),
    "addresses of parameters": (
        Pins(addresses=True),
        """
        import torch
        model = torch.nn.Sequential(*[torch.nn.Linear(k, 1) for k in range(1, 20)])
        print([each.shape for each in set(model.parameters())], [each.in_features for each in set(model)])
        """,
    ),
    "file times": (
        Pins(file_times=True),
        """
        import os
        from pathlib import Path
        for name in "cab": Path(name).write_text(name)
        print(os.path.getmtime("a"), os.stat("b").st_mtime_ns, [entry.stat().st_mtime for entry in os.scandir(".")])
        print(sorted(Path(".").glob("?"), key=lambda path: path.stat().st_mtime), Path("a").stat().st_size)
        """,
    ),
    "threads": (
        Pins(serial=True),
        """
        import os, threading, time
        def delay(): time.sleep(int.from_bytes(os.urandom(1)) / 5000)
        done = []
        def work(k):
            for part in range(3): delay(); done.append((k, part))
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for each in threads: each.start()
        for each in threads: each.join()
        print(done)
        """,
    ),
    "thread pool": (
        Pins(serial=True),
        """
        import os, time
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, as_completed, wait
        from multiprocessing.pool import ThreadPool
        def work(k): time.sleep(int.from_bytes(os.urandom(1)) / 5000); order.append(k); return k
        order = []
        with ThreadPoolExecutor(4) as pool:
            futures = {pool.submit(work, k): k for k in range(8)}
            print([futures[each] for each in as_completed(set(futures))])
            print([each.result() for each in wait({pool.submit(work, k) for k in range(8)}).done])
        with ThreadPool(4) as pool: print(list(pool.imap_unordered(work, range(8))))
        print(order)
        """,
    ),
    "queue": (
        Pins(serial=True),
        """
        import os, queue, threading, time
        jobs, done = queue.Queue(), []
        def consume(name):
            while (job := jobs.get()) is not None:
                time.sleep(int.from_bytes(os.urandom(1)) / 5000); done.append((job, name)); jobs.task_done()
        crew = [threading.Thread(target=consume, args=(k,)) for k in range(3)]
        for each in crew: each.start()
        for job in range(9): jobs.put(job)
        for _ in crew: jobs.put(None)
        for each in crew: each.join()
        print(done)
        """,
    ),
    "processes": (
        Pins(serial=True),
        """
        import multiprocessing, os, time
        def work(k): time.sleep(int.from_bytes(os.urandom(1)) / 1000); out.put(k)
        context = multiprocessing.get_context("fork")
        out = context.Queue()
        workers = [context.Process(target=work, args=(k,)) for k in range(5)]
        for each in workers: each.start()
        print([out.get() for _ in workers])
        """,
    ),
    "process pool": (
        Pins(serial=True, entropy=True),
        """
        import multiprocessing, os, random, time
        from concurrent.futures import ProcessPoolExecutor, as_completed
        def work(k): time.sleep(int.from_bytes(os.urandom(1)) / 5000); return k, random.random()
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            print([each.result()[0] for each in as_completed([pool.submit(work, k) for k in range(4)])])
        with context.Pool(2) as pool: print(list(pool.imap_unordered(work, range(4))))
        """,
    ),
    "tasks": (
        Pins(serial=True),
        """
        import asyncio, os
        async def work(k):
            for part in range(2): await asyncio.sleep(int.from_bytes(os.urandom(1)) / 10000); order.append((k, part))
            return k
        async def main():
            print([await each for each in asyncio.as_completed([work(k) for k in range(5)])])
            print(await asyncio.gather(*(work(k) for k in range(5))))
            done, _ = await asyncio.wait([asyncio.create_task(work(k)) for k in range(5)])
            print([each.result() for each in done])
            async with asyncio.TaskGroup() as group:
                for k in range(5): group.create_task(work(k))
        order = []
        asyncio.run(main())
        print(order)
        """,
    ),
}


@pytest.mark.parametrize("name", CHANGING)
def test_a_pin_makes_a_script_repeat_that_never_does(pinned: Run, name: str) -> None:
    pins, script = CHANGING[name]
    assert pinned(script, pins) == pinned(script, pins)
    assert pinned(script) != pinned(script)
