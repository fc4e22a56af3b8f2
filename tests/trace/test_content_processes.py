from __future__ import annotations

import json
from collections.abc import Callable

VALUES = """
import collections, datetime, enum, json, sys
import numpy as np, pandas as pd, torch
from sklearn.ensemble import RandomForestClassifier
from reprobook.trace import digest_value

class Color(enum.Enum):
    RED = "red"

class Node:
    limit = {"a", "b"}
    def __init__(self, name):
        self.name, self.peers = name, set()
    def meet(self, *others):
        return self.limit & {other.name for other in others}

nodes = [Node(str(number)) for number in range(5)]
for node in nodes:
    node.peers = set(nodes)
torch.manual_seed(0)
net = torch.nn.LSTM(3, 4)
optimizer = torch.optim.Adam(net.parameters())
net(torch.ones(2, 3))[0].sum().backward()
optimizer.step()
words = ["alpha", "beta", "gamma", "delta"]
values = {
    "set": set(words), "nested": {frozenset(words[:2]), frozenset(words)}, "mixed": {1, "a", (2, "b"), None},
    "cycle": nodes, "class": Node, "method": Node.meet, "color": Color.RED, "type": Color,
    "function": lambda x: x in {"a", "b", "c"}, "counter": collections.Counter("hello"),
    "time": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "array": np.arange(6).reshape(2, 3).T,
    "objects": np.array([set(words), None], dtype=object), "generator": np.random.default_rng(0),
    "frame": pd.DataFrame({"a": words, "b": pd.Categorical(words), "c": range(4)}),
    "net": net, "optimizer": optimizer, "forest": RandomForestClassifier(3, random_state=0).fit([[0], [1]], [0, 1]),
    "opaque": (word for word in words), "sampled": list(range(10**5)),
}
digests = {name: digest_value(value).digest for name, value in values.items()}
digests["sampled"] = digest_value(values["sampled"], budget=10**5).digest
print(json.dumps(digests))
"""


def test_digests_are_the_same_in_any_process(python: Callable[..., str]) -> None:
    one, other = (json.loads(python(VALUES, hash_seed=seed)) for seed in ("1", "2"))
    assert {name for name in one if one[name] != other[name]} == set()
    assert len(set(one.values())) == len(one)
