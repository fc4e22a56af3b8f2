"""A run under odd locales, zones and options of the interpreter (B26), and `init` where it is odd (B25)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.runs import Store

Write = Callable[..., Path]

CELLS = (
    ("lr = 0.5\nname = 'é'", ["parameters"]),
    "import reprobook as rb\nprint('loss:', 0.25)\nrb.log(loss=lr)\nrb.save('model', {'name': name, 'I': 'i'.upper()})",
)
ODD: dict[str, dict[str, str]] = {
    "C": {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "comma": {"LC_NUMERIC": "de_DE.UTF-8"},
    "odd zone": {"TZ": "Asia/Kathmandu"},
    "no such zone": {"TZ": "Nowhere/Land"},
    "no asserts": {"PYTHONOPTIMIZE": "2"},
    "hash seed": {"PYTHONHASHSEED": "0"},
    "dev mode": {"PYTHONDEVMODE": "1"},
    "no bytecode": {"PYTHONDONTWRITEBYTECODE": "1"},
    "no terminal": {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "1"},
    "no home": {"HOME": "/nowhere", "USER": ""},
}
_RUN = """
import sys; from pathlib import Path; from reprobook.execute import RunOptions, replay_run, run_notebook
from reprobook.runs import Store, fsck
store = Store(Path(sys.argv[2]))
run = run_notebook(Path(sys.argv[1]), store, RunOptions(kernel="inline", seed=1, texts={"lr": "0.125"}))
record = run.check_integrity()
print(record.status, record.metrics, record.result_digest, len(fsck(store).problems))
"""


def _line(write: Write, store: Store, environment: dict[str, str], *flags: str) -> str:
    command = [sys.executable, *flags, "-c", _RUN, str(write(*CELLS)), str(store.root)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_odd_surroundings_change_no_result(write: Write, store: Store) -> None:
    plain = _line(write, store, {})
    assert plain.startswith("succeeded {'loss': 0.125}")
    for name in ("C", "no such zone"):
        assert _line(write, store, ODD[name]) == plain, name


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_no_odd_surroundings_change_a_result(write: Write, store: Store, name: str) -> None:
    assert _line(write, store, ODD[name]) == _line(write, store, {})


@pytest.mark.slow
@pytest.mark.parametrize("flags", [("-E",), ("-I",), ("-O",), ("-OO",), ("-X", "utf8=0"), ("-b",)])
def test_no_flag_of_the_interpreter_changes_a_result(write: Write, store: Store, flags: tuple[str, ...]) -> None:
    assert _line(write, store, {}, *flags) == _line(write, store, {})


def test_warnings_that_are_errors_end_no_command(write: Write, store: Store, tmp_path: Path) -> None:
    """Those of our own code: libraries warn while they are imported, which is none of our business."""
    path = write(*CELLS)
    for words in (("check", str(path)), ("runs",), ("--help",), ("fsck",)):
        done = subprocess.run(
            [sys.executable, "-W", "error:::reprobook", "-m", "reprobook", *words],
            capture_output=True, text=True, check=False, cwd=tmp_path,
            env={**os.environ, "REPROBOOK_STORE": str(store.root)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


_SESSION = """
import sys; from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for source in sys.argv[1].split("@@"):
    shell.run_cell(source)
"""


def _session(tmp_path: Path, *cells: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _SESSION, "@@".join(cells)], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "REPROBOOK_STORE": str(tmp_path / ".reprobook")},
    )  # fmt: skip
    return done.stdout + done.stderr


def test_init_twice_late_and_after_a_draw(tmp_path: Path) -> None:
    """B25: one run; and it says that numbers had been drawn before."""
    late = _session(
        tmp_path, "import numpy as np\nx = np.random.rand()", "%load_ext reprobook", "%reprotrain init --seed 3",
        "%reprotrain init --seed 3", "y = 41 + 1\nprint(y)", "%reprotrain end",
    )  # fmt: skip
    assert "42" in late
    assert "Traceback" not in late
    assert "numpy.random: numbers were drawn before the seed was set" in late
    assert len(Store(tmp_path / ".reprobook").names()) == 1


def test_init_without_torch(tmp_path: Path) -> None:
    said = _session(
        tmp_path,
        "import sys; sys.modules['torch'] = None",
        "%load_ext reprobook",
        "%reprotrain init --seed 3",
        "print(41 + 1)",
    )
    assert "42" in said
    assert "Traceback" not in said


def test_a_script_that_logs_outside_of_a_run_is_told(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import reprobook as rb\nrb.log(loss=1)\nprint('on')\n")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "on\n"
    assert "records nothing yet" in done.stderr
