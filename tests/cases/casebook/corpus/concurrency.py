"""Threads, processes and coroutines."""

from casebook.corpus._bases import NUMPY, SKLEARN, TEXT
from casebook.entry import At, Entry
from casebook.model import Side

SMOOTHING = '''
source = """
import numpy as np
WIDTH = 1
def smooth(x):
    return np.convolve(x, np.ones(WIDTH) / WIDTH, mode="same")
"""
open("smoothing.py", "w").write(source)
'''
SPAWNING = '''
import os
os.makedirs("shim", exist_ok=True)
source = """
import multiprocessing
multiprocessing.set_start_method("spawn", force=True)
"""
open("shim/sitecustomize.py", "w").write(source)
'''

CASES = (
    Entry(
        id="threads-append-order",
        title="Worker threads append their results to one list",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import os
import threading
import time
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """# %% gather
pieces = []

def produce(k):
    time.sleep(os.urandom(1)[0] / 255 * 0.03)  # a slow disk
    pieces.append((A[k::10], b[k::10]))

crew = [threading.Thread(target=produce, args=(k,)) for k in range(10)]
for member in crew:
    member.start()
for member in crew:
    member.join()
del crew, member
A, b = np.vstack([p[0] for p in pieces]), np.concatenate([p[1] for p in pieces])
# %% split
""",
            ),
        ),
        fix=(
            ("pieces = []\n", "pieces = [None] * 10\n"),
            ("pieces.append((A[k::10], b[k::10]))", "pieces[k] = (A[k::10], b[k::10])"),
        ),
        at=(At("gather", "pieces|A|b", "thread_completion_order"),),
        attempts=2,
    ),
    Entry(
        id="threads-queue-order",
        title="Consumers take from a queue and fill a dict in the order in which they finish",
        text=SKLEARN,
        inject=(
            (
                "import random\n",
                """\
import queue
import random
import threading
import time
""",
            ),
            (
                "# %% scale\n",
                """# %% statistics
jobs, found = queue.Queue(), {}
for name in frame.columns[:12]:
    jobs.put(name)

def consume():
    while True:
        try:
            name = jobs.get_nowait()
        except queue.Empty:
            return
        time.sleep(random.SystemRandom().random() * 0.01)
        found[name] = X_train[name].skew()

pool = [threading.Thread(target=consume) for _ in range(4)]
[t.start() for t in pool]
[t.join() for t in pool]
del pool, jobs
chosen = list(found)[:8]
X_train, X_test = X_train[chosen], X_test[chosen]
# %% scale
""",
            ),
        ),
        fix=(
            ("list(found)[:8]", "sorted(found)[:8]"),
            ("del pool, jobs", "del pool, jobs\nfound = dict(sorted(found.items()))"),
        ),
        at=(At("statistics", "found|chosen|X_train|X_test", "thread_completion_order"),),
        attempts=2,
    ),
    Entry(
        id="threads-wait-set",
        title="concurrent.futures.wait gives a set of futures; the order in which it is read decides",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import os
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
import numpy as np
""",
            ),
            (
                "# %% train\n",
                """# %% restarts
def restart(k):
    time.sleep(os.urandom(1)[0] / 255 * 0.02)
    return np.random.RandomState(k).normal(size=d)

with ThreadPoolExecutor(5) as executor:
    futures = [executor.submit(restart, k) for k in range(8)]
    starts = np.array([future.result() for future in as_completed(futures)])
del executor, futures
# %% train
""",
            ),
            ("w = np.zeros(d)", "w = starts[0] * 2"),
        ),
        fix=(("future in as_completed(futures)", "future in futures"),),
        at=(At("restarts", "starts", "thread_completion_order"),),
        attempts=2,
    ),
    Entry(
        id="threads-shared-rng",
        title="Threads draw from one seeded generator; which draw each gets depends on the scheduler",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import os
import time
from concurrent.futures import ThreadPoolExecutor
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """# %% noise
shared = np.random.RandomState(seed)

def disturb(k):
    time.sleep(os.urandom(1)[0] / 255 * 0.02)
    return shared.normal(0, 0.5, 75)

with ThreadPoolExecutor(4) as executor:
    noise = np.concatenate(list(executor.map(disturb, range(8))))
del executor
b = b + noise
# %% split
""",
            ),
        ),
        fix=(("return shared.normal(0, 0.5, 75)", "return np.random.RandomState(seed + k).normal(0, 0.5, 75)"),),
        at=(At("noise", "noise|b", "thread_race.shared_rng"),),
        attempts=2,
    ),
    Entry(
        id="threads-shared-random-module",
        title="Tickets are corrupted in threads by the seeded `random` module",
        text=TEXT,
        inject=(
            (
                "import random\n",
                """\
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
""",
            ),
            (
                "# %% encode\n",
                """# %% typos
random.seed(seed)

def mistype(ticket):
    time.sleep(os.urandom(1)[0] / 255 * 0.004)
    return [word if random.random() > 0.2 else "typo" for word in ticket]

with ThreadPoolExecutor(6) as crew:
    tickets = list(crew.map(mistype, tickets))
del crew
index["typo"] = len(index)
# %% encode
""",
            ),
        ),
        fix=(
            (
                "    return [word if random.random()",
                """\
    own = random.Random(' '.join(ticket))
    return [word if own.random()""",
            ),
        ),
        at=(At("typos", "tickets", "thread_race.shared_rng"),),
        attempts=2,
    ),
    Entry(
        id="threads-lost-update",
        title="Threads update a shared vector without a lock",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import os
import threading
import time
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """# %% totals
totals = {"sum": np.zeros(d)}

def add(block):
    for row in block:
        before = totals["sum"]
        time.sleep(os.urandom(1)[0] / 255 * 0.0004)
        totals["sum"] = before + row

workers = [threading.Thread(target=add, args=(A[k::4][:40],)) for k in range(4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
del workers, worker
A = A - totals["sum"] / 160
# %% split
""",
            ),
        ),
        fix=(
            (
                "def add(block):\n    for row in block:\n",
                """\
lock = threading.Lock()

def add(block):
    for row in block:
      with lock:
""",
            ),
            ("time.sleep(os.urandom(1)[0] / 255 * 0.0004)", "pass"),
            ('totals["sum"] = before + row', 'totals["sum"] = before + np.round(row * 2**20) / 2**20'),
            ("del workers, worker", "del workers, worker, lock"),
        ),
        at=(At("totals", "totals|A", "thread_race"),),
        attempts=2,
    ),
    Entry(
        id="threads-float-reduction",
        title="Partial sums are added to a float32 total in the order in which threads finish",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import os
import threading
import time
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """# %% norm
norm, guard = np.float32(0), threading.Lock()

def accumulate(block):
    global norm
    part = np.float32((block**2).sum())
    time.sleep(os.urandom(1)[0] / 255 * 0.02)
    with guard:
        norm = norm + part

helpers = [threading.Thread(target=accumulate, args=(block,)) for block in np.array_split(A, 24)]
for helper in helpers:
    helper.start()
for helper in helpers:
    helper.join()
del helpers, helper, guard
A = A / np.sqrt(norm / n)
# %% split
""",
            ),
        ),
        fix=(("norm = norm + part", "norm = np.float32((A**2).sum())"),),
        at=(At("norm", "norm|A", "thread_reduction|thread_completion_order|thread_race"),),
        attempts=3,
    ),
    Entry(
        id="pool-imap-unordered",
        title="Pool.imap_unordered gives the blocks as they are done",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import multiprocessing
import os
import time
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """# %% expand
def expand(k):
    time.sleep(os.urandom(1)[0] / 255 * 0.03)
    return np.column_stack([A[k::12], b[k::12]])

with multiprocessing.get_context("fork").Pool(2) as pool:
    table = np.vstack(list(pool.imap_unordered(expand, range(12))))
del pool
A, b = table[:, :-1], table[:, -1]
# %% split
""",
            ),
        ),
        fix=(("pool.imap_unordered", "pool.imap"),),
        at=(At("expand", "table|A|b", "pool_completion_order"),),
        attempts=2,
    ),
    Entry(
        id="pool-as-completed",
        title="ProcessPoolExecutor and as_completed: the ensemble's members are stored as they finish",
        text=SKLEARN,
        inject=(
            (
                "import random\n",
                """\
import multiprocessing
import os
import random
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
""",
            ),
            (
                "# %% evaluate\n",
                """# %% ensemble
def member(k):
    time.sleep(os.urandom(1)[0] / 255 * 0.05)
    part = slice(k * 60, k * 60 + 120)
    one = SGDClassifier(loss="log_loss", max_iter=5, tol=None, random_state=k)
    return one.fit(X_train[part], y_train[part]).coef_[0]

members = []
with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:
    for done in as_completed([executor.submit(member, k) for k in range(5)]):
        members.append(done.result())
del executor, done
clf.coef_ = clf.coef_ + members[0] * 0.5
# %% evaluate
""",
            ),
        ),
        fix=(
            (
                "for done in as_completed([executor.submit(member, k) for k in range(5)]):",
                "for done in [executor.submit(member, k) for k in range(5)]:",
            ),
        ),
        at=(At("ensemble", "members|clf", "pool_completion_order"),),
        attempts=2,
    ),
    Entry(
        id="pool-worker-rng-spawned-state",
        title="Forked workers share the parent's generator state; which worker gets a task decides the draw",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import multiprocessing
import os
import time
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """# %% noise
def noisy(k):
    time.sleep(os.urandom(1)[0] / 255 * 0.02)
    return np.random.normal(0, 0.5, 50)

with multiprocessing.get_context("fork").Pool(2) as pool:
    noise = np.concatenate(pool.map(noisy, range(12), chunksize=1))
del pool
b = b + noise
# %% split
""",
            ),
        ),
        fix=(("    return np.random.normal(0, 0.5, 50)", "    return np.random.RandomState(k).normal(0, 0.5, 50)"),),
        at=(At("noise", "noise|b", "pool_worker_rng"),),
        attempts=2,
    ),
    Entry(
        id="pool-worker-rng-initializer",
        title="A pool's initializer seeds each worker from entropy",
        text=TEXT,
        inject=(
            ("import random\n", "import multiprocessing\nimport random\n"),
            (
                "# %% encode\n",
                """# %% corrupt
def begin():
    random.seed()

def corrupt(ticket):
    return [word for word in ticket if random.random() > 0.15]

with multiprocessing.get_context("fork").Pool(2, initializer=begin) as pool:
    tickets = pool.map(corrupt, tickets)
del pool
# %% encode
""",
            ),
        ),
        fix=(
            (
                "    return [word for word in ticket if random.random() > 0.15]",
                """\
    own = random.Random(' '.join(ticket))
    return [word for word in ticket if own.random() > 0.15]""",
            ),
        ),
        at=(At("corrupt", "tickets", "pool_worker_rng"),),
        attempts=2,
    ),
    Entry(
        id="async-as-completed",
        title="Downloads are collected with asyncio.as_completed",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import asyncio
import os
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """# %% fetch
async def fetch(k):
    await asyncio.sleep(os.urandom(1)[0] / 255 * 0.03)
    return np.column_stack([A[k::9], b[k::9]])

parts = []
for ready in asyncio.as_completed([fetch(k) for k in range(9)]):
    parts.append(await ready)
del ready
table = np.vstack(parts)
A, b = table[:, :-1], table[:, -1]
# %% split
""",
            ),
        ),
        fix=(
            (
                """\
for ready in asyncio.as_completed([fetch(k) for k in range(9)]):
    parts.append(await ready)
del ready""",
                "parts = await asyncio.gather(*[fetch(k) for k in range(9)])",
            ),
        ),
        at=(At("fetch", "parts|table|A|b", "async_completion_order"),),
        attempts=2,
    ),
    Entry(
        id="async-shared-list",
        title="Coroutines append to a list, each after its own delay",
        text=SKLEARN,
        inject=(
            ("import random\n", "import asyncio\nimport random\n"),
            (
                "# %% split\n",
                """# %% profile
summary = []

async def profile(name):
    await asyncio.sleep(random.SystemRandom().random() * 0.02)
    summary.append((name, float(frame[name].var())))

await asyncio.gather(*(profile(name) for name in frame.columns[:10]))
frame = frame[[name for name, _ in summary[:6]]]
# %% split
""",
            ),
        ),
        fix=(
            (
                "frame = frame[[name for name, _ in summary[:6]]]",
                "summary.sort()\nframe = frame[[name for name, _ in summary[:6]]]",
            ),
        ),
        at=(At("profile", "summary|frame", "async_completion_order"),),
        attempts=2,
    ),
    Entry(
        id="mp-start-method",
        title="Workers see a module's setting only if they are forked; another machine spawns them",
        kind="env",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import multiprocessing
import numpy as np
import smoothing
""",
            ),
            (
                "# %% split\n",
                """# %% smooth
smoothing.WIDTH = 5
with multiprocessing.Pool(2) as pool:
    smooth = np.array(pool.map(smoothing.smooth, list(A.T))).T
del pool
A = smooth
# %% split
""",
            ),
        ),
        fix=(("with multiprocessing.Pool(2) as pool:", 'with multiprocessing.get_context("fork").Pool(2) as pool:'),),
        at=(At("smooth", "smooth|A", "mp_start_method"),),
        run_a=Side(setup=SMOOTHING),
        run_b=Side(setup=SMOOTHING + SPAWNING, env={"PYTHONPATH": "{cwd}/shim"}),
    ),
    Entry(
        id="world-size",
        title="The batch is divided by the number of workers that a launcher announces",
        kind="env",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import os\nimport numpy as np\n"),
            (
                "# %% train\n",
                """\
# %% ranks
world_size = int(os.environ.get("WORLD_SIZE", "1"))
share = 32 // world_size
# %% train
""",
            ),
            ("len(A_fit), 32)", "len(A_fit), share)"),
        ),
        fix=(('int(os.environ.get("WORLD_SIZE", "1"))', "1"),),
        at=(At("ranks", "world_size|share", "world_size|env_var"),),
        run_b=Side(env={"WORLD_SIZE": "2"}),
    ),
    Entry(
        id="pool-joblib-worker-rng",
        title="joblib's workers draw from numpy's global generator, each in its own process",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import numpy as np\nfrom joblib import Parallel, delayed\n"),
            (
                "# %% split\n",
                """\
# %% noise
def noisy(k):
    return np.random.normal(0, 0.5, 100)

noise = np.concatenate(Parallel(n_jobs=2)(delayed(noisy)(k) for k in range(6)))
b = b + noise
# %% split
""",
            ),
        ),
        fix=(("return np.random.normal(0, 0.5, 100)", "return np.random.RandomState(k).normal(0, 0.5, 100)"),),
        at=(At("noise", "noise|b", "pool_worker_rng"),),
    ),
    Entry(
        id="pool-joblib-unordered",
        title="joblib gives results as they are done",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import os
import time
import numpy as np
from joblib import Parallel, delayed
""",
            ),
            (
                "# %% split\n",
                """\
# %% expand
def expand(k, rows):
    time.sleep(os.urandom(1)[0] / 255 * 0.05)
    return rows

jobs = (delayed(expand)(k, np.column_stack([A[k::10], b[k::10]])) for k in range(10))
table = np.vstack(list(Parallel(n_jobs=2, return_as="generator_unordered")(jobs)))
A, b = table[:, :-1], table[:, -1]
del jobs
# %% split
""",
            ),
        ),
        fix=(('return_as="generator_unordered"', 'return_as="generator"'),),
        at=(At("expand", "table|A|b", "pool_completion_order"),),
        attempts=2,
    ),
)
