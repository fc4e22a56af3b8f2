"""A notebook gives the same bits, and leaves every generator at the same place, with the recorder on and off."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

RUN = """
import json, os, random
os.environ["IPYTHONDIR"] = os.getcwd()
from IPython.core.interactiveshell import InteractiveShell
from reprobook.trace import Recorder, digest_value, positions
from reprobook.trace.ipython import ShellTrace

shell = InteractiveShell.instance()
cells = []
recorder = Recorder(
    shell.user_ns, on_cell=cells.append, resolve=lambda *_: 0, hidden=shell.user_ns_hidden, budget={budget}
)
trace = ShellTrace(shell, recorder, lambda *_: None)
if {budget}:
    trace.attach()
for source in {sources!r}:
    assert shell.run_cell(source, store_history=True).success, source
if {budget}:
    trace.detach()
    assert len(cells) == {count}
values = {{name: value for name, value in shell.user_ns.items() if not name.startswith("_")}}
digests = {{name: digest_value(value).digest for name, value in values.items() if name not in shell.user_ns_hidden}}
digests |= positions()
print("\\n" + json.dumps(digests))
"""

PYTHON = """
import random, itertools, functools, weakref, gc, threading, contextvars, io, collections
# %%
random.seed(1)
rng = random.Random(2)
pair = [random.gauss(0, 1), rng.random()]
# %%
numbers = iter([1, 2, 3])
squares = (x * x for x in range(9))
count = itertools.count(5)
# %%
first = [next(numbers), next(squares), next(count)]
half = random.gauss(0, 1)
# %%
two, other = itertools.tee(squares)
ahead = [next(two) for _ in range(3)]
behind = next(other)
# %%
class Noted:
    made = 0
    def __init__(self): Noted.made += 1
    def __repr__(self): return f'{Noted.made}'
    def __eq__(self, _): Noted.made += 100; return True
    def __hash__(self): Noted.made += 1000; return 1
    def __len__(self): Noted.made += 10_000; return 1
    def __getattr__(self, name): Noted.made += 1; raise AttributeError
# %%
kept = Noted()
box = {1: kept}
box[2] = [kept]
ref = weakref.ref(kept)
ends = []
weakref.finalize(kept, ends.append, 1)
# %%
alive = ref() is not None
del kept
box.clear()
gc.collect()
gone = (ref() is None, ends[:])
# %%
@functools.lru_cache(maxsize=2)
def cached(x): calls.append(x); return x
calls = []; [cached(i % 3) for i in range(7)]
# %%
info = tuple(cached.cache_info())
# %%
words = {'a', 'b', 'c'}
order = list(words)
words.discard('a')
words.add('d')
again = list(words)
# %%
text = io.StringIO('abc')
part = text.read(1)
# %%
with open('out.txt', 'w') as file: file.write('x')
read = open('out.txt').read()
# %%
def produce():
    while True: yield random.random()
stream = produce(); drawn = [next(stream) for _ in range(3)]
# %%
log = []
worker = threading.Thread(target=log.append, args=(1,))
worker.start()
worker.join()
# %%
rest = [next(numbers), next(squares), next(count), next(stream), text.read(), rng.random(), random.gauss(0, 1)]
"""

TRAINING = """
import random, numpy as np, pandas as pd, torch
from torch.utils.data import DataLoader, TensorDataset
# %%
random.seed(0)
np.random.seed(0)
torch.manual_seed(0)
gen = np.random.default_rng(0)
# %%
x = torch.randn(40, 4)
y = (x.sum(1) > 0).long()
view = x[:5]
frame = pd.DataFrame(np.random.rand(5, 2))
# %%
data = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True)
# %%
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.2), torch.nn.Linear(8, 2))
# %%
opt = torch.optim.AdamW(model.parameters(), lr=0.01)
plan = torch.optim.lr_scheduler.StepLR(opt, 1)
# %%
seen = []; hook = model[0].register_forward_hook(lambda *_: seen.append(gen.random()))
# %%
losses = []
for epoch in range(2):
    for a, b in data:
        opt.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(a), b)
        loss.backward(); opt.step()
        losses.append(loss.item())
    plan.step()
# %%
batches = iter(data)
one = next(batches)
# %%
view += 1
frame['c'] = np.random.rand(5)
two = next(batches)
# %%
from sklearn.ensemble import RandomForestClassifier
forest = RandomForestClassifier(3, random_state=np.random.RandomState(1)).fit(x.numpy(), y.numpy())
# %%
model.eval()
scores = model(x).softmax(1)
picked = gen.permutation(5)
last = (np.random.rand(), torch.rand(1))
"""


@pytest.mark.parametrize("sources", [PYTHON.split("# %%"), TRAINING.split("# %%")], ids=["python", "training"])
def test_recording_changes_no_bit(python: Callable[..., str], sources: list[str]) -> None:
    found = []
    for budget in (0, 2**31, 2**16):
        script = RUN.format(budget=budget, sources=sources, count=len(sources))
        found.append(json.loads(python(script, hash_seed="3").splitlines()[-1]))
    off, full, light = found
    assert {name for name in off if off[name] != full.get(name)} == set()
    assert off == full == light
    assert len(off) > len(sources)
