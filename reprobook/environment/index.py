"""What package indexes have of a list of distributions: the adapter of pip's installation report.

pip reads its own configuration (indexes, proxies, certificates, folders of wheels), so that what it can install is what
it finds here. Report: https://pip.pypa.io/en/stable/reference/installation-report/.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from reprobook.capture import Wheel
from reprobook.errors import EnvironmentMismatchError

_MISSING = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)")


@dataclass(frozen=True, kw_only=True)
class IndexOptions:
    """Where to look beside the installer's own configuration: URLs of further indexes."""

    extra_index_urls: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Return them as pip and uv take them."""
        return [part for url in self.extra_index_urls for part in ("--extra-index-url", url)]


def ask_index(
    requirements: Mapping[str, str], options: IndexOptions, progress: Callable[[str], None]
) -> tuple[dict[str, Wheel], dict[str, str]]:
    """Return the wheel (or source archive) of each requirement for this interpreter, and why the others have none.

    Args:
        requirements: ``name==version`` by name.
        options: Further indexes.
        progress: Told what is looked for.

    Raises:
        EnvironmentMismatchError: If there is no pip, or it fails for another reason than a version that is missing.
    """
    if find_spec("pip") is None:
        msg = "the indexes cannot be asked: there is no pip in this environment"
        raise EnvironmentMismatchError(msg, hint="python -m ensurepip")
    left, missing = dict(requirements), dict[str, str]()
    while left:
        progress(f"asking the index for {len(left)} distributions")
        report, said = _report(list(left.values()), options)
        if report is not None:
            return _wheels(report), missing
        # pip stops at the first that it cannot find.
        gone = {canonicalize_name(name) for name in _MISSING.findall(said)} & left.keys()
        if not gone:
            msg = f"pip cannot ask the index: {said.strip().splitlines()[-1] if said.strip() else 'it says nothing'}"
            raise EnvironmentMismatchError(msg, hint="Is the network there? `pip config list` shows what pip uses.")
        for name in gone:
            missing[name] = f"no index has {left.pop(name)} for this Python and machine"
    return {}, missing


def _report(requirements: Sequence[str], options: IndexOptions) -> tuple[dict[str, Any] | None, str]:
    """Return pip's report, or None, and what it said."""
    with tempfile.TemporaryDirectory(prefix="reprobook-") as folder:
        wanted, report = Path(folder, "requirements.txt"), Path(folder, "report.json")
        wanted.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--ignore-installed", "--quiet"]
        command += ["--report", str(report), "-r", str(wanted), *options.arguments()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own list
        return (json.loads(report.read_bytes()) if done.returncode == 0 else None), done.stderr


def _wheels(report: Mapping[str, Any]) -> dict[str, Wheel]:
    """Read the files that pip would install, by normalised name."""
    found: dict[str, Wheel] = {}
    for item in report["install"]:
        source = item["download_info"]
        found[canonicalize_name(item["metadata"]["name"])] = Wheel(source["url"], _hashes(source))
    return found


def _hashes(source: Mapping[str, Any]) -> dict[str, str]:
    """Read the digests of a file; pip 23.0, which Debian 12 has, gives of a local one only the older form."""
    archive = source.get("archive_info", {})
    algorithm, _, digest = archive.get("hash", "").partition("=")
    return dict(archive.get("hashes") or ({algorithm: digest} if digest else {}))
