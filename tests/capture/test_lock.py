"""The lock is PEP 751, without credentials or paths of this machine."""

import tomllib
from pathlib import Path

import pytest
from packaging.pylock import Pylock, PylockValidationError, is_valid_pylock_path

from reprobook.capture.lock import LOCK_NAME, write_lock
from reprobook.header import Distribution, Environment

HEX = "b" * 64
COMMIT = "a" * 40
DIRECT = (
    Distribution(name="a-vcs", version="1.0", record=HEX, direct_url=f"git+https://h.example/a.git@{COMMIT}"),
    Distribution(name="b-ssh", version="1.0", direct_url=f"git+ssh://git@h.example/b.git@{COMMIT}#subdirectory=py"),
    Distribution(name="c-archive", version="2.0", record=HEX, direct_url=f"https://h.example/c.whl#sha256={HEX}"),
    Distribution(name="d-local-archive", version="2.0", direct_url=f"file:///home/bob/w/d%20d.whl#sha256={HEX}"),
    Distribution(name="e-editable", version="0.1", content=HEX, direct_url="file:///home/bob/e"),
    Distribution(name="f-folder", version="0.1", record=HEX, direct_url="file:///home/bob/f#subdirectory=py"),
)


def lock(*distributions: Distribution) -> str:
    return write_lock(Environment(python="3.12.4", implementation="cpython", distributions=distributions))


def test_sources_of_ones_own_make_a_valid_lock() -> None:
    text = lock(*DIRECT)
    parsed = Pylock.from_dict(tomllib.loads(text))
    packages = {str(package.name): package for package in parsed.packages}
    assert str(parsed.requires_python) == "==3.12.*"
    assert "3.12.9" in (parsed.requires_python or ())
    vcs, ssh = packages["a-vcs"].vcs, packages["b-ssh"].vcs
    assert vcs is not None
    assert ssh is not None
    assert (vcs.type, vcs.url, vcs.commit_id) == ("git", "https://h.example/a.git", COMMIT)
    assert (ssh.url, ssh.subdirectory) == ("ssh://git@h.example/b.git", "py")
    archive = packages["c-archive"].archive
    assert archive is not None
    assert (archive.url, archive.hashes) == ("https://h.example/c.whl", {"sha256": HEX})
    assert packages["e-editable"].tool == {"reprobook": {"version": "0.1", "content": HEX}}
    assert is_valid_pylock_path(Path(LOCK_NAME))


def test_no_path_of_this_machine() -> None:
    packages = tomllib.loads(lock(*DIRECT))["packages"]
    assert "/home" not in repr(packages)
    assert packages[3]["archive"]["path"] == "sources/d d.whl"
    assert packages[4]["directory"] == {"path": "sources/e-editable", "editable": True}
    assert packages[5]["directory"] == {"path": "sources/f-folder", "editable": False, "subdirectory": "py"}


def test_a_source_tree_has_no_version_of_its_own() -> None:
    packages = tomllib.loads(lock(*DIRECT))["packages"]
    assert [package["name"] for package in packages if "version" in package] == ["c-archive", "d-local-archive"]


def test_an_index_distribution_is_refused_until_its_wheel_is_known() -> None:
    content = tomllib.loads(lock(Distribution(name="numpy", version="2.4.0", record=HEX)))
    (package,) = content["packages"]
    assert package == {"name": "numpy", "version": "2.4.0", "tool": {"reprobook": {"record": HEX}}}
    with pytest.raises(PylockValidationError, match="Exactly one of"):
        Pylock.from_dict(content)
    package["wheels"] = [
        {"name": "numpy-2.4.0-py3-none-any.whl", "url": "https://h.example/numpy.whl", "hashes": {"sha256": HEX}}
    ]
    assert Pylock.from_dict(content).packages[0].version is not None


def test_the_same_environment_gives_the_same_text() -> None:
    assert lock(*DIRECT) == lock(*DIRECT)
