from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from reprobook.cli.app import _COMMANDS, cli
from reprobook.cli.exit_codes import exit_code, exit_code_of_run, exit_code_of_verification
from reprobook.cli.messages import plain
from reprobook.errors import (
    EnvironmentMismatchError,
    ExecutionError,
    IntegrityError,
    KernelDiedError,
    NotebookError,
    ParameterError,
)
from reprobook.runs import RunError, RunRecord, StorageError
from reprobook.verify import Verification

Reprobook = Callable[..., Any]
_GROUPS = {"env", "track"}  # what they do stands in their commands
_ALONE = [name for name in _COMMANDS if name not in _GROUPS]
_BELOW = ["env check", "env lock", "env restore", "models alias", "track sync"]
DEAD = RunError(ename="DeadKernelError", evalue="")


def test_help_lists_every_command(reprobook: Reprobook) -> None:
    found = reprobook("--help")
    assert found.code == 0
    assert all(f"  {name} " in found.out for name in _COMMANDS)


@pytest.mark.parametrize("name", [*_ALONE, *_BELOW])
def test_every_command_teaches_by_example_and_takes_json_and_store(reprobook: Reprobook, name: str) -> None:
    found = reprobook(*name.split(), "--help")
    assert found.code == 0
    assert "Examples:\n    reprobook" in found.out
    assert "--json" in found.out
    assert "--store" in found.out or name == "new"  # a template makes no run


@pytest.mark.parametrize("name", _COMMANDS)
def test_the_list_says_what_the_command_is(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name


def test_help_is_fast() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "reprobook", "--help"], check=True, capture_output=True)
        return time.perf_counter() - start

    # The best of a few: other processes can only slow it down. The target is 250 ms; a loaded machine gets twice that.
    assert min(seconds() for _ in range(4)) < 0.5


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ExecutionError("x"), 1),
        (StorageError("x"), 1),
        (NotebookError("x"), 2),
        (ParameterError("x"), 2),
        (click.UsageError("x"), 2),
        (IntegrityError("x"), 4),
        (EnvironmentMismatchError("x"), 5),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (KernelDiedError("x"), 138),
    ],
)
def test_exit_codes_of_errors(error: BaseException, code: int) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "succeeded"}, 0),
        ({"status": "failed"}, 1),
        ({"status": "failed", "error": RunError(ename="ValueError", evalue="")}, 1),
        ({"status": "failed", "error": DEAD}, 138),
        ({"status": "interrupted"}, 130),
    ],
)
def test_exit_codes_of_runs(fields: dict[str, Any], code: int) -> None:
    assert exit_code_of_run(RunRecord(run_id="run", **fields)) == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"verdict": "reproduced", "error": DEAD}, 0),
        ({"verdict": "within_tolerance"}, 0),
        ({"verdict": "diverged"}, 3),
        ({"verdict": "failed"}, 1),
        ({"verdict": "failed", "error": DEAD}, 138),
    ],
)
def test_exit_codes_of_verdicts(fields: dict[str, Any], code: int) -> None:
    assert exit_code_of_verification(Verification(run_id="a", replay_id="b", **fields)) == code


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["run"], ["run", "nb.ipynb", "--nonsense"], ["run", "no.ipynb"], ["show", "no-such-run"]],
)
def test_wrong_usage_says_what_to_do_and_runs_nothing(
    reprobook: Reprobook, arguments: list[str], tmp_path: Path
) -> None:
    found = reprobook(*arguments)
    assert found.code == 2
    assert found.out == ""
    assert found.err.startswith("error: ")
    assert "\nhint: " in found.err
    assert not (tmp_path / ".reprobook").exists()


def test_an_error_is_one_document_with_json(reprobook: Reprobook) -> None:
    found = reprobook("show", "latest", "--json")
    assert found.code == 2
    assert found.document["error"]["kind"] == "InputError"
    assert found.document["error"]["exit_code"] == 2
    assert "there is no run" in found.document["error"]["message"]


def test_control_characters_of_a_name_do_not_reach_the_terminal(reprobook: Reprobook) -> None:
    found = reprobook("show", "\x1b[31mred\x07")
    assert found.code == 2
    assert "\x1b" not in found.err
    assert "\x07" not in found.err
    assert plain("a\x1b[0m\x9bb\ud800\nc") == "a[0mb\nc"


def test_the_process_exits_with_the_code(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reprobook", "verify", "latest"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == b""


def test_a_reader_that_stops_early_sees_no_traceback(tmp_path: Path) -> None:
    script = f"{sys.executable} -m reprobook run --help | true"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_terminal_without_unicode_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reprobook", "run", "--help"]
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=ascii_only, check=True)
    assert "taken as text" in done.stdout
