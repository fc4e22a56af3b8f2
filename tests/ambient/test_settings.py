from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., str]

# What changes a setting, by the setting that must show it.
CHANGES = {
    "python.cwd": "import os; os.mkdir('d'); os.chdir('d')",
    "python.path": "import sys; sys.path.insert(0, '/somewhere')",
    "python.recursion_limit": "import sys; sys.setrecursionlimit(3000)",
    "python.timezone": "import os, time; os.environ['TZ'] = 'America/New_York'; time.tzset()",
    "python.locale": "import locale; locale.setlocale(locale.LC_COLLATE, 'C.UTF-8')",
    "python.decimal": "import decimal; decimal.getcontext().prec = 5",
    "python.multiprocessing": "import multiprocessing; multiprocessing.set_start_method('spawn')",
    "fp.rounding": "import ctypes; ctypes.CDLL(None).fesetround(0x400)",
    "fp.denormals": "import torch; torch.set_flush_denormal(True)",
    "numpy.errors": "import numpy; numpy.seterr(all='ignore')",
    "numpy.print_options": "import numpy; numpy.set_printoptions(precision=2)",
    "torch.default_dtype": "import torch; torch.set_default_dtype(torch.float64)",
    "torch.default_device": "import torch; torch.set_default_device('meta')",
    "torch.num_threads": "import torch; torch.set_num_threads(7)",
    "torch.grad": "import torch; torch.set_grad_enabled(False)",
    "torch.deterministic": "import torch; torch.use_deterministic_algorithms(True)",
    "torch.matmul_precision": "import torch; torch.set_float32_matmul_precision('medium')",
    "torch.cudnn_benchmark": "import torch; torch.backends.cudnn.benchmark = True",
    "pandas.options": "import pandas; pandas.set_option('display.precision', 2)",
    "sklearn.config": "import sklearn; sklearn.set_config(transform_output='pandas')",
    "matplotlib.rcparams": "import matplotlib; matplotlib.rcParams['lines.linewidth'] = 9",
}
MEASURED = """
import json, sys
before_modules = set(sys.modules)
from reprobook.ambient.settings import settings
settings()
assert not {"torch", "numpy", "pandas", "matplotlib", "sklearn"} & (set(sys.modules) - before_modules)
for library in {libraries!r}: __import__(library)
settings()
"""


@pytest.mark.parametrize("libraries", [[], ["numpy", "pandas", "sklearn", "matplotlib"], ["torch"]])
def test_every_change_shows_in_its_setting(pinned: Run, libraries: list[str]) -> None:
    script = MEASURED.replace("{libraries!r}", repr(libraries))
    changes = {
        name: change
        for name, change in CHANGES.items()
        if any(f"import {library}" in change for library in libraries)
        or (
            not libraries
            and not any(f"import {each}" in change for each in ("numpy", "torch", "pandas", "sk", "matpl"))
        )
    }
    assert changes
    for name, change in changes.items():
        script += f"\nbefore = settings()\n{change}\nprint({name!r}, settings()[{name!r}] != before[{name!r}])"
        script += f"\nassert settings() == settings(), {name!r}"
    assert pinned(script).splitlines() == [f"{name} True" for name in changes]


def test_the_working_folder_does_not_count_in_the_path(pinned: Run) -> None:
    script = """
        import os, sys
        from reprobook.ambient.settings import settings
        os.makedirs("a"); os.makedirs("b")
        found = set()
        for name in "ab":
            os.chdir(name)
            sys.path[:1] = [os.getcwd() + "/site"]
            found.add(settings()["python.path"])
            os.chdir("..")
        print(len(found))
    """
    assert pinned(script) == "1"


def test_changed_parameters_of_matplotlib_are_named(pinned: Run) -> None:
    script = """
        import matplotlib
        from reprobook.ambient.settings import settings
        matplotlib.rcParams["lines.linewidth"] = 3
        print(settings()["matplotlib.changed"])
    """
    assert pinned(script) == "lines.linewidth"


def test_a_folder_that_is_gone_is_no_error(pinned: Run) -> None:
    script = """
        import os
        from reprobook.ambient.settings import settings
        os.mkdir("gone"); os.chdir("gone"); os.rmdir("../gone")
        print(repr(settings()["python.cwd"]))
    """
    assert pinned(script) == "''"


def test_it_is_cheap(pinned: Run) -> None:
    script = """
        import timeit
        import matplotlib, numpy, pandas, sklearn, torch
        from reprobook.ambient.settings import settings
        print(min(timeit.repeat(settings, number=100, repeat=20)) / 100)
    """
    # The target is 50 microseconds; this bound only catches a slip.
    assert float(pinned(script)) < 500e-6
