"""Planted secrets reach neither the store, nor the notebook, nor the promoted job."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., tuple[int, Any]]
SECRET = "s3cr3tVALUE42"  # noqa: S105 - planted


def plant(project: Path) -> dict[str, str]:
    """Plant the secret in a git remote, an editable install from a repository, an index URL and the environment."""
    subprocess.run(["git", "init", "-q", project], check=True)
    remote = f"https://bob:{SECRET}@example.org/r.git"
    subprocess.run(["git", "-C", project, "remote", "add", "origin", remote], check=True)
    info = project / "site" / "evil-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (info / "RECORD").write_text("")
    origin = {"url": remote, "vcs_info": {"vcs": "git", "commit_id": "0" * 40}, "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(origin))
    return {
        "PYTHONPATH": str(project / "site"),
        "PIP_INDEX_URL": f"https://bob:{SECRET}@example.org/simple",
        "PIP_EXTRA_INDEX_URL": f"https://{SECRET}@example.org/simple",
        "HF_TOKEN": SECRET,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


def test_planted_secrets_appear_nowhere(reprobook: Command, project: Path) -> None:
    environment = plant(project)
    code, run = reprobook("run", "01_digits.ipynb", "--lite", "--seed", "1", "-o", "out.ipynb", **environment)
    assert code == 0, run
    code, made = reprobook("promote", run["run_id"], "-o", "job", **environment)
    assert (code, made["equivalent"]) == (0, True)
    planted = {project / ".git" / "config", project / "site" / "evil-1.0.dist-info" / "direct_url.json"}
    files = [path for path in project.rglob("*") if path.is_file() and path not in planted]
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    header = json.loads((Path(run["run_dir"]) / "header.json").read_bytes())
    assert header["git"]["remote"] == "https://example.org/r.git"
    assert "evil" in {each["name"] for each in header["environment"]["distributions"]}
