"""Notebooks that are right although they look otherwise, and notebooks with several causes."""

from casebook.corpus._bases import CSV, CSV_SETUP, NUMPY, SKLEARN, TEXT, TORCH
from casebook.entry import At, Entry, Scratch
from casebook.model import Side

CASES = (
    Entry(
        id="right-timing-values",
        title="Times of day, durations and speeds are kept and printed; nothing that matters depends on them",
        text=NUMPY,
        inject=(
            (
                "import random\n",
                """\
import random
import time
from datetime import datetime
""",
            ),
            (
                "# %% data\n",
                """\
# %% start
t0 = time.time()
started = datetime.now()
# %% data
""",
            ),
            ("trail = []\n", "trail = []\nepoch_times = []\n"),
            ("    residual =", "    tick = time.perf_counter()\n    residual ="),
            (
                "    if step % 100 == 0:",
                """\
    epoch_times.append(time.perf_counter() - tick)
    if step % 100 == 0:""",
            ),
            (
                "metrics = dict(mse=mse, gap=gap)\nmetrics",
                """\
elapsed = time.time() - t0
print(f"took {elapsed:.2f} s, {steps / elapsed:.0f} steps/s, at {datetime.now():%H:%M:%S}")
metrics = dict(mse=mse, gap=gap)
metrics""",
            ),
        ),
        fix=None,
        benign=("t0", "started", "tick", "epoch_times", "elapsed"),
    ),
    Entry(
        id="right-timing-in-history",
        title="A list of dicts holds losses and seconds",
        text=TORCH,
        inject=(
            ("import random\n", "import random\nimport time\n"),
            ("history = []\n", "history = []\nclock = time.perf_counter()\n"),
            (
                "    history.append(loss.item())\nhistory",
                """\
    history.append(loss.item())
duration = time.perf_counter() - clock
print(f'trained in {duration:.3f}s')
history""",
            ),
        ),
        fix=None,
        benign=("clock", "duration"),
    ),
    Entry(
        id="right-looks-random",
        title="Sets, uuids, process ids and entropy that do not reach the results",
        text=TEXT,
        inject=(
            (
                "import random\n",
                """\
import os
import random
import uuid
""",
            ),
            (
                "# %% encode\n",
                """\
# %% bookkeeping
known = set(index)
assert all(word in known for ticket in tickets for word in ticket)
print(len(known), "words;", len({len(t) for t in tickets}), "lengths")
assert os.getpid() != 0 and len(os.urandom(4)) == 4 and uuid.uuid4().version == 4
# %% encode
""",
            ),
        ),
        fix=None,
    ),
    Entry(
        id="right-seeded-generators",
        title="Own generators with seeds, a DataLoader-like shuffle, threads with map",
        text=NUMPY,
        inject=(
            ("import random\n", "import random\nfrom concurrent.futures import ThreadPoolExecutor\n"),
            (
                "# %% split\n",
                """\
# %% noise
local = random.Random(4)
gen = np.random.default_rng([seed, 1])
with ThreadPoolExecutor(3) as pool:
    shifts = list(pool.map(lambda k: np.random.default_rng(k).normal(), range(6)))
b = b + gen.normal(0, 0.1, n) + local.random() + sum(shifts)
# %% split
""",
            ),
        ),
        fix=None,
        benign=("pool",),
    ),
    Entry(
        id="right-live-session",
        title="A session in order, with harmless scratch cells and one cell executed twice",
        kind="interactive",
        text=NUMPY,
        fix=None,
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            Scratch("A.shape, b.mean()"),
            "seed",
            "split",
            "train",
            Scratch("%timeit -n 3 -r 1 A @ truth"),
            "evaluate",
            "evaluate",
            "result",
        ),
    ),
    Entry(
        id="several-split-and-vocabulary",
        title="Set order in the vocabulary, and an unseeded shuffle later",
        text=TEXT,
        inject=(
            ("enumerate(sorted(counts))", "enumerate(set(counts))"),
            (
                "shuffled = np.random.RandomState(seed).permutation(len(bags))",
                "shuffled = np.random.permutation(len(bags))",
            ),
        ),
        fix=(
            ("enumerate(set(counts))", "enumerate(sorted(set(counts)))"),
            (
                "shuffled = np.random.permutation(len(bags))",
                "np.random.seed(seed)\nshuffled = np.random.permutation(len(bags))",
            ),
        ),
        at=(
            At("vocabulary", "index", "hash_randomization.set_order"),
            At("split", "shuffled|fit|held", "unseeded_rng.numpy_legacy"),
        ),
    ),
    Entry(
        id="several-clock-and-forest",
        title="A feature from the clock, and a forest without random_state",
        text=CSV,
        inject=(
            ("import os\n", "import os\nimport time\n"),
            (
                "from sklearn.linear_model import LogisticRegression",
                "from sklearn.ensemble import RandomForestClassifier",
            ),
            ("answer = table", 'inputs["age"] = time.time() / 3e7 - inputs["months"] / 12\nanswer = table'),
            ("model = LogisticRegression(C=penalty, max_iter=500)", "model = RandomForestClassifier(20, max_depth=5)"),
        ),
        fix=(("time.time() / 3e7", "1.7e9 / 3e7"), ("max_depth=5)", "max_depth=5, random_state=1)")),
        at=(
            At("features", "inputs", "wall_clock.datetime_feature"),
            At("fit", "model", "unseeded_rng.sklearn_random_state"),
        ),
        run_a=Side(setup=CSV_SETUP),
    ),
    Entry(
        id="several-three",
        title="Entropy in the split, the process id in the rate, an unseeded torch in the weights",
        text=TORCH,
        inject=(
            ("import random\n", "import os\nimport random\n"),
            ("torch.manual_seed(seed)\n", ""),
            (
                "order = torch.from_numpy(np.random.permutation(len(images)))",
                """\
shuffler = np.random.default_rng(int.from_bytes(os.urandom(4), 'big'))
order = torch.from_numpy(shuffler.permutation(len(images)))""",
            ),
            (
                "# %% model\n",
                """\
# %% rate
lr = lr * (1 + os.getpid() % 50 / 500)
# %% model
""",
            ),
        ),
        fix=(
            ("int.from_bytes(os.urandom(4), 'big')", "seed"),
            ("os.getpid()", "25"),
            ("np.random.seed(seed)\n", "np.random.seed(seed)\ntorch.manual_seed(seed)\n"),
        ),
        at=(
            At("split", "shuffler|order|x_train|t_train|x_val|t_val", "os_entropy|unseeded_rng.numpy_generator"),
            At("rate", "lr", "process_identity.pid"),
            At("model", "net|optimizer", "unseeded_rng.torch"),
        ),
    ),
    Entry(
        id="several-env-and-seed",
        title="An environment variable and an unseeded estimator",
        kind="env",
        text=SKLEARN,
        inject=(
            ("import random\n", "import os\nimport random\n"),
            (
                "# %% data\n",
                """\
# %% size
test_size = float(os.environ.get("HOLDOUT", test_size))
# %% data
""",
            ),
            ("tol=None, random_state=seed)", "tol=None)"),
        ),
        fix=(
            ('float(os.environ.get("HOLDOUT", test_size))', "float(test_size)"),
            ("tol=None)", "tol=None, random_state=seed)"),
        ),
        at=(At("size", "test_size", "env_var"), At("fit", "clf", "unseeded_rng.sklearn_random_state")),
        run_b=Side(env={"HOLDOUT": "0.4"}),
    ),
)
