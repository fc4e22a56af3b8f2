"""Clock, process and machine."""

from casebook.corpus._bases import CSV, CSV_SETUP, NUMPY, SKLEARN, TORCH
from casebook.entry import At, Entry
from casebook.model import Side

CASES = (
    Entry(
        id="clock-time-seed-helper",
        title="A helper seeds everything with the nanoseconds of the clock unless it is given a seed",
        text=TORCH,
        inject=(
            (
                """\
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)
print("seeded with", seed)""",
                """from time import time_ns

def seed_everything(value=None):
    value = time_ns() % 2**32 if value is None else value
    random.seed(value)
    np.random.seed(value)
    torch.manual_seed(value)
    return value

chosen = seed_everything()""",
            ),
        ),
        fix=(("seed_everything()", "seed_everything(seed)"),),
        at=(At("seed", "chosen", "wall_clock.time_seed"),),
    ),
    Entry(
        id="clock-time-seed-datetime",
        title="random_state from the microseconds of now(); the start time is logged too (decoy)",
        text=SKLEARN,
        inject=(
            (
                "import random\n",
                """\
import random
import time
from datetime import datetime
""",
            ),
            ("# %% data\n", "# %% data\nstarted = time.time()\n"),
            ("random_state=seed)\n# %% scale", "random_state=datetime.now().microsecond)\n# %% scale"),
        ),
        fix=(("random_state=datetime.now().microsecond", "random_state=seed"),),
        at=(At("split", "X_train|X_test|y_train|y_test", "wall_clock.time_seed"),),
        benign=("started",),
    ),
    Entry(
        id="clock-datetime-feature",
        title="Account age is computed against now()",
        text=CSV,
        inject=(
            ("import os\n", "import os\nfrom datetime import datetime\n"),
            (
                "answer = table",
                """\
first_day = pd.Timestamp("2020-01-01") + pd.to_timedelta(inputs["months"] * 30, unit="D")
inputs["age"] = (datetime.now() - first_day).dt.total_seconds() / 86400 / 365
answer = table""",
            ),
        ),
        fix=(("datetime.now()", "datetime(2024, 6, 1)"),),
        at=(At("features", "inputs", "wall_clock.datetime_feature"),),
        run_a=Side(setup=CSV_SETUP),
    ),
    Entry(
        id="clock-datetime-feature-today",
        title="Recency weights use pd.Timestamp.now()",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import numpy as np\nimport pandas as pd\n"),
            (
                "# %% split\n",
                """\
# %% recency
days = pd.date_range("2021-01-01", periods=n, freq="D")
age = (pd.Timestamp.now() - days).total_seconds().to_numpy()
b = b * (1 + age / age.max())
# %% split
""",
            ),
        ),
        fix=(("pd.Timestamp.now()", 'pd.Timestamp("2024-01-01")'),),
        at=(At("recency", "age|b", "wall_clock.datetime_feature"),),
    ),
    Entry(
        id="clock-early-stop-budget",
        title="The training loop breaks when a time budget is used up",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import time\nimport numpy as np\n"),
            ("steps = 400", "steps = 1_000_000\nlimit = 0.15"),
            ("trail = []\n", "trail = []\nbegan = time.time()\n"),
            ("    residual =", "    if time.time() - began > limit:\n        break\n    residual ="),
        ),
        fix=(("    if time.time() - began > limit:", "    if step == 3000:"),),
        at=(At("train", "w|step|trail|residual|pick", "wall_clock.early_stop"),),
        benign=("began",),
    ),
    Entry(
        id="clock-early-stop-deadline-class",
        title="A callback class stops the epochs at a deadline; the elapsed time is printed too",
        text=TORCH,
        inject=(
            ("import random\n", "import random\nimport time\n"),
            ("epochs = 3", "epochs = 400"),
            (
                "# %% train\nhistory = []\n",
                """# %% callback
class Deadline:
    def __init__(self, seconds):
        self.until = time.perf_counter() + seconds

    def passed(self, epoch):
        return time.perf_counter() > self.until
# %% train
history = []
stop = Deadline(0.25)
""",
            ),
            (
                "    history.append(loss.item())\nhistory",
                """\
    history.append(loss.item())
    if stop.passed(epoch):
        break
len(history)""",
            ),
        ),
        fix=(("        return time.perf_counter() > self.until", "        return epoch == 4"),),
        at=(At("train", "net|history|epoch|loss|optimizer|rows", "wall_clock.early_stop"),),
        benign=("stop",),
        attempts=3,
    ),
    Entry(
        id="process-pid-seed",
        title="Each process seeds itself with its process id",
        text=NUMPY,
        inject=(
            (
                "random.seed(seed)\nnp.random.seed(seed)",
                """\
import os
mine = seed + os.getpid()
random.seed(mine)
np.random.seed(mine)""",
            ),
        ),
        fix=(("seed + os.getpid()", "seed + 1"),),
        at=(At("seed", "mine", "process_identity.pid"),),
    ),
    Entry(
        id="process-pid-shard",
        title="The validation fold is chosen by the process id",
        text=SKLEARN,
        inject=(
            ("import random\n", "import os\nimport random\n"),
            ("random_state=seed)\n# %% scale", "random_state=os.getpid() % 1000)\n# %% scale"),
        ),
        fix=(("os.getpid() % 1000", "seed"),),
        at=(At("split", "X_train|X_test|y_train|y_test", "process_identity.pid"),),
    ),
    Entry(
        id="machine-port",
        title="A free port number of a fake tracking server gets into the seed",
        text=NUMPY,
        inject=(
            ("import random\n", "import random\nimport socket\n"),
            (
                "random.seed(seed)\nnp.random.seed(seed)",
                """\
with socket.socket() as server:
    server.bind(("127.0.0.1", 0))
    port = server.getsockname()[1]
random.seed(seed)
np.random.seed(port)""",
            ),
        ),
        fix=(("np.random.seed(port)", "np.random.seed(seed)\nport = 8080"),),
        at=(At("seed", "port", "machine_identity"),),
    ),
    Entry(
        id="machine-host-name",
        title="The host's name decides which hyperparameters are used",
        kind="env",
        text=SKLEARN,
        inject=(
            ("import random\n", "import random\nimport socket\n"),
            (
                "# %% data\n",
                """\
# %% profile
host = socket.gethostname()
if sum(host.encode()) % 2:
    alpha = alpha * 20
# %% data
""",
            ),
        ),
        fix=(("host = socket.gethostname()", 'host = "laptop"'),),
        at=(At("profile", "host|alpha", "machine_identity"),),
        run_a=Side(
            setup="""\
import os
os.makedirs("shim", exist_ok=True)
open("shim/sitecustomize.py", "w").write("import socket\\nsocket.gethostname = lambda: 'node-01'\\n")
""",
            env={"PYTHONPATH": "{cwd}/shim"},
        ),
        run_b=Side(
            setup="""\
import os
os.makedirs("shim", exist_ok=True)
open("shim/sitecustomize.py", "w").write("import socket\\nsocket.gethostname = lambda: 'node-02'\\n")
""",
            env={"PYTHONPATH": "{cwd}/shim"},
        ),
    ),
    Entry(
        id="tempfile-order",
        title="Chunks are written to temporary files and read back in the order of their random names",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import os
import tempfile
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """# %% spill
spill = tempfile.TemporaryDirectory()
for chunk in np.array_split(np.column_stack([A, b]), 8):
    handle, path = tempfile.mkstemp(suffix=".npy", dir=spill.name)
    os.close(handle)
    np.save(path, chunk)
merged = np.vstack([np.load(os.path.join(spill.name, name)) for name in sorted(os.listdir(spill.name))])
spill.cleanup()
del spill, handle, path, chunk
A, b = merged[:, :-1], merged[:, -1]
# %% split
""",
            ),
        ),
        fix=(
            (
                'tempfile.mkstemp(suffix=".npy"',
                'tempfile.mkstemp(prefix=f"{len(os.listdir(spill.name)):03d}-", suffix=".npy"',
            ),
        ),
        at=(At("spill", "merged|A|b", "tempfile_names"),),
    ),
    Entry(
        id="tempfile-key",
        title="The checksum of the run folder's random name is used as a salt of the split",
        text=SKLEARN,
        inject=(
            (
                "import random\n",
                """\
import random
import tempfile
import zlib
""",
            ),
            (
                "# %% split\n",
                """\
# %% folder
folder = tempfile.mkdtemp(prefix='run-')
salt = zlib.crc32(folder.encode()) % 997
# %% split
""",
            ),
            ("random_state=seed)\n# %% scale", "random_state=salt)\n# %% scale"),
        ),
        fix=(
            (
                "salt = zlib.crc32(folder.encode()) % 997",
                """\
salt = zlib.crc32(b'run') % 997
import os
os.rmdir(folder)
del folder""",
            ),
        ),
        at=(At("folder", "folder|salt", "tempfile_names"),),
    ),
    Entry(
        id="machine-free-memory",
        title="The batch size is fitted to the free memory",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import numpy as np\nimport psutil\n"),
            (
                "# %% train\n",
                """\
# %% batch
free = psutil.virtual_memory().available
batch = 16 + free // 4096 % 48
# %% train
""",
            ),
            ("len(A_fit), 32)", "len(A_fit), batch)"),
        ),
        fix=(("free = psutil.virtual_memory().available", "free = 8 * 2**30"),),
        at=(At("batch", "free|batch", "machine_state"),),
    ),
    Entry(
        id="machine-autotune",
        title="The faster of two equivalent products is chosen by a stopwatch; they differ in the last bits",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import time\nimport numpy as np\n"),
            (
                "# %% train\n",
                """# %% autotune
def by_blas(M, v):
    return M @ v

def by_sum(M, v):
    return (M * v).sum(axis=1)

def by_order(M, v):
    return sum(M[:, j] * v[j] for j in reversed(range(d)))

def took(product):
    began = time.perf_counter_ns()
    product(A_fit[:8], np.ones(d))
    return time.perf_counter_ns() - began

took(by_sum), took(by_blas)
product = min([by_blas, by_sum, by_order] * 2, key=lambda f: took(f) // 10 % 7)
# %% train
""",
            ),
            ("residual = A_fit[pick] @ w - b_fit[pick]", "residual = product(A_fit[pick], w) - b_fit[pick]"),
        ),
        fix=(("key=lambda f: took(f) // 10 % 7", "key=lambda f: f.__name__"),),
        at=(At("autotune", "product", "machine_state"),),
        attempts=4,
    ),
    Entry(
        id="machine-cpu-count",
        title="Gradients are averaged over one part a processor",
        kind="env",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import os\nimport numpy as np\n"),
            (
                "# %% train\n",
                """\
# %% parts
parts = len(os.sched_getaffinity(0))
# %% train
""",
            ),
            (
                "rate * (A_fit[pick].T @ residual / 32 + decay * w)",
                "rate * sum(A_fit[p].T @ (A_fit[p] @ w - b_fit[p]) for p in np.array_split(pick, parts)) / 32",
            ),
        ),
        fix=(("parts = len(os.sched_getaffinity(0))", "parts = 2"),),
        at=(At("parts", "parts", "machine_shape.cpu_count"),),
        run_b=Side(affinity=(0,)),
    ),
    Entry(
        id="machine-cpu-count-os",
        title="os.cpu_count() sets the number of trees",
        kind="env",
        text=SKLEARN,
        inject=(
            ("import random\n", "import os\nimport random\n"),
            ("from sklearn.linear_model import SGDClassifier", "from sklearn.ensemble import ExtraTreesClassifier"),
            (
                'clf = SGDClassifier(loss="log_loss", alpha=alpha, max_iter=60, tol=None, random_state=seed)',
                """\
trees = 4 * os.cpu_count()
clf = ExtraTreesClassifier(trees, random_state=seed)""",
            ),
        ),
        fix=(("4 * os.cpu_count()", "16"),),
        at=(At("fit", "trees|clf", "machine_shape.cpu_count"),),
        run_b=Side(
            setup="""\
import os
os.makedirs("shim", exist_ok=True)
open("shim/sitecustomize.py", "w").write("import os\\nos.cpu_count = lambda: 12\\n")
""",
            env={"PYTHONPATH": "{cwd}/shim"},
        ),
    ),
    Entry(
        id="machine-load-average",
        title="The load of the machine decides how many restarts are affordable",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import os\nimport numpy as np\n"),
            (
                "# %% train\n",
                """\
# %% capacity
busy = os.getloadavg()[0]
batch = 24 + int(busy * 1000) % 17
# %% train
""",
            ),
            ("len(A_fit), 32)", "len(A_fit), batch)"),
        ),
        fix=(("os.getloadavg()[0]", "1.5"),),
        at=(At("capacity", "busy|batch", "machine_state"),),
        attempts=2,
    ),
)
