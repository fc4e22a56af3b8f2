"""Run each case in a cold kernel and in a fork of a warm server: recipe, results and evidence must be the same bits."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from casebook.drive import COMMAND_SECONDS, REPROBOOK, DriveError, environment, prepare
from casebook.model import Case, Side

# Of a cell's trace, what a clock decides.
_CLOCKED = ("duration_s",)
_SHOWN = 6
_REFUSED = "no warm kernel"


class Compared(NamedTuple):
    """What a comparison found; ``note`` says why the warm run was a cold one."""

    differences: tuple[str, ...]
    note: str = ""


def warm_bits(cases: Sequence[Case], *, jobs: int = 1) -> int:
    """Compare both kernels on each case, print what differs, and return 1 if anything does that is not chance."""
    with ThreadPoolExecutor(jobs) as pool:
        found = list(pool.map(_reported, cases))
    warm = sum(not each.note for each in found)
    wrong = sum(bool(each.differences) for each in found)
    print(f"{len(cases)} cases, {warm} run warm, {wrong} with other bits")
    return int(wrong > 0)


def _reported(case: Case) -> Compared:
    try:
        found = compared(case)
    except (DriveError, OSError, RuntimeError) as error:
        found = Compared((str(error)[-700:],))
    text = "; ".join(found.differences[:_SHOWN]) or "same"
    print(f"{case.id:<34} {text}{'  (cold: ' + found.note + ')' if found.note else ''}", flush=True)
    return found


def compared(case: Case) -> Compared:
    """Run a case cold, again cold, and warm: what differs between the cold runs is the case's own chance."""
    notebook = case.fixed or case.notebook
    scratch = Path(tempfile.mkdtemp(prefix=f"warm-{case.id}-"))
    try:
        cold, again, warm = (
            _run(case, scratch / str(number), notebook, kernel)
            for number, kernel in enumerate(("cold", "cold", "warm"))
        )
        chance = {path for path, _, _ in _differing(cold, again)}
        differences = [f"{path}: {a} | {b}" for path, a, b in _differing(cold, warm) if not _is_below(path, chance)]
        return Compared(tuple(differences), warm["note"])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run(case: Case, scratch: Path, notebook: Mapping[str, Any], kernel: str) -> dict[str, Any]:
    """Run the notebook from the top, and return what is to be the same."""
    # The same path for all, so that it makes no difference.
    folder = scratch.parent / "work"
    shutil.rmtree(folder, ignore_errors=True)
    side = Side(setup=case.run_a.setup, env={"PYTHONHASHSEED": "0", **case.run_a.env})
    path = prepare(case, folder, side, notebook)
    env = environment(side, folder, REPROBOOK_STORE=str(scratch / "store"))
    command = [REPROBOOK, "run", path.name, "--kernel", kernel, "--json"]
    if case.run_a.affinity:
        command = ["taskset", "-c", ",".join(map(str, case.run_a.affinity)), *command]
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    if not done.stdout.strip():
        raise DriveError(done.stderr[-700:])
    told = json.loads(done.stdout)
    refused = [line for line in done.stderr.splitlines() if _REFUSED in line]
    run = Path(told["run_dir"])
    trace = json.loads((run / "trace.json").read_bytes())
    for cell in trace["cells"]:
        for name in _CLOCKED:
            cell.pop(name)
        # Temporary files have names of chance.
        cell["files_read"] = {path: digest for path, digest in cell["files_read"].items() if not _is_temporary(path)}
    header = json.loads((run / "header.json").read_bytes())
    for name in ("origin", "header_digest"):
        header.pop(name)
    return {
        "recipe": told["recipe_digest"],
        "result": told["result_digest"],
        "status": told["status"],
        "error": told["error"],
        "header": header,
        "trace": trace,
        "note": refused[0] if refused else "",
    }


def _differing(a: Any, b: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield where two documents differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted({*a, *b}):
            if path or name != "note":
                yield from _differing(a.get(name), b.get(name), f"{path}/{name}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for number, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from _differing(one, other, f"{path}/{number}")
    elif a != b:
        yield path, repr(a)[:90], repr(b)[:90]


def _is_temporary(path: str) -> bool:
    """Tell whether a file is a temporary one of the notebook's."""
    return path.startswith(str(Path(tempfile.gettempdir(), tempfile.gettempprefix())))


def _is_below(path: str, others: set[str]) -> bool:
    """Tell whether a path is one of others, or lies below one."""
    return any(path == other or path.startswith(f"{other}/") for other in others)
