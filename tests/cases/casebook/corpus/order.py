"""Hashing, identity and order."""

from casebook.corpus._bases import CSV, NUMPY, SKLEARN, TEXT
from casebook.entry import At, Entry
from casebook.model import Side

NO_AVX512 = {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}
DATABASE = """
import sqlite3
import numpy as np
g = np.random.default_rng(8)
rows = [(k, float(x), float(z), int(x + z + g.normal() > 0)) for k, (x, z) in enumerate(g.normal(size=(500, 2)))]
with sqlite3.connect("events.db") as db:
    db.execute("create table events (key integer, x real, z real, hit integer)")
    db.executemany("insert into events values (?, ?, ?, ?)", ROWS)
"""

CASES = (
    Entry(
        id="order-set-columns",
        title="Feature columns are picked by a set difference",
        text=SKLEARN,
        inject=(
            (
                "# %% split\n",
                """# %% columns
dropped = {name for name in frame.columns if name.endswith("error")}
columns = list(set(frame.columns) - dropped)[:12]
frame = frame[columns]
# %% split
""",
            ),
        ),
        fix=(("list(set(frame.columns) - dropped)", "sorted(set(frame.columns) - dropped)"),),
        at=(At("columns", "columns|frame", "hash_randomization.set_order"),),
    ),
    Entry(
        id="order-set-literal-loop",
        title="A loop over a set literal of optimiser names decides ties; membership tests of another set are a decoy",
        text=TEXT,
        inject=(
            (
                "# %% encode\n",
                """# %% stopwords
stop = {"please", "help", "the"}
tickets = [[word for word in ticket if word not in stop] for ticket in tickets]
extra = []
for word in {"refund", "outage", "password", "invoice"}:
    extra.append(word)
priority = extra[0]
# %% encode
""",
            ),
            (
                "bags = np.zeros((len(tickets), len(index)))",
                """\
bags = np.zeros((len(tickets), len(index)))
bags[:, index[priority]] = 0.5""",
            ),
        ),
        fix=(
            (
                'for word in {"refund", "outage", "password", "invoice"}:',
                'for word in ("refund", "outage", "password", "invoice"):',
            ),
        ),
        at=(At("stopwords", "extra|priority|word", "hash_randomization.set_order"),),
        attempts=2,
    ),
    Entry(
        id="order-set-in-function",
        title="A function returns the vocabulary through a set comprehension",
        text=TEXT,
        inject=(
            (
                """counts = Counter(word for ticket in tickets for word in ticket)
index = {word: position for position, word in enumerate(sorted(counts))}
""",
                """def vocabulary(documents):
    seen = set()
    for document in documents:
        seen.update(document)
    return {word: position for position, word in enumerate(seen)}

index = vocabulary(tickets)
""",
            ),
        ),
        fix=(("enumerate(seen)", "enumerate(sorted(seen))"),),
        at=(At("vocabulary", "index", "hash_randomization.set_order"),),
    ),
    Entry(
        id="order-hash-split",
        title="Train and test by hash(patient id) % 10",
        text=SKLEARN,
        inject=(
            (
                """\
X_train, X_test, y_train, y_test = train_test_split(frame, target, test_size=test_size, random_state=seed)
""",
                """patients = [f"patient-{row}" for row in range(len(frame))]
held = np.array([hash(patient) % 10 < 10 * test_size for patient in patients])
X_train, X_test, y_train, y_test = frame[~held], frame[held], target[~held], target[held]
""",
            ),
        ),
        fix=(("hash(patient) % 10", "int(patient.split('-')[1]) * 7 % 10"),),
        at=(At("split", "held|X_train|X_test|y_train|y_test", "hash_randomization.hash_split"),),
    ),
    Entry(
        id="order-hash-bucket-late-seed",
        title="Hashed features; PYTHONHASHSEED is set inside the notebook, which is too late",
        text=TEXT,
        inject=(
            (
                "# %% corpus\n",
                """\
# %% seed
import os
os.environ["PYTHONHASHSEED"] = str(seed)
random.seed(seed)
# %% corpus
""",
            ),
            ("bags = np.zeros((len(tickets), len(index)))", "bags = np.zeros((len(tickets), 16))"),
            ("bags[row, index[word]] += 1", "bags[row, hash(word) % 16] += 1"),
        ),
        fix=(("hash(word) % 16", "index[word] % 16"),),
        at=(At("encode", "bags", "hash_randomization.hash_split"),),
    ),
    Entry(
        id="order-object-identity",
        title="Candidates are sorted by id() to break ties",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """# %% folds
class Fold:
    def __init__(self, rows):
        self.rows = rows

blocks = np.array_split(np.arange(n), 12)
folds = [Fold(rows) for rows in blocks]
ballast = [bytearray(97 * k) for k in range(40)]
ranking = sorted(range(12), key=lambda k: hash(id(folds[k]) * 2654435761 % 2**32))
# %% split
""",
            ),
            ("rows = np.random.permutation(n)", "rows = np.concatenate([folds[k].rows for k in ranking])"),
        ),
        fix=(("key=lambda k: hash(id(folds[k]) * 2654435761 % 2**32)", "key=lambda k: k * 5 % 12"),),
        at=(At("folds", "ranking", "object_identity"),),
    ),
    Entry(
        id="order-object-set",
        title="Layers are held in a set of objects, whose order follows from addresses",
        text=NUMPY,
        inject=(
            (
                "# %% split\n",
                """# %% sources
class Source:
    def __init__(self, name, weight):
        self.name, self.weight = name, weight

pool = {Source(f"site-{k}", 1 + k) for k in range(9)}
sequence = [source.name for source in pool]
scales = np.array([source.weight for source in pool])
# %% split
""",
            ),
            (
                "A_fit, b_fit = A[rows[:450]], b[rows[:450]]",
                "A_fit, b_fit = A[rows[:450]] * (1 + np.resize(scales, 450)[:, None] / 50), b[rows[:450]]",
            ),
        ),
        fix=(
            (
                "    def __init__(self, name, weight):\n",
                """\
    def __hash__(self):
        return self.weight

    def __init__(self, name, weight):
""",
            ),
        ),
        at=(At("sources", "sequence|scales", "object_identity|hash_randomization.set_order"),),
    ),
    Entry(
        id="order-repr-address",
        title="A seed derived from the text of an object with its address",
        text=NUMPY,
        inject=(
            (
                "# %% seed\nrandom.seed(seed)\nnp.random.seed(seed)",
                """# %% seed
import zlib

class Experiment:
    pass

experiment = Experiment()
token = zlib.crc32(str(experiment).encode())
random.seed(seed)
np.random.seed(token)""",
            ),
        ),
        fix=(("    pass\n", "    def __str__(self):\n        return 'experiment'\n"),),
        at=(At("seed", "token", "object_identity"),),
    ),
    Entry(
        id="order-unstable-argsort",
        title="Ties in a score are ordered by an unstable argsort that differs between instruction sets",
        kind="env",
        text=SKLEARN,
        inject=(
            (
                "# %% fit\n",
                """# %% curriculum
difficulty = (X_train["mean radius"] * 2).round().to_numpy()
ranking = np.argsort(difficulty)
X_train, y_train = X_train.iloc[ranking[:250]], y_train.iloc[ranking[:250]]
# %% fit
""",
            ),
        ),
        fix=(("np.argsort(difficulty)", "np.argsort(difficulty, kind='stable')"),),
        at=(At("curriculum", "ranking|X_train|y_train", "unstable_sort"),),
        run_b=Side(env=NO_AVX512),
    ),
    Entry(
        id="order-unstable-argpartition",
        title="The hardest examples by argpartition; exp() elsewhere does not matter",
        kind="env",
        text=NUMPY,
        inject=(
            (
                "# %% train\n",
                """# %% select
error = np.round(np.abs(b_fit - b_fit.mean()), 1)
hard = np.argpartition(error, -200)[-200:]
A_fit, b_fit = A_fit[hard], b_fit[hard]
# %% train
""",
            ),
        ),
        fix=(("np.argpartition(error, -200)[-200:]", "np.argsort(error, kind='stable')[-200:]"),),
        at=(At("select", "hard|A_fit|b_fit", "unstable_sort"),),
        run_b=Side(env=NO_AVX512),
    ),
    Entry(
        id="order-unordered-query",
        title="SELECT without ORDER BY from a table that was filled in another order",
        kind="env",
        text=CSV,
        inject=(
            ("import os\n", "import os\nimport sqlite3\n"),
            (
                'table = pd.read_csv(Path(folder) / "train.csv")\n',
                """\
with sqlite3.connect("events.db") as db:
    table = pd.read_sql("select x, z, hit from events", db)
""",
            ),
            ('inputs = table.drop(columns="churned")', 'inputs = table.drop(columns="hit")'),
            (
                'inputs.assign(ratio=inputs["calls"] / (1 + inputs["months"]))',
                'inputs.assign(both=inputs["x"] * inputs["z"])',
            ),
            ('answer = table["churned"]', 'answer = table["hit"]'),
        ),
        fix=(("from events", "from events order by key"),),
        at=(At("load", "table", "unordered_query"),),
        run_a=Side(setup=DATABASE.replace("ROWS", "rows")),
        run_b=Side(setup=DATABASE.replace("ROWS", "rows[250:] + rows[:250]")),
    ),
    Entry(
        id="order-query-with-index",
        title="An index added to the database changes the order in which a query gives its rows",
        kind="env",
        text=CSV,
        inject=(
            ("import os\n", "import os\nimport sqlite3\n"),
            (
                'table = pd.read_csv(Path(folder) / "train.csv")\n',
                """\
connection = sqlite3.connect("events.db")
rows = connection.execute("SELECT x, z, hit FROM events WHERE x > -9").fetchall()
connection.close()
table = pd.DataFrame(rows, columns=["x", "z", "hit"])
""",
            ),
            ('inputs = table.drop(columns="churned")', 'inputs = table.drop(columns="hit")'),
            (
                'inputs.assign(ratio=inputs["calls"] / (1 + inputs["months"]))',
                'inputs.assign(both=inputs["x"] * inputs["z"])',
            ),
            ('answer = table["churned"]', 'answer = table["hit"]'),
        ),
        fix=(("WHERE x > -9", "WHERE x > -9 ORDER BY key"),),
        at=(At("load", "rows|table", "unordered_query"),),
        run_a=Side(setup=DATABASE.replace("ROWS", "rows")),
        run_b=Side(
            setup=DATABASE.replace("ROWS", "rows") + '    db.execute("create index by_x on events (x, z, hit)")\n'
        ),
    ),
    Entry(
        id="order-pandas-sort-values",
        title="sort_values with ties, by pandas' default algorithm, which is not stable",
        kind="env",
        text=SKLEARN,
        inject=(
            (
                "# %% split\n",
                """\
# %% rank
frame["grade"] = (frame["mean texture"] / 4).round()
ranked = frame.sort_values("grade")
frame, target = ranked.iloc[:400].drop(columns="grade"), target.loc[ranked.index[:400]]
# %% split
""",
            ),
        ),
        fix=(('sort_values("grade")', 'sort_values("grade", kind="stable")'),),
        at=(At("rank", "ranked|frame|target", "unstable_sort"),),
        run_b=Side(env=NO_AVX512),
    ),
    Entry(
        id="order-hash-seed",
        title="The seed is the hash of the experiment's name",
        text=NUMPY,
        inject=(
            (
                "random.seed(seed)\nnp.random.seed(seed)",
                """\
experiment = "ridge-baseline"
run_seed = hash(experiment) % 2**32
random.seed(run_seed)
np.random.seed(run_seed)""",
            ),
        ),
        fix=(("hash(experiment) % 2**32", "sum(experiment.encode())"),),
        at=(At("seed", "run_seed", "hash_randomization.hash_split"),),
    ),
)
