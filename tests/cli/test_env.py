from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.environment import this_interpreter
from reprobook.header import Code, Distribution, Environment, Header, Origin, seal
from reprobook.runs import Store

from .conftest import Reprobook


@pytest.fixture
def recorded(store: Store) -> Callable[..., str]:
    """A run that was recorded with these distributions."""

    def record(*distributions: Distribution) -> str:
        here = this_interpreter()
        environment = Environment(
            python=here.python, implementation=here.implementation, distributions=distributions or here.distributions
        )
        run = store.create()
        header = Header(
            code=Code(cells=("a" * 64,)), origin=Origin(created="2026-11-21T00:00:00Z"), environment=environment
        )
        run.write_header(seal(header))
        run.seal(status="succeeded")
        return run.run_id

    return record


def test_check_is_content_with_the_recorded_environment(reprobook: Reprobook, recorded: Callable[..., str]) -> None:
    assert reprobook("env", "check", recorded(), "--json").document == {"matched": True, "mismatches": []}


def test_check_names_what_differs_and_exits_with_5(reprobook: Reprobook, recorded: Callable[..., str]) -> None:
    run = recorded(Distribution(name="no-such-package", version="1.0"))
    found = reprobook("env", "check", run, "--json")
    assert found.code == 5
    needed = [each for each in found.document["mismatches"] if each["required"]]
    assert [(each["name"], each["fix"]) for each in needed] == [("no-such-package", "pip install no-such-package==1.0")]
    shown = reprobook("env", "check", run)
    assert shown.code == 5
    assert "reprobook env restore" in shown.err


def test_check_wants_a_virtual_environment(reprobook: Reprobook, recorded: Callable[..., str], tmp_path: Path) -> None:
    found = reprobook("env", "check", recorded(), str(tmp_path))
    assert found.code == 2
    assert "not a virtual environment" in found.err


def test_restore_exits_with_5_and_says_what_is_missing(
    reprobook: Reprobook, recorded: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("PIP_NO_INDEX", "UV_NO_INDEX"):
        monkeypatch.setenv(variable, "1")
    run = recorded(Distribution(name="no-such-package", version="1.0"))
    found = reprobook("env", "restore", run, str(tmp_path / "made"), "--json")
    assert found.code == 5
    assert list(found.document["failed"]) == ["no-such-package"]
    assert (tmp_path / "made" / "bin" / "python").exists()


def test_a_run_without_a_record_of_it_is_wrong_input(reprobook: Reprobook, record: Callable[..., object]) -> None:
    record()
    assert reprobook("env", "check", "latest").code == 2


def test_lock_says_where_it_wrote(
    reprobook: Reprobook, recorded: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    found = reprobook("env", "lock", recorded(Distribution(name="no-such-package", version="1.0")))
    assert found.code == 5
    assert f"wrote {tmp_path / 'pylock.reprobook.toml'}" in found.out


def test_lock_of_many_local_folders_is_short(
    reprobook: Reprobook, recorded: Callable[..., str], tmp_path: Path
) -> None:
    items = [Distribution(name=f"p{n:02}", version="1", direct_url=f"file://{tmp_path}/p{n:02}") for n in range(20)]
    found = reprobook("env", "lock", recorded(*items))
    assert found.code == 0
    assert f"p07: installed from {tmp_path}/p07" in found.out
    assert "12 more that lie on this machine" in found.out
    assert len(found.out.splitlines()) == 10
