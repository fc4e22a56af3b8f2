"""The results of a notebook are the same bits, whether it is watched or not."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., str]

SHELL = """
import os, sys
from IPython.core.interactiveshell import InteractiveShell
from reprobook.trace import Recorder, positions
from reprobook.trace.content import digest_value
from reprobook.trace.ipython import ShellTrace
shell = InteractiveShell.instance()
cells = []
recorder = Recorder(shell.user_ns, on_cell=cells.append, resolve=lambda *_: 0, hidden=shell.user_ns_hidden)
if os.environ["WATCHED"] == "yes":
    ShellTrace(shell, recorder, lambda *_: None).attach()
for cell in {cells!r}:
    assert shell.run_cell(cell, store_history=True).success
names = sorted(name for name in shell.user_ns if name not in shell.user_ns_hidden and not name.startswith("_"))
print([(name, digest_value(shell.user_ns[name]).digest) for name in names if name not in ("In", "Out")])
print(positions())
print(sorted({{call.kind for cell in cells for call in cell.calls}}), file=sys.stderr)
print(len([cell for cell in cells if cell.calls]) > 3 or os.environ["WATCHED"] == "no")
"""
CELLS = [
    """
import os, time, random, uuid, pickle, glob, tempfile, logging, json, copy, shutil, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
random.seed(3)
""",
    """
os.makedirs("d/e", exist_ok=True)
for name in "cab": Path("d", name).write_text(name)
listed = [sorted(os.listdir("d")), sorted(glob.glob("d/**", recursive=True)), sorted(map(str, Path("d").rglob("*")))]
walked = sorted((root, sorted(folders), sorted(files)) for root, folders, files in os.walk("d"))
shutil.copytree("d", "copy", dirs_exist_ok=True); shutil.rmtree("copy")
looks = [os.path.exists("d"), Path("gone").exists(), os.path.isdir("d/a"), os.stat("d/a").st_size]
with os.scandir("d") as entries: kinds = sorted((each.name, each.is_dir()) for each in entries)
iterator_type = type(os.scandir("d")).__name__
""",
    """
class Timed:
    clock = time.time
    wait = staticmethod(time.sleep)
    def __init__(self): self.started = self.clock() > 0
timed = Timed()
functions = [repr(time.time), uuid.uuid4.__qualname__, str(perf_counter), time.time.__name__, time.time.__doc__]
same = [copy.deepcopy(time.time) is time.time, pickle.loads(pickle.dumps(perf_counter)) is perf_counter]
table = {time.time: "clock", os.listdir: "list"}
pickled = pickle.dumps([time.time, uuid.uuid4, {"n": 1}])
""",
    """
import numpy as np
np.random.seed(4)
draws = [np.random.rand(), random.random(), np.random.default_rng(5).random(), random.Random(6).random()]
with ThreadPoolExecutor(2) as pool: mapped = list(pool.map(lambda k: (k, os.path.exists("d")), range(20)))
length = len(os.urandom(5)), len(str(uuid.uuid4())), os.environ.get("NOT_SET", 1), os.getpid() == os.getpid()
try: os.listdir("gone")
except OSError as error: failure = (type(error).__name__, error.errno, error.filename)
""",
    """
import torch
torch.manual_seed(7)
model = torch.nn.Linear(3, 2)
data = torch.utils.data.DataLoader(torch.randn(20, 3), batch_size=4, shuffle=True, num_workers=2)
outputs = [model(batch).detach() for batch in data]
""",
]


def test_the_results_are_the_same_bits(pinned: Run) -> None:
    script = SHELL.replace("{cells!r}", repr(CELLS)).replace("{{", "{").replace("}}", "}")
    watched, bare = (pinned(script, WATCHED=each) for each in ("yes", "no"))
    assert watched == bare
    assert watched.endswith("True")
