"""The git adapter, on real repositories."""

import os
import subprocess
from pathlib import Path

import pytest

from reprobook.capture.git import read_git
from reprobook.errors import ReprobookError
from reprobook.header import Git


def git(folder: Path, *arguments: str) -> str:
    config = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    environ = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return subprocess.run(
        ["git", *config, *arguments], cwd=folder, env=environ, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "trunk")
    (tmp_path / "a.txt").write_text("one\n")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def read(folder: Path) -> Git:
    found = read_git(folder)
    assert found is not None
    return found


def test_a_clean_repository(repository: Path) -> None:
    (repository / "sub").mkdir()
    expected = Git(commit=git(repository, "rev-parse", "HEAD"), branch="trunk")
    assert read(repository) == read(repository / "sub") == expected


def test_outside_of_a_repository(tmp_path: Path) -> None:
    assert read_git(tmp_path) is None


def test_dirty_covers_content_of_tracked_and_names_of_untracked_files(repository: Path) -> None:
    states = [read(repository).dirty]
    (repository / "a.txt").write_text("two\n")
    states.append(read(repository).dirty)
    (repository / "a.txt").write_text("six\n")
    states.append(read(repository).dirty)
    git(repository, "add", "a.txt")
    assert read(repository).dirty == states[-1]
    (repository / "new ü.txt").write_text("x")
    states.append(read(repository).dirty)
    (repository / "new ü.txt").write_text("y")
    assert read(repository).dirty == states[-1]
    assert states[0] is None
    assert len(set(states)) == 4


def test_the_run_store_makes_no_repository_dirty(repository: Path) -> None:
    (repository / ".reprobook" / "runs").mkdir(parents=True)
    (repository / ".reprobook" / "runs" / "x").write_text("x")
    assert read(repository).dirty is None


def test_the_index_is_not_touched(repository: Path) -> None:
    (repository / "a.txt").touch()
    before = (repository / ".git" / "index").read_bytes()
    read(repository)
    assert (repository / ".git" / "index").read_bytes() == before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:ghp_x@host.example/a.git", "https://host.example/a.git"),
        ("https://ghp_x@host.example/a.git", "https://host.example/a.git"),
        ("ssh://git@host.example/a.git", "ssh://git@host.example/a.git"),
        ("git@host.example:a/b.git", "git@host.example:a/b.git"),
    ],
)
def test_the_remote_has_no_credentials(repository: Path, url: str, expected: str) -> None:
    git(repository, "remote", "add", "origin", url)
    assert read(repository).remote == expected


def test_the_remote_of_the_upstream_wins(repository: Path) -> None:
    for name in ("backup", "origin", "up"):
        git(repository, "remote", "add", name, f"https://host.example/{name}.git")
    assert read(repository).remote == "https://host.example/origin.git"
    git(repository, "update-ref", "refs/remotes/up/trunk", "HEAD")
    git(repository, "branch", "-q", "--set-upstream-to=up/trunk")
    assert read(repository).remote == "https://host.example/up.git"


def test_no_commit_yet_and_a_detached_head(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    git(repository, "checkout", "-q", "--detach")
    assert read(repository).branch is None
    fresh = tmp_path_factory.mktemp("fresh")
    git(fresh, "init", "-q", "-b", "trunk")
    (fresh / "a").write_text("x")
    found = read(fresh)
    assert (found.commit, found.branch) == (None, "trunk")
    assert found.dirty is not None


def test_a_hooks_environment_does_not_lead_astray(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = read(repository).commit
    monkeypatch.setenv("GIT_DIR", str(repository / "nowhere"))
    assert read(repository).commit == commit


def test_a_broken_repository_says_why(repository: Path) -> None:
    (repository / ".git" / "HEAD").unlink()
    with pytest.raises(ReprobookError, match="git does not read"):
        read_git(repository)


def test_looking_runs_no_program_of_the_repository(repository: Path) -> None:
    marker = repository.parent / f"{repository.name}-ran"
    git(repository, "config", "core.fsmonitor", f"touch {marker}")
    git(repository, "config", "diff.external", f"touch {marker}")
    (repository / "a.txt").write_text("two\n")
    read(repository)
    assert not marker.exists()
