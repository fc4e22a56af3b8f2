"""Adapter for git: the state of the repository that a folder lies in."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from reprobook.capture.redact import strip_credentials
from reprobook.errors import ReprobookError
from reprobook.header import Git, sha256_hex

_TIMEOUT_S = 5.0
# Looking must not run the repository's programs, take locks or page.
_GIT = ("git", "--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false")
_STATUS = ("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal")
_DIFF = ("diff", "HEAD", "--binary", "--no-ext-diff", "--no-textconv", "--no-color")
_REMOTES = ("config", "-z", "--get-regexp", r"^remote\..*\.url$")
_STORE = ".reprobook/"


def read_git(folder: Path) -> Git | None:
    """Describe the repository around a folder; None outside of one.

    ``dirty`` covers the uncommitted content of tracked files and the names of untracked ones, the run store aside.

    Raises:
        ReprobookError: If git refuses.
        OSError: If git is not installed.
        subprocess.TimeoutExpired: If git takes longer than 5 s.
    """
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return None
    status, diff, remotes = _run((_STATUS, _DIFF, _REMOTES), folder)
    if status.returncode != 0:
        reason = strip_credentials(status.stderr.decode(errors="replace").strip())
        msg = f"git does not read the repository of the notebook's folder: {reason}"
        raise ReprobookError(msg, hint="Check it with `git status` there.")
    lines = status.stdout.decode(errors="surrogateescape").split("\0")
    head = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    commit, branch = head.get("branch.oid"), head.get("branch.head")
    return Git(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        remote=_remote(remotes.stdout.decode(errors="replace"), head.get("branch.upstream", "")),
        dirty=_dirty([line for line in lines if not line.startswith("# ")], diff.stdout),
    )


def _run(commands: Sequence[Sequence[str]], folder: Path) -> list[subprocess.CompletedProcess[bytes]]:
    """Run git commands side by side and return what each one said."""
    # A hook's GIT_DIR would point at another repository than the folder's.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    deadline = time.monotonic() + _TIMEOUT_S
    running: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            running.append(_start(command, folder, environ))  # noqa: PERF401 - what has started must be ended below
        return [_finish(process, deadline) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


def _start(command: Sequence[str], folder: Path, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start one git command, with nobody to ask."""
    return subprocess.Popen(  # noqa: S603 - fixed commands, no shell
        [*_GIT, *command],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _finish(process: subprocess.Popen[bytes], deadline: float) -> subprocess.CompletedProcess[bytes]:
    """Wait for a command until the deadline."""
    output, errors = process.communicate(timeout=max(0.0, deadline - time.monotonic()))
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def _remote(listing: str, upstream: str) -> str | None:
    """Choose the URL of the upstream's remote, else of ``origin``, else of the first; without credentials."""
    entries = [entry.split("\n", 1) for entry in listing.split("\0") if "\n" in entry]
    urls = {key.removeprefix("remote.").removesuffix(".url"): url for key, url in entries}
    for name, url in urls.items():
        if upstream.startswith(f"{name}/"):
            return strip_credentials(url)
    chosen = urls.get("origin") or next(iter(urls.values()), None)
    return strip_credentials(chosen) if chosen else None


def _dirty(changes: Sequence[str], diff: bytes) -> str | None:
    """Digest the uncommitted state, or return None for a clean tree.

    Changes of tracked files stand in the diff; of the status only the untracked names (``? name``) are added, so that
    staging a change makes no difference.
    """
    untracked = sorted(line for line in changes if line.startswith("? ") and not line.startswith(f"? {_STORE}"))
    if not diff and not untracked:
        return None
    return sha256_hex(diff + b"\0" + "\0".join(untracked).encode(errors="surrogateescape"))
