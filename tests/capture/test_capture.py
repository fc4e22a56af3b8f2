"""A whole header, sealed, of this very process."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import reprobook
from reprobook.capture import Subject, capture
from reprobook.errors import InputError
from reprobook.header import Code, Header, Seeds, header_bytes, open_header

ROOT = str(Path(reprobook.__file__).parents[1])
PLANTED = {
    "AWS_SECRET_ACCESS_KEY": "planted-aws",
    "HF_TOKEN": "planted-hf",
    "OPENAI_API_KEY": "planted-openai",
    "HTTPS_PROXY": "http://bob:planted-proxy@host.example:3128",
    "MKL_SERVER": "http://bob:planted-mkl@host.example",
}


def freeze(folder: Path, **changes: object) -> Header:
    values = {"code": Code(cells=()), "sources": ["import helpers"], "folder": folder} | changes
    return capture(Subject(**values))  # type: ignore[arg-type]


def test_a_header_is_sealed_and_complete(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("x = 1\n")
    header = freeze(tmp_path, parameters={"lr": 1e-3, "n": 3}, seeds=Seeds(seed=7), notebook="nb.ipynb", name="demo")
    assert open_header(header_bytes(header), "here") == header
    assert header.missing == {}
    assert header.parameters["lr"] == 1e-3
    assert (header.seeds.seed, header.name, header.origin.notebook) == (7, "demo", "nb.ipynb")
    assert header.origin.created.endswith("+00:00")
    assert header.git is None
    assert header.hardware is not None
    assert header.environment is not None
    assert list(header.environment.local_modules) == ["helpers"]
    assert any(item.name == "pydantic" for item in header.environment.distributions)


def test_the_recipe_changes_with_what_decides_and_with_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "helpers.py").write_text("x = 1\n")
    first = freeze(tmp_path)
    assert freeze(tmp_path, name="other", notebook="moved.ipynb").recipe_digest == first.recipe_digest
    monkeypatch.setenv("SOME_TOKEN", "planted")
    assert freeze(tmp_path).recipe_digest == first.recipe_digest
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    threads = freeze(tmp_path)
    (tmp_path / "helpers.py").write_text("x = 2\n")
    digests = {first.recipe_digest, threads.recipe_digest, freeze(tmp_path).recipe_digest}
    assert len(digests) == 3


def test_the_same_recipe_in_another_process_with_torch_loaded(tmp_path: Path) -> None:
    code = f"""
import sys; sys.path.insert(0, {ROOT!r})
from pathlib import Path
from reprobook.capture import Subject, capture
from reprobook.header import Code
print(capture(Subject(code=Code(cells=()), sources=["import x"], folder=Path({str(tmp_path)!r}))).recipe_digest)
"""
    digests = {
        subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True, cwd=tmp_path).stdout
        for text in (code, f"import torch, numpy.random\n{code}")
    }
    assert len(digests) == 1


def test_planted_secrets_do_not_get_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    environ = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull}
    for command in (["init", "-q"], ["remote", "add", "origin", "https://bob:planted-git@host.example/x.git"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, env=environ)
    site = tmp_path / "lib" / "secret-1.0.dist-info"
    site.mkdir(parents=True)
    origin = {"url": "https://planted-pip@host.example/x.git", "vcs_info": {"vcs": "git", "commit_id": "a" * 40}}
    (site / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(site.parent)
    text = header_bytes(freeze(tmp_path)).decode()
    assert "planted-" not in text
    assert "https://host.example/x.git" in text
    assert f"git+https://host.example/x.git@{'a' * 40}" in text
    assert "http://host.example" in text


def test_a_probe_that_fails_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").write_text("gitdir: https://bob:planted@host.example")
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("")
    (tmp_path / "helpers" / "gone.py").symlink_to(tmp_path / "nowhere.py")
    header = freeze(tmp_path)
    assert set(header.missing) == {"git", "environment.local_modules"}
    assert "planted" not in repr(header.missing)
    assert header.git is None
    assert header.environment is not None
    assert header.environment.local_modules == {}
    assert header.environment.distributions
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "FileNotFoundError" in freeze(tmp_path).missing["git"]


def test_a_parameter_without_a_canonical_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="canonical"):
        freeze(tmp_path, parameters={"x": object()})


def test_a_second_capture_is_quick(tmp_path: Path) -> None:
    freeze(tmp_path)
    started = time.process_time()
    freeze(tmp_path)
    assert time.process_time() - started < 1
