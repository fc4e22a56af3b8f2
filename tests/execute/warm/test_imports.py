from __future__ import annotations

import pytest

from reprobook.execute.warm.imports import early_imports

NUMPY = "import numpy"


def test_imports_are_taken_in_order_and_without_the_names_they_are_given() -> None:
    found = early_imports(
        ("import numpy as np\nfrom sklearn.svm import SVC as S", "import time\nimport torch.nn as nn")
    )
    assert found == ("import numpy", "from sklearn.svm import SVC", "import torch.nn")


def test_the_first_optimizer_brings_what_it_imports() -> None:
    assert early_imports(("import torch", "opt = torch.optim.SGD(m.parameters())"))[-1] == "import torch._dynamo"
    assert early_imports(("import torch", "torch.zeros(3)")) == ("import torch",)


@pytest.mark.parametrize(
    "between",
    [
        "import random\nrandom.seed(3)\nSEED = 42",
        "import os\nos.makedirs('out', exist_ok=True)\nn = os.environ.get('N')",
        "%matplotlib inline",
        "%load_ext autoreload\n%autoreload 2",
        "def f(x):\n    return x + 1\ny = f(2)",
        "import warnings\nwarnings.filterwarnings('ignore')",
        "from tqdm import tqdm",
        "import numpy as np\nnp.random.seed(0)",
        "class A:\n    def f(self):\n        self.x = 1",
        "%%time\nx = 1",
    ],
)
def test_what_an_import_cannot_notice_may_stand_before_it(between: str) -> None:
    assert early_imports((between, "import torch"))[-1] == "import torch"


@pytest.mark.parametrize(
    "barrier",
    [
        "import os\nos.environ['OMP_NUM_THREADS'] = '1'",
        "from os import environ as e\ne['A'] = 'b'",
        "import os as system\nsystem.environ.update(A='b')",
        "import sys\nsys.path.insert(0, '..')",
        "%env OMP_NUM_THREADS=1",
        "!pip install torch",
        "%pip install -q torch",
        "%cd ..",
        "import helpers",
        "from . import helpers",
        "import unheard_of",
        "def threads():\n    import os\n    os.environ['A'] = '1'\nthreads()",
        "import warnings\nwarnings.simplefilter('error')",
        "import numpy as np\nnp.seterr(all='raise')",
        "import time\ntime.time = lambda: 0",
        "exec('import os')",
        "try:\n    import sklearn\nexcept ImportError:\n    sklearn = None",
        "%%bash\nls",
        "this is no Python",
        "import importlib\nimportlib.import_module('x')",
        "import logging\nlogging.basicConfig()",
    ],
)
def test_nothing_is_taken_from_behind_what_an_import_may_depend_on(barrier: str) -> None:
    assert early_imports((NUMPY, barrier, "import torch")) == (NUMPY,)


def test_imports_before_a_barrier_in_the_same_cell_are_taken() -> None:
    assert early_imports(("import numpy\n!pip install torch\nimport torch",)) == (NUMPY,)
