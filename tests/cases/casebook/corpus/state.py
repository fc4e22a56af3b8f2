"""State of an open notebook: what was executed is not what the file says."""

from casebook.corpus._bases import NUMPY, SKLEARN, TEXT, TORCH
from casebook.entry import At, Entry, Old, Outside, Scratch
from casebook.model import Side

NUMPY_ALL = ("imports", "parameters", "seed", "data", "split", "train", "evaluate", "result")
TORCH_ALL = ("imports", "parameters", "seed", "data", "split", "model", "train", "evaluate", "result")
SKLEARN_ALL = ("imports", "parameters", "data", "split", "scale", "fit", "evaluate", "result")


def again(names: tuple[str, ...], cell: str, times: int = 1) -> tuple[str, ...]:
    """Return a session in which a cell is executed more than once."""
    position = names.index(cell)
    return names[:position] + (cell,) * times + names[position:]


SHIFT = (
    (
        "# %% split\n",
        """\
# %% shift
b += A[:, 0]
# %% split
""",
    ),
)
SHAPING = """\
open("shaping.py", "w").write("GAIN = 1.0\\ndef shape(x):\\n    return x * GAIN\\n")
"""
SHAPING_NOW = SHAPING.replace("GAIN = 1.0", "GAIN = 1.3")
WITH_SHAPING = (
    ("import numpy as np\n", "import numpy as np\nimport shaping\n"),
    (
        "# %% split\n",
        """\
# %% shape
A = shaping.shape(A)
# %% split
""",
    ),
)
HELPERS = '''
text = """
def normalise(x):
    return (x - x.mean(axis=0)) / x.std(axis=0)
def tokens(t):
    return t.split()
"""
open("text_helpers.py", "w").write(text)
image = """
def normalise(x):
    return x / abs(x).max()
def grey(x):
    return x.mean(-1)
"""
open("image_helpers.py", "w").write(image)
'''

CASES = (
    Entry(
        id="state-reexecuted-inplace",
        title="A cell that adds to an array in place was executed twice",
        kind="interactive",
        text=NUMPY,
        inject=SHIFT,
        fix=(("b += A[:, 0]", "b = A @ truth + A[:, 0]"),),
        session=("imports", "parameters", "seed", "data", "shift", "shift", "split", "train", "evaluate", "result"),
        at=(At("shift", "b", "hidden_state.reexecuted_cell"),),
    ),
    Entry(
        id="state-reexecuted-append",
        title="A cell that adds rows to a frame was executed three times; no ids",
        kind="interactive",
        text=SKLEARN,
        inject=(
            (
                "# %% scale\n",
                """\
# %% oversample
rare = y_train[y_train == 0].index[:40]
X_train = pd.concat([X_train, X_train.loc[rare]])
y_train = pd.concat([y_train, y_train.loc[rare]])
# %% scale
""",
            ),
        ),
        fix=(
            (
                """\
rare = y_train[y_train == 0].index[:40]
X_train = pd.concat([X_train, X_train.loc[rare]])
y_train = pd.concat([y_train, y_train.loc[rare]])
""",
                """\
rare = y_train[y_train == 0].index[:40]
X_more = pd.concat([X_train, X_train.loc[rare]])
y_more = pd.concat([y_train, y_train.loc[rare]])
""",
            ),
            ("clf.fit(X_train, y_train)", "clf.fit((X_more - center) / spread, y_more)"),
        ),
        session=(
            "imports",
            "parameters",
            "data",
            "split",
            "oversample",
            "oversample",
            "oversample",
            "scale",
            "fit",
            "evaluate",
            "result",
        ),
        at=(At("oversample", "X_train|y_train|rare", "hidden_state.reexecuted_cell"),),
        ids=False,
    ),
    Entry(
        id="state-reexecuted-del-column",
        title="Scaling a column of a frame in place, executed again after the split was looked at",
        kind="interactive",
        text=SKLEARN,
        inject=(
            (
                "# %% split\n",
                """\
# %% log
frame["mean area"] = np.log(frame["mean area"])
# %% split
""",
            ),
        ),
        fix=(('frame["mean area"] = np.log(frame["mean area"])', 'frame["log area"] = np.log(frame["mean area"])'),),
        session=("imports", "parameters", "data", "log", "split", "log", "split", "scale", "fit", "evaluate", "result"),
        at=(At("log", "frame", "hidden_state.reexecuted_cell"),),
    ),
    Entry(
        id="state-rng-advanced",
        title="The sampling cell was executed twice after one seeding",
        kind="interactive",
        text=NUMPY,
        fix=(("rows = np.random.permutation(n)", "np.random.seed(seed + 1)\nrows = np.random.permutation(n)"),),
        session=again(NUMPY_ALL, "split"),
        at=(At("split", "rows|A_fit|b_fit|A_out|b_out", "hidden_state.rng_advanced"),),
    ),
    Entry(
        id="state-rng-advanced-torch",
        title="The model cell was executed three times; the weights come from further on in the stream",
        kind="interactive",
        text=TORCH,
        fix=(("# %% model\n", "# %% model\ntorch.manual_seed(seed)\n"),),
        session=again(TORCH_ALL, "model", 2),
        at=(At("model", "net|optimizer", "hidden_state.rng_advanced"),),
    ),
    Entry(
        id="state-rng-advanced-look",
        title="A plot of random samples, executed again and again, moved the generator on",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% train\n",
                """\
# %% look
some = np.random.choice(n, 5)
b[some].round(2)
# %% train
""",
            ),
        ),
        fix=(("some = np.random.choice(n, 5)", "some = np.arange(5)"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "split",
            "look",
            "look",
            "look",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("look|train", "some|w|trail|pick|residual", "hidden_state.rng_advanced"),),
    ),
    Entry(
        id="state-iterator-consumed",
        title="A generator of batches was partly consumed by an earlier execution",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% train\n",
                """\
# %% stream
stream = iter(np.array_split(np.arange(len(A_fit)), 30))
# %% warmup
head = [next(stream) for _ in range(4)]
w0 = np.linalg.lstsq(A_fit[np.concatenate(head)], b_fit[np.concatenate(head)], rcond=None)[0]
# %% train
""",
            ),
            ("w = np.zeros(d)", "w = w0.copy()"),
            ("steps = 400", "steps = 40"),
        ),
        fix=(("head = [next(stream) for _ in range(4)]", "head = np.array_split(np.arange(len(A_fit)), 30)[:4]"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "split",
            "stream",
            "warmup",
            "warmup",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("warmup", "head|w0", "hidden_state.iterator_consumed"),),
    ),
    Entry(
        id="state-iterator-consumed-zip",
        title="A zip object was listed once before the loop over it",
        kind="interactive",
        text=TEXT,
        inject=(
            (
                "# %% encode\n",
                """\
# %% pairs
pairs = zip(tickets, queue)
# %% clean
kept = [(t, q) for t, q in pairs if len(set(t)) > 9]
tickets, queue = tickets + [t for t, _ in kept], queue + [q for _, q in kept]
# %% encode
""",
            ),
        ),
        fix=(
            ("pairs = zip(tickets, queue)", "pairs = list(zip(tickets, queue))"),
            (
                "tickets, queue = tickets + [t for t, _ in kept], queue + [q for _, q in kept]",
                "tickets, queue = [t for t, _ in pairs + kept], [q for _, q in pairs + kept]",
            ),
        ),
        session=(
            "imports",
            "parameters",
            "corpus",
            "vocabulary",
            "pairs",
            Scratch("len(list(pairs))"),
            "clean",
            "encode",
            "split",
            "fit",
            "result",
        ),
        session_fixed=(
            "imports",
            "parameters",
            "corpus",
            "vocabulary",
            "pairs",
            "clean",
            "clean",
            "encode",
            "split",
            "fit",
            "result",
        ),
        at=(At("clean", "kept|tickets|queue", "hidden_state.iterator_consumed|hidden_state.deleted_cell"),),
    ),
    Entry(
        id="state-deleted-variable",
        title="A deleted cell had overwritten a parameter",
        kind="interactive",
        text=NUMPY,
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "split",
            Scratch("rate = 0.2"),
            "train",
            "evaluate",
            "result",
        ),
        session_fixed=NUMPY_ALL,
        fix=(("rate = 0.05", "rate = 0.2"),),
        at=(At("train|parameters|evaluate", "rate|w|trail|residual|mse", "hidden_state.deleted_cell"),),
    ),
    Entry(
        id="state-deleted-function",
        title="A deleted cell had redefined a helper function",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% helper
def expand(x):
    return x
# %% use
A = expand(A)
# %% split
""",
            ),
        ),
        fix=(("    return x\n", "    return np.tanh(x)\n"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "helper",
            Scratch("def expand(x):\n    return np.tanh(x)"),
            "use",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        session_fixed=(
            "imports",
            "parameters",
            "seed",
            "data",
            "helper",
            "use",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("use", "A|expand", "hidden_state.deleted_cell"),),
    ),
    Entry(
        id="state-deleted-filter",
        title="Outliers were removed in a cell that is gone",
        kind="interactive",
        text=SKLEARN,
        fix=(
            (
                "# %% split\n",
                """\
# %% outliers
from_here = frame["mean area"] < 1200
frame, target = frame[from_here], target[from_here]
# %% split
""",
            ),
        ),
        session=(
            "imports",
            "parameters",
            "data",
            Scratch("""\
calm = frame["mean area"] < 1200
frame, target = frame[calm], target[calm]"""),
            "split",
            "scale",
            "fit",
            "evaluate",
            "result",
        ),
        session_fixed=("imports", "parameters", "data", "outliers", "split", "scale", "fit", "evaluate", "result"),
        at=(At("split", "X_train|X_test|y_train|y_test|frame|target", "hidden_state.deleted_cell"),),
    ),
    Entry(
        id="state-out-of-order-scale",
        title="Scaling was executed before the outliers were clipped",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% clip
A = np.clip(A, -1.5, 1.5)
# %% standardise
A = A / A.std(axis=0)
# %% split
""",
            ),
        ),
        fix=(
            ("A = np.clip(A, -1.5, 1.5)", "A_clipped = np.clip(maker.__class__(2024).normal(size=(n, d)), -1.5, 1.5)"),
            (
                "A = A / A.std(axis=0)",
                """\
A = np.clip(maker.__class__(2024).normal(size=(n, d)), -1.5, 1.5)
A = A / A.std(axis=0)""",
            ),
        ),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "standardise",
            "clip",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("clip|standardise", "A", "hidden_state.out_of_order"),),
    ),
    Entry(
        id="state-out-of-order-params",
        title="A later cell that changes the rate was executed before the training cell",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% result\n",
                """\
# %% next
rate = 0.15
print('for the next try')
# %% result
""",
            ),
        ),
        fix=(("rate = 0.15\n", "next_rate = 0.15\n"),),
        session=("imports", "parameters", "seed", "data", "split", "next", "train", "evaluate", "result"),
        at=(At("train|parameters", "w|trail|residual|rate", "hidden_state.out_of_order"),),
    ),
    Entry(
        id="state-edited-after-run",
        title="The regularisation in the text was changed after the cell had run",
        kind="interactive",
        text=SKLEARN,
        inject=(
            ("center, spread = X_train.mean(), X_train.std()", "center, spread = X_train.median(), X_train.std() * 2"),
        ),
        session=(
            "imports",
            "parameters",
            "data",
            "split",
            Old("scale", "X_train.median(), X_train.std() * 2", "X_train.mean(), X_train.std()"),
            "fit",
            "evaluate",
            "result",
        ),
        session_fixed=("imports", "parameters", "data", "split", "scale", "fit", "evaluate", "result"),
        fix=(("X_train.median(), X_train.std() * 2", "X_train.mean(), X_train.std()"),),
        at=(At("scale", "center|spread|X_train|X_test", "hidden_state.edited_after_run"),),
    ),
    Entry(
        id="state-edited-parameter",
        title="Only the printed text of the training cell and the rule of decay were edited afterwards",
        kind="interactive",
        text=NUMPY,
        inject=(("decay * w)", "decay * np.sign(w))"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "split",
            Old("train", "decay * np.sign(w))", "decay * w)"),
            "evaluate",
            "result",
        ),
        session_fixed=NUMPY_ALL,
        fix=(("decay * np.sign(w))", "decay * w)"),),
        at=(At("train", "w|trail|residual", "hidden_state.edited_after_run"),),
    ),
    Entry(
        id="state-skipped-cell",
        title="The cell that drops correlated columns was never executed",
        kind="interactive",
        text=SKLEARN,
        inject=(
            (
                "# %% split\n",
                """\
# %% drop
frame = frame.loc[:, [name for name in frame if 'worst' not in name]]
# %% split
""",
            ),
        ),
        fix=(
            (
                """\
# %% drop
frame = frame.loc[:, [name for name in frame if 'worst' not in name]]
""",
                "",
            ),
        ),
        session=SKLEARN_ALL,
        at=(At("drop", "frame", "hidden_state.skipped_cell"),),
    ),
    Entry(
        id="state-skipped-seed",
        title="The cell that restricts the rows was skipped in the session",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% train\n",
                """\
# %% subset
A_fit, b_fit = A_fit[:300], b_fit[:300]
# %% train
""",
            ),
        ),
        fix=(("A_fit, b_fit = A_fit[:300], b_fit[:300]", "A_small, b_small = A_fit[:300], b_fit[:300]"),),
        session=NUMPY_ALL,
        session_fixed=("imports", "parameters", "seed", "data", "split", "subset", "train", "evaluate", "result"),
        at=(At("subset", "A_fit|b_fit", "hidden_state.skipped_cell"),),
    ),
    Entry(
        id="state-underscore",
        title="A threshold is taken from `_`, the last thing that was shown",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% spread
float(b.std())
# %% threshold
threshold = _
keep = np.abs(b) < 2 * threshold
A, b, n = A[keep], b[keep], int(keep.sum())
# %% split
""",
            ),
        ),
        fix=(("threshold = _\n", "threshold = float(b.std())\n"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "spread",
            Scratch("float(b.std()) * 0.6"),
            "threshold",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("threshold", "threshold|keep|A|b|n", "hidden_state.ipython_history"),),
    ),
    Entry(
        id="state-out-number",
        title="Out[4] is another value after Restart and run all",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% spread
float(b.std())
# %% peak
float(np.abs(b).max())
# %% threshold
limit = Out[6]
A = A / limit
# %% split
""",
            ),
        ),
        fix=(("limit = Out[6]", "limit = float(b.std())"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "spread",
            "peak",
            "threshold",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("threshold", "limit|A", "hidden_state.ipython_history"),),
    ),
    Entry(
        id="state-function-default",
        title="A mutable default argument remembers earlier calls",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% collect
def collect(value, seen=[]):
    seen.append(value)
    return list(seen)
# %% levels
levels = collect(float(b.mean()) + 1)
A = A * (1 + 0.1 * len(levels))
# %% split
""",
            ),
        ),
        fix=(
            (
                "def collect(value, seen=[]):\n    seen.append(value)\n",
                "def collect(value, seen=()):\n    seen = [*seen, value]\n",
            ),
            ("A = A * (1 + 0.1 * len(levels))", "A_scaled = A * (1 + 0.1 * len(levels))"),
        ),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "collect",
            "levels",
            "levels",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("levels|collect", "levels|A|collect", "hidden_state.function_state"),),
    ),
    Entry(
        id="state-function-closure",
        title="A closure counts its calls; a trial call in a deleted cell moved it on",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% schedule
def make_schedule(start):
    calls = 0

    def schedule():
        nonlocal calls
        calls += 1
        return start / calls

    return schedule

next_rate = make_schedule(rate * 4)
# %% split
""",
            ),
            (
                "# %% train\n",
                """\
# %% rate
rate = next_rate()
# %% train
""",
            ),
        ),
        fix=(("rate = next_rate()", "rate = rate * 1.0"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "schedule",
            "split",
            "rate",
            "rate",
            "rate",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("rate|schedule", "rate|next_rate", "hidden_state.function_state|hidden_state.reexecuted_cell"),),
    ),
    Entry(
        id="state-warm-start-net",
        title="The training cell was executed twice: the second time it goes on from trained weights",
        kind="interactive",
        text=TORCH,
        inject=(("history = []\n", "history = []\ntorch.manual_seed(seed + 1)\n"),),
        fix=(
            (
                "history = []\n",
                """\
history = []
net = nn.Sequential(nn.Linear(64, hidden), nn.Tanh(), nn.Linear(hidden, 10))
""",
            ),
            ("history = []\nnet", "history = []\ntorch.manual_seed(5)\nnet"),
            (
                "nn.Linear(hidden, 10))\ntorch.manual_seed(seed + 1)\n",
                """\
nn.Linear(hidden, 10))
optimizer = torch.optim.SGD(net.parameters(), lr=lr)
torch.manual_seed(seed + 1)
""",
            ),
        ),
        session=again(TORCH_ALL, "train"),
        at=(At("train", "net|history|loss|optimizer", "hidden_state.warm_start"),),
    ),
    Entry(
        id="state-warm-start-sklearn",
        title="An estimator with partial_fit was fitted again",
        kind="interactive",
        text=SKLEARN,
        inject=(
            ("# %% fit\n", "# %% estimator\n"),
            ("clf.fit(X_train, y_train)", "# %% fit\nclf.partial_fit(X_train, y_train, classes=[0, 1])"),
        ),
        fix=(("clf.partial_fit(X_train, y_train, classes=[0, 1])", "clf.fit(X_train, y_train)"),),
        session=("imports", "parameters", "data", "split", "scale", "estimator", "fit", "fit", "evaluate", "result"),
        at=(At("fit", "clf", "hidden_state.warm_start|hidden_state.reexecuted_cell"),),
    ),
    Entry(
        id="state-warm-start-flag",
        title="warm_start=True, and fit executed again after the parameters",
        kind="interactive",
        text=SKLEARN,
        inject=(
            ("# %% fit\n", "# %% estimator\n"),
            ("tol=None, random_state=seed)\n", "tol=None, random_state=seed, warm_start=True)\n# %% fit\n"),
            ("max_iter=60", "max_iter=3"),
        ),
        fix=((", warm_start=True)", ")"),),
        session=("imports", "parameters", "data", "split", "scale", "estimator", "fit", "fit", "evaluate", "result"),
        at=(At("fit", "clf", "hidden_state.warm_start|hidden_state.reexecuted_cell"),),
    ),
    Entry(
        id="state-module-edited",
        title="A module beside the notebook was edited after it had been imported",
        kind="interactive",
        text=NUMPY,
        inject=WITH_SHAPING,
        fix=(("A = shaping.shape(A)", "A = A * 1.0"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            Outside(SHAPING_NOW),
            "shape",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("shape|imports", "A|shaping", "module_edited"),),
        run_a=Side(setup=SHAPING),
    ),
    Entry(
        id="state-module-edited-from",
        title="The same with `from shaping import shape`, and an unused module that was edited as well (decoy)",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "import numpy as np\n",
                """\
import numpy as np
import unused_notes
from shaping import shape
""",
            ),
            (
                "# %% split\n",
                """\
# %% shape
A = shape(A)
# %% split
""",
            ),
        ),
        fix=(("A = shape(A)", "A = A * 1.0"), ("from shaping import shape\n", "")),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "shape",
            "split",
            Outside(SHAPING_NOW + 'open("unused_notes.py", "w").write("TEXT = 2\\n")'),
            "train",
            "evaluate",
            "result",
        ),
        at=(At("shape|imports", "A|shape", "module_edited"),),
        run_a=Side(setup=SHAPING + 'open("unused_notes.py", "w").write("TEXT = 1\\n")\n'),
    ),
    Entry(
        id="state-lru-cache",
        title="A cached function keeps the answer of an older global threshold",
        kind="interactive",
        text=NUMPY,
        inject=(
            ("import random\n", "import random\nfrom functools import lru_cache\n"),
            ("decay = 1e-3", "decay = 1e-3\nlimit = 1.0"),
            (
                "# %% split\n",
                """\
# %% cached
@lru_cache
def column_weight(j):
    return float((np.abs(A[:, j]) > limit).mean())
# %% weights
weights = np.array([column_weight(j) for j in range(d)])
A = A * (0.5 + weights)
# %% split
""",
            ),
        ),
        fix=(
            ("def column_weight(j):", "def column_weight(j, limit):"),
            ("column_weight(j) for", "column_weight(j, limit) for"),
        ),
        session=(
            "imports",
            Old("parameters", "limit = 1.0", "limit = 0.4"),
            "seed",
            "data",
            "cached",
            "weights",
            "parameters",
            "seed",
            "data",
            "weights",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("weights", "weights|A", "stale_cache.lru_cache"),),
    ),
    Entry(
        id="state-functools-cache",
        title="functools.cache around a loader that depends on a redefined helper",
        kind="interactive",
        text=SKLEARN,
        inject=(
            ("import random\n", "import functools\nimport random\n"),
            (
                "# %% scale\n",
                """\
# %% transform
def squeeze(v):
    return np.sqrt(v)
# %% cached
@functools.cache
def transformed(name):
    return squeeze(frame[name]).mean()
# %% offsets
offsets = {name: transformed(name) for name in frame.columns[:5]}
for name, offset in offsets.items():
    X_train = X_train.assign(**{name: X_train[name] - offset**2 * (X_train[name] > offset)})
# %% scale
""",
            ),
        ),
        fix=(("@functools.cache\n", ""),),
        session=(
            "imports",
            "parameters",
            "data",
            "split",
            Old("transform", "np.sqrt(v)", "np.log1p(v)"),
            "cached",
            "offsets",
            "transform",
            "split",
            "offsets",
            "scale",
            "fit",
            "evaluate",
            "result",
        ),
        at=(At("offsets", "offsets|offset|X_train", "stale_cache.lru_cache"),),
    ),
    Entry(
        id="state-monkeypatch-numpy",
        title="A deleted cell had replaced np.clip",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% clip
A = np.clip(A, -2, 2)
# %% split
""",
            ),
        ),
        fix=(("A = np.clip(A, -2, 2)", "A = np.minimum(np.maximum(A, -2), 2)"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            Scratch("""\
_clip = np.clip
np.clip = lambda x, low, high: _clip(x, low / 2, high / 2)"""),
            "clip",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("clip", "A", "monkeypatch|hidden_state.deleted_cell"),),
    ),
    Entry(
        id="state-monkeypatch-method",
        title="A later cell patches the estimator's fit method and had been executed first",
        kind="interactive",
        text=SKLEARN,
        inject=(
            (
                "# %% result\n",
                """\
# %% patch
_plain_fit = SGDClassifier.fit
SGDClassifier.fit = lambda self, X, y: _plain_fit(self, X.iloc[:200], y.iloc[:200])
# %% result
""",
            ),
        ),
        fix=(
            (
                "SGDClassifier.fit = lambda self, X, y: _plain_fit(self, X.iloc[:200], y.iloc[:200])",
                "fit_small = lambda self, X, y: _plain_fit(self, X.iloc[:200], y.iloc[:200])",
            ),
        ),
        session=("imports", "parameters", "data", "split", "scale", "patch", "fit", "evaluate", "result"),
        at=(At("fit", "clf", "monkeypatch|hidden_state.out_of_order"),),
    ),
    Entry(
        id="state-name-shadowing-star",
        title="Two modules have a function of the same name; their import cells were executed in the other order",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% parameters\n",
                """\
# %% text
from text_helpers import *
# %% image
from image_helpers import *
# %% parameters
""",
            ),
            (
                "# %% split\n",
                """\
# %% normalise
A = normalise(A)
# %% split
""",
            ),
        ),
        fix=(("A = normalise(A)", "import image_helpers\nA = image_helpers.normalise(A)"),),
        session=(
            "imports",
            "image",
            "text",
            "parameters",
            "seed",
            "data",
            "normalise",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("normalise|image|text", "A|normalise", "import_order.name_shadowing|hidden_state.out_of_order"),),
        run_a=Side(setup=HELPERS),
    ),
    Entry(
        id="state-name-shadowing-builtin",
        title="`from numpy import *` in a deleted cell shadowed `round`",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% bins
bins = [float(round(float(x) * 2.0, -1) + min([1, 2], key=lambda v: -v)) for x in b * 9]
b = b + np.array(bins)
# %% split
""",
            ),
        ),
        fix=(
            ("min([1, 2], key=lambda v: -v)", "2"),
            ("float(round(float(x) * 2.0, -1)", "float(np.round(float(x) * 2.0, -1)"),
        ),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            Scratch("""\
from scipy.special import *
from math import floor as round_down

def round(x, digits=0):
    return round_down(x / 10) * 10"""),
            "bins",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("bins", "bins|b", "import_order.name_shadowing|hidden_state.deleted_cell"),),
    ),
    Entry(
        id="state-derived-parameter",
        title="A value derived in the parameters cell follows an edit there, but not a value given from outside",
        kind="interactive",
        text=NUMPY,
        inject=(("rate = 0.05\ndecay = 1e-3", "rate = 0.05\ndecay = rate / 50"),),
        fix=(
            ("decay = rate / 50\n", ""),
            (
                "# %% seed\n",
                """\
# %% derived
decay = rate / 50
# %% seed
""",
            ),
        ),
        session=(
            "imports",
            Old("parameters", "rate = 0.05\n", "rate = 0.2\n"),
            "seed",
            "data",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        session_fixed=(
            "imports",
            Old("parameters", "rate = 0.05", "rate = 0.2"),
            "derived",
            "seed",
            "data",
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(At("parameters|train", "decay|rate|w|trail|residual", "derived_parameter_stale"),),
        clean_parameters={"rate": 0.2},
    ),
    Entry(
        id="state-edited-function",
        title="A helper function was edited, its cell executed, but not the cell that had used the older one",
        kind="interactive",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% helper
def expand(x):
    return np.tanh(x)
# %% use
A = expand(A)
# %% split
""",
            ),
        ),
        fix=(("return np.tanh(x)", "return x * 1.0"),),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            Old("helper", "np.tanh(x)", "x * 1.0"),
            "use",
            "split",
            "train",
            "helper",
            "evaluate",
            "result",
        ),
        session_fixed=(
            "imports",
            "parameters",
            "seed",
            "data",
            "helper",
            "use",
            "split",
            "train",
            "helper",
            "evaluate",
            "result",
        ),
        at=(At("use|helper", "A|expand", "hidden_state.edited_after_run"),),
    ),
    Entry(
        id="state-mutated-through-alias",
        title="A deleted cell changed the training data through a view",
        kind="interactive",
        text=NUMPY,
        fix=(
            (
                "# %% train\n",
                """\
# %% dampen
view = A_fit[:, :3]
view *= 0.5
# %% train
""",
            ),
        ),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            "split",
            Scratch("view = A_fit[:, :3]\nview *= 0.5"),
            "train",
            "evaluate",
            "result",
        ),
        session_fixed=("imports", "parameters", "seed", "data", "split", "dampen", "train", "evaluate", "result"),
        at=(At("train|split", "w|trail|residual|A_fit", "hidden_state.deleted_cell"),),
    ),
    Entry(
        id="state-parameter-changed-twice",
        title="The parameters cell was edited and executed, but the split was not made again",
        kind="interactive",
        text=SKLEARN,
        inject=(
            ("test_size = 0.3", "test_size = 0.3\nfraction = 0.8"),
            (
                "# %% scale\n",
                """\
# %% sample
kept = int(fraction * len(X_train))
X_train, y_train = X_train[:kept], y_train[:kept]
# %% scale
""",
            ),
        ),
        fix=(("fraction = 0.8", "fraction = 0.5"),),
        session=(
            "imports",
            Old("parameters", "fraction = 0.8", "fraction = 0.5"),
            "data",
            "split",
            "sample",
            "parameters",
            "scale",
            "fit",
            "evaluate",
            "result",
        ),
        session_fixed=(
            "imports",
            "parameters",
            "data",
            "split",
            "sample",
            "parameters",
            "scale",
            "fit",
            "evaluate",
            "result",
        ),
        at=(
            At(
                "sample|parameters",
                "kept|X_train|y_train|fraction",
                "hidden_state.edited_after_run|hidden_state.out_of_order",
            ),
        ),
    ),
)
