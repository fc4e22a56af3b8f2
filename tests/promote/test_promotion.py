from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.capture import LOCK_NAME, read_hardware
from reprobook.errors import InputError, IntegrityError, NotPromotableError
from reprobook.execute import RunOptions, read_trace, run_notebook
from reprobook.promote import Promotion, promote_notebook
from reprobook.runs import Store
from reprobook.verify import verify_job

Promoted = Callable[..., Promotion]
Write = Callable[..., Path]


def test_a_notebook_that_logs_nothing_is_proved_by_what_it_shows(promoted: Promoted) -> None:
    made = promoted(
        "import numpy as np\nx = np.arange(4)", "x.shape", "print('total:', x.sum())", "mean = x.mean()\nmean"
    )
    assert (made.equivalent, made.checked["metrics"]) == (True, 2)
    assert 1 in [dropped.cell for dropped in made.dropped]


def test_a_value_that_nobody_reads_before_it_is_set_anew_is_no_difference(promoted: Promoted) -> None:
    made = promoted(
        *("md:# T", "md:## Functions", "x = 2\ny = x + 1", "x = 3\nx\na = [y]"),
        *("md:## Roots", "x = [5]\nb = x * 2"),
    )
    assert (made.equivalent, made.checked["metrics"]) == (True, 0)
    assert "x = 3" not in Path(made.script).read_text()


def test_a_dropped_plot_that_draws_random_numbers_does_not_break_the_proof(promoted: Promoted) -> None:
    made = promoted(
        "import random\nimport reprobook as rb\nrandom.seed(3)",
        "noise = [random.random() for _ in range(3)]",
        "rb.log(score=random.random())",
    )
    assert made.equivalent is True


def test_an_unseeded_notebook_is_not_equivalent_and_names_the_metric(promoted: Promoted) -> None:
    made = promoted("import random\nimport reprobook as rb\nscore = random.random()\nrb.log(score=score)")
    assert made.equivalent is False
    assert made.first is not None
    assert (made.first["cell"], made.first["names"]) == (0, ["score"])


def test_a_checkpoint_that_the_notebook_left_behind_is_not_found_by_the_script(promoted: Promoted) -> None:
    made = promoted(
        "import os\nimport reprobook as rb\nstart = int(open('ckpt.txt').read()) if os.path.exists('ckpt.txt') else 0",
        "with open('ckpt.txt', 'w') as file:\n    file.write('5')\nrb.log(start=start)",
    )
    assert made.equivalent is True


def test_a_notebook_that_computes_nothing_is_refused(promoted: Promoted) -> None:
    with pytest.raises(NotPromotableError, match="computes nothing") as caught:
        promoted("import math\nx = [1, 2]", "# nothing yet")
    assert "rb.log" in caught.value.hint


def test_a_notebook_that_only_runs_shell_lines_that_fail_is_refused(promoted: Promoted) -> None:
    with pytest.raises(NotPromotableError, match="shell lines that failed"):
        promoted("# YOUR CODE HERE", "!python no_such_script.py")


def test_a_definition_that_may_not_leave_its_section_is_kept_though_nothing_else_is_in_it(promoted: Promoted) -> None:
    made = promoted(
        *("md:# Introduction", "def f(x):\n    return x * x"),
        *("md:# Differences", "def slope(x):\n    return f(x + 1) - f(x)", "slope(3)"),
        *("md:# Graph", "class Sum:\n    value = 4", "f = Sum()\nf.value"),
    )
    assert made.equivalent is True
    assert "def define_f(" in Path(made.script).read_text()


def test_without_a_result_nothing_is_called_equivalent(promoted: Promoted) -> None:
    made = promoted("import os\nos.makedirs('made', exist_ok=True)")
    assert made.equivalent is False
    assert "rb.log" in made.first["evidence"]  # type: ignore[index]  # it is there, or the test fails


def test_a_notebook_without_results_is_proved_by_its_variables(promoted: Promoted) -> None:
    made = promoted(
        "import numpy as np\nimport time\nstart = time.time()",
        "x = np.linspace(0, 1, 5)\nclass Net:\n    def __init__(self): self.x = x\nnet = Net()",
        "taken = time.time() - start\nsquares = {n: n**2 for n in x.tolist()}",
        "def total(): return np.sum(x)\ntools = [total]",
    )
    assert made.equivalent is True
    assert made.checked == {"metrics": 0, "artifacts": 0, "names": 3}  # x, net and squares: no timings, no code


def test_a_notebook_that_only_prints_is_proved_by_its_text(promoted: Promoted) -> None:
    made = promoted(
        "def truth(x):\n    print('tries', x)\n    return x", "truth(True)", "print(object())\ntruth(False)"
    )
    assert (made.equivalent, made.checked["lines"]) == (True, 3)


def test_a_text_that_differs_is_said_to(promoted: Promoted) -> None:
    made = promoted("import random", "print(random.random())")
    assert made.equivalent is False
    assert made.first is not None
    assert "prints another text" in made.first["evidence"]


def test_a_variable_that_differs_is_named(promoted: Promoted) -> None:
    made = promoted("import random\nx = [1]", "x = x + [random.random()]")
    assert made.equivalent is False
    assert made.first is not None
    assert (made.first["cell"], made.first["names"]) == (1, ["x"])


def test_modules_beside_the_notebook_go_with_the_script(promoted: Promoted, tmp_path: Path) -> None:
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "__init__.py").write_text("from sides import SIDES\n")
    (tmp_path / "sides.py").write_text("SIDES = 4\n")
    made = promoted("from shapes import SIDES", "count = SIDES + 1\ncount")
    job = tmp_path / "job"
    assert made.equivalent is True
    assert (job / "shapes" / "__init__.py").read_text() == "from sides import SIDES\n"
    assert '["shapes", "./shapes"]' in (job / "Dockerfile").read_text()
    assert "shapes" not in (job / "requirements.txt").read_text()


def test_a_module_with_the_name_of_the_script_is_refused(promoted: Promoted, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("RATE = 0.5\n")
    with pytest.raises(NotPromotableError, match=r"train\.py"):
        promoted("from train import RATE", "rate = RATE * 2\nrate")


def test_a_seed_in_a_cell_of_imports_is_brought_back_where_a_library_draws_unseen(
    promoted: Promoted, tmp_path: Path
) -> None:
    (tmp_path / "law.py").write_text("import random\n\ndef rows():\n    return [random.random()]\n")
    made = promoted("import random\nimport law\nrandom.seed(3)", "total = sum(law.rows())\ntotal")
    assert made.equivalent is True


def test_requirements_pin_what_the_script_imports(promoted: Promoted, tmp_path: Path) -> None:
    promoted("import torch", ("size = 2", "parameters"), "total = torch.zeros(size).sum().item()\ntotal")
    lines = (tmp_path / "job" / "requirements.txt").read_text().splitlines()
    assert {line.partition("==")[0] for line in lines} >= {"torch", "PyYAML", "reprobook"}
    assert all("==" in line and "+" not in line for line in lines if not line.startswith(("#", "--")))


def test_requirements_hold_what_saves_the_artifacts(promoted: Promoted, tmp_path: Path) -> None:
    cells = ("import torch\nimport reprobook as rb", "net = torch.nn.BatchNorm1d(1)", "rb.log(n=1)")
    job = tmp_path / "job"
    promoted(*cells, "rb.save('net', net)")
    assert any(line.startswith("safetensors==") for line in (job / "requirements.txt").read_text().splitlines())
    assert any(line.startswith("safetensors==") for line in (job / "constraints.txt").read_text().splitlines())
    assert "safetensors" in {each["name"] for each in tomllib.loads((job / LOCK_NAME).read_text())["packages"]}
    said = (job / "README.md").read_text()
    assert ", bit by bit: 1 value of 1 metric and 1 artifact (last: `n` 1)." in said
    assert "`out/artifacts/net.safetensors`: load it with `safetensors.torch.load_file`" in said
    promoted(*cells, "rb.save('count', {'n': sum(p.numel() for p in net.parameters())})")
    assert "safetensors" not in (job / "requirements.txt").read_text()


def test_no_verify_proves_nothing(promoted: Promoted) -> None:
    assert promoted("acc = 0.5\nacc", verify=False).equivalent is None


def test_what_has_no_translation_is_refused_with_its_cell(promoted: Promoted, tmp_path: Path) -> None:
    with pytest.raises(NotPromotableError, match=r"\[1\]"):
        promoted("x = 1", "%%perl\nprint 2", "y = 2\ny")
    assert not (tmp_path / "job").exists()


def test_a_failed_run_is_refused_with_its_cell(promoted: Promoted) -> None:
    with pytest.raises(InputError, match=r"\[1\].*ZeroDivisionError"):
        promoted("x = 1", "x / 0")


def test_cells_are_kept_on_request_by_number_and_by_id(
    promoted: Promoted, ruff_says: Callable[[str], str], tmp_path: Path
) -> None:
    cells = (
        "x = [1]",
        ("tagged = x * 2", "keep"),
        "by_number = x * 3",
        "by_id = x * 4",
        "spare = x * 5",
        "n = len(x)\nn",
    )
    made = promoted(*cells, keep=("2", "cell-3"))
    assert (made.equivalent, made.kept, made.asked) == (True, [0, 1, 2, 3, 5], [1, 2, 3])
    text = (tmp_path / "job" / "train.py").read_text()
    assert "by_number = config.x * 3  # noqa: F841" in text
    assert ruff_says(text) == ""
    assert "--keep 2 --keep cell-3" in text


def test_a_cell_that_is_not_there_cannot_be_kept(promoted: Promoted) -> None:
    with pytest.raises(InputError, match=r"nb\.ipynb has no code cell '7'") as caught:
        promoted("acc = [1]\nlen(acc)", keep=("7",))
    assert "0 to 0" in caught.value.hint


def test_a_skipped_cell_that_moved_a_generator_stays_out_and_the_proof_tells(promoted: Promoted) -> None:
    made = promoted(
        "import random\nrandom.seed(1)\nx = []", ("noise = random.random()", "skip"), "y = random.random()\ny"
    )
    assert (made.equivalent, [each.cell for each in made.dropped]) == (False, [1])


def test_a_tampered_run_is_refused(promoted: Promoted, write_notebook: Write, store: Store) -> None:
    run = run_notebook(write_notebook("acc = 0.5\nacc"), store, RunOptions())
    run.source.write_bytes(run.source.read_bytes().replace(b"0.5", b"0.6"))
    with pytest.raises(IntegrityError, match=r"source\.ipynb"):
        promoted(run)


def test_the_values_of_a_run_are_the_defaults_of_its_script(
    promoted: Promoted, write_notebook: Write, store: Store, tmp_path: Path
) -> None:
    run = run_notebook(write_notebook("lr = 0.1", "lr * 2"), store, RunOptions(values={"lr": 0.25}))
    assert promoted(run).equivalent is True
    assert "0.25" in (tmp_path / "job" / "config.yaml").read_text()


def test_the_job_names_the_data_that_its_script_reads(promoted: Promoted, tmp_path: Path) -> None:
    (tmp_path / "numbers.txt").write_text("1 2 3")
    (tmp_path / "notes.txt").write_text("nothing of it is used")
    made = promoted(
        "open('notes.txt').read()",
        "numbers = open('numbers.txt').read().split()\nopen('copy.txt', 'w').write(numbers[0])",
        "total = int(open('copy.txt').read()) + len(numbers)\ntotal",
        f"open({str(Path(__file__))!r}).read(10)\nn = len(numbers)\nn",
    )
    assert made.equivalent is True
    job = tmp_path / "job"
    assert [line.split("`")[1] for line in (job / "README.md").read_text().splitlines() if ".txt` |" in line] == [
        "numbers.txt"
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    at_home = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False, env=at_home)
    assert (done.returncode, "6 skipped" in done.stdout) == (0, True), done.stdout
    done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False, env={**at_home, "CI": "true"})
    assert (done.returncode, "skipped" in done.stdout) == (1, False), done.stdout
    (job / "numbers.txt").write_text("1 2 3")
    done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False)
    assert (done.returncode, "7 passed" in done.stdout) == (0, True), done.stdout


def test_one_name_logged_in_two_cells_has_two_rows_in_the_card(promoted: Promoted, tmp_path: Path) -> None:
    promoted("import reprobook as rb", "rb.log(loss=3)\nrb.log(loss=2)", "rb.log(loss=1.5)")
    text = (tmp_path / "job" / "MODEL_CARD.md").read_text()
    assert "| loss | 2 | `run_experiment`, code cell 1, the last of 2 |" in text
    assert "| loss | 1.5 | `run_experiment`, code cell 2 |" in text


def _names_logged(job: Path, out: Path) -> list[str]:
    """Run a job and its own test; return the names in its files, which must agree."""
    command = [sys.executable, str(job / "train.py"), "--out", str(out)]
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 0
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(job / "tests")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "skipped" in done.stdout) == (0, False), done.stdout
    lines = (out / "metrics.jsonl").read_text().splitlines()
    names = list(dict.fromkeys(json.loads(line)["name"] for line in lines))
    proof = json.loads((job / "proof.json").read_text())
    assert list(proof["metrics"]) == list(json.loads((out / "result.json").read_text())["metrics"]) == names
    assert [each["label"] for each in proof["logged"]] == names
    assert all(f"`{name}`" in (job / "README.md").read_text() for name in names)
    assert all(f"name: {name}\n" in (job / "MODEL_CARD.md").read_text() for name in names)
    return names


def test_values_of_one_name_are_told_apart_in_every_file_of_the_job(
    promoted: Promoted, store: Store, tmp_path: Path
) -> None:
    made = promoted("train = [3, 1]\ntest = [2]", "loss = sum(train)\nloss", "loss = sum(test) / 2\nloss")
    assert made.equivalent is True
    assert _names_logged(tmp_path / "job", tmp_path / "out") == ["loss_train", "loss_test"]
    assert verify_job(tmp_path / "job").verdict == "reproduced"
    (run,) = store.records()
    digests = [json.loads((tmp_path / at).read_text())["result_digest"] for at in ("out/result.json", "job/proof.json")]
    assert digests == [run.result_digest] * 2
    said = "The notebook shows several values under one name: `loss_train` and `loss_test` are all called `loss` there."
    assert said in (tmp_path / "job" / "README.md").read_text()


def test_what_is_computed_and_displayed_after_training_is_printed(promoted: Promoted) -> None:
    made = promoted(
        "import pandas as pd\nimport reprobook as rb",
        "data = pd.DataFrame({'x': [1, 2]})\ndata.rename(columns={'x': 'z'})",
        "class Model:\n    def fit(self, x):\n        self.w = sum(x)\n        return self",
        "model = Model().fit([1, 2])\nrb.log(w=model.w)",
        "table = pd.DataFrame({'w': [model.w]})\ntable.rename(columns={'w': 'weight'})  # of all",
        "model.fit([3])",
        "model.__repr__()",
    )
    text = Path(made.script).read_text()
    assert made.equivalent is True
    assert 'print(table.rename(columns={"w": "weight"}))  # of all' in text
    assert '"z"' not in text
    assert "__repr__" not in text


def test_what_was_logged_before_the_training_is_no_result_of_the_model(promoted: Promoted, tmp_path: Path) -> None:
    made = promoted(
        *("md:# T", "md:## Load the data", "import reprobook as rb\ndata = [3, 1]\nfirst = sum(data)"),
        "rb.log(baseline_loss=first)",
        *("md:## Train the model", "class Model:\n    def fit(self, x):\n        self.w = sum(x)\n        return self"),
        "model = Model().fit(data)\nrb.log(loss=model.w / 2)",
    )
    assert made.equivalent is True
    card = (tmp_path / "job" / "MODEL_CARD.md").read_text()
    assert card.count("baseline_loss") == 0
    assert card.index("Logged too") < card.index(r"baseline\_loss")
    assert "(last: `loss` 2, 1 more)" in (tmp_path / "job" / "README.md").read_text()


def test_where_all_was_logged_before_the_training_all_is_told(promoted: Promoted, tmp_path: Path) -> None:
    promoted(
        *("md:# T", "md:## Load the data", "import reprobook as rb\ndata = [3, 1]\nrb.log(total=sum(data))"),
        *("md:## Train the model", "class Model:\n    def fit(self, x):\n        self.w = sum(x)\n        return self"),
        "model = Model().fit(data)\nprint(f'w {model.w:.1f}')",
    )
    assert "(last: `total` 4)" in (tmp_path / "job" / "README.md").read_text()


def test_results_in_the_notebooks_file_that_are_of_another_run_are_named(
    write_notebook: Write, store: Store, tmp_path: Path
) -> None:
    path = write_notebook("n = 2\nprint('loss: 0.5')", "n * 2", "n + 1", "n + 5")
    content = json.loads(path.read_text())
    for cell, shown in zip(content["cells"], ("loss: 0.7", "4", "5", ""), strict=True):
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [f"<Figure>\n{shown}"]}] if shown else []
    path.write_text(json.dumps(content))
    promote_notebook(path, store, out=tmp_path / "job")
    text = (tmp_path / "job" / "README.md").read_text()
    shown = (
        "code cell 0 shows `loss: 0.7` there, `loss: 0.5` in this one; code cell 2 shows `5` there, `3` in this one."
    )
    assert f"The outputs stored in the notebook's file are of another run, or of other code: {shown}" in text
    path = write_notebook("loss = 0.5\nloss", name="other.ipynb")
    promote_notebook(path, store, out=tmp_path / "other")
    assert "of another run" not in (tmp_path / "other" / "README.md").read_text()


def test_a_job_whose_data_changed_says_so(promoted: Promoted, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("3")
    promoted("import reprobook as rb\nn = int(open('data.txt').read())\nrb.log(n=n)")
    job = tmp_path / "job"
    digest = hashlib.sha256(b"3").hexdigest()
    assert json.loads((job / "proof.json").read_text())["data"] == {"data.txt": digest}
    test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", "-k", "data"]
    for content, code in (("3", 0), ("4", 1)):
        (job / "data.txt").write_text(content)
        assert subprocess.run(test, cwd=job, capture_output=True, check=False).returncode == code


def test_what_two_sections_print_under_one_name_is_told_apart_in_every_file_of_the_job(
    promoted: Promoted, tmp_path: Path
) -> None:
    made = promoted(
        *("md:# T", "md:## Train a model", "data = [3, 1]\nfor d in data:\n    print('loss:', d / 2)"),
        *("md:## Evaluate the model", "print('loss:', sum(data))\nprint('acc: 1')"),
        *("md:## Reload the model", "print('loss:', len(data))\nprint('acc: 2', end='')"),
    )
    assert made.equivalent is True
    found = _names_logged(tmp_path / "job", tmp_path / "out")
    assert found == ["loss", "loss (evaluate_model)", "acc", "loss (reload_model)", "acc (reload_model)"]


def test_a_shell_line_that_failed_is_flagged(write_notebook: Write, store: Store, tmp_path: Path) -> None:
    path = write_notebook("!true", "!exit 3", "!touch made.txt\nn = 1\nn", "m = 2")
    notes: list[str] = []
    run = run_notebook(
        path, store, RunOptions(), lambda event: notes.append(event.text) if event.kind == "note" else None
    )
    assert notes == ["cell 1: a shell line failed (exit code 3), and the notebook went on"]
    assert [cell.exit_code for cell in read_trace(run).cells] == [0, 3, 0, None]
    made = promote_notebook(run, store, out=tmp_path / "job")
    assert (made.equivalent, made.failed_commands) == (True, {1: 3})
    assert "code cell 1, `!exit 3` (exit code 3)" in (tmp_path / "job" / "README.md").read_text()


def test_a_size_is_no_result_where_there_is_another(promoted: Promoted, tmp_path: Path) -> None:
    made = promoted("words = ['a', 'b']", "len(words)", "loss = 0.5 * len(words)\nloss")
    assert (made.equivalent, made.checked["metrics"]) == (True, 1)
    assert [(each.cell, each.reason) for each in made.dropped] == [(1, "only shows `len(words)`")]
    text = (tmp_path / "job" / "train.py").read_text()
    assert "print(loss)\n        rb.log(loss=loss)" in text.replace("\n    rb", "\n        rb")


def test_the_test_of_a_job_holds_it_against_the_proof(promoted: Promoted, tmp_path: Path) -> None:
    made = promoted("import numpy as np", "x = np.arange(4.0)", "mean = x.mean()\nmean")
    job = tmp_path / "job"
    assert made.equivalent is True
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False)
    assert "4 passed" in done.stdout, done.stdout
    (job / "train.py").write_text((job / "train.py").read_text().replace("x.mean()", "x.max()"))
    done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False)
    assert "2 failed, 2 passed" in done.stdout, done.stdout
    assert "result_digest" in done.stdout
    proof = json.loads((job / "proof.json").read_text())
    assert proof["platform"]["instruction_sets"] == list(read_hardware({}).instruction_sets)
    (job / "proof.json").write_text(json.dumps(proof | {"platform": proof["platform"] | {"machine": "pdp11"}}))
    done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False)
    assert "1 failed, 2 passed, 1 skipped" in done.stdout, done.stdout
    (job / "train.py").write_text((job / "train.py").read_text().replace("x.max()", "(x.mean() + 0.001)"))
    done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False)
    assert "3 passed, 1 skipped" in done.stdout, done.stdout


def test_the_lock_of_a_job_holds_what_the_script_needs(promoted: Promoted, tmp_path: Path) -> None:
    promoted("import numpy as np", "x = np.arange(4.0)", "mean = x.mean()\nmean")
    lock = tomllib.loads((tmp_path / "job" / "pylock.reprobook.toml").read_text())
    names = {each["name"] for each in lock["packages"]}
    assert {"numpy", "reprobook", "click"} <= names
    assert not {"torch", "pandas", "pytest"} & names
    constraints = (tmp_path / "job" / "constraints.txt").read_text().splitlines()
    assert {line.partition("==")[0] for line in constraints} == names - {"reprobook"}


def test_a_figure_costs_no_proof(promoted: Promoted, tmp_path: Path) -> None:
    """What draws only in a notebook's own backend is left out again."""
    cells = (
        "import matplotlib.pyplot as plt\nfrom sklearn.linear_model import LinearRegression\nimport reprobook as rb",
    )
    cells += ("model = LinearRegression().fit([[0], [1]], [1, 2])\nrb.log(slope=model.coef_[0])",)
    drawn = promoted(*cells, "plt.plot(model.predict([[0], [1], [2]]))")
    assert (drawn.equivalent, drawn.kept) == (True, [0, 1, 2])
    picky = "plt.plot(model.predict([[0], [1]]))\nassert 'inline' in plt.get_backend()"
    other = promoted(*cells, picky, force=True)
    assert (other.equivalent, other.kept) == (True, [0, 1])
    assert "matplotlib" not in (tmp_path / "job" / "train.py").read_text()


NET = """\
import torch
import reprobook as rb
from torch import nn

class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.layer = nn.Linear(2, hidden)

    def forward(self, x):
        return self.layer(x)
"""


SEEDED = "torch.manual_seed(1)\nmodel = Net(hidden)"


def test_the_readme_loads_a_saved_model_into_its_class(promoted: Promoted, tmp_path: Path) -> None:
    made = promoted("import reprobook as rb", ("hidden = 3", "parameters"), NET, SEEDED, "rb.save('net', model)")
    assert made.equivalent is True
    job = tmp_path / "job"
    (code,) = re.findall(r"```python\n(.*?)```", (job / "README.md").read_text(), re.DOTALL)
    run = [sys.executable, "train.py", "--out", "out"]
    check = f"{code}\nimport torch\nprint(tuple(model(torch.ones(1, 2)).shape), model.training)"
    for command in (run, [sys.executable, "-c", check]):
        done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert done.stdout == "(1, 3) False\n"


def test_a_model_that_takes_more_than_the_parameters_is_loaded_by_hand(promoted: Promoted, tmp_path: Path) -> None:
    cells = ("sizes = [len('abc')]\nmodel = Net(*sizes)", "rb.save('net', model)\nrb.log(size=sizes[0])")
    promoted(NET, *cells, verify=False)
    said = (tmp_path / "job" / "README.md").read_text()
    assert "```python" not in said
    assert "`safetensors.torch.load_file`" in said


TWICE = ("import random\nimport reprobook as rb\nrandom.seed(1)", "rb.log(loss=2.0, step=0)\nrb.log(loss=1.5, step=1)")


def test_a_name_that_two_cells_log_is_proved_twice(promoted: Promoted, tmp_path: Path) -> None:
    made = promoted(*TWICE, "rb.log(loss=0.5)\nrb.log(n=3)")
    assert made.equivalent is True
    job = tmp_path / "job"
    proof = json.loads((job / "proof.json").read_bytes())
    assert [(each["label"], each["index"], each["value"]) for each in proof["logged"]] == [
        ("loss (run_experiment, code cell 1)", 1, 1.5),
        ("loss (run_experiment, code cell 2)", 2, 0.5),
        ("n", 0, 3),
    ]
    test = (job / "tests" / "test_train.py").read_text()
    script = (job / "train.py").read_text()
    for old, code in (("loss=1.5", 0), ("loss=1.5", 1)):
        (job / "train.py").write_text(script if code == 0 else script.replace(old, "loss=1.9"))
        (job / "tests" / "test_train.py").write_text(test)
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", "-k", "a_metric_is"]
        done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout
    assert "1 failed, 2 passed" in done.stdout


def test_the_first_value_that_differs_is_named_not_the_last(promoted: Promoted) -> None:
    made = promoted(
        "import random\nimport reprobook as rb", "rb.log(loss=1)\nrb.log(loss=random.random())\nrb.log(loss=1)"
    )
    assert made.first is not None
    assert (made.first["cell"], made.first["names"]) == (1, ["loss"])
    assert made.first["evidence"].endswith("in the script (value 2 of 3)")


TWO_FILES = """\
size = torch.ones(4, 5).shape[0]
model = Net(hidden, size)
torch.manual_seed(1)
torch.save(model, "net.pt")
path = "state.pt"
torch.save(model.state_dict(), path)
"""
BLOCKS = """\
import torch
import reprobook as rb
from torch import nn

class Block(nn.Linear):
    pass

class Net(nn.Module):
    def __init__(self, hidden, size):
        super().__init__()
        self.layer = Block(size, hidden)

    def forward(self, x):
        return self.layer(x)
"""


def test_the_readme_loads_what_torch_saved(promoted: Promoted, tmp_path: Path) -> None:
    """The weights into the class, and the pickled model, whose classes are those of ``__main__``."""
    cells = (("hidden = 3", "parameters"), BLOCKS, TWO_FILES, "rb.log(n=sum(p.numel() for p in model.parameters()))")
    made = promoted(*cells)
    assert made.equivalent is True
    job = tmp_path / "job"
    said = (job / "README.md").read_text()
    state, whole = re.findall(r"```python\n(.*?)```", said, re.DOTALL)
    assert "size = 4  # in the run\nmodel = Net(config.hidden, size)\n" in state
    assert "it loads only where `__main__` has `Block` and `Net`." in said
    check = "\nprint(type(model).__name__, float(model(torch.ones(1, 4)).sum()), model.training)"
    run = [sys.executable, "train.py", "--out", "out"]
    bare = "import torch\ntorch.load('net.pt', weights_only=False)"
    texts = []
    for command in (run, *([sys.executable, "-c", f"{code}{check}"] for code in (state, whole))):
        done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        texts.append(done.stdout)
    assert texts[1] == texts[2]
    assert texts[1].startswith("Net ")
    done = subprocess.run([sys.executable, "-c", bare], cwd=job, capture_output=True, text=True, check=False)
    assert "Can't get attribute 'Net'" in done.stderr
