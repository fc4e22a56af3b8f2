"""Seeding reaches every generator, whenever its library is imported, and says what did not take effect."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import reprobook
from reprobook.ambient.import_hook import AfterImport
from reprobook.capture.seeding import apply_seed, seed_environment, stop_seeding
from reprobook.errors import InputError

ROOT = str(Path(reprobook.__file__).parents[1])
HEAD = f"import sys, json; sys.path.insert(0, {ROOT!r})\nfrom reprobook.capture.seeding import *\n"


def run(code: str, **variables: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", HEAD + code],
        env={name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"} | variables,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    state = random.getstate()
    yield
    stop_seeding()
    random.setstate(state)


STATE = """
import random, numpy as np, torch, hashlib
state = [repr(random.getstate()), repr(np.random.get_state(legacy=False)), repr(torch.get_rng_state().tolist()),
         torch.initial_seed(), torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.deterministic]
from torch._inductor import config
state.append(config.deterministic)
print(json.dumps([hashlib.sha256(text.encode()).hexdigest() if isinstance(text, str) else text for text in state]))
"""
SEED = "apply_seed(42, deterministic=True)\n"
BY_HAND = """
import random, numpy, torch
random.seed(42); numpy.random.seed(42); torch.manual_seed(42); torch.use_deterministic_algorithms(True)
torch.backends.cudnn.deterministic = True
"""


def test_the_state_is_the_same_in_whatever_order_libraries_are_imported() -> None:
    expected = run(BY_HAND + STATE)
    assert expected[3:] == [42, True, True, True]
    assert run(SEED + STATE) == expected
    assert run("import numpy.random, torch\n" + SEED + STATE) == expected
    assert run("import numpy\n" + SEED + "import torch.nn as nn, numpy.random\n" + STATE) == expected


def test_seeding_imports_nothing_and_leaves_no_hook_behind() -> None:
    code = SEED + "heavy = [name for name in ('numpy', 'torch') if name in sys.modules]\n"
    code += "waiting = type(sys.meta_path[0]).__name__\nimport numpy.random\n"
    code += "kind = type(numpy.random.__loader__).__name__\n"
    code += "kept = 'exec_module' in vars(numpy.random.__loader__)\n"
    code += "stop_seeding(); hooks = [type(f).__name__ for f in sys.meta_path]\n"
    code += "print(json.dumps([heavy, waiting, kind, kept, 'AfterImport' in hooks]))"
    assert run(code) == [[], "AfterImport", "SourceFileLoader", False, False]


def test_a_library_is_seeded_at_its_first_import_only() -> None:
    code = "apply_seed(1)\nimport numpy.random, importlib\nfirst = numpy.random.random()\n"
    code += "importlib.reload(numpy.random)\nprint(json.dumps([first, numpy.random.random()]))"
    first, second = run(code)
    assert first != second


def test_an_import_draws_nothing_from_the_seeded_generator() -> None:
    assert run(
        "import random\napply_seed(3); before = random.getstate()\nimport sklearn.ensemble, httpx\n"
        "print(json.dumps(random.getstate() == before))"
    )


def test_without_a_seed_the_generator_is_left_where_it_is() -> None:
    assert run(
        "import random\nbefore = random.getstate(); apply_seed(None)\nprint(json.dumps(random.getstate() == before))"
    )


def test_nothing_is_seeded_after_stop() -> None:
    code = "apply_seed(1)\nstop_seeding()\nimport numpy.random\nprint(json.dumps(numpy.random.random()))"
    assert run(code) != run(code)


def test_a_later_seed_replaces_an_earlier_one() -> None:
    code = "apply_seed(1)\napply_seed(2)\nimport numpy.random\nprint(json.dumps(numpy.random.random()))"
    once = "apply_seed(2)\nimport numpy.random\nprint(json.dumps(numpy.random.random()))"
    assert run(code) == run(once)


def test_seeding_torch_is_quick_and_pulls_in_no_inductor() -> None:
    code = "import torch, time\nstarted = time.perf_counter()\n" + SEED
    code += "print(json.dumps([time.perf_counter() - started, 'torch._inductor' in sys.modules]))"
    seconds, inductor = run(code)
    assert seconds < 0.5
    assert inductor is False


def test_deterministic_kernels_without_a_seed() -> None:
    code = "import random; state = random.getstate()\nseeds = apply_seed(None, deterministic=True)\nimport torch\n"
    code += "print(json.dumps([state == random.getstate(), torch.are_deterministic_algorithms_enabled(), seeds.seed]))"
    assert run(code) == [True, True, None]


RESULT = "seeds = apply_seed(42, deterministic=True)\nprint(json.dumps([seeds.effective, seeds.ineffective]))"


def test_a_headless_start_makes_everything_effective() -> None:
    effective, ineffective = run(RESULT, **seed_environment(42, deterministic=True))
    assert ineffective == {}
    assert effective["PYTHONHASHSEED"] == "42"
    assert effective["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert effective["torch"] == "seeded with 42 at its import"


def test_a_hash_seed_that_comes_too_late_is_reported_with_its_fix() -> None:
    effective, ineffective = run("import os; os.environ['PYTHONHASHSEED'] = '42'\n" + RESULT)
    assert "PYTHONHASHSEED" not in effective
    assert "PYTHONHASHSEED=42" in ineffective["PYTHONHASHSEED"]
    assert "reprobook run" in ineffective["PYTHONHASHSEED"]


def test_a_deterministic_workspace_of_the_user_is_kept_and_another_is_not() -> None:
    assert run(RESULT, CUBLAS_WORKSPACE_CONFIG=":16:8")[0]["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
    assert run(RESULT, CUBLAS_WORKSPACE_CONFIG=":0:0")[0]["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


@pytest.mark.parametrize(
    ("draw", "name"),
    [
        ("import numpy as np; np.random.seed(1); np.random.rand()", "numpy.random"),
        ("import numpy as np; np.random.rand()", "numpy.random"),
        ("import numpy as np; np.random.seed(1); np.random.randn(624)", "numpy.random"),
        ("import torch; torch.rand(1)", "torch"),
    ],
)
def test_draws_before_the_seed_are_noticed(draw: str, name: str) -> None:
    assert run(draw + "\nprint(json.dumps(used_generators()))") == [name]
    assert run(draw + "\nprint(json.dumps(apply_seed(1).ineffective))")["earlier draws"].startswith(name)


def test_untouched_generators_raise_no_alarm() -> None:
    assert run("import random, numpy.random, torch\nprint(json.dumps(used_generators()))") == []
    code = "import random, numpy.random, torch\nrandom.seed(3); numpy.random.seed(3); torch.manual_seed(3)\n"
    assert run(code + "print(json.dumps(used_generators()))") == []


@pytest.mark.parametrize("seed", [-1, 2**64, True, 1.0, "1"])
def test_a_wrong_seed_is_refused(seed: Any) -> None:
    before = random.getstate()
    with pytest.raises(InputError, match="2\\*\\*64"):
        apply_seed(seed)
    with pytest.raises(InputError):
        seed_environment(seed, deterministic=False)
    assert random.getstate() == before


def test_large_seeds_fit_every_generator() -> None:
    code = "import numpy.random, torch\napply_seed(2**64 - 1)\nprint(json.dumps(torch.initial_seed() % 2**64))"
    assert run(code) == 2**64 - 1
    assert seed_environment(2**32 + 5, deterministic=False) == {"PYTHONHASHSEED": "5"}
    assert seed_environment(None, deterministic=False) == {}


def test_the_hook_acts_after_the_module_ran_and_again_after_a_failed_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "hooked_once.py").write_text("raise ValueError('first time')")
    seen: list[int] = []
    hook = AfterImport({"hooked_once": lambda module: seen.append(module.value)})
    hook.install()
    with pytest.raises(ValueError, match="first time"):
        __import__("hooked_once")
    (tmp_path / "hooked_once.py").write_text("value = 5  # the second time, it works")
    __import__("hooked_once")
    assert seen == [5]
    assert hook not in sys.meta_path
    del sys.modules["hooked_once"]
