from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.promote import Plan

Promote = Callable[..., tuple[Plan, str]]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
PARAMETERS = (
    "lr = 0.1\nflag = False\nsizes = [64, 32]\npair = (1, 'a')\noptions = {'a': {'b': 1}}\nname = None\nword = 'x'"
)
LOG = "rb.log(lr=lr, n=len(sizes), pair=pair + (2,) == (3, 'b', 2), deep=options['a']['b'], word=len(word), flag=flag)"


@pytest.fixture
def script(promote: Promote) -> str:
    return promote("import reprobook as rb", (PARAMETERS, "parameters"), f"print(name)\n{LOG}")[1]


def test_every_kind_of_value_is_read_from_the_command_line(script: str, run_script: Run, tmp_path: Path) -> None:
    options = ["--lr", "1e-3", "--flag", "true", "--sizes", "[1, 2, 3]", "--pair", "(3, 'b')", "--word", "[no list]"]
    done = run_script(script, *options, "--options", "{'a': {'b': 7}}", "--name", "adam")
    assert (done.returncode, done.stdout) == (0, "adam\n")
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["metrics"] == {"lr": 1e-3, "n": 3, "pair": 1, "deep": 7, "word": 9, "flag": 1}


def test_every_kind_of_value_is_read_from_a_file(script: str, run_script: Run, tmp_path: Path) -> None:
    config = "lr: 1.0e-3\nsizes: [1, 2, 3]\npair: [3, b]\noptions: {a: {b: 7}}\nname: adam\nword: two words\n"
    (tmp_path / "c.yaml").write_text(config)
    done = run_script(script, "--config", "c.yaml", "--sizes", "[]")
    assert (done.returncode, done.stdout) == (0, "adam\n")
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["metrics"] == {"lr": 1e-3, "n": 0, "pair": 1, "deep": 7, "word": 9, "flag": 0}


def test_metrics_that_are_integers_stay_integers(script: str, run_script: Run, tmp_path: Path) -> None:
    assert run_script(script).returncode == 0
    assert '"n": 2,' in (tmp_path / "out" / "result.json").read_text()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "argument --config: c.yaml: [Errno 2] No such file or directory"),
        ("lr: [1\n", "c.yaml: while parsing a flow sequence"),
        (b"\xff\xfe\xff", "c.yaml: 'utf-8' codec can't decode"),
        ("just text\n", "c.yaml: it must map parameters to values"),
        ("lrr: 1\n2: 3\n", "c.yaml: unknown parameter lrr"),
        ("lr: fast\n", "c.yaml: lr: could not convert string to float: 'fast'"),
        ("sizes: 5\n", "c.yaml: sizes: '5' is no list"),
        ("pair: {a: 1}\n", "c.yaml: pair: \"{'a': 1}\" is no tuple"),
        ("options: 'a: 1'\n", "c.yaml: options: 'a: 1' is no dict"),
        ("flag: 2\n", "c.yaml: flag: '2' is neither true nor false"),
    ],
)
def test_a_wrong_configuration_file_is_one_clear_line(
    script: str, run_script: Run, tmp_path: Path, config: str | bytes | None, message: str
) -> None:
    if config is not None:
        (tmp_path / "c.yaml").write_bytes(config if isinstance(config, bytes) else config.encode())
    done = run_script(script, "--config", "c.yaml")
    *usage, last = done.stderr.rstrip().splitlines()
    assert done.returncode == 2
    assert last.startswith("train.py: error: ")
    assert message in last
    assert "Traceback" not in "".join(usage)


def test_the_script_of_every_kind_of_value_is_clean(
    script: str, ruff_says: Callable[[str], str], mypy_says: Callable[[str], str]
) -> None:
    assert ruff_says(script) == ""
    assert mypy_says(script) == ""


def test_a_field_that_needs_more_than_a_line_keeps_its_value_beside_it(
    promote: Promote, ruff_says: Callable[[str], str]
) -> None:
    cell = "share = 0.2  # share of the hidden units that are left out in each step of the training"
    _, text = promote("import reprobook as rb", (cell, "parameters"), "rb.log(x=share)")
    assert "    share: Annotated[\n        float,\n" in text
    assert "\n    ] = 0.2\n" in text
    assert ruff_says(text) == ""


def test_lite_values_win_over_the_file_and_lose_to_options(
    promote: Promote, run_script: Run, ruff_says: Callable[[str], str], tmp_path: Path
) -> None:
    parameters = "from reprobook import Choice, Int\nepochs: Int(1, 50, lite=2) = 9  # 10% less\n"
    parameters += "kind: Choice('a%', 'b', lite='a%') = 'b'"
    _, text = promote("import reprobook as rb", (parameters, "parameters"), "rb.log(n=epochs, long=len(kind))")
    assert ruff_says(text) == ""
    (tmp_path / "c.yaml").write_text("epochs: 7\n")
    found = []
    for options in ([], ["--config", "c.yaml"], ["--config", "c.yaml", "--lite"], ["--lite", "--epochs", "3"]):
        assert run_script(text, *options).returncode == 0
        found.append(json.loads((tmp_path / "out" / "result.json").read_text())["metrics"])
    assert found == [{"n": 9, "long": 1}, {"n": 7, "long": 1}, {"n": 2, "long": 2}, {"n": 3, "long": 2}]
    assert 'a quick look: epochs=2, kind="a%"' in " ".join(run_script(text, "--help").stdout.split())


def test_a_parameter_called_lite_is_only_that(promote: Promote, run_script: Run) -> None:
    parameters = "from reprobook import Int\nepochs: Int(1, 50, lite=2) = 9\nlite = 3"
    planned, text = promote("import reprobook as rb", (parameters, "parameters"), "rb.log(n=epochs, m=lite)")
    assert planned.lite == {}
    assert run_script(text, "--lite", "4").returncode == 0


def test_the_device_of_the_run_is_a_parameter_where_the_notebook_asks_for_it(
    promote: Promote, run_script: Run, tmp_path: Path
) -> None:
    cells = ("import reprobook as rb", "where = rb.device()", "rb.log(n=len(where))")
    planned, text = promote(*cells, device="cpu")
    assert planned.device == "device"
    assert "device=config.device" in text
    metrics = []
    for options in ([], ["--device", "cuda"]):
        assert run_script(text, *options).returncode == 0
        metrics.append(json.loads((tmp_path / "out" / "result.json").read_text())["metrics"]["n"])
    assert metrics == [3, 4]
    assert run_script(text, "--device", "tpu").returncode == 2
    assert promote("import reprobook as rb", "rb.log(n=1)")[0].device is None


TRAINING = """\
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.ones(8, 4)
for step in range(3):
    loss = (model(x / 3) ** 2).mean()
    loss.backward()
    optimizer.step()
rb.log(loss=loss.item())
"""
DEVICE = "device = 'cuda' if torch.cuda.is_available() else 'cpu'\n"


@pytest.mark.parametrize(
    ("before", "offered"),
    [
        (DEVICE, True),
        ("", False),
        (f"{DEVICE}precision = 1\nprint(precision)\n", False),
        (f"{DEVICE}model_type = torch.float64\ntorch.zeros(1, dtype=model_type)\n", False),
    ],
)
def test_the_arithmetic_is_an_option_where_the_notebook_leaves_it_open(
    promote: Callable[..., tuple[Plan, str]], before: str, *, offered: bool
) -> None:
    cell = (before + TRAINING, "keep")
    planned, text = promote("import torch\nfrom torch import nn\nimport reprobook as rb", cell)
    assert (planned.precision is not None) == offered
    assert ("precision=config.precision" in text) == offered


def test_the_script_trains_in_the_arithmetic_it_is_asked_for(
    promote: Callable[..., tuple[Plan, str]],
    run_script: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    _, text = promote("import torch\nfrom torch import nn\nimport reprobook as rb", (DEVICE + TRAINING, "keep"), seed=1)
    found = []
    for words in ([], ["--precision", "bf16-mixed"], ["--precision", "bf16-mixed"]):
        done = run_script(text, *words, "--out", "o")
        assert done.returncode == 0, done.stderr
        found.append(json.loads((tmp_path / "o" / "result.json").read_text())["metrics"]["loss"])
    assert found[0] != found[1] == found[2]
    assert run_script(text, "--precision", "16-mixed").returncode == 2
