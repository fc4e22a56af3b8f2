from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

from reprobook.execute.shadowing import shadowed
from reprobook.execute.warm.key import Plan, server_environment

# In a process of its own: its threads are counted.
SCRIPT = """
import os, threading
from types import SimpleNamespace
import numpy
from reprobook.execute.warm.safety import other_threads, refusal
started = len(other_threads())
assert refusal(None) == "", other_threads()
product = numpy.ones((900, 900)) @ numpy.ones((900, 900))
assert refusal(None) == "" and product[0, 0] == 900
assert len(other_threads()) == 0
# There may be no GPU here: what torch would say is told in its place.
for started_cuda, poisoned in ((True, False), (False, True)):
    cuda = SimpleNamespace(is_initialized=lambda: started_cuda, _is_in_bad_fork=lambda: poisoned)
    assert "CUDA" in refusal(SimpleNamespace(cuda=cuda))
wait = threading.Event()
thread = threading.Thread(target=wait.wait)
thread.start()
assert "threads alive" in refusal(None)
wait.set()
thread.join()
pid = os.fork()
if pid == 0:
    again = numpy.ones((900, 900)) @ numpy.ones((900, 900))
    os._exit(0 if (again == product).all() and len(other_threads()) == started else 1)
assert os.waitpid(pid, 0)[1] == 0
"""


def test_idle_workers_of_blas_end_and_come_back_while_threads_and_gpus_forbid_a_fork() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_module_of_the_working_folder_that_would_come_first_is_named(tmp_path: Path) -> None:
    modules = {"heavy": ModuleType("heavy"), "json": ModuleType("json"), "own": ModuleType("own")}
    modules["own"].__file__ = str(tmp_path / "own" / "__init__.py")
    for name in ("own", "data", "heavy"):
        (tmp_path / name).mkdir()
    (tmp_path / "own" / "__init__.py").touch()
    (tmp_path / "json.py").touch()
    assert shadowed(str(tmp_path), modules) == ""
    (tmp_path / "heavy" / "__init__.py").touch()
    assert shadowed(str(tmp_path), modules) == "heavy"


def test_servers_are_shared_by_what_a_fork_takes_over_and_by_nothing_else() -> None:
    def name(statements: tuple[str, ...] = ("import numpy",), role: str = "run", **variables: str) -> str:
        environment = server_environment({"HOME": "/home/me", **variables})
        return Plan(statements=statements, environment=environment, role=role).name

    assert name() == name(OLDPWD="/elsewhere", SSH_TTY="/dev/pts/3", JPY_SESSION_NAME="nb.ipynb")
    assert len({name(), name(("import torch",)), name(role="replay"), name(PYTHONHASHSEED="1"), name(A="b")}) == 5
