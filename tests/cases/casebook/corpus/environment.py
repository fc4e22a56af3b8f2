"""Packages, variables, folders, time zone, locale, flags and settings."""

from casebook.corpus._bases import CSV, CSV_SETUP, NUMPY, SKLEARN, TORCH
from casebook.entry import At, Entry, Scratch
from casebook.model import Side

WITH_SITE = {"PYTHONPATH": "{cwd}/site"}
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
NAMES = """
names = ["caf\\u00e9", "na\\u00efve", "stra\\u00dfe", "plain", "garden", "jalape\\u00f1o"] * 100
open("names.txt", "w", encoding="utf-8").write("\\n".join(names))
"""


def package(version: str, body: str, name: str = "denoise") -> str:
    """Return a setup that installs a little package into the folder ``site``, with or without metadata."""
    return f"""
import os
os.makedirs("site/{name}", exist_ok=True)
open("site/{name}/__init__.py", "w").write({f'__version__ = "{version}"' + chr(10) + body!r})
"""


def wheel(version: str, body: str, name: str = "denoise") -> str:
    """Return a setup that installs a little package as a wheel does, with metadata."""
    return package(version, body, name) + (
        f'os.makedirs("site/{name}-{version}.dist-info", exist_ok=True)\n'
        f'info = "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"\n'
        f'open("site/{name}-{version}.dist-info/METADATA", "w").write(info)\n'
        f'open("site/{name}-{version}.dist-info/RECORD", "w").write("{name}/__init__.py,,\\n")\n'
    )


OLD_DENOISE = """\
import numpy as np
def clip(x, sigma=3.0):
    return np.clip(x, -sigma, sigma)
"""
NEW_DENOISE = """\
import numpy as np
def clip(x, sigma=2.0):
    return np.clip(x, -sigma, sigma)
"""
WITH_DENOISE = (
    ("import numpy as np\n", "import denoise\nimport numpy as np\n"),
    (
        "# %% split\n",
        """\
# %% denoise
A = denoise.clip(A)
# %% split
""",
    ),
)

CASES = (
    Entry(
        id="env-package-version",
        title="A package's default changed in a new version; it has no metadata",
        kind="env",
        text=NUMPY,
        inject=WITH_DENOISE,
        fix=(("denoise.clip(A)", "denoise.clip(A, sigma=3.0)"),),
        at=(At("denoise", "A", "env_drift.package_version"),),
        run_a=Side(setup=package("0.9.1", OLD_DENOISE), env=WITH_SITE),
        run_b=Side(setup=package("1.0.0", NEW_DENOISE), env=WITH_SITE),
    ),
    Entry(
        id="env-package-version-wheel",
        title="The same, installed as a wheel is; imported with `from`",
        kind="env",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import numpy as np\nfrom denoise import clip\n"),
            (
                "# %% split\n",
                """\
# %% denoise
A = clip(A)
# %% split
""",
            ),
        ),
        fix=(("from denoise import clip\n", ""), ("A = clip(A)", "A = np.clip(A, -3.0, 3.0)")),
        at=(At("denoise|imports", "A|clip", "env_drift.package_version"),),
        run_a=Side(setup=wheel("2.3.0", OLD_DENOISE), env=WITH_SITE),
        run_b=Side(setup=wheel("2.4.0", NEW_DENOISE), env=WITH_SITE),
    ),
    Entry(
        id="env-variable-fallback",
        title="An environment variable chooses the number of steps; others that differ are decoys",
        kind="env",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import os\nimport numpy as np\n"),
            (
                "# %% seed\n",
                """\
# %% budget
steps = int(os.getenv("TRAIN_STEPS", steps))
# %% seed
""",
            ),
        ),
        fix=(('int(os.getenv("TRAIN_STEPS", steps))', "int(steps)"),),
        at=(At("budget", "steps", "env_var"),),
        run_a=Side(env={"PAGER": "less", "PROJECT": "alpha"}),
        run_b=Side(env={"PAGER": "more", "PROJECT": "beta", "TRAIN_STEPS": "350"}),
    ),
    Entry(
        id="env-variable-in-function",
        title="A function reads a variable of the environment when it is called",
        kind="env",
        text=SKLEARN,
        inject=(
            ("import random\n", "import os\nimport random\n"),
            (
                "# %% split\n",
                """\
# %% helpers
def regularisation(default):
    if "ALPHA_SCALE" in os.environ:
        return default * float(os.environ["ALPHA_SCALE"])
    return default
# %% split
""",
            ),
            (
                'clf = SGDClassifier(loss="log_loss", alpha=alpha,',
                """\
strength = regularisation(alpha)
clf = SGDClassifier(loss="log_loss", alpha=strength,""",
            ),
        ),
        fix=(("strength = regularisation(alpha)", "strength = alpha"),),
        at=(At("fit", "strength|clf", "env_var"),),
        run_a=Side(env={"ALPHA_SCALE": "1"}),
        run_b=Side(env={"ALPHA_SCALE": "50"}),
    ),
    Entry(
        id="env-cwd-chdir",
        title="A deleted cell had changed into a folder that has a file of the same name",
        kind="interactive",
        text=CSV,
        inject=(('folder = "data"', 'folder = "."'), ('Path(folder) / "train.csv"', '"train.csv"')),
        session=("imports", "parameters", Scratch("%cd -q archive"), "load", "features", "split", "fit", "result"),
        fix=(('pd.read_csv("train.csv")', 'pd.read_csv(Path(os.environ["PROJECT_ROOT"]) / "train.csv")'),),
        at=(At("load", "table", "cwd_relative_path|hidden_state.deleted_cell"),),
        run_a=Side(
            setup=CSV_SETUP
            + """\
os.makedirs("archive", exist_ok=True)
t.to_csv("train.csv", index=False)
t.assign(calls=t["calls"] + 1).sample(frac=1, random_state=3).to_csv("archive/train.csv", index=False)
""",
            env={"PROJECT_ROOT": "{cwd}"},
        ),
    ),
    Entry(
        id="env-cwd-name",
        title="The name of the working folder decides the profile",
        kind="env",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "from pathlib import Path\nimport numpy as np\n"),
            (
                "# %% seed\n",
                """\
# %% profile
place = Path.cwd().name
rate = rate * (1 + sum(place.encode()) % 5)
# %% seed
""",
            ),
        ),
        fix=(("place = Path.cwd().name", 'place = "train"'),),
        at=(At("profile", "place|rate", "cwd_relative_path"),),
    ),
    Entry(
        id="env-timezone",
        title="Hours of the day in local time",
        kind="env",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "from datetime import datetime\nimport numpy as np\n"),
            (
                "# %% split\n",
                """\
# %% hours
stamps = 1_700_000_000 + 3571 * np.arange(n)
hours = np.array([datetime.fromtimestamp(s).hour for s in stamps])
b = b + 0.1 * (hours > 17)
# %% split
""",
            ),
        ),
        fix=(("datetime.fromtimestamp(s).hour", "(s // 3600 % 24)"),),
        at=(At("hours", "hours|b", "timezone"),),
        run_a=Side(env={"TZ": "UTC"}),
        run_b=Side(env={"TZ": "Asia/Tokyo"}),
    ),
    Entry(
        id="env-timezone-localtime",
        title="time.localtime in a helper; TZ is not set at first",
        kind="env",
        text=SKLEARN,
        inject=(
            ("import random\n", "import random\nimport time\n"),
            (
                "# %% split\n",
                """\
# %% weekday
def weekday(second):
    return time.strftime("%a %H", time.localtime(second))

visits = [weekday(1_690_000_000 + 40_000 * row) for row in range(len(frame))]
frame["late"] = [float(v[-2:] >= "18") for v in visits]
# %% split
""",
            ),
        ),
        fix=(("time.localtime(second)", "time.gmtime(second)"),),
        at=(At("weekday", "visits|frame", "timezone"),),
        run_b=Side(env={"TZ": "America/New_York"}),
    ),
    Entry(
        id="env-locale-encoding",
        title="A text file is read in the encoding of the locale",
        kind="env",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% names
with open("names.txt", errors="replace") as file:
    names = file.read().split("\\n")
lengths = np.array([len(name) for name in names])
b = b + lengths / 10
# %% split
""",
            ),
        ),
        fix=(('errors="replace"', 'encoding="utf-8"'),),
        at=(At("names", "names|lengths|b", "locale"),),
        run_a=Side(setup=NAMES, env={"LC_ALL": "C.UTF-8"}),
        run_b=Side(setup=NAMES, env=C_LOCALE),
    ),
    Entry(
        id="env-locale-preferred",
        title="locale.getpreferredencoding decides how bytes become text",
        kind="env",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import locale
from pathlib import Path
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """\
# %% words
encoding = locale.getpreferredencoding(False)
words = Path("names.txt").read_bytes().decode(encoding, "ignore").splitlines()
b = b + np.array([len(word) for word in words]) / 10
# %% split
""",
            ),
        ),
        fix=(("locale.getpreferredencoding(False)", '"utf-8"'),),
        at=(At("words", "encoding|words|b", "locale"),),
        run_a=Side(setup=NAMES, env={"LC_ALL": "C.UTF-8"}),
        run_b=Side(setup=NAMES, env=C_LOCALE),
    ),
    Entry(
        id="env-flag-optimize",
        title="An assert with a side effect vanishes under PYTHONOPTIMIZE",
        kind="env",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% checks
ledger = []
assert ledger.append(A.shape) is None
for column in range(d):
    assert ledger.append(column) is None
A = A * (1 + len(ledger) / 100)
# %% split
""",
            ),
        ),
        fix=(
            (
                """\
assert ledger.append(A.shape) is None
for column in range(d):
    assert ledger.append(column) is None""",
                "ledger.append(A.shape)\nledger.extend(range(d))",
            ),
        ),
        at=(At("checks", "ledger|A", "interpreter_flags"),),
        run_b=Side(env={"PYTHONOPTIMIZE": "1"}),
    ),
    Entry(
        id="env-flag-debug",
        title="Code under __debug__ clips the gradients",
        kind="env",
        text=NUMPY,
        inject=(
            (
                "    w -= rate * (A_fit[pick].T @ residual / 32 + decay * w)",
                """\
    if __debug__:
        residual = np.clip(residual, -1, 1)
    w -= rate * (A_fit[pick].T @ residual / 32 + decay * w)""",
            ),
        ),
        fix=(("    if __debug__:\n", "    if True:\n"),),
        at=(At("train", "w|trail|residual", "interpreter_flags"),),
        run_b=Side(env={"PYTHONOPTIMIZE": "1"}),
    ),
    Entry(
        id="env-import-path",
        title="Two folders on PYTHONPATH have a module of the same name; their order differs",
        kind="env",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import numpy as np\nimport recipes\n"),
            (
                "# %% split\n",
                """\
# %% prepare
A = recipes.prepare(A)
# %% split
""",
            ),
        ),
        fix=(
            (
                "import recipes\n",
                """\
import importlib.util
spec = importlib.util.spec_from_file_location("recipes", "team/recipes.py")
recipes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recipes)
del spec
""",
            ),
        ),
        at=(At("prepare|imports", "A|recipes", "import_path"),),
        run_a=Side(
            setup="""\
import os
for k, name in enumerate(["team", "mine"]):
    os.makedirs(name, exist_ok=True)
    open(f"{name}/recipes.py", "w").write(f"def prepare(x):\\n    return x * {1 + k / 4}\\n")
""",
            env={"PYTHONPATH": "{cwd}/team:{cwd}/mine"},
        ),
        run_b=Side(
            setup="""\
import os
for k, name in enumerate(["team", "mine"]):
    os.makedirs(name, exist_ok=True)
    open(f"{name}/recipes.py", "w").write(f"def prepare(x):\\n    return x * {1 + k / 4}\\n")
""",
            env={"PYTHONPATH": "{cwd}/mine:{cwd}/team"},
        ),
    ),
    Entry(
        id="env-execution-context-live",
        title="In an open notebook a quick look is trained instead of the whole",
        kind="interactive",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import os\nimport numpy as np\n"),
            (
                "# %% seed\n",
                """\
# %% mode
quick = "JPY_SESSION_NAME" in os.environ
if quick:
    steps = 120
# %% seed
""",
            ),
        ),
        fix=(('"JPY_SESSION_NAME" in os.environ', "False"),),
        session=("imports", "parameters", "mode", "seed", "data", "split", "train", "evaluate", "result"),
        at=(At("mode", "quick|steps", "execution_context"),),
    ),
    Entry(
        id="env-execution-context-headless",
        title="A variable that a scheduler sets means batch mode",
        kind="env",
        text=SKLEARN,
        inject=(
            ("import random\n", "import os\nimport random\n"),
            (
                "# %% data\n",
                """\
# %% mode
def is_batch():
    return os.environ.get("JPY_SESSION_NAME") is None

batch = is_batch()
epochs = 60 if batch else 4
# %% data
""",
            ),
            ("max_iter=60", "max_iter=epochs"),
        ),
        fix=(("batch = is_batch()", "batch = True"),),
        at=(At("mode", "batch|epochs", "execution_context"),),
        run_a=Side(env={"JPY_SESSION_NAME": "/home/me/train.ipynb"}),
    ),
    Entry(
        id="env-rcparams-file",
        title="A matplotlibrc in the working folder sets the size of the figure from which features are made",
        kind="env",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """\
# %% raster
fig, ax = plt.subplots()
ax.plot(b)
fig.canvas.draw()
pixels = np.asarray(fig.canvas.buffer_rgba())[..., 0].astype(float)
plt.close(fig)
del fig, ax
A = A + pixels.mean() / 255
# %% split
""",
            ),
        ),
        fix=(("fig, ax = plt.subplots()", "matplotlib.rcdefaults()\nmatplotlib.use('Agg')\nfig, ax = plt.subplots()"),),
        at=(At("raster", "pixels|A", "global_config.rcparams"),),
        run_b=Side(
            setup="""\
open("matplotlibrc", "w").write("figure.figsize: 5, 3\\nlines.linewidth: 3\\n")
"""
        ),
    ),
    Entry(
        id="env-rcparams-live",
        title="A deleted cell had set rcParams",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt
import numpy as np
""",
            ),
            (
                "# %% split\n",
                """\
# %% raster
fig = plt.figure()
width, height = fig.get_size_inches() * fig.dpi
plt.close(fig)
del fig
A = A * (width / 640)
# %% split
""",
            ),
        ),
        fix=(("fig = plt.figure()", "fig = plt.figure(figsize=(6.4, 4.8), dpi=100)"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            Scratch('plt.rcParams["figure.dpi"] = 150'),
            "raster",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("raster", "width|height|A", "global_config.rcparams|hidden_state.deleted_cell"),),
    ),
    Entry(
        id="env-default-dtype-live",
        title="A deleted cell had made float64 the default of torch",
        kind="interactive",
        text=TORCH,
        inject=(
            ("images = torch.from_numpy(bunch.data).float() / 16", "images = torch.tensor((bunch.data / 16).tolist())"),
        ),
        fix=(
            ("(bunch.data / 16).tolist())", "(bunch.data / 16).tolist(), dtype=torch.float32)"),
            (
                "nn.Linear(64, hidden), nn.Tanh(), nn.Linear(hidden, 10))",
                "nn.Linear(64, hidden, dtype=torch.float32), nn.Tanh(), nn.Linear(hidden, 10, dtype=torch.float32))",
            ),
        ),
        session=(
            "imports",
            "parameters",
            "seed",
            Scratch("torch.set_default_dtype(torch.float64)"),
            "data",
            "split",
            "model",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("data", "images", "global_config.default_dtype|hidden_state.deleted_cell"),),
    ),
    Entry(
        id="env-default-dtype-site",
        title="The environment's startup code sets torch's default dtype",
        kind="env",
        text=TORCH,
        inject=(
            (
                "images = torch.from_numpy(bunch.data).float() / 16",
                """\
import startup_defaults
images = torch.tensor((bunch.data / 16).tolist())""",
            ),
        ),
        fix=(("import startup_defaults\n", "import startup_defaults\ntorch.set_default_dtype(torch.float32)\n"),),
        at=(At("data", "images", "global_config.default_dtype"),),
        run_a=Side(
            setup="""\
import os
os.makedirs("site", exist_ok=True)
open("site/startup_defaults.py", "w").write("")
""",
            env=WITH_SITE,
        ),
        run_b=Side(
            setup="""\
import os
os.makedirs("site", exist_ok=True)
open("site/startup_defaults.py", "w").write("import torch\\ntorch.set_default_dtype(torch.float64)\\n")
""",
            env=WITH_SITE,
        ),
    ),
)
