from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from reprobook.capture.direct_url import DirectUrl
from reprobook.environment import (
    IndexOptions,
    install_command,
    lock_environment,
    mismatches,
    read_interpreter,
    restore,
    restore_hint,
)
from reprobook.environment.interpreter import Interpreter
from reprobook.environment.own import Own
from reprobook.errors import EnvironmentMismatchError, InputError
from reprobook.execute import RunOptions, run_notebook
from reprobook.header import Distribution, Environment, seal
from reprobook.runs import RunFolder, Store
from reprobook.verify import Verification, VerifyOptions, verify_run

NO_OPTIONS = IndexOptions()
MakeWheel = Callable[..., Path]
Recorded = Callable[..., Environment]


def silent(text: str) -> None:
    """Say nothing."""
    assert text


def test_a_restored_environment_is_the_recorded_one(tmp_path: Path, make_wheel: MakeWheel, recorded: Recorded) -> None:
    environment = recorded(make_wheel("alpha", "1.0", "x = 1"), make_wheel("beta", "2.0"))
    made = restore(environment, tmp_path / "made", NO_OPTIONS, silent)
    assert made.matched, made.mismatches
    assert made.installed == 2
    assert [each.name for each in read_interpreter(tmp_path / "made").distributions] == ["alpha", "beta"]


def test_what_cannot_be_had_is_named_and_keeps_nothing_else_out(
    tmp_path: Path, make_wheel: MakeWheel, recorded: Recorded
) -> None:
    gone = make_wheel("gone", "1.0+cpu")
    environment = recorded(make_wheel("alpha", "1.0"), gone, make_wheel("zeta", "3.0"))
    gone.unlink()
    made = restore(environment, tmp_path / "made", NO_OPTIONS, silent)
    assert list(made.failed) == ["gone"]
    assert [(each.name, each.recorded, each.found) for each in made.mismatches] == [("gone", "1.0+cpu", None)]
    assert made.installed == 2


def test_another_build_of_the_same_version_is_seen(tmp_path: Path, make_wheel: MakeWheel, recorded: Recorded) -> None:
    environment = recorded(make_wheel("alpha", "1.0", "x = 1"))
    make_wheel("alpha", "1.0", "x = 2")
    made = restore(environment, tmp_path / "made", NO_OPTIONS, silent)
    assert not made.failed
    assert [each.name for each in made.mismatches] == ["alpha"]
    assert "--force-reinstall" in made.mismatches[0].fix


def test_another_python_cannot_be_matched(tmp_path: Path, recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    with pytest.raises(EnvironmentMismatchError, match=r"no Python 3\.2 here"):
        restore(recorded(python="3.2.1"), tmp_path / "made", NO_OPTIONS, silent)
    assert not (tmp_path / "made").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, recorded: Recorded) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        restore(recorded(), tmp_path / "made", NO_OPTIONS, silent)
    assert (tmp_path / "made" / "mine.txt").read_text() == "mine"


def test_an_interrupt_leaves_no_half_environment(tmp_path: Path, make_wheel: MakeWheel, recorded: Recorded) -> None:
    environment = recorded(make_wheel("alpha", "1.0"))

    def interrupt(text: str) -> None:
        if "installing" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(environment, tmp_path / "made", NO_OPTIONS, interrupt)
    assert not (tmp_path / "made").exists()


def test_a_source_of_the_recording_machine_is_named(tmp_path: Path, recorded: Recorded) -> None:
    item = Distribution(name="mine", version="1", content="0" * 64, direct_url=f"file://{tmp_path}/nowhere/mine")
    environment = recorded().model_copy(update={"distributions": (item,)})
    made = restore(environment, tmp_path / "made", NO_OPTIONS, silent)
    assert made.failed == {"mine": "it was installed from a folder or file of the recording machine: mine"}
    assert not made.matched


def test_the_lock_holds_the_wheels_and_reads_as_pep_751(make_wheel: MakeWheel, recorded: Recorded) -> None:
    gone = make_wheel("gone", "1.0+cpu")
    environment = recorded(make_wheel("alpha", "1.0"), gone)
    gone.unlink()
    made = lock_environment(environment, NO_OPTIONS, silent)
    lock = Pylock.from_dict(tomllib.loads(made.text))
    wheels = {str(each.name): each.wheels for each in lock.packages}
    assert [str(each.path) for each in wheels["alpha"] or ()] == ["wheels/alpha-1.0-py3-none-any.whl"]
    assert (wheels["alpha"] or ())[0].hashes.keys() == {"sha256"}
    assert list(made.missing) == ["gone"]
    assert tomllib.loads(made.text)["tool"]["reprobook"]["missing"] == ["gone==1.0+cpu"]
    assert list(made.local) == ["alpha"]
    assert "file:" not in made.text


def test_reprobook_itself_is_asked_of_no_index_where_it_came_from_a_folder(
    make_wheel: MakeWheel, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = DirectUrl(url="file:///somewhere/reprobook")
    monkeypatch.setattr("reprobook.environment.lock.own", lambda: Own("0.1.0", origin))
    own = Distribution(name="reprobook", version="0.1.0")
    environment = recorded(make_wheel("alpha", "1.0"))
    environment = environment.model_copy(update={"distributions": (*environment.distributions, own)})
    asked: list[str] = []
    made = lock_environment(environment, NO_OPTIONS, asked.append)
    assert asked == ["asking the index for 1 distributions"]  # and once
    assert not made.missing
    assert made.local["reprobook"].startswith("installed from /somewhere/reprobook")
    packages = {each["name"]: each for each in tomllib.loads(made.text)["packages"]}
    assert packages["reprobook"]["directory"]["path"] == "sources/reprobook"
    assert "somewhere" not in made.text


def test_no_command_is_named_that_asks_the_same_index_again(make_wheel: MakeWheel, recorded: Recorded) -> None:
    wheels = [make_wheel("gone", "1.0"), make_wheel("torch", "2.13.0+cpu")]
    environment = recorded(*wheels)
    for wheel in wheels:
        wheel.unlink()
    missing = lock_environment(environment, NO_OPTIONS, silent).missing
    assert "pip install" not in missing["gone"]
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in missing["torch"]


@pytest.mark.parametrize(
    ("now", "name", "required"),
    [
        ((), "alpha", True),
        ((Distribution(name="alpha", version="2"),), "alpha", True),
        ((Distribution(name="alpha", version="1", record="b" * 64),), "alpha", True),
        (
            (Distribution(name="alpha", version="1", record="a" * 64), Distribution(name="new", version="1")),
            "new",
            False,
        ),
    ],
)
def test_each_difference_has_its_fix(now: tuple[Distribution, ...], name: str, required: bool) -> None:  # noqa: FBT001
    before = (Distribution(name="alpha", version="1", record="a" * 64),)
    environment = Environment(python="3.11.7", implementation="cpython", distributions=before)
    found = mismatches(environment, Interpreter("3.11.7", "cpython", now))
    assert [(each.name, each.required) for each in found] == [(name, required)]
    assert found[0].fix.startswith("pip ")


def test_builds_of_torch_come_from_its_own_index() -> None:
    assert install_command("torch", "2.13.0+cpu").endswith("--extra-index-url https://download.pytorch.org/whl/cpu")
    assert install_command("torch", "2.13.0") == "pip install torch==2.13.0"


def test_a_replay_elsewhere_is_told_how_to_have_the_environment() -> None:
    before = Environment(
        python="3.11.7", implementation="cpython", distributions=(Distribution(name="alpha", version="1"),)
    )
    now = before.model_copy(update={"distributions": (Distribution(name="alpha", version="2"),)})
    hint = restore_hint(before, now, "20261129-abcd")
    assert hint is not None
    assert "alpha 1 -> 2" in hint
    assert "reprobook env restore 20261129-abcd DIR" in hint
    assert restore_hint(before, before, "20261129-abcd") is None


def test_a_verification_in_another_environment_says_how_to_have_the_recorded_one(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "id": "c", "metadata": {}, "source": "x = 1", "outputs": [], "execution_count": None}
    notebook = tmp_path / "nb.ipynb"
    notebook.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}))
    store = Store(tmp_path / "store")
    run = run_notebook(notebook, store, RunOptions(seed=1, kernel="inline"))
    assert not any("env restore" in note for note in _verified(run, store).notes)

    header, record = run.read_header(), run.read_record()
    assert header.environment is not None
    first, *rest = header.environment.distributions
    elsewhere = (first.model_copy(update={"version": "0.0.1"}), *rest)
    other = header.model_copy(
        update={"environment": header.environment.model_copy(update={"distributions": elsewhere})}
    )
    run.write_record(record.model_copy(update={"status": "running", "files": {}}))
    run.header.unlink()
    run.write_header(seal(other))
    run.seal(status="succeeded")
    found = _verified(run, store)
    assert found.verdict == "reproduced"
    (note,) = (note for note in found.notes if "env restore" in note)
    assert f"{first.name} 0.0.1 -> {first.version}" in note
    assert f"reprobook env restore {run.run_id} DIR" in note


def _verified(run: RunFolder, store: Store) -> Verification:
    return verify_run(run, store, VerifyOptions(kernel="inline"))
