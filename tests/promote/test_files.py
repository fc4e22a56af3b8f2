from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from reprobook.promote import Facts, Plan, Provenance, job_files
from reprobook.promote.data_files import entries
from reprobook.promote.logged import Logged

RUFF = str(Path(sys.executable).with_name("ruff"))
Promote = Callable[..., tuple[Plan, str]]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
PARAMETERS = """\
import numpy as np
from reprobook import Float
lr: Float(1e-5, 1e-1) = 3e-5  # step | width
flag = False
sizes = [1, 2]
name = None
pair = (1, 'a')
"""
CELLS = (
    "md:# A *model* | with <b>marks</b>\n\nIt learns.",
    "import torch\nimport reprobook as rb\nfrom PIL import Image",
    (PARAMETERS, "parameters"),
    "y = list('ab')",
    "rb.log(x=lr, n=len(sizes), flag=flag, none=name is None, pair=pair[0])",
)


@pytest.fixture
def facts() -> Facts:
    return Facts(
        Provenance("a.ipynb", "0" * 64, "1" * 64),
        "3.11.7",
        versions={"torch": "2.13.0", "reprobook": "0.1.0", "PyYAML": "6.0.2"},
        metrics={"x": 0.5},
        run_id="2026-run",
    )


@pytest.fixture
def planned(promote: Promote) -> tuple[Plan, str]:
    return promote(*CELLS)


def test_a_job_has_its_files(planned: tuple[Plan, str], facts: Facts) -> None:
    assert sorted(job_files(planned[0], facts)) == [
        ".gitignore",
        "Dockerfile",
        "MODEL_CARD.md",
        "README.md",
        "config.yaml",
        "constraints.txt",
        "requirements.txt",
        "ruff.toml",
        "tests/test_train.py",
    ]


def test_ruff_is_content_with_a_job_as_it_comes(promote: Promote, facts: Facts, tmp_path: Path) -> None:
    """An author's habits are no errors of the job, under whatever default rules."""
    cells = [
        "import reprobook as rb",
        "def read():\n    try:\n        return open('x').read()\n    except:\n        return ''",
    ]
    cells += ["square = lambda l: l == None or l * l == True", "words = sorted(list(set(read())))"]
    planned, text = promote(*cells, "rb.log(n=len(words), m=square(3))")
    for name, content in {"train.py": text, **job_files(planned, facts)}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [RUFF, *command, "--no-cache", "."], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
    (tmp_path / "ruff.toml").unlink()
    command = [RUFF, "check", "--isolated", "--no-cache", "--select", "E7", "."]
    assert "E731" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout


def test_the_configuration_file_gives_the_same_parameters(
    planned: tuple[Plan, str], facts: Facts, run_script: Run, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text(job_files(planned[0], facts)["config.yaml"])
    assert run_script(planned[1], "--out", "a").returncode == 0
    assert run_script(planned[1], "--out", "b", "--config", "config.yaml").returncode == 0
    assert (tmp_path / "a" / "result.json").read_text() == (tmp_path / "b" / "result.json").read_text()


def test_the_command_line_wins_over_the_file_and_is_checked(
    planned: tuple[Plan, str], run_script: Run, tmp_path: Path
) -> None:
    (tmp_path / "c.yaml").write_text("lr: 1e-3\nflag: true\n")
    options = ["--config", "c.yaml", "--lr", "2e-4", "--sizes", "[5]", "--name", "adam", "--pair", "(2, 'b')"]
    done = run_script(planned[1], "--out", "o", *options)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "o" / "result.json").read_text())
    assert result["parameters"]["lr"] == 2e-4
    assert result["parameters"]["flag"] is True
    assert result["parameters"]["name"] == "adam"
    assert result["metrics"] == {"x": 2e-4, "n": 1, "flag": 1, "none": 0, "pair": 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--lr", "7"], "lr must be 1e-05 to 0.1, not 7.0"),
        (["--lr", "x"], "invalid float value: 'x'"),
        (["--flag", "maybe"], "neither true nor false"),
        (["--learning_rate", "1"], "unrecognized arguments"),
        (["--config", "c.yaml"], "argument --config: c.yaml: unknown parameter lrr"),
        (["--config", "empty.yaml"], "argument --config: empty.yaml: no value for lr"),
    ],
)
def test_wrong_options_are_refused_before_anything_runs(
    planned: tuple[Plan, str], run_script: Run, tmp_path: Path, options: list[str], message: str
) -> None:
    (tmp_path / "c.yaml").write_text("lrr: 1\n")
    (tmp_path / "empty.yaml").write_text("lr: null\nsizes:\nname: null\n")
    done = run_script(planned[1], *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_help_lists_type_default_and_range(planned: tuple[Plan, str], run_script: Run) -> None:
    text = " ".join(run_script(planned[1], "--help").stdout.split())
    assert "--lr LR float; step | width; 1e-05 to 0.1 (default: 3e-05)" in text
    assert "--flag FLAG bool (default: False)" in text
    assert "--sizes SIZES list (default: [1, 2])" in text


def test_requirements_are_what_the_script_imports(promote: Promote, facts: Facts) -> None:
    planned, _ = promote(
        "import os\nimport torch\nimport unused_module\nimport mlkit\nimport reprobook as rb",
        "rb.log(x=torch.rand(1), y=len(os.sep), z=mlkit.f())",
        seed=5,
    )
    assert job_files(planned, facts)["requirements.txt"].splitlines() == [
        "# mlkit: no version recorded (a local module?)",
        "reprobook==0.1.0",
        "torch==2.13.0",
        "PyYAML==6.0.2",
    ]


def test_the_container_does_not_run_as_root_and_needs_no_shell(planned: tuple[Plan, str], facts: Facts) -> None:
    lines = job_files(planned[0], facts)["Dockerfile"].splitlines()
    assert lines[0] == "FROM python:3.11.7-slim"
    assert lines.index("USER job") < next(at for at, line in enumerate(lines) if line.startswith("ENTRYPOINT"))
    command = [json.loads(line.partition(" ")[2]) for line in lines if line.startswith(("ENTRYPOINT", "CMD"))]
    assert command == [["python", "/job/train.py"], ["--config", "/job/config.yaml", "--out", "out"]]
    copies = [at for at, line in enumerate(lines) if line.startswith("COPY")]
    assert lines[copies[0]].startswith("COPY requirements.txt")


def test_the_readme_lists_parameters_and_what_was_left_out(planned: tuple[Plan, str], facts: Facts) -> None:
    text = job_files(planned[0], facts)["README.md"]
    assert text.startswith("# A model \\| with marks\n")
    assert "| `--lr` | float | `3e-05` | step \\| width; 1e-05 to 0.1 |" in text
    assert "Code cells are counted from 0:\n\n- code cell 2: no result depends on `y`" in text
    assert "has not been tried" in text


def test_the_model_card_states_facts_and_names_gaps(planned: tuple[Plan, str], facts: Facts) -> None:
    text = job_files(planned[0], facts)["MODEL_CARD.md"]
    header = yaml.safe_load(text.split("---")[1])
    assert header["model-index"][0]["results"][0]["metrics"] == [{"type": "x", "name": "x", "value": 0.5}]
    assert "license" not in header
    assert "- license" in text
    assert "- training data: no file of the notebook's folder was read" in text


def test_one_name_logged_in_two_places_is_told_apart_in_the_card(planned: tuple[Plan, str], facts: Facts) -> None:
    logged = (Logged("loss", 0.25, 3, 8), Logged("loss", 0.5, 2), Logged("n", 2, 3))
    files = job_files(
        planned[0],
        replace(facts, metrics={"loss": 0.5, "n": 2}, logged=logged, equivalent=True, checked={"metrics": 10}),
    )
    text = files["MODEL_CARD.md"]
    assert "| loss | 0.25 | `run_experiment`, code cell 3, the last of 8 |" in text
    assert "| loss | 0.5 | code cell 2 |" in text
    metrics = yaml.safe_load(text.split("---")[1])["model-index"][0]["results"][0]["metrics"]
    assert [each["name"] for each in metrics] == [
        "loss (run_experiment, code cell 3)",
        "loss (code cell 2)",
    ]
    said = "`loss` 0.25 in `run_experiment` (code cell 3), `loss` 0.5 in code cell 2, `n` 2"
    assert f"10 values of 2 metrics (last: {said})" in files["README.md"]


def test_data_files_are_named_where_they_are_needed(
    planned: tuple[Plan, str], facts: Facts, ruff_says: Callable[[str], str]
) -> None:
    files = job_files(planned[0], replace(facts, data={"data/my a.csv": "0" * 64, "b.csv": "1" * 64}))
    assert "| `data/my a.csv` | `000" in files["README.md"]
    assert (
        '-v "$PWD/out:/job/out" -v "$PWD"/\'data/my a.csv\':\'/job/data/my a.csv\':ro -v "$PWD"/b.csv:/job/b.csv:ro job'
        in files["README.md"]
    )
    assert '# COPY ["data/my a.csv", "./data/my a.csv"]' in files["Dockerfile"]
    test = files["tests/test_train.py"]
    assert 'DATA = ["data/my a.csv", "b.csv"]\n' in test
    assert "(folder / path).symlink_to(JOB / path)" in test
    assert "@pytest.mark.skipif(" in test
    assert ruff_says(test) == ""
    assert "MISSING" not in job_files(planned[0], facts)["tests/test_train.py"]


def test_many_data_files_are_named_by_their_folder() -> None:
    data = {f"images/{number}.png": "0" * 64 for number in range(9)} | {"labels.csv": "1" * 64, "../up.csv": "2" * 64}
    assert entries(data) == ["images", "labels.csv"]


def test_the_test_of_the_job_is_a_test(
    planned: tuple[Plan, str], facts: Facts, ruff_says: Callable[[str], str]
) -> None:
    text = job_files(planned[0], facts)["tests/test_train.py"]
    names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert [name for name in names if name.startswith("test_")] == [
        "test_help_lists_every_parameter",
        "test_unknown_parameter_is_refused",
        "test_a_value_out_of_range_is_refused",
        "test_two_runs_give_the_same_result",
    ]
    assert ruff_says(text) == ""


def test_a_job_without_parameters_does_not_test_that_it_lists_them(
    promote: Promote, facts: Facts, ruff_says: Callable[[str], str]
) -> None:
    planned, script = promote("import reprobook as rb", "rb.log(n=len('ab'))")
    text = job_files(planned, facts)["tests/test_train.py"]
    assert "PARAMETERS" not in text
    assert not any("config" in one for one in job_files(planned, facts).values())
    assert not {"Config", "yaml", "asdict"} & set(re.findall(r"\w+", script))
    assert "def main(out: Path) -> None:" in script
    assert "PyYAML" not in job_files(planned, facts)["requirements.txt"]
    assert ruff_says(text) == ruff_says(script) == ""


@pytest.mark.parametrize(
    ("lite", "quick", "equivalent", "held"),
    [
        (False, True, True, True),
        (True, True, True, True),
        (False, False, True, True),
        (True, False, True, False),  # a lite run has another result, a whole one is too long
        (False, True, False, False),
    ],
)
def test_a_run_that_is_made_anyway_is_held_against_the_proof(  # noqa: PLR0913 - a table
    promote: Promote,
    facts: Facts,
    ruff_says: Callable[[str], str],
    *,
    lite: bool,
    quick: bool,
    equivalent: bool,
    held: bool,
) -> None:
    epochs = "epochs: rb.Int(1, 9, lite=1) = 5" if lite else "epochs = 5"
    planned, _ = promote("import reprobook as rb", (epochs, "parameters"), "rb.log(n=epochs)")
    files = job_files(planned, replace(facts, quick=quick, equivalent=equivalent))
    text = files["tests/test_train.py"]
    assert ("elsewhere the metrics" in files["README.md"]) == held
    assert "--lite" in text if lite else "--lite" not in text
    assert ("def test_the_bits_are_those_of_the_proof" in text) == held
    assert ("first, second = whole, " in text) == (held and not lite)
    assert ("PROOF" in text) == held
    assert ruff_says(text) == ""


@pytest.mark.parametrize(
    ("library", "metrics", "said"),
    [
        ("json", {"accuracy": 0.5}, ["TOLERANCE = 1e-3"]),
        ("sklearn.linear_model", {"accuracy": 0.5}, ["TOLERANCE = 1e-3"]),
        ("torch", {"loss": 0.5}, ["TOLERANCE = 0.05"]),
        ("torch", {"loss": 0.5, "val_accuracy": 0.9}, ["TOLERANCE = 0.05", '= {"val_accuracy": 0.03}']),
        ("sklearn.neural_network", {"test F1": 91.5}, ["TOLERANCE = 0.05", '= {"test F1": 3.0}']),
        ("torch", {"accuracy": -1.0}, ["TOLERANCE = 0.05"]),
    ],
)
def test_how_far_a_metric_may_be_off_elsewhere_depends_on_how_it_is_made(  # noqa: PLR0913 - a table
    promote: Promote,
    facts: Facts,
    ruff_says: Callable[[str], str],
    *,
    library: str,
    metrics: dict[str, float],
    said: list[str],
) -> None:
    """A share moves by examples; what takes no steps of a training moves in its last digits."""
    name = library.partition(".")[0]
    planned, _ = promote(f"import {library}\nimport reprobook as rb", f"rb.log(n=len(str({name})))")
    text = job_files(planned, replace(facts, metrics=metrics, quick=True, equivalent=True))["tests/test_train.py"]
    assert [each for each in said if each not in text] == []
    assert ruff_says(text) == ""
    (check,) = [node for node in ast.parse(text).body if getattr(node, "name", "").startswith("test_a_metric")]
    known: dict[str, Any] = {"pytest": pytest, "Any": object, "TOLERANCE": float(said[0].rpartition(" ")[2])}
    if len(said) > 1:
        known["SHARES"] = ast.literal_eval(said[1].removeprefix("= "))
    check.decorator_list = []
    exec(ast.unparse(check), known)  # noqa: S102 - a test of what is emitted
    held = known[check.name]
    proved = [{"name": each, "index": -1, "value": value} for each, value in metrics.items()]
    for metric in proved:
        held({"logged": {each: [0.0, value + 0.0005 * abs(value)] for each, value in metrics.items()}}, metric)
    for metric in proved:
        with pytest.raises(AssertionError):
            held({"logged": {each: [0.0, value + 0.07 * abs(value)] for each, value in metrics.items()}}, metric)


def test_the_documented_ci_has_the_python_of_the_proof(planned: tuple[Plan, str], facts: Facts) -> None:
    assert "    container: python:3.11.7-slim\n" in job_files(planned[0], facts)["README.md"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"equivalent": True, "seed": 1, "checked": {"metrics": 9, "artifacts": 1, "names": 0}},
            "result of run `2026-run` (seed 1), bit by bit: 9 values of 1 metric and 1 artifact (last: `x` 0.5).",
        ),
        (
            {"equivalent": True, "metrics": {}, "checked": {"metrics": 0, "artifacts": 0, "names": 12}},
            "gave the result of run `2026-run`, bit by bit: 12 variables.",
        ),
        ({"equivalent": False, "seed": 1}, "did **not** give the result of run `2026-run` (seed 1)."),
        ({"seed": 0}, "gives the result of run `2026-run` (seed 0) has not been tried."),
    ],
)
def test_the_readme_says_what_was_compared(
    planned: tuple[Plan, str], facts: Facts, changes: dict[str, Any], sentence: str
) -> None:
    text = job_files(planned[0], replace(facts, **changes))["README.md"]
    assert sentence in text
    stale = {4: ("loss: 2.1", "loss: 3.3"), 6: ("acc: 1", "")}
    text = job_files(planned[0], replace(facts, stale=stale, **changes))["README.md"]
    named = (
        "code cell 4 shows `loss: 2.1` there, `loss: 3.3` in this one; code cell 6 shows `acc: 1` there, no such line"
    )
    assert (named in text) == (changes.get("equivalent") is True)


@pytest.mark.parametrize(
    ("changes", "readme", "card"),
    [
        (
            {},
            "The job writes metrics only; no weights are saved.",
            "| artifacts | none: the job writes metrics only; no",
        ),
        (
            {"metrics": {}},
            "The job logs no metric; no weights are saved.",
            "| artifacts | none: the job logs no metric",
        ),
        ({"written": ("a.pt",)}, "The code itself writes `a.pt`", "| artifacts | the code itself writes `a.pt` |"),
        (
            {"artifacts": ("model.safetensors",)},
            "- `out/artifacts/model.safetensors`: load it with `safetensors.torch.load_file`; a model",
            "| artifacts | `model.safetensors` |",
        ),
        (
            {"artifacts": ("net/v/t/metadata.json", "net/v/t/weights.safetensors", "p.png")},
            "checkpoints, a folder for each, with `weights` and the state of the training\n- `out/artifacts/p.png`\n",
            "| artifacts | `net/` and `p.png` |",
        ),
    ],
)
def test_what_is_saved_is_named_and_what_is_not(
    planned: tuple[Plan, str], facts: Facts, changes: dict[str, Any], readme: str, card: str
) -> None:
    files = job_files(planned[0], replace(facts, **changes))
    assert readme in files["README.md"]
    assert card in files["MODEL_CARD.md"]
    assert ("no weights are saved" in files["README.md"]) == ("no weights" in readme)


@pytest.mark.parametrize(
    ("imports", "load", "said"),
    [
        ("from sklearn.datasets import load_digits", "load_digits()", "`load_digits()` of scikit-learn 1.9.1"),
        ("from sklearn import datasets", "datasets.make_moons(9)", "`make_moons()` of scikit-learn 1.9.1"),
        ("import seaborn as sns", "sns.load_dataset('iris')", "`load_dataset('iris')` of seaborn"),
        ("from torchvision import datasets", "datasets.MNIST('./d', train=True)", "`MNIST()` of torchvision"),
        ("from datasets import load_dataset", "load_dataset('imdb')", "`load_dataset('imdb')` of datasets"),
        ("from keras.datasets import mnist", "mnist.load_data()", "`mnist.load_data()` of keras"),
        ("from sklearn.datasets import load_files", "load_files('mine')", ""),
        ("import own", "own.load_digits()", ""),
    ],
)
def test_data_that_come_with_a_library_are_known(
    promote: Promote, facts: Facts, *, imports: str, load: str, said: str
) -> None:
    planned, _ = promote(f"import reprobook as rb\n{imports}", f"data = {load}", "rb.log(x=len(data))")
    versions = dict(facts.versions) | {"scikit-learn": "1.9.1"}
    text = job_files(planned, replace(facts, versions=versions))["MODEL_CARD.md"]
    assert (f"- {said}\n" in text) if said else ("## Data" not in text)
    assert ("- training data:" in text) == (not said)
    (result,) = yaml.safe_load(text.split("---")[1])["model-index"][0]["results"]
    assert result["dataset"]["name"] == "data of a.ipynb"  # whether all results are of what was loaded is not known


def test_where_files_come_from_is_a_gap(planned: tuple[Plan, str], facts: Facts) -> None:
    text = job_files(planned[0], replace(facts, data={"names.txt": "0" * 64}))["MODEL_CARD.md"]
    assert "- source and license of `names.txt`\n" in text


def test_files_that_the_code_writes_itself_are_named(planned: tuple[Plan, str], facts: Facts) -> None:
    text = job_files(planned[0], replace(facts, written=("a.pt", "b.csv")))["README.md"]
    assert "The code itself writes `a.pt` and `b.csv` into the folder it runs in: each run replaces them" in text
    assert "The code itself" not in job_files(planned[0], facts)["README.md"]


def test_the_container_keeps_the_files_that_the_code_writes_itself(planned: tuple[Plan, str], facts: Facts) -> None:
    files = job_files(planned[0], replace(facts, written=("a.pt",), data={"b.csv": "0" * 64}, launchers=("docker",)))
    assert (
        'mkdir -p work\ndocker run --rm --user "$(id -u):$(id -g)" -v "$PWD/work:/work" -w /work'
        ' -v "$PWD"/b.csv:/work/b.csv:ro job\n' in files["README.md"]
    )
    assert "kept there, and the results in `work/out/`" in files["README.md"]
    assert 'ENTRYPOINT ["python", "/job/train.py"]' in files["Dockerfile"]  # from whatever folder
    assert "# COPY" not in files["Dockerfile"]  # beside the script it would not find them
    assert "work/\n" in files[".gitignore"]
    service = yaml.safe_load(files["launch/docker-compose.yaml"])["services"]["train"]
    assert (service["working_dir"], service["volumes"]) == ("/work", ["../work:/work"])


def _names_in(card: str) -> list[str]:
    (result,) = yaml.safe_load(card.split("---")[1])["model-index"][0]["results"]
    return [each["name"] for each in result["metrics"]]


@pytest.mark.parametrize("name", ["val perplexity", "mean_iou", "BLEU", "episode_reward", "R2", "rmse"])
def test_what_measures_a_model_stands_among_the_results(planned: tuple[Plan, str], facts: Facts, name: str) -> None:
    text = job_files(planned[0], replace(facts, metrics={name: 0.5, "weights[0]": 1.5}))["MODEL_CARD.md"]
    assert _names_in(text) == [name]


def test_what_says_how_good_a_model_is_stands_apart(planned: tuple[Plan, str], facts: Facts) -> None:
    metrics = {
        "len(words)": 3,
        "accuracy_score(y, p)": 0.5,
        "loss": 1.0,
        "Test Acc.": 0.25,
        "train/steps": 9,
        "steps (all)": 2,
    }
    text = job_files(planned[0], replace(facts, metrics=metrics))["MODEL_CARD.md"]
    assert _names_in(text) == ["accuracy_score(y, p)", "loss", "Test Acc."]
    results, _, others = text.partition("## Results")[2].partition("Logged too, though they do not say how good")
    assert ("| loss | 1.0 |" in results, "| loss | 1.0 |" in others) == (True, False)
    assert ("| len(words) | 3 |" in results, "| len(words) | 3 |" in others) == (False, True)
    untold = {"len(words)": 3, "train/steps": 9, "steps (all)": 2}
    text = job_files(planned[0], replace(facts, metrics=untold))["MODEL_CARD.md"]
    assert _names_in(text) == ["train/steps", "steps (all)"]
    assert "Logged too" not in text
    none = job_files(planned[0], replace(facts, metrics={"len(words)": 3}))["MODEL_CARD.md"]
    assert "model-index" not in yaml.safe_load(none.split("---")[1])


def test_the_test_of_a_job_speaks_of_parameters_where_there_are_some(
    planned: tuple[Plan, str], promote: Promote, facts: Facts
) -> None:
    said = [
        job_files(each, facts)["tests/test_train.py"].partition("\n")[0]
        for each in (planned[0], promote("import reprobook as rb", "rb.log(x=1)")[0])
    ]
    assert said == [
        '"""The job reads its parameters, runs, and gives the same result twice."""',
        '"""The job runs, and gives the same result twice."""',
    ]


def test_the_test_of_a_job_leaves_nothing_beside_it(promote: Promote, facts: Facts, tmp_path: Path) -> None:
    planned, script = promote(
        "import reprobook as rb", "n = open('data/a.txt').read()\nopen('made.txt', 'w').write(n)\nrb.log(n=int(n))"
    )
    job = tmp_path / "job"
    files = {**job_files(planned, replace(facts, data={"data/a.txt": "0" * 64})), "train.py": script, "data/a.txt": "3"}
    for path, text in files.items():
        (job / path).parent.mkdir(parents=True, exist_ok=True)
        (job / path).write_text(text)
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=job, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout
    assert {str(path.relative_to(job)) for path in job.rglob("*") if path.is_file()} == set(files)


def test_requirements_say_where_packages_come_from(promote: Promote, facts: Facts) -> None:
    cells = ("import torch\nimport click\nimport reprobook as rb", "rb.log(x=torch.rand(1), y=click.UUID)")
    planned, _ = promote(*cells, seed=5)
    versions = {"torch": "2.13.0+cpu", "reprobook": "0.1.0", "click": "8.4.2", "PyYAML": "6.0.2", "filelock": "3.30"}
    sources = {"reprobook": "", "click": "git+https://example.org/click@abc"}
    files = job_files(planned, replace(facts, versions=versions, sources=sources))
    assert files["requirements.txt"].splitlines() == [
        "# reprobook was installed from a folder: its wheel is looked for here (see README.md).",
        "--find-links .",
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "click @ git+https://example.org/click@abc",
        "reprobook==0.1.0",
        "torch==2.13.0",
        "PyYAML==6.0.2",
    ]
    assert files["constraints.txt"] == "filelock==3.30\nPyYAML==6.0.2\ntorch==2.13.0\n"
    assert "COPY requirements.txt constraints.txt reprobook-*.whl* ./" in files["Dockerfile"]
    assert "pip wheel --no-deps -w . path/to/reprobook" in files["README.md"]


def test_a_container_may_run_as_anybody(planned: tuple[Plan, str], facts: Facts) -> None:
    files = job_files(planned[0], facts)
    assert "chmod a+rwx /job" in files["Dockerfile"]
    assert '--user "$(id -u):$(id -g)" -v "$PWD/out:/job/out"' in files["README.md"]
    assert "mkdir -p out\n" in files["README.md"]


def test_the_readme_quotes_what_was_removed_and_says_what_is_written(
    promote: Promote, facts: Facts, definition: Callable[[str, str], str]
) -> None:
    libraries = "import random\nimport numpy as np\nimport matplotlib.pyplot as plt\nimport reprobook as rb"
    cell = "x = np.arange(3)\nx.mean()\ny = 2 * x\nunread = 1"
    planned, script = promote(libraries, cell, "random.seed(3)\nrb.log(n=y.sum() + random.random())")
    plain = replace(facts, metrics={"n": 1.0}, artifacts=(), written=("a/m.pt", "odd name.pt"))
    files = job_files(planned, plain)
    assert "- of code cell 1, `x.mean()`: only shows `x.mean()`" in files["README.md"]
    assert "- of code cell 1, `unread = 1`: no result depends on `unread`" in files["README.md"]
    assert "\nMetrics\ngo to" in files["README.md"].replace("notebook. Metrics\n", "notebook.\nMetrics\n")
    assert "Seeds stand in the code: `random.seed(3)`." in files["README.md"]
    assert "/a/m.pt\n" in files[".gitignore"]
    assert "odd" not in files[".gitignore"]
    assert "Run the job; metrics go to the output folder." in definition(script, "main")
    drawn, script = promote(libraries, ("plt.plot([1])\nplt.show()\nrb.save('x', 1)\nrb.log(n=1)", "keep"))
    assert "Run the job; metrics, figures and artifacts go to" in definition(script, "main")
    said = job_files(drawn, replace(facts, artifacts=("x.json",), metrics={"n": 1.0}))
    assert "Metrics, `artifacts/` and `figures/`" in said["README.md"]
    nothing = job_files(drawn, replace(facts, artifacts=(), metrics={"n": 1.0}))
    assert "The job writes metrics and figures; no weights are saved." in nothing["README.md"]


def test_the_readme_tells_of_entropy_of_printed_metrics_and_of_the_quick_look(promote: Promote, facts: Facts) -> None:
    cells = ("import torch\nimport reprobook as rb", ("epochs: rb.Int(1, 9, lite=2) = 5", "parameters"))
    planned, _ = promote(*cells, "torch.seed()\nx = torch.rand(epochs)\nrb.log(n=x.mean())")
    text = job_files(planned, facts)["README.md"]
    assert "No two runs are alike: `torch.seed()` seeds from entropy." in text
    assert "`--lite` is a quick look, with `epochs=2`." in text
    assert "numbers that it prints" not in text
    printed = replace(planned, printed_metrics=True)
    assert "numbers that it prints" in job_files(printed, replace(facts, metrics={"n": 1.0}))["README.md"]


def test_the_readme_tells_which_store_and_which_seed_are_meant(promote: Promote, facts: Facts) -> None:
    cells = ("import torch\nimport reprobook as rb", "torch.manual_seed(3)\nrb.log(n=float(torch.rand(1)))")
    planned, _ = promote(*cells, seed=1)
    other = " ".join(job_files(planned, replace(facts, seed=1, asked_seed=42))["README.md"].split())
    assert "The notebook asks for seed 42 (`%reprotrain init`); this run had 1." in other
    assert "no option for the seed: the run's, 1, decides no result. Seeds stand in the code: `torch.man" in other
    assert "read it from the store that holds it: `.reprobook` of the notebook's project" in other
    assert "`reprobook verify .` checks in the job's folder" in other
    same = job_files(planned, replace(facts, seed=42, asked_seed=42, run_id=""))["README.md"]
    assert "The notebook asks" not in same
    assert "the store that holds it" not in same
    assert "no option for the seed" not in job_files(planned, facts)["README.md"]  # that run had none
    drawn, _ = promote(cells[0], "rb.log(n=float(torch.rand(1)))", seed=1)
    assert "no option for the seed" not in job_files(drawn, replace(facts, seed=1))["README.md"]


def test_the_readme_says_whose_name_a_repeated_metric_bears_and_which_figures_stay(
    promote: Promote, facts: Facts
) -> None:
    planned, _ = promote("x = [1, 2]\nunread = 1", "print('n:', sum(x))")
    text = " ".join(job_files(replace(planned, printed_metrics=True), facts)["README.md"].split())
    assert "printed the same name, the name of the function follows it in brackets:" in text
    assert "Figures of what was trained are kept, where they take no further training" in text
    assert "values that end a cell" not in text  # this one has none
    assert "what is computed and printed from the first training on" in text
    assert "computed and printed or shown" in " ".join(
        job_files(replace(planned, printed_metrics=False), facts)["README.md"].split()
    )


NETS = """\
import torch
import reprobook as rb
from torch import nn

class Net(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.layer = nn.Linear(size, 1)

    def forward(self, x):
        return self.layer(x)

PATH = "a.pt"
"""


@pytest.mark.parametrize(
    ("cell", "loads"),
    [
        ("net = Net(2)\ntorch.save(net.state_dict(), 'a.pt')", ["model = Net(2)"]),
        ("net = Net(2).to('cpu')\ntorch.save(net.state_dict(), PATH)", ["load_state_dict"]),
        ("net = Net(2)\ntorch.save(net, './a.pt')", ["__main__.Net = Net"]),
        ("net = nn.Sequential(Net(2))\ntorch.save(net, 'a.pt')", ["__main__.Net = Net"]),
        ("net = nn.Sequential(Net(2))\ntorch.save(net.state_dict(), 'a.pt')", []),
        ("net = nn.Linear(1, 1)\ntorch.save(net, 'a.pt')", []),
        ("net = Net(2)\ntorch.save({'net': net.state_dict()}, 'a.pt')", []),
        ("net = Net(2)\nPATH = ''.join(['a.', 'pt'])\ntorch.save(net.state_dict(), PATH)", []),
        ("net = Net(len('ab'))\ntorch.save(net.state_dict(), 'a.pt')", []),
        ("net = Net(2)\nif net.training:\n    net = Net(3)\ntorch.save(net.state_dict(), 'a.pt')", []),
        ("net = Net(2)\ntorch.save(net, 'a.pt')\ntorch.save(net.state_dict(), 'a.pt')", []),
        ("net = Net(2)\ntorch.save(net, 'elsewhere.pt')", []),
    ],
)
def test_a_model_is_loaded_only_as_the_code_tells(promote: Promote, facts: Facts, cell: str, loads: list[str]) -> None:
    planned, _ = promote(NETS, cell, "rb.log(n=sum(p.numel() for p in net.parameters()))")
    said = job_files(planned, replace(facts, written=("a.pt",)))["README.md"]
    found = re.findall(r"```python\n(.*?)```", said, re.DOTALL)
    assert len(found) == len(loads), said
    assert all(word in text for word, text in zip(loads, found, strict=True))
