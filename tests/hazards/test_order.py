"""Order that depends on hashing, identity, or an unstable algorithm."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reprobook.hazards import find_hazards
from reprobook.notebook import Notebook

MakeNotebook = Callable[..., Notebook]

WORDS = (
    "import os, random, heapq\nimport numpy as np, pandas as pd, torch, sqlite3\n"
    "from collections import Counter\nwords = open('w.txt', encoding='utf-8').read().split()\n"
)

SET_ORDER = [
    "vocab = {w: i for i, w in enumerate(set(words))}",
    "vocab = list(set(words))",
    "vocab = list({w.lower() for w in words})",
    "vocab = [w for w in {*words}]",
    "unique = set(words)\nvocab = [*unique]",
    "unique = set()\nfor w in words:\n    unique.add(w)\nvocab = tuple(unique)",
    "extra = set(words) - {'a'}\nfor w in extra:\n    order = [w]",
    "text = ' '.join(set(words))",
    "first = next(iter(set(words)))",
    "pool = set(words)\none = pool.pop()",
    "pick = random.Random(0).sample(list(set(words)), 2)",
    "def vocabulary(ws):\n    return set(ws)\n\nindex = {w: i for i, w in enumerate(vocabulary(words))}",
    "def first_of(ws: set[str]):\n    return list(ws)[0]\n\na = first_of(set(words))",
    "both = list(set(words).intersection({'a', 'b'}))",
    "frozen = frozenset(words)\na, *rest = frozen",
    "d = dict.fromkeys(set(words))",
    "common = {'a': 1}.keys() & {'a': 2, 'b': 3}.keys()\ncols = [c for c in common]",
    "cols = np.array(list(set(words)))",
    "s = pd.Series(list(set(words)))",
    "pairs = list(zip(set(words), range(9)))",
    "by_length = sorted(set(words), key=len)",
    "counts = Counter(words)\nvocab = sorted(set(words), key=lambda w: -counts[w])",
    "counts = Counter(words)\nbest = max(set(words), key=counts.get)",
]

NO_SET_ORDER = [
    "vocab = sorted(set(words))",
    "vocab = sorted({w.lower() for w in words}, key=str.lower)",
    "vocab = sorted(set(words), key=lambda w: (len(w), w))",
    "vocab = sorted(set(words), key=lambda w: w.lower())",
    "unique = {w for w in set(words)}\nn = len(unique)",
    "n = len(set(words))",
    "known = set(words)\nkept = [w for w in words if w in known]",
    "longest = max(len(w) for w in set(words))",
    "total = sum(len(w) for w in set(words))",
    "for k in {1, 2, 3}:\n    total = [k]",
    "ks = list({len(w) for w in words})",
    "ids = list(set(range(9)))",
    "a = set(words) | {'x'}\nb = {w for w in a}",
    "vocab = list(set(words))\nvocab.sort()",
    "vocab = list(set(words))\nvocab = sorted(vocab)",
    "seen = set()\nfor w in words:\n    seen.add(w)\nn = len(seen)",
    "rest = sorted(w for w in set(words) if w)",
    "for w in set(words):\n    print(w)",
    "for w in set(words):\n    assert w",
    "counts = Counter(w for w in set(words))",
    "labels = set(torch.arange(4).tolist())\nfor c in labels:\n    x = [c]",
    "same = all(w in words for w in set(words))",
    "unique = {*words}\nvocab = sorted(unique)",
]


@pytest.mark.parametrize("code", SET_ORDER)
def test_the_order_of_a_set_is_a_hazard(notebook: MakeNotebook, code: str) -> None:
    found = [hazard for hazard in find_hazards(notebook(WORDS, code)) if hazard.certain]
    assert {(hazard.cell, hazard.cause) for hazard in found} == {(1, "hash_randomization.set_order")}


@pytest.mark.parametrize("code", NO_SET_ORDER)
def test_a_set_without_its_order_is_none(notebook: MakeNotebook, code: str) -> None:
    assert [hazard for hazard in find_hazards(notebook(WORDS, code)) if hazard.certain] == []


OTHERS = [
    ("fold = [hash(w) % 5 for w in words]", "hash_randomization.hash_split"),
    ("train = [w for w in words if hash(w) % 10 < 8]", "hash_randomization.hash_split"),
    ("key = hash(('a', 'b'))\npart = words[key % 3]", "hash_randomization.hash_split"),
    ("objs = [object() for _ in range(3)]\nfirst = sorted(objs, key=id)", "object_identity"),
    ("objs = [[1], [2]]\nobjs.sort(key=lambda o: id(o))", "object_identity"),
    ("class A:\n    pass\n\nranked = sorted([A(), A()], key=repr)", "object_identity"),
    ("class A:\n    pass\n\npool = {A() for _ in range(3)}\nranked = list(pool)", "object_identity"),
    ("class A:\n    pass\n\nkey = hash(A()) % 5\npart = words[key]", "object_identity"),
    ("fold = id(words) % 3\npart = words[fold]", "object_identity"),
    ("rank = np.argsort(np.round([1.1, 1.2]))", "unstable_sort"),
    (
        "df = pd.read_csv('a.csv')\ndf['age'] = df['age'] // 10\ndf = df.sort_values(df['age'].astype(int))",
        "unstable_sort",
    ),
    ("scores = torch.tensor([1.0]).round()\nrank = torch.argsort(scores)", "unstable_sort"),
    ("con = sqlite3.connect('a.db')\nrows = con.execute('SELECT a, b FROM t').fetchall()", "unordered_query"),
    ("q = 'select * from t where a > 1'\ndf = pd.read_sql(q, None)", "unordered_query"),
    (
        "con = sqlite3.connect('a.db')\nt = 't'\nrows = list(con.execute(f'SELECT a FROM {t} GROUP BY a'))",
        "unordered_query",
    ),
]

NO_OTHERS = [
    "fold = hash(3) % 2",
    "print(hash('a'))",
    (
        "class P:\n    def __init__(self, x):\n        self.x = x\n\n"
        "    def __hash__(self):\n        return hash(self.x)\n\np = P('a')"
    ),
    "print(id(words))",
    "memo = {}\nmemo[id(words)] = 1" if False else "seen = id(words) in {1}\nprint(seen)",
    "class A:\n    def __repr__(self):\n        return 'A'\n\nranked = sorted([A()], key=repr)",
    "rank = np.argsort(np.round([1.1, 1.2]), kind='stable')",
    "df = pd.read_csv('a.csv').sort_values('age', kind='mergesort')",
    "rank = torch.argsort(torch.tensor([1]).round(), stable=True)",
    "con = sqlite3.connect('a.db')\nrows = con.execute('SELECT a FROM t ORDER BY a').fetchall()",
    "con = sqlite3.connect('a.db')\nn = con.execute('SELECT COUNT(*) FROM t').fetchone()",
    "con = sqlite3.connect('a.db')\nrows = sorted(con.execute('SELECT a FROM t'))",
    "con = sqlite3.connect('a.db')\n_ = con.execute('INSERT INTO t VALUES (1)')",
    "df = pd.read_csv('a.csv').query('a > 1')",
]


@pytest.mark.parametrize(("code", "cause"), OTHERS)
def test_other_orders_that_vary(notebook: MakeNotebook, code: str, cause: str) -> None:
    found = [hazard for hazard in find_hazards(notebook(WORDS, code)) if hazard.certain]
    assert {(hazard.cell, hazard.cause) for hazard in found} == {(1, cause)}


@pytest.mark.parametrize("code", NO_OTHERS)
def test_orders_that_do_not(notebook: MakeNotebook, code: str) -> None:
    assert [hazard for hazard in find_hazards(notebook(WORDS, code)) if hazard.certain] == []


def test_a_hash_seed_set_in_a_cell_comes_too_late(notebook: MakeNotebook) -> None:
    late = "import os\nos.environ['PYTHONHASHSEED'] = '0'"
    found = find_hazards(notebook(late, WORDS, "vocab = list(set(words))"))
    assert [(h.cell, h.cause) for h in found if h.certain] == [
        (0, "hash_randomization.set_order"),
        (2, "hash_randomization.set_order"),
    ]
    assert [h.certain for h in find_hazards(notebook(late))] == [False]
