"""Files and data."""

from casebook.corpus._bases import CSV, CSV_SETUP, NUMPY, SHARDS, SHARDS_SETUP, SKLEARN, TORCH
from casebook.entry import At, Entry
from casebook.model import Side


def shim(code: str) -> str:
    """Return a setup that makes every Python process of the folder begin with some code."""
    return f'\nimport os\nos.makedirs("shim", exist_ok=True)\nopen("shim/sitecustomize.py", "w").write({code!r})\n'


REVERSED = shim(
    """
import os
_listdir, _scandir = os.listdir, os.scandir
os.listdir = lambda *a: sorted(_listdir(*a), reverse=True)
class _Scan:
    def __init__(self, entries):
        self.entries = iter(entries)
    def __iter__(self):
        return self
    def __next__(self):
        return next(self.entries)
    def __enter__(self):
        return self
    def __exit__(self, *a):
        return None
    def close(self):
        pass
os.scandir = lambda *a: _Scan(sorted(_scandir(*a), key=lambda e: os.fspath(e.name), reverse=True))
"""
)
SORTED = REVERSED.replace("reverse=True", "reverse=False")
SQUASH = """
import os
open("shaping.py", "w").write("import numpy as np\\ndef squash(x):\\n    return np.tanh(x / {by})\\n")
os.utime("shaping.py", (1_700_000_000, 1_700_000_000))
"""
WITH_SHIM = {"PYTHONPATH": "{cwd}/shim"}

CASES = (
    Entry(
        id="files-glob-order",
        title="glob.glob gives the shards in the order of the file system",
        kind="env",
        text=SHARDS,
        inject=(('sorted(glob.glob(os.path.join(source, "*.npy")))', 'glob.glob(os.path.join(source, "*.npy"))'),),
        fix=(('glob.glob(os.path.join(source, "*.npy"))', 'sorted(glob.glob(os.path.join(source, "*.npy")))'),),
        at=(At("files", "paths", "fs_order"),),
        run_a=Side(setup=SHARDS_SETUP + SORTED, env=WITH_SHIM),
        run_b=Side(setup=SHARDS_SETUP + REVERSED, env=WITH_SHIM),
    ),
    Entry(
        id="files-iterdir-order",
        title="Path.iterdir in a helper, two cells before the data are used",
        kind="env",
        text=SHARDS,
        inject=(
            ("import os\n", "import os\nfrom pathlib import Path\n"),
            (
                'paths = sorted(glob.glob(os.path.join(source, "*.npy")))',
                """\
def inventory(folder):
    return [p for p in Path(folder).iterdir() if p.suffix == ".npy"]

paths = inventory(source)""",
            ),
        ),
        fix=(("return [p for p in Path(folder).iterdir() if", "return [p for p in sorted(Path(folder).iterdir()) if"),),
        at=(At("files", "paths", "fs_order"),),
        run_a=Side(setup=SHARDS_SETUP + SORTED, env=WITH_SHIM),
        run_b=Side(setup=SHARDS_SETUP + REVERSED, env=WITH_SHIM),
    ),
    Entry(
        id="files-walk-order",
        title="os.walk and the first file wins; a sorted listing elsewhere is a decoy",
        kind="env",
        text=SHARDS,
        inject=(
            (
                "# %% load\n",
                """\
# %% reference
walked = [os.path.join(top, f) for top, _, files in os.walk(source) for f in files]
reference = np.load(walked[0]).mean(axis=0)
# %% load
""",
            ),
            ("table = np.vstack(blocks)", "table = np.vstack(blocks)\ntable[:, :-1] -= reference[:-1] * 5"),
        ),
        fix=(("for f in files]", "for f in sorted(files)]"),),
        at=(At("reference", "walked|reference", "fs_order"),),
        run_a=Side(setup=SHARDS_SETUP + SORTED, env=WITH_SHIM),
        run_b=Side(setup=SHARDS_SETUP + REVERSED, env=WITH_SHIM),
    ),
    Entry(
        id="files-mtime-order",
        title="Shards in the order of their modification times, which a copy changes",
        kind="env",
        text=SHARDS,
        inject=(
            (
                'paths = sorted(glob.glob(os.path.join(source, "*.npy")))',
                'paths = sorted(glob.glob(os.path.join(source, "*.npy")), key=os.path.getmtime)',
            ),
        ),
        fix=((", key=os.path.getmtime)", ")"),),
        at=(At("files", "paths", "fs_mtime_order"),),
        run_a=Side(setup=SHARDS_SETUP),
        run_b=Side(setup=SHARDS_SETUP.replace("60 * k", "60 * ((k * 4) % 9)")),
    ),
    Entry(
        id="files-newest",
        title="The newest file of the folder is taken as the reference",
        kind="env",
        text=SHARDS,
        inject=(
            (
                "# %% load\n",
                """\
# %% newest
newest = max(paths, key=lambda path: os.stat(path).st_mtime)
reference = np.load(newest).mean(axis=0)
# %% load
""",
            ),
            ("table = np.vstack(blocks)", "table = np.vstack(blocks)\ntable[:, :-1] -= reference[:-1] * 5"),
        ),
        fix=(("max(paths, key=lambda path: os.stat(path).st_mtime)", "max(paths)"),),
        at=(At("newest", "newest|reference", "fs_mtime_order"),),
        run_a=Side(setup=SHARDS_SETUP),
        run_b=Side(setup=SHARDS_SETUP.replace("60 * k", "60 * ((k * 4) % 9)")),
    ),
    Entry(
        id="data-file-changed",
        title="One value of the export was corrected upstream",
        kind="env",
        text=CSV,
        fix=(('folder = "data"', 'folder = "frozen"'),),
        at=(At("load", "table", "data_drift.file_changed"),),
        run_a=Side(setup=CSV_SETUP + 'import shutil; shutil.copytree("data", "frozen")\n'),
        run_b=Side(
            setup=CSV_SETUP
            + """\
import shutil; shutil.copytree("data", "frozen")
t.loc[5, "spend"] += 80
t.to_csv("data/train.csv", index=False)
"""
        ),
    ),
    Entry(
        id="data-json-changed",
        title="A settings file read by a helper was changed; it is no parameter",
        kind="env",
        text=SHARDS,
        inject=(
            (
                "# %% load\n",
                """\
# %% settings
def settings(path="settings.json"):
    with open(path, encoding="utf-8") as file:
        return json.load(file)

conf = settings()
conf
# %% load
""",
            ),
            (
                "max_iter=passes, tol=None, shuffle=False",
                'max_iter=passes, tol=None, shuffle=False, eta0=conf["eta0"], penalty="l2", alpha=conf["alpha"]',
            ),
        ),
        fix=(("conf = settings()", 'conf = {"alpha": 0.001, "eta0": 1.0}'),),
        at=(At("settings", "conf", "data_drift.file_changed"),),
        run_a=Side(setup=SHARDS_SETUP + 'open("settings.json", "w").write(\'{"alpha": 0.001, "eta0": 1.0}\')\n'),
        run_b=Side(setup=SHARDS_SETUP + 'open("settings.json", "w").write(\'{"alpha": 0.02, "eta0": 1.0}\')\n'),
    ),
    Entry(
        id="data-npz-changed",
        title="Labels of a binary file were flipped by a new annotation round",
        kind="env",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% measured
with np.load("measured.npz") as pack:
    b = b + pack["bias"]
# %% split
""",
            ),
        ),
        fix=(('b + pack["bias"]', "b + np.linspace(0, 1, n)"),),
        at=(At("measured", "b", "data_drift.file_changed"),),
        run_a=Side(
            setup="""\
import numpy as np
np.savez("measured.npz", bias=np.linspace(0, 1, 600))
"""
        ),
        run_b=Side(
            setup="""\
import numpy as np
np.savez("measured.npz", bias=np.linspace(0, 1.1, 600))
"""
        ),
    ),
    Entry(
        id="data-missing-file",
        title="One shard did not arrive on the other machine",
        kind="env",
        text=SHARDS,
        fix=(
            (
                'paths = sorted(glob.glob(os.path.join(source, "*.npy")))',
                'paths = [os.path.join(source, f"day-{k:02d}.npy") for k in (0, 1, 2, 3, 4, 5, 7, 8)]',
            ),
        ),
        at=(At("files", "paths", "data_drift.missing_files"),),
        run_a=Side(setup=SHARDS_SETUP),
        run_b=Side(setup=SHARDS_SETUP + 'os.remove("daily/day-06.npy")\n'),
    ),
    Entry(
        id="data-missing-optional-file",
        title="A missing weights file silently falls back to ones",
        kind="env",
        text=SKLEARN,
        inject=(
            ("import random\n", "import os\nimport random\n"),
            (
                "# %% fit\n",
                """\
# %% weights
try:
    weights = np.loadtxt("weights.txt")[: len(X_train)]
except OSError:
    weights = np.ones(len(X_train))
# %% fit
""",
            ),
            ("clf.fit(X_train, y_train)", "clf.fit(X_train, y_train, sample_weight=weights)"),
        ),
        fix=(
            (
                """\
try:
    weights = np.loadtxt("weights.txt")[: len(X_train)]
except OSError:
    weights = np.ones(len(X_train))""",
                "weights = np.ones(len(X_train))",
            ),
        ),
        at=(At("weights", "weights", "data_drift.missing_files"),),
        run_a=Side(setup='import numpy as np\nnp.savetxt("weights.txt", np.linspace(0.2, 2, 569))\n'),
    ),
    Entry(
        id="data-appended",
        title="The export grew by a week of rows",
        kind="env",
        text=CSV,
        fix=(('pd.read_csv(Path(folder) / "train.csv")', 'pd.read_csv(Path(folder) / "train.csv", nrows=800)'),),
        at=(At("load", "table", "data_drift.appended"),),
        run_a=Side(setup=CSV_SETUP),
        run_b=Side(
            setup=CSV_SETUP
            + """\
more = t.sample(40, random_state=1)
more.to_csv("data/train.csv", mode="a", header=False, index=False)
"""
        ),
    ),
    Entry(
        id="data-appended-jsonl",
        title="A log in JSON lines got new entries",
        kind="env",
        text=NUMPY,
        inject=(
            ("import random\n", "import json\nimport random\n"),
            (
                "# %% split\n",
                """\
# %% feedback
with open("feedback.jsonl", encoding="utf-8") as lines:
    feedback = [json.loads(line)["shift"] for line in lines]
b = b + np.mean(feedback)
# %% split
""",
            ),
        ),
        fix=(("for line in lines]", "for line in list(lines)[:30]]"),),
        at=(At("feedback", "feedback|b", "data_drift.appended"),),
        run_a=Side(
            setup="""\
import json
with open("feedback.jsonl", "w") as f:
    f.writelines(json.dumps({"shift": k % 7 / 5}) + "\\n" for k in range(30))
"""
        ),
        run_b=Side(
            setup="""\
import json
with open("feedback.jsonl", "w") as f:
    f.writelines(json.dumps({"shift": k % 7 / 5}) + "\\n" for k in range(41))
"""
        ),
    ),
    Entry(
        id="leftover-pickle-cache",
        title="A pickle of a smaller sample from the last run is taken for the features",
        kind="leftover",
        text=NUMPY,
        inject=(
            (
                "import random\n",
                """\
import pickle
import random
from pathlib import Path
""",
            ),
            (
                "# %% split\n",
                """\
# %% features
cache = Path("features.pkl")
if cache.exists():
    A = pickle.loads(cache.read_bytes())
else:
    cache.write_bytes(pickle.dumps(np.round(A, 1)))
# %% split
""",
            ),
        ),
        fix=(
            (
                """\
if cache.exists():
    A = pickle.loads(cache.read_bytes())
else:
    cache""",
                "cache",
            ),
        ),
        at=(At("features", "A", "leftover_file.cache"),),
    ),
    Entry(
        id="leftover-checkpoint-warm",
        title="Weights of the last run are loaded if they are there",
        kind="leftover",
        text=TORCH,
        inject=(
            ("import random\n", "import os\nimport random\n"),
            (
                "# %% train\n",
                """\
# %% restore
if os.path.isfile("best.pt"):
    net.load_state_dict(torch.load("best.pt"))
# %% train
""",
            ),
            (
                "# %% result\n",
                """\
# %% save
torch.save(net.state_dict(), "best.pt")
# %% result
""",
            ),
        ),
        fix=(
            (
                """\
if os.path.isfile("best.pt"):
    net.load_state_dict(torch.load("best.pt"))""",
                "pass",
            ),
        ),
        at=(At("restore", "net", "leftover_file.cache"),),
    ),
    Entry(
        id="leftover-append-csv",
        title="Each run appends its augmented rows to a file, and trains on all of them",
        kind="leftover",
        text=SKLEARN,
        inject=(
            (
                "# %% scale\n",
                """\
# %% pool
pd.concat([X_train, y_train], axis=1).iloc[::3].to_csv("pool.csv", mode="a", header=False, index=False)
pool = pd.read_csv("pool.csv", names=[*frame.columns, "target"])
X_train, y_train = pool[frame.columns], pool["target"]
# %% scale
""",
            ),
        ),
        fix=(('mode="a"', 'mode="w"'),),
        at=(At("pool", "pool|X_train|y_train", "leftover_file.append"),),
    ),
    Entry(
        id="leftover-append-history",
        title="The best result so far is read from a history to which every run appends",
        kind="leftover",
        text=NUMPY,
        inject=(
            ("import random\n", "import json\nimport random\n"),
            (
                "# %% result\n",
                """\
# %% history
with open("history.jsonl", "a+", encoding="utf-8") as log:
    log.write(json.dumps({"mse": mse}) + "\\n")
    log.seek(0)
    past = [json.loads(line)["mse"] for line in log]
rank = len(past)
# %% result
""",
            ),
            ("metrics = dict(mse=mse, gap=gap)", "metrics = dict(mse=mse, gap=gap, rank=rank)"),
        ),
        fix=(('"a+"', '"w+"'),),
        at=(At("history", "past|rank", "leftover_file.append"),),
    ),
    Entry(
        id="checkpoint-without-rng",
        title="An interrupted run is resumed; the checkpoint has no generator state",
        kind="resume",
        text=NUMPY,
        inject=(
            (
                "import random\n",
                """\
import os
import pickle
import random
""",
            ),
            ("decay = 1e-3", "decay = 1e-3\nstop_at = 0"),
            (
                """\
# %% train
w = np.zeros(d)
trail = []
""",
                """\
# %% restore
w, done = np.zeros(d), 0
if os.path.exists("state.pkl"):
    with open("state.pkl", "rb") as file:
        w, done = pickle.load(file)
# %% train
trail = []
""",
            ),
            ("for step in range(steps):", "for step in range(done, steps):"),
            (
                "        trail.append(float(np.mean(residual**2)))",
                """\
        trail.append(float(np.mean(residual**2)))
    if stop_at and step + 1 == stop_at:
        with open("state.pkl", "wb") as file:
            pickle.dump((w, step + 1), file)
        break""",
            ),
        ),
        fix=(
            (
                "        w, done = pickle.load(file)",
                """\
        w, done, state = pickle.load(file)
    np.random.set_state(state)""",
            ),
            ("pickle.dump((w, step + 1), file)", "pickle.dump((w, step + 1, np.random.get_state()), file)"),
        ),
        at=(At("restore|train", "w|done|trail|pick|residual", "checkpoint_missing_rng_state"),),
        run_b=Side(pre=({"stop_at": 150},)),
    ),
    Entry(
        id="checkpoint-without-rng-torch",
        title="A torch checkpoint after each epoch, without the shuffling generator's state",
        kind="resume",
        text=TORCH,
        inject=(
            ("import random\n", "import random\nfrom pathlib import Path\n"),
            ("hidden = 24", "hidden = 24\nbreak_after = 0"),
            (
                "# %% train\nhistory = []\n",
                """\
# %% resume
first_epoch = 0
checkpoint = Path("last.ckpt")
if checkpoint.exists():
    saved = torch.load(checkpoint)
    net.load_state_dict(saved["net"])
    optimizer.load_state_dict(saved["optimizer"])
    first_epoch = saved["epoch"]
# %% train
history = []
""",
            ),
            ("for epoch in range(epochs):", "for epoch in range(first_epoch, epochs):"),
            (
                "    history.append(loss.item())\n",
                """\
    history.append(loss.item())
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1}, checkpoint)
    if epoch + 1 == break_after:
        break
""",
            ),
        ),
        fix=(
            (
                '    first_epoch = saved["epoch"]',
                """\
    first_epoch = saved["epoch"]
    torch.random.set_rng_state(saved["rng"])""",
            ),
            ('"epoch": epoch + 1}', '"epoch": epoch + 1, "rng": torch.random.get_rng_state()}'),
        ),
        at=(At("resume|train", "first_epoch|saved|net|optimizer|history|rows|loss", "checkpoint_missing_rng_state"),),
        run_b=Side(pre=({"break_after": 1},)),
    ),
    Entry(
        id="stale-bytecode",
        title="A compiled file that is never checked holds an older version of the module",
        kind="env",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import numpy as np\nimport shaping\n"),
            (
                "# %% split\n",
                """\
# %% shape
A = shaping.squash(A)
# %% split
""",
            ),
        ),
        fix=(("import shaping\n", ""), ("A = shaping.squash(A)", "A = np.tanh(A)")),
        at=(At("shape|imports", "A|shaping", "stale_bytecode"),),
        run_a=Side(
            setup="""\
open("shaping.py", "w").write("import numpy as np\\ndef squash(x):\\n    return np.tanh(x)\\n")
"""
        ),
        run_b=Side(
            setup="""
import py_compile
open("shaping.py", "w").write("import numpy as np\\ndef squash(x):\\n    return np.tanh(x / 2)\\n")
py_compile.compile("shaping.py", invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
open("shaping.py", "w").write("import numpy as np\\ndef squash(x):\\n    return np.tanh(x)\\n")
"""
        ),
    ),
    Entry(
        id="stale-bytecode-same-second",
        title="A module was replaced by another of the same size and time: Python takes the old compiled file",
        kind="env",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import numpy as np\nimport shaping\n"),
            (
                "# %% split\n",
                """\
# %% shape
A = shaping.squash(A)
# %% split
""",
            ),
        ),
        fix=(("import shaping\n", ""), ("A = shaping.squash(A)", "A = np.tanh(A / 2)")),
        at=(At("shape|imports", "A|shaping", "stale_bytecode"),),
        run_a=Side(setup=SQUASH.format(by=2)),
        run_b=Side(
            setup=SQUASH.format(by=3) + "import py_compile\npy_compile.compile('shaping.py')\n" + SQUASH.format(by=2)
        ),
    ),
    Entry(
        id="data-weights-file-missing",
        title="Pretrained weights are loaded where they are; another machine has none",
        kind="env",
        text=TORCH,
        inject=(
            ("import random\n", "import random\nfrom pathlib import Path\n"),
            (
                "# %% train\n",
                """\
# %% pretrained
weights = Path("pretrained.pt")
if weights.is_file():
    net[0].load_state_dict(torch.load(weights))
# %% train
""",
            ),
        ),
        fix=(("if weights.is_file():\n    net[0].load_state_dict(torch.load(weights))", "pass"),),
        at=(At("pretrained", "net", "data_drift.missing_files"),),
        run_a=Side(
            setup="""
import torch
torch.manual_seed(1)
torch.save(torch.nn.Linear(64, 24).state_dict(), "pretrained.pt")
"""
        ),
    ),
)
