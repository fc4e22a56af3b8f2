"""Files, data, and what the environment of the process decides."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reprobook.hazards import find_hazards
from reprobook.notebook import Notebook

MakeNotebook = Callable[..., Notebook]

IMPORTS = """import os, sys, glob, time, json, pickle, locale, shutil
from pathlib import Path
from datetime import datetime, timezone
import numpy as np, pandas as pd, torch
import matplotlib.pyplot as plt
X = np.arange(10)
model = torch.nn.ReLU()
opt = torch.optim.SGD([torch.ones(1)], 0.1)
"""

CERTAIN = [
    ("files = os.listdir('d')\nx = files[0]", "fs_order"),
    ("df = pd.concat([pd.read_csv(f) for f in glob.glob('d/*.csv')])", "fs_order"),
    ("for p in Path('d').iterdir():\n    x = p", "fs_order"),
    ("paths = list(Path('d').rglob('*.npy'))", "fs_order"),
    ("for top, dirs, names in os.walk('d'):\n    x = names", "fs_order"),
    ("from glob import glob as find\nfirst = find('*.csv')[0]", "fs_order"),
    ("files = sorted(glob.glob('*'), key=os.path.getmtime)", "fs_mtime_order"),
    ("newest = max(Path('d').glob('*.pt'), key=lambda p: p.stat().st_mtime)", "fs_mtime_order"),
    (
        "if os.path.exists('f.npy'):\n    F = np.load('f.npy')\nelse:\n    F = X + 1\n    np.save('f.npy', F)",
        "leftover_file.cache",
    ),
    (
        "cache = Path('f.npy')\nif cache.is_file():\n    F = np.load(cache)\nelse:\n    F = X\n    np.save(cache, F)",
        "leftover_file.cache",
    ),
    (
        (
            "try:\n    F = pickle.load(open('f.pkl', 'rb'))\nexcept FileNotFoundError:\n"
            "    F = X\n    pickle.dump(F, open('f.pkl', 'wb'))"
        ),
        "leftover_file.cache",
    ),
    (
        "if not Path('f.npy').exists():\n    np.save('f.npy', X)\nF = np.load('f.npy')",
        "leftover_file.cache",
    ),
    (
        (
            "import sqlite3\ncon = sqlite3.connect('r.db')\ncon.execute('INSERT INTO t VALUES (1)')\n"
            "rows = con.execute('SELECT a FROM t ORDER BY a').fetchall()"
        ),
        "leftover_file.append",
    ),
    ("pd.DataFrame(X).to_csv('all.csv', mode='a')\nhistory = pd.read_csv('all.csv')", "leftover_file.append"),
    ("with open('h.txt', 'a') as f:\n    f.write('1')\nlines = open('h.txt').readlines()", "leftover_file.append"),
    (
        (
            "start = 0\nif os.path.exists('c.pt'):\n    c = torch.load('c.pt')\n"
            "    model.load_state_dict(c['m'])\n    start = c['epoch']\n"
            "for e in range(start, 3):\n    torch.save({'m': model.state_dict(), 'epoch': e}, 'c.pt')"
        ),
        "checkpoint_missing_rng_state",
    ),
    ("lr = float(os.environ.get('LR', 0.1))", "env_var"),
    ("lr = float(os.environ['LR'])", "env_var"),
    ("if os.getenv('FAST'):\n    epochs = 1", "env_var"),
    ("n = int(os.environ.get('WORLD_SIZE', 1))\nparts = np.array_split(X, n)", "world_size"),
    ("quick = 'JPY_SESSION_NAME' in os.environ\nepochs = 1 if quick else 9", "execution_context"),
    ("if sys.stdout.isatty():\n    epochs = 1", "execution_context"),
    ("epochs = 1 if hasattr(sys, 'ps1') else 9", "execution_context"),
    ("if 'google.colab' in sys.modules:\n    epochs = 1", "execution_context"),
    ("quick = len(sys.argv) > 3\nif quick:\n    epochs = 1", "execution_context"),
    (
        "try:\n    __IPYTHON__\n    quick = True\nexcept NameError:\n    quick = False",
        "execution_context",
    ),
    (
        "shell = get_ipython().__class__.__name__\nif shell == 'ZMQInteractiveShell':\n    epochs = 1",
        "execution_context",
    ),
    ("s = datetime.fromisoformat('2024-01-01').timestamp()", "timezone"),
    ("hours = [datetime.fromtimestamp(t).hour for t in X]", "timezone"),
    ("h = time.localtime(1.0).tm_hour", "timezone"),
    ("s = datetime(2024, 1, 1).timestamp()", "timezone"),
    ("locale.setlocale(locale.LC_ALL, '')\nm = datetime.strptime('May 1', '%B %d')", "locale"),
    ("words = sorted(['a', 'B'], key=locale.strxfrm)", "locale"),
    ("xs = []\nassert xs.append(1) is None", "interpreter_flags"),
    ("if __debug__:\n    X = X * 2", "interpreter_flags"),
    ("if sys.flags.optimize:\n    X = X * 2", "interpreter_flags"),
    ("width = plt.rcParams['figure.dpi']\nX = X * width", "global_config.rcparams"),
    ("from numpy import *\nfrom torch import *\ny = exp(X)", "import_order.name_shadowing"),
    ("from math import sqrt\nfrom torch import sqrt", "import_order.name_shadowing"),
    ("np.mean = lambda x: 0", "monkeypatch"),
    ("def fit(self, X, y):\n    return self\n\ntorch.nn.Module.forward = fit", "monkeypatch"),
    ("setattr(np, 'mean', max)", "monkeypatch"),
]

FINE = [
    "files = sorted(os.listdir('d'))",
    "n = len(os.listdir('d'))",
    "if os.listdir('d'):\n    print('there')",
    "found = 'a.csv' in os.listdir('d')",
    "df = pd.concat([pd.read_csv(f) for f in sorted(glob.glob('d/*.csv'))])",
    "paths = sorted(p for p in Path('d').iterdir() if p.suffix == '.npy')",
    "files = glob.glob('d/*')\nfiles.sort()",
    "for top, dirs, names in os.walk('d'):\n    dirs.sort()\n    for n in sorted(names):\n        x = n",
    "for p in Path('d').glob('*.tmp'):\n    p.unlink()",
    "print(os.listdir('d'))",
    "if not os.path.exists('out'):\n    os.makedirs('out')",
    (
        "import sqlite3\ncon = sqlite3.connect(':memory:')\ncon.execute('INSERT INTO t VALUES (1)')\n"
        "rows = con.execute('SELECT a FROM t ORDER BY a').fetchall()"
    ),
    "if not os.path.exists('a.csv'):\n    urlretrieve = print\ndf = pd.read_csv('a.csv')",
    "if os.path.exists('config.json'):\n    config = json.load(open('config.json', encoding='utf-8'))",
    "np.save('f.npy', X)\nF = np.load('f.npy')",
    "with open('log.txt', 'a') as f:\n    f.write('done')",
    "os.environ['CUBLAS_WORKSPACE_CONFIG'] = ':4096:8'",
    "data = Path(os.environ.get('DATA_DIR', 'data')) / 'a.csv'",
    "print(os.environ.get('HOME'))",
    "if 'google.colab' in sys.modules:\n    import google.colab",
    "h = datetime.fromtimestamp(1.0, tz=timezone.utc).hour",
    "d = datetime.strptime('2024-01-01', '%Y-%m-%d')",
    "assert len(X) == 10",
    "assert X.shape == (10,), 'shape'",
    "plt.rcParams['figure.figsize'] = (4, 3)",
    "plt.rcParams.update({'font.size': 9})",
    "pd.options.display.max_rows = 9",
    "torch.backends.cudnn.deterministic = True",
    "from torch.nn import *",
    "try:\n    from tqdm.auto import tqdm\nexcept ImportError:\n    from tqdm import tqdm",
    "from tqdm import tqdm\nfrom tqdm.auto import tqdm",
    "class A:\n    pass\n\na = A()\na.x = 1",
    "sys.path.append('src')",
]


@pytest.mark.parametrize(("code", "cause"), CERTAIN)
def test_hazards(notebook: MakeNotebook, code: str, cause: str) -> None:
    found = [hazard for hazard in find_hazards(notebook(IMPORTS, code)) if hazard.certain]
    assert {(hazard.cell, hazard.cause) for hazard in found} == {(1, cause)}


@pytest.mark.parametrize("code", FINE)
def test_what_is_fine(notebook: MakeNotebook, code: str) -> None:
    assert [hazard for hazard in find_hazards(notebook(IMPORTS, code)) if hazard.certain] == []


HINTS = [
    ("df = pd.read_csv('latest.csv')", "data_drift.file_changed"),
    ("df = pd.read_csv('https://example.org/a.csv')", "data_drift.remote"),
    ("df = pd.read_csv('../data/a.csv')", "cwd_relative_path"),
    ("torch.set_default_dtype(torch.float64)", "global_config.default_dtype"),
    ("!pip install torch", "env_drift.package_version"),
    ("%pip install -q 'torch>=2'", "env_drift.package_version"),
    ("%load_ext autoreload", "module_edited"),
    ("sys.path.insert(0, 'src')", "import_path"),
    ("try:\n    w = np.loadtxt('w.txt')\nexcept OSError:\n    w = np.ones(3)", "data_drift.missing_files"),
]


@pytest.mark.parametrize(("code", "cause"), HINTS)
def test_hints(notebook: MakeNotebook, code: str, cause: str) -> None:
    found = find_hazards(notebook(IMPORTS, code))
    assert [(hazard.cell, hazard.cause, hazard.certain) for hazard in found] == [(1, cause, False)]


def test_pinned_installs_are_none(notebook: MakeNotebook) -> None:
    assert find_hazards(notebook("!pip install torch==2.13.0 numpy==2.4.0\n%pip install -r requirements.txt")) == ()


def test_a_checkpoint_with_the_state_of_the_generators(notebook: MakeNotebook) -> None:
    code = (
        "start = 0\nif os.path.exists('c.pt'):\n    c = torch.load('c.pt')\n"
        "    start = c['epoch']\n    torch.set_rng_state(c['rng'])\n"
        "for e in range(start, 3):\n    torch.save({'epoch': e, 'rng': torch.get_rng_state()}, 'c.pt')"
    )
    assert [hazard for hazard in find_hazards(notebook(IMPORTS, code)) if hazard.certain] == []
