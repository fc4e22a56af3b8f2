"""Real kernels through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Reprobook = Callable[..., Any]
WriteNotebook = Callable[..., Path]


def test_run_show_verify_and_tampering(
    reprobook: Reprobook, write_notebook: WriteNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_notebook("lr = 0.1  # rate", "loss = lr * 2\nloss")
    before = path.read_bytes()
    found = reprobook("run", str(path), "-p", "lr", "0.5", "--name", "exp", "-o", "copy.ipynb", "--json")
    assert found.code == 0
    run = found.document
    assert (run["status"], run["parameters"], run["metrics"], run["name"]) == (
        "succeeded",
        {"lr": 0.5},
        {"loss": 1.0},
        "exp",
    )
    assert Path(run["notebook"]).is_file()
    assert path.read_bytes() == before
    # Into a pipe go the beginning and the end, and no line a cell, but for those who ask for it.
    said = found.err.splitlines()
    assert said[0] == f"run {run['run_id']}: starting a kernel for 2 cells"
    assert said[1:] == [f"run {run['run_id']}: succeeded"]
    monkeypatch.setenv("REPROBOOK_PROGRESS", "lines")
    assert ": cell 1 of 2" in reprobook("run", str(path), "--kernel", "warm").err
    reprobook("delete", "latest", "--yes")

    verified = reprobook("verify", str(path), "--json")
    assert verified.code == 0
    assert verified.document["run_id"] == run["run_id"]
    assert verified.document["verdict"] == "reproduced"
    assert verified.document["first"] is None
    assert verified.document["metrics"] == {"loss": {"original": 1.0, "replay": 1.0}}

    # The executed copy carries its header: it leads to the run, and an edit of it is found.
    copy = tmp_path / "copy.ipynb"
    assert reprobook("show", str(copy), "--json").document["run_id"] == run["run_id"]
    content = json.loads(copy.read_bytes())
    content["metadata"]["reprobook"]["header"]["parameters"]["lr"] = 0.25
    copy.write_text(json.dumps(content))
    assert reprobook("verify", str(copy)).code == 4

    header = Path(run["run_dir"]) / "header.json"
    header.write_bytes(header.read_bytes().replace(b"0.5", b"0.6"))
    tampered = reprobook("verify", run["run_id"])
    assert tampered.code == 4
    assert "header.json" in tampered.err


def test_a_divergence_is_shown_with_both_sides(reprobook: Reprobook, write_notebook: WriteNotebook) -> None:
    path = write_notebook("import random\nn = 3", "x = [random.random() for _ in range(n)]", "print(f'loss: {sum(x)}')")
    found = reprobook("verify", str(path))
    assert found.code == 3
    for text in (
        "✗ diverged",
        "0✓",
        "1✗",
        "2✗",
        "first difference: cell 1: x",
        "list[3] #",
        "python",
        "loss",
        "hint: ",
    ):
        assert text in found.out


def test_a_failing_notebook_shows_cell_and_traceback(reprobook: Reprobook, write_notebook: WriteNotebook) -> None:
    path = write_notebook("a = 1", "def f():\n    return a / 0\nf()")
    found = reprobook("run", str(path))
    assert found.code == 1
    assert "cell 1: ZeroDivisionError: division by zero" in found.out
    assert "  cell 1, line 3: f()\n  cell 1, line 2: return a / 0\n" in found.out
    assert "\x1b" not in found.out
    error = reprobook("show", "latest", "--json").document["error"]
    assert (error["cell"], error["ename"]) == (1, "ZeroDivisionError")


def test_a_failure_in_a_library_shows_the_line_of_the_notebook(
    reprobook: Reprobook, write_notebook: WriteNotebook
) -> None:
    path = write_notebook("import json", "text = '{'\n\nvalue = json.loads(text)\n" + "x = 1\n" * 20)
    lines = reprobook("run", str(path)).out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("cell 1: JSONDecodeError"))
    assert lines[at + 1] == "  cell 1, line 3: value = json.loads(text)"
    assert lines[at + 2].startswith("  raised in json/decoder.py, line ")
    assert len(lines[at + 1 :]) <= 3


def test_seeds_give_a_list_and_a_summary(reprobook: Reprobook, write_notebook: WriteNotebook) -> None:
    path = write_notebook("seed = 0", "loss = seed * 2.0\nloss")
    document = reprobook("run", str(path), "--seeds", "3-4", "--json").document
    assert [run["seed"] for run in document["runs"]] == [3, 4]
    assert document["summary"]["loss"] == {"mean": 7.0, "std": pytest.approx(2**0.5), "n": 2}


def test_a_promoted_job_proves_itself_and_is_verified(
    reprobook: Reprobook, write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    path = write_notebook("lr = 0.1", "loss = lr * 2\nloss")
    found = reprobook("promote", str(path), "-o", "job", "--json")
    assert found.code == 0
    assert found.document["equivalent"] is True
    assert reprobook("verify", "job", "--json").document["verdict"] == "reproduced"
    script = tmp_path / "job" / "train.py"
    script.write_text(script.read_text().replace("* 2", "* 3"))
    changed = reprobook("verify", "job")
    assert changed.code == 3
    assert "first difference: the results" in changed.out


@pytest.mark.parametrize(
    "options",
    [
        ["-p", "lrr", "1"],
        ["-p", "lr", "much"],
        ["-p", "api_key", "hunter2"],
        ["--seeds", "4-3"],
        ["--seeds", "0-1", "--seed", "1"],
        ["-o", "no/such/folder.ipynb"],
        ["--cwd", "no-such-folder"],
        ["--timeout", "0"],
    ],
)
def test_wrong_options_leave_no_run_behind(
    reprobook: Reprobook, write_notebook: WriteNotebook, tmp_path: Path, options: list[str]
) -> None:
    found = reprobook("run", str(write_notebook("lr = 0.1", "api_key = ''")), *options)
    assert found.code == 2
    assert "hint: " in found.err
    assert not list(tmp_path.glob(".reprobook/runs/*"))


def test_a_dead_kernel_ends_the_process_with_138(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    path = write_notebook("import os\nos._exit(1)")
    command = [sys.executable, "-m", "reprobook", "run", path.name, "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 138
    assert json.loads(done.stdout)["error"]["ename"] == "DeadKernelError"


def test_a_device_that_is_not_here_is_refused_before_anything_runs(
    reprobook: Reprobook, write_notebook: WriteNotebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    path = write_notebook("x = 1")
    for arguments in (("run",), ("run", "--kernel", "warm"), ("sweep", "--metric", "x", "--param", "x=int:1:2")):
        refused = reprobook(arguments[0], str(path), *arguments[1:], "--device", "cuda")
        assert refused.code == 5
        assert "hint: Leave --device out" in refused.err
    assert reprobook("runs", "--json").document == []


def test_a_torch_that_cannot_use_the_device_fails_the_cell(reprobook: Reprobook, write_notebook: WriteNotebook) -> None:
    # The notebook asks by itself, so nobody can know before; hidden, so that no GPU of this machine is found.
    init = "%load_ext reprobook\n%reprotrain init --device cuda"
    path = write_notebook(
        "import os\nos.environ['CUDA_VISIBLE_DEVICES'] = ''", init, "import torch, reprobook as rb\nrb.device()"
    )
    found = reprobook("run", str(path), "--json").document
    assert (found["status"], found["error"]["ename"]) == ("failed", "EnvironmentMismatchError")
    assert "finds no such device" in found["error"]["evalue"]
