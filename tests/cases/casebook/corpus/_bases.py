"""Notebooks that are right as they are: small training runs in the styles that people write."""

TORCH = """
# %% # Handwritten digits with a small MLP
Baseline for the reading group: one hidden layer, plain SGD.
# %% imports
import random

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F
# %% parameters
seed = 7
epochs = 3
lr = 0.2
batch_size = 100
hidden = 24
# %% seed
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)
print("seeded with", seed)
# %% data
bunch = load_digits()
images = torch.from_numpy(bunch.data).float() / 16
labels = torch.from_numpy(bunch.target).long()
images.shape
# %% split
order = torch.from_numpy(np.random.permutation(len(images)))
n_train = 1300
x_train, t_train = images[order[:n_train]], labels[order[:n_train]]
x_val, t_val = images[order[n_train:]], labels[order[n_train:]]
# %% ## Training
# %% model
net = nn.Sequential(nn.Linear(64, hidden), nn.Tanh(), nn.Linear(hidden, 10))
optimizer = torch.optim.SGD(net.parameters(), lr=lr)
# %% train
history = []
for epoch in range(epochs):
    for rows in torch.randperm(n_train).split(batch_size):
        loss = F.cross_entropy(net(x_train[rows]), t_train[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    history.append(loss.item())
history
# %% evaluate
net.eval()
with torch.no_grad():
    scores = net(x_val)
val_loss = F.cross_entropy(scores, t_val).item()
val_acc = (scores.argmax(1) == t_val).float().mean().item()
# %% result
print(f"val_loss: {val_loss}")
print(f"val_acc: {val_acc}")
"""

SKLEARN = """
# %% # Breast cancer: a linear baseline
# %% imports
import random
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import f1_score, log_loss
from sklearn.model_selection import train_test_split
# %% parameters
seed = 3
alpha = 0.001
test_size = 0.3
# %% data
frame = load_breast_cancer(as_frame=True).frame
target = frame.pop("target")
frame.describe().loc[["mean", "std"]].iloc[:, :3]
# %% split
X_train, X_test, y_train, y_test = train_test_split(frame, target, test_size=test_size, random_state=seed)
# %% scale
center, spread = X_train.mean(), X_train.std()
X_train = (X_train - center) / spread
X_test = (X_test - center) / spread
# %% fit
clf = SGDClassifier(loss="log_loss", alpha=alpha, max_iter=60, tol=None, random_state=seed)
clf.fit(X_train, y_train)
# %% evaluate
proba = clf.predict_proba(X_test)[:, 1]
f1 = f1_score(y_test, proba > 0.5)
nll = log_loss(y_test, proba)
# %% result
{"f1": f1, "nll": nll}
"""

NUMPY = """
# %% # Ridge regression by mini-batch descent, from scratch
# %% imports
import random
import numpy as np
# %% parameters
seed = 11
steps = 400
rate = 0.05
decay = 1e-3
# %% seed
random.seed(seed)
np.random.seed(seed)
# %% data
maker = np.random.RandomState(2024)
n, d = 600, 12
A = maker.normal(size=(n, d))
truth = maker.normal(size=d)
b = A @ truth + 0.3 * maker.normal(size=n)
# %% split
rows = np.random.permutation(n)
A_fit, b_fit = A[rows[:450]], b[rows[:450]]
A_out, b_out = A[rows[450:]], b[rows[450:]]
# %% train
w = np.zeros(d)
trail = []
for step in range(steps):
    pick = np.random.randint(0, len(A_fit), 32)
    residual = A_fit[pick] @ w - b_fit[pick]
    w -= rate * (A_fit[pick].T @ residual / 32 + decay * w)
    if step % 100 == 0:
        trail.append(float(np.mean(residual**2)))
# %% evaluate
mse = float(np.mean((A_out @ w - b_out) ** 2))
gap = float(np.abs(w - truth).max())
# %% result
metrics = dict(mse=mse, gap=gap)
metrics
"""

CSV = """
# %% # Churn model on the weekly export
# %% imports
import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
# %% parameters
folder = "data"
penalty = 0.5
holdout = 200
# %% load
table = pd.read_csv(Path(folder) / "train.csv")
print(len(table), "rows")
# %% features
inputs = table.drop(columns="churned")
inputs = inputs.assign(ratio=inputs["calls"] / (1 + inputs["months"]))
answer = table["churned"]
# %% split
fit_x, fit_y = inputs.iloc[:-holdout], answer.iloc[:-holdout]
out_x, out_y = inputs.iloc[-holdout:], answer.iloc[-holdout:]
# %% fit
model = LogisticRegression(C=penalty, max_iter=500)
model.fit(fit_x, fit_y)
# %% result
auc = roc_auc_score(out_y, model.predict_proba(out_x)[:, 1])
auc
"""

CSV_SETUP = """
import os
import numpy as np, pandas as pd
os.makedirs("data", exist_ok=True)
g = np.random.default_rng(17)
n = 800
t = pd.DataFrame({"months": g.integers(1, 60, n), "calls": g.poisson(4, n), "spend": g.gamma(2.0, 20.0, n).round(2)})
t["churned"] = (t["calls"] * 0.4 - t["months"] * 0.05 + g.normal(0, 1.5, n) > 0).astype(int)
t.to_csv("data/train.csv", index=False)
"""

SHARDS = """
# %% # Sensor drift classifier, trained on daily shards
# %% imports
import glob
import json
import os

import numpy as np
from sklearn.linear_model import Perceptron
# %% parameters
source = "daily"
passes = 5
# %% files
paths = sorted(glob.glob(os.path.join(source, "*.npy")))
print(len(paths), "shards")
# %% load
blocks = [np.load(path) for path in paths]
table = np.vstack(blocks)
table.shape
# %% split
cut = int(0.8 * len(table))
past, future = table[:cut], table[cut:]
# %% fit
clf = Perceptron(max_iter=passes, tol=None, shuffle=False)
clf.fit(past[:, :-1], past[:, -1].astype(int))
# %% result
accuracy = clf.score(future[:, :-1], future[:, -1].astype(int))
print("accuracy:", accuracy)
print("bias:", float(clf.intercept_[0]))
"""

SHARDS_SETUP = """
import os
import numpy as np
os.makedirs("daily", exist_ok=True)
g = np.random.default_rng(5)
for k in range(9):
    x = g.normal(size=(80, 6))
    y = (x @ [1, -1, 0.5, 0, 0.2, -0.3] + 0.8 * g.normal(size=80) > 0).astype(float)
    path = f"daily/day-{k:02d}.npy"
    np.save(path, np.column_stack([x, y]))
    os.utime(path, (1_700_000_000 + 60 * k, 1_700_000_000 + 60 * k))
"""

TEXT = """
# %% # Ticket routing with a bag of words
# %% imports
import random
from collections import Counter

import numpy as np
from sklearn.linear_model import LogisticRegression
# %% parameters
seed = 5
strength = 2.0
per_class = 60
# %% corpus
queues = {
    "billing": "invoice refund card charge price tax coupon total".split(),
    "network": "router signal outage cable speed modem latency packet".split(),
    "account": "login password email profile reset token session name".split(),
}
filler = "please help the my is with again today still since cannot very".split()
writer = random.Random(99)
tickets, queue = [], []
for number, (label, words) in enumerate(queues.items()):
    for _ in range(per_class):
        noise = writer.choices(filler, k=6) + writer.choices(sum(queues.values(), []), k=3)
        tickets.append(writer.choices(words, k=3) + noise)
        queue.append(number)
# %% vocabulary
counts = Counter(word for ticket in tickets for word in ticket)
index = {word: position for position, word in enumerate(sorted(counts))}
len(index)
# %% encode
bags = np.zeros((len(tickets), len(index)))
for row, ticket in enumerate(tickets):
    for word in ticket:
        bags[row, index[word]] += 1
queue = np.array(queue)
# %% split
shuffled = np.random.RandomState(seed).permutation(len(bags))
fit, held = shuffled[:130], shuffled[130:]
# %% fit
router = LogisticRegression(C=strength, max_iter=300)
router.fit(bags[fit], queue[fit])
# %% result
hit_rate = router.score(bags[held], queue[held])
confidence = router.predict_proba(bags[held]).max(axis=1).mean()
print(f"hit_rate = {hit_rate}")
print(f"confidence = {confidence}")
"""

LOADER = """
# %% # Tabular network with a DataLoader
# %% imports
import random

import numpy as np
import torch
from sklearn.datasets import load_wine
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
# %% parameters
seed = 21
epochs = 6
lr = 0.03
workers = 0
# %% seed
torch.manual_seed(seed)
np.random.seed(seed)
random.seed(seed)
# %% data
wine = load_wine()
raw = torch.tensor(wine.data, dtype=torch.float32)
inputs = (raw - raw.mean(0)) / raw.std(0)
kinds = torch.tensor(wine.target)
mixed = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(1))
fit, held = mixed[:130], mixed[130:]
# %% loader
dataset = TensorDataset(inputs[fit], kinds[fit])
loader = DataLoader(dataset, batch_size=26, shuffle=True, num_workers=workers)
# %% model
net = nn.Sequential(nn.Linear(13, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=lr)
criterion = nn.CrossEntropyLoss()
# %% train
losses = []
for epoch in range(epochs):
    total = 0.0
    for batch, answer in loader:
        optimizer.zero_grad()
        loss = criterion(net(batch), answer)
        loss.backward()
        optimizer.step()
        total += loss.item()
    losses.append(total / len(loader))
losses[-1]
# %% evaluate
with torch.no_grad():
    guess = net(inputs[held])
held_loss = criterion(guess, kinds[held]).item()
held_accuracy = (guess.argmax(1) == kinds[held]).float().mean().item()
# %% result
{"held_loss": held_loss, "held_accuracy": held_accuracy}
"""
