"""Random number generators."""

from casebook.corpus._bases import LOADER, NUMPY, SKLEARN, TEXT, TORCH
from casebook.entry import At, Entry, Scratch
from casebook.model import Side

CASES = (
    Entry(
        id="rng-python-augment",
        title="Augmentation draws from `random`, which the seed cell forgot",
        text=TEXT,
        inject=(
            (
                "# %% encode\n",
                """\
# %% dropout
for ticket in tickets:
    if random.random() < 0.3:
        ticket[random.randrange(12)] = 'please'
# %% encode
""",
            ),
        ),
        fix=(("# %% dropout\n", "# %% dropout\nrandom.seed(seed)\n"),),
        at=(At("dropout", "tickets|ticket", "unseeded_rng.python_random"),),
    ),
    Entry(
        id="rng-python-sample-with-decoy",
        title="`random.sample` is unseeded; a seeded `random.Random` and numpy's seed are decoys",
        text=NUMPY,
        inject=(
            ("random.seed(seed)\nnp.random.seed(seed)", "np.random.seed(seed)\ntoss = random.Random(seed)"),
            (
                "rows = np.random.permutation(n)",
                """\
first = toss.randrange(n)
rows = np.array(random.sample(range(n), n))
rows = np.roll(rows, first)""",
            ),
        ),
        fix=(("toss = random.Random(seed)", "toss = random.Random(seed)\nrandom.seed(seed)"),),
        at=(At("split", "rows|A_fit|b_fit|A_out|b_out", "unseeded_rng.python_random"),),
    ),
    Entry(
        id="rng-numpy-legacy-noise",
        title="Label noise from the global numpy generator without a seed",
        text=NUMPY,
        inject=(("random.seed(seed)\nnp.random.seed(seed)", "random.seed(seed)"),),
        fix=(("random.seed(seed)", "random.seed(seed)\nnp.random.seed(seed)"),),
        at=(At("split", "rows|A_fit|b_fit|A_out|b_out", "unseeded_rng.numpy_legacy"),),
    ),
    Entry(
        id="rng-numpy-legacy-in-function",
        title="A helper function bootstraps with np.random.choice; only torch-like seeds are set",
        text=SKLEARN,
        inject=(
            (
                "# %% split\n",
                """\
# %% helpers
def bootstrap(x, y, size):
    chosen = np.random.choice(len(x), size)
    return x.iloc[chosen], y.iloc[chosen]
# %% split
""",
            ),
            (
                "# %% fit\n",
                """\
# %% resample
X_boot, y_boot = bootstrap(X_train, y_train, 300)
# %% fit
""",
            ),
            ("clf.fit(X_train, y_train)", "clf.fit(X_boot, y_boot)"),
        ),
        fix=(("# %% helpers\n", "# %% helpers\nnp.random.seed(seed)\n"),),
        at=(At("resample", "X_boot|y_boot", "unseeded_rng.numpy_legacy"),),
    ),
    Entry(
        id="rng-default-rng",
        title="`default_rng()` without a seed, though numpy is seeded",
        text=NUMPY,
        inject=(
            ("random.seed(seed)\nnp.random.seed(seed)", "np.random.seed(seed)\nrng = np.random.default_rng()"),
            ("pick = np.random.randint(0, len(A_fit), 32)", "pick = rng.integers(0, len(A_fit), 32)"),
        ),
        fix=(("default_rng()", "default_rng(seed)"),),
        at=(At("seed|train", "rng|w|trail|pick|residual", "unseeded_rng.numpy_generator"),),
    ),
    Entry(
        id="rng-default-rng-inline",
        title="Jitter from a fresh default_rng() inside the feature cell",
        text=SKLEARN,
        inject=(
            (
                "# %% fit\n",
                """\
# %% jitter
X_train = X_train + np.random.default_rng().normal(0, 0.05, X_train.shape)
# %% fit
""",
            ),
        ),
        fix=(("default_rng()", "default_rng(seed)"),),
        at=(At("jitter", "X_train", "unseeded_rng.numpy_generator"),),
    ),
    Entry(
        id="rng-torch-dropout",
        title="Dropout draws from torch's generator, which is not seeded",
        text=TORCH,
        inject=(
            ("torch.manual_seed(seed)\n", ""),
            (
                "net = nn.Sequential(nn.Linear(64, hidden), nn.Tanh(), nn.Linear(hidden, 10))",
                """\
net = nn.Sequential(nn.Linear(64, hidden), nn.Dropout(0.2), nn.Linear(hidden, 10))
with torch.no_grad():
    for p in net.parameters():
        p.copy_(torch.linspace(-0.1, 0.1, p.numel()).view_as(p))""",
            ),
        ),
        fix=(("np.random.seed(seed)\n", "np.random.seed(seed)\ntorch.manual_seed(seed)\n"),),
        at=(At("model|train", "net|history|loss|rows|optimizer", "unseeded_rng.torch"),),
    ),
    Entry(
        id="rng-torch-init-in-class",
        title="A module class initialises its weights with torch.randn, unseeded",
        text=TORCH,
        inject=(
            ("torch.manual_seed(seed)\n", ""),
            (
                """\
# %% model
net = nn.Sequential(nn.Linear(64, hidden), nn.Tanh(), nn.Linear(hidden, 10))""",
                """\
# %% architecture
class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Parameter(0.1 * torch.randn(64, width))
        self.last = nn.Parameter(torch.zeros(width, 10))

    def forward(self, x):
        return torch.tanh(x @ self.first) @ self.last
# %% model
net = Net(hidden)""",
            ),
        ),
        fix=(("np.random.seed(seed)\n", "np.random.seed(seed)\ntorch.manual_seed(seed)\n"),),
        at=(At("model", "net|optimizer", "unseeded_rng.torch"),),
    ),
    Entry(
        id="rng-torch-generator",
        title="A DataLoader's own generator is seeded from entropy by Generator().seed()",
        text=LOADER,
        inject=(
            (
                "loader = DataLoader(dataset, batch_size=26, shuffle=True, num_workers=workers)",
                """\
gen = torch.Generator()
gen.seed()
loader = DataLoader(dataset, batch_size=26, shuffle=True, num_workers=workers, generator=gen)""",
            ),
        ),
        fix=(("gen.seed()", "gen.manual_seed(seed)"),),
        at=(
            At(
                "loader|train",
                "gen|loader|net|losses|loss|total|optimizer|batch|answer",
                "unseeded_rng.torch_generator",
            ),
        ),
    ),
    Entry(
        id="rng-torch-seed-call",
        title="torch.seed() asks the system for a new seed after manual_seed was set",
        text=TORCH,
        inject=(('print("seeded with", seed)', "used_seed = torch.seed()"),),
        fix=(("used_seed = torch.seed()", "used_seed = torch.initial_seed()"),),
        at=(At("seed", "used_seed", "unseeded_rng.torch|os_entropy|unseeded_rng.torch_generator"),),
    ),
    Entry(
        id="rng-sampler-qmc",
        title="Hyperparameters from a Latin hypercube sampler without a seed",
        text=SKLEARN,
        inject=(
            (
                "# %% fit\n",
                """\
# %% search
from scipy.stats import qmc

sampler = qmc.LatinHypercube(d=1)
trials = 10 ** (-4 + 3 * sampler.random(6)[:, 0])
found = {}
for a in trials:
    trial = SGDClassifier(loss='log_loss', alpha=a, max_iter=5, tol=None, random_state=seed)
    found[a] = trial.fit(X_train, y_train).score(X_test, y_test)
alpha = max(found, key=found.get)
# %% fit
""",
            ),
        ),
        fix=(("qmc.LatinHypercube(d=1)", "qmc.LatinHypercube(d=1, rng=seed)"),),
        at=(At("search", "trials|sampler|found|alpha|a|trial", "unseeded_rng.sampler|unseeded_rng.numpy_generator"),),
    ),
    Entry(
        id="rng-sklearn-forest",
        title="A random forest without random_state",
        text=SKLEARN,
        inject=(
            ("from sklearn.linear_model import SGDClassifier", "from sklearn.ensemble import RandomForestClassifier"),
            (
                'clf = SGDClassifier(loss="log_loss", alpha=alpha, max_iter=60, tol=None, random_state=seed)',
                "clf = RandomForestClassifier(n_estimators=30)",
            ),
        ),
        fix=(("n_estimators=30)", "n_estimators=30, random_state=seed)"),),
        at=(At("fit", "clf", "unseeded_rng.sklearn_random_state"),),
    ),
    Entry(
        id="rng-sklearn-kfold",
        title="KFold(shuffle=True) without random_state; the estimator has one",
        text=SKLEARN,
        inject=(
            (
                "# %% result\n",
                """\
# %% crossval
from sklearn.model_selection import KFold, cross_val_score

folds = KFold(n_splits=4, shuffle=True)
cv_scores = cross_val_score(clf, X_train, y_train, cv=folds)
cv_scores.mean()
# %% result
""",
            ),
            ('{"f1": f1, "nll": nll}', '{"f1": f1, "nll": nll, "cv": cv_scores.mean()}'),
        ),
        fix=(("shuffle=True)", "shuffle=True, random_state=seed)"),),
        at=(At("crossval", "cv_scores", "unseeded_rng.sklearn_random_state"),),
    ),
    Entry(
        id="rng-sklearn-kmeans-ids",
        title="KMeans features without random_state, in a file without cell ids",
        text=SKLEARN,
        inject=(
            (
                "# %% fit\n",
                """\
# %% clusters
from sklearn.cluster import KMeans

km = KMeans(n_clusters=6, n_init=1).fit(X_train)
X_train = X_train.assign(**{f'c{i}': d for i, d in enumerate(km.transform(X_train).T)})
X_test = X_test.assign(**{f'c{i}': d for i, d in enumerate(km.transform(X_test).T)})
# %% fit
""",
            ),
        ),
        fix=(("n_init=1)", "n_init=1, random_state=seed)"),),
        at=(At("clusters", "km|X_train|X_test", "unseeded_rng.sklearn_random_state"),),
        ids=False,
    ),
    Entry(
        id="rng-seeded-too-late",
        title="The seed cell comes after the split",
        text=NUMPY,
        inject=(
            (
                """\
# %% seed
random.seed(seed)
np.random.seed(seed)
""",
                "",
            ),
            (
                "# %% train\n",
                """\
# %% seed
random.seed(seed)
np.random.seed(seed)
# %% train
""",
            ),
        ),
        fix=(
            (
                """\
# %% seed
random.seed(seed)
np.random.seed(seed)
""",
                "",
            ),
            (
                "# %% data\n",
                """\
# %% seed
random.seed(seed)
np.random.seed(seed)
# %% data
""",
            ),
        ),
        at=(At("split", "rows|A_fit|b_fit|A_out|b_out", "unseeded_rng.seeded_too_late"),),
    ),
    Entry(
        id="rng-torch-seeded-too-late",
        title="torch.manual_seed stands in the training cell, after the weights were drawn",
        text=TORCH,
        inject=(("torch.manual_seed(seed)\n", ""), ("# %% train\n", "# %% train\ntorch.manual_seed(seed)\n")),
        fix=(("# %% model\n", "# %% model\ntorch.manual_seed(seed)\n"),),
        at=(At("model", "net|optimizer", "unseeded_rng.seeded_too_late"),),
    ),
    Entry(
        id="entropy-secrets",
        title="The split is chosen with `secrets`",
        text=SKLEARN,
        inject=(
            ("import random\n", "import random\nimport secrets\n"),
            ("test_size=test_size, random_state=seed", "test_size=test_size, random_state=secrets.randbelow(10_000)"),
        ),
        fix=(("random_state=secrets.randbelow(10_000)", "random_state=seed"),),
        at=(At("split", "X_train|X_test|y_train|y_test", "os_entropy"),),
    ),
    Entry(
        id="entropy-system-random",
        title="SystemRandom shuffles the rows, whatever is seeded",
        text=NUMPY,
        inject=(("rows = np.random.permutation(n)", "rows = list(range(n))\nrandom.SystemRandom().shuffle(rows)"),),
        fix=(("random.SystemRandom().shuffle(rows)", "random.shuffle(rows)"),),
        at=(At("split", "rows|A_fit|b_fit|A_out|b_out", "os_entropy"),),
    ),
    Entry(
        id="entropy-urandom-seed",
        title="All generators are seeded with eight bytes of os.urandom",
        text=TORCH,
        inject=(
            (
                "# %% seed\n",
                """\
# %% seed
import os
run_seed = int.from_bytes(os.urandom(4), "little")
""",
            ),
            ("torch.manual_seed(seed)", "torch.manual_seed(run_seed)"),
        ),
        fix=(('int.from_bytes(os.urandom(4), "little")', "seed"),),
        at=(At("seed", "run_seed", "os_entropy"),),
    ),
    Entry(
        id="entropy-uuid",
        title="Rows are assigned to folds by the hash of a uuid4 key",
        text=SKLEARN,
        inject=(
            (
                """\
# %% split
X_train, X_test, y_train, y_test = train_test_split(frame, target, test_size=test_size, random_state=seed)
""",
                """\
# %% keys
import uuid
keys = [uuid.uuid4().int for _ in range(len(frame))]
# %% split
held = np.array([key % 10 < 3 for key in keys])
X_train, X_test, y_train, y_test = frame[~held], frame[held], target[~held], target[held]
""",
            ),
        ),
        fix=(
            (
                "uuid.uuid4().int for _ in range(len(frame))",
                "uuid.uuid5(uuid.NAMESPACE_OID, str(row)).int for row in range(len(frame))",
            ),
        ),
        at=(At("keys", "keys", "os_entropy.uuid"),),
    ),
    Entry(
        id="entropy-uuid-run-name-decoy",
        title="A uuid names the run only (decoy); the noise is unseeded",
        text=NUMPY,
        inject=(
            ("# %% seed\nrandom.seed(seed)\nnp.random.seed(seed)", "# %% seed\nrandom.seed(seed)"),
            (
                "# %% data\n",
                """\
# %% run
import uuid
print('run', uuid.uuid4().hex[:8])
# %% data
""",
            ),
        ),
        fix=(
            ("random.seed(seed)\n", "random.seed(seed)\nnp.random.seed(seed)\n"),
            ("print('run', uuid.uuid4().hex[:8])", "print('run', uuid.uuid5(uuid.NAMESPACE_OID, str(seed)).hex[:8])"),
        ),
        at=(At("split", "rows|A_fit|b_fit|A_out|b_out", "unseeded_rng.numpy_legacy"),),
    ),
    Entry(
        id="dataloader-worker-rng",
        title="A dataset's worker draws noise from its own unseeded generator",
        text=LOADER,
        inject=(
            ("workers = 0", "workers = 2"),
            (
                "# %% loader\ndataset = TensorDataset(inputs[fit], kinds[fit])",
                """\
# %% loader
class Noisy(TensorDataset):
    def __getitem__(self, i):
        if not hasattr(self, 'rng'):
            self.rng = np.random.default_rng()
        x, t = super().__getitem__(i)
        return x + torch.from_numpy(self.rng.normal(0, 0.3, x.shape)).float(), t

dataset = Noisy(inputs[fit], kinds[fit])""",
            ),
        ),
        fix=(("np.random.default_rng()", "np.random.default_rng(torch.utils.data.get_worker_info().seed)"),),
        at=(At("train", "net|losses|loss|total|optimizer|batch|answer", "dataloader.worker_rng"),),
    ),
    Entry(
        id="dataloader-worker-init",
        title="worker_init_fn seeds numpy in the workers from entropy",
        text=LOADER,
        inject=(
            ("workers = 0", "workers = 2"),
            (
                "# %% loader\ndataset = TensorDataset(inputs[fit], kinds[fit])",
                """\
# %% loader
class Jitter(TensorDataset):
    def __getitem__(self, i):
        x, t = super().__getitem__(i)
        return x * np.float32(1 + 0.3 * np.random.randn()), t

def init(worker):
    np.random.seed(None)

dataset = Jitter(inputs[fit], kinds[fit])""",
            ),
            ("num_workers=workers)", "num_workers=workers, worker_init_fn=init)"),
        ),
        fix=(("np.random.seed(None)", "np.random.seed(torch.initial_seed() % 2**32)"),),
        at=(At("train", "net|losses|loss|total|optimizer|batch|answer", "dataloader.worker_rng"),),
    ),
    Entry(
        id="rng-coupling-timed-eval",
        title="A progress check every few milliseconds draws from the training stream",
        text=NUMPY,
        inject=(
            ("import numpy as np\n", "import time\nimport numpy as np\n"),
            ("trail = []\n", "trail = []\nshown = time.perf_counter()\n"),
            (
                """\
    if step % 100 == 0:
        trail.append(float(np.mean(residual**2)))""",
                """\
    if time.perf_counter() - shown > 0.0005:
        probe = np.random.randint(0, len(A_fit), 10)
        trail.append(float(np.mean((A_fit[probe] @ w - b_fit[probe]) ** 2)))
        shown = time.perf_counter()""",
            ),
        ),
        fix=(
            ("probe = np.random.randint(0, len(A_fit), 10)", "probe = np.arange(10)"),
            ("if time.perf_counter() - shown > 0.0005:", "if step % 100 == 0:"),
        ),
        at=(At("train", "w|trail|pick|residual|probe", "rng_coupling|wall_clock.early_stop"),),
        benign=("shown",),
    ),
    Entry(
        id="rng-coupling-eval-frequency",
        title="Evaluating more often (a setting of the machine) shifts the shuffling of the training data",
        text=TORCH,
        kind="env",
        inject=(
            ("import random\n", "import os\nimport random\n"),
            ("history = []\n", "history = []\nevery = int(os.environ.get('EVAL_EVERY', 2))\n"),
            (
                "    history.append(loss.item())",
                """\
    if epoch % every == 0:
        probe = torch.randperm(len(x_val))[:50]
        history.append(F.cross_entropy(net(x_val[probe]), t_val[probe]).item())""",
            ),
        ),
        fix=(
            ("probe = torch.randperm(len(x_val))[:50]", "probe = torch.arange(50)"),
            ("every = int(os.environ.get('EVAL_EVERY', 2))", "every = 2"),
        ),
        at=(At("train", "net|history|loss|rows|optimizer|every|probe", "rng_coupling|env_var"),),
        run_b=Side(env={"EVAL_EVERY": "1"}),
    ),
    Entry(
        id="rng-timed-throughput",
        title="A throughput measurement draws from the generator for as long as time allows",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% timing
import time


def throughput(work, seconds=0.03):
    calls, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        work()
        calls += 1
    return f"about {round(calls, -6)} calls"

throughput(lambda: np.random.rand(d))
# %% split
""",
            ),
        ),
        fix=(("lambda: np.random.rand(d)", "lambda: np.ones(d)"),),
        at=(At("split|timing", "rows|A_fit|b_fit|A_out|b_out", "rng_consumed_by_timing"),),
    ),
    Entry(
        id="rng-timeit",
        title="%timeit repeats a draw as often as the speed of the moment allows",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """\
# %% timing
import time


def draw():
    time.sleep(0.04 if time.time_ns() // 700_000_000 % 2 else 0.003)  # stands in for a busy machine
    return np.random.rand(d)

%timeit -r 1 draw()
# %% split
""",
            ),
        ),
        fix=(("np.random.rand(d)\n", "np.random.default_rng(0).random(d)\n"),),
        at=(At("split|timing", "rows|A_fit|b_fit|A_out|b_out", "rng_consumed_by_timing"),),
        attempts=4,
    ),
    Entry(
        id="rng-timeit-live",
        title="A %timeit that was deleted afterwards had drawn from the generator",
        text=NUMPY,
        kind="interactive",
        fix=(
            ("rows = np.random.permutation(n)", "rows = np.random.RandomState(seed).permutation(n)"),
            ("trail = []\n", "trail = []\nnp.random.seed(seed)\n"),
        ),
        session=(
            "imports",
            "parameters",
            "seed",
            "data",
            Scratch("%timeit -n 5 -r 1 np.random.permutation(n)"),
            "split",
            "train",
            "evaluate",
            "result",
        ),
        at=(
            At(
                "split",
                "rows|A_fit|b_fit|A_out|b_out",
                "rng_consumed_by_timing|hidden_state.deleted_cell|hidden_state.rng_advanced",
            ),
        ),
    ),
    Entry(
        id="rng-time-budget-warmup",
        title="A timed warm-up loop consumes the generator",
        text=TORCH,
        inject=(
            (
                "# %% split\n",
                """\
# %% warmup
import timeit

reps, took = timeit.Timer(lambda: torch.randn(64, 64) @ torch.randn(64, 64)).autorange()
print('benchmarked')
# %% split
""",
            ),
            ("order = torch.from_numpy(np.random.permutation(len(images)))", "order = torch.randperm(len(images))"),
        ),
        fix=(
            ("torch.randn(64, 64) @ torch.randn(64, 64)", "torch.ones(64, 64) @ torch.ones(64, 64)"),
            ("\nreps, took = timeit.Timer", "\ntimeit.Timer"),
        ),
        at=(At("split|warmup", "order|x_train|t_train|x_val|t_val|reps|took", "rng_consumed_by_timing"),),
        attempts=3,
    ),
    Entry(
        id="rng-sampler-parameters",
        title="ParameterSampler without random_state proposes other hyperparameters in every run",
        text=SKLEARN,
        inject=(
            (
                "# %% fit\n",
                """\
# %% search
from sklearn.model_selection import ParameterSampler

proposals = list(ParameterSampler({"alpha": np.logspace(-5, -1, 40), "eta0": [0.01, 0.1]}, n_iter=4))
alpha = proposals[0]["alpha"]
# %% fit
""",
            ),
        ),
        fix=(("n_iter=4)", "n_iter=4, random_state=seed)"),),
        at=(At("search", "proposals|alpha", "unseeded_rng.sampler|unseeded_rng.sklearn_random_state"),),
    ),
    Entry(
        id="rng-sampler-own-class",
        title="A little search class of one's own, whose sampler gets seed=None by default",
        text=NUMPY,
        inject=(
            (
                "# %% train\n",
                """\
# %% tuner
class RandomSampler:
    def __init__(self, low, high, seed=None):
        self.low, self.high = low, high
        self.rng = np.random.RandomState(seed)

    def suggest(self):
        return float(np.exp(self.rng.uniform(np.log(self.low), np.log(self.high))))
# %% suggest
sampler = RandomSampler(0.01, 0.1)
rate = sampler.suggest()
# %% train
""",
            ),
        ),
        fix=(("RandomSampler(0.01, 0.1)", "RandomSampler(0.01, 0.1, seed=seed)"),),
        at=(At("suggest", "sampler|rate", "unseeded_rng.sampler|unseeded_rng.numpy_legacy"),),
    ),
    Entry(
        id="rng-reseeded-from-system",
        title="random.seed() without an argument, after the seed cell, reseeds from the system",
        text=TEXT,
        inject=(
            (
                "# %% encode\n",
                """\
# %% seed
random.seed(seed)
# %% drop
random.seed()
tickets = [random.sample(ticket, 10) for ticket in tickets]
# %% encode
""",
            ),
        ),
        fix=(("random.seed()\n", ""),),
        at=(At("drop", "tickets", "unseeded_rng.python_random|os_entropy"),),
    ),
)
