"""How many notebooks of the wild become scripts, and how many of those prove equal; nbconvert and jupytext beside it.

Run: python benchmarks/promotion.py NOTEBOOKS [--results FILE] [--keep FOLDER] [--jobs N] [--only TEXT].

NOTEBOOKS holds repositories as OWNER/NAME/..., with the data of the notebooks beside them; none are part of this
project. The base is what plain papermill executes within two minutes, in a clean copy of the repository. Of each such
notebook a run with a seed is promoted (chance is fixed, as no unseeded notebook equals itself), and its script must end
well in a clean copy. The peers' scripts must do the same; that they are equal to the notebook they cannot show, so only
"runs" is counted. A peer that is not installed is left out (pip install nbconvert jupytext).

One line of JSON for each notebook goes to FILE (resumable: what stands there is not run again), a table to the screen.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXECUTION_S = 120
SCRIPT_S = 300
SEEDS = ("1", "2", "3")  # some notebooks end well only by luck, such as those that look up a row after a split
PEERS = {
    "nbconvert": ("-m", "nbconvert", "--to", "script", "--output", "peer"),
    "jupytext": ("-m", "jupytext", "--to", "py:light", "--output", "peer.py"),
}
LIBRARIES = {"torch": "PyTorch", "sklearn": "scikit-learn", "pandas": "pandas", "numpy": "NumPy, SciPy"}
EQUIVALENT, RUNS, FAILS, REFUSED, CRASHED = "equivalent", "runs", "fails", "refused", "crashed"
FAILED = "the notebook failed"
CELL_FAILED, USAGE_ERROR = 1, 2  # exit codes: a cell raised; promotion was refused
_IMPORT = re.compile(r"^\s*(?:import|from)\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Done:
    """How a process ended; ``code`` is None if it was ended for taking too long."""

    code: int | None
    output: str
    errors: str

    @property
    def reason(self) -> str:
        """The last telling line of what it said."""
        lines = [line for line in self.errors.strip().splitlines() if line.strip()]
        return "took too long" if self.code is None else (lines[-1] if lines else f"status {self.code}")


@dataclass(frozen=True)
class Subject:
    """A notebook: the folder of its repository, and its path in there."""

    repository: Path
    path: Path

    @property
    def name(self) -> str:
        """OWNER/NAME/PATH."""
        return str(Path(*self.repository.parts[-2:], self.path))

    @property
    def library(self) -> str:
        """The heaviest library that it imports."""
        cells = json.loads((self.repository / self.path).read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        imported = set(_IMPORT.findall(code))
        return next((name for package, name in LIBRARIES.items() if package in imported), "plain Python")

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """Lend a clean copy of the repository, without its other notebooks; yields the path of this one there."""
        with tempfile.TemporaryDirectory(prefix="promotion-") as scratch:
            place = Path(scratch, "repository")
            shutil.copytree(self.repository, place, ignore=shutil.ignore_patterns("*.ipynb"))
            notebook = place / self.path
            notebook.parent.mkdir(parents=True, exist_ok=True)  # a folder of notebooks only
            shutil.copy(self.repository / self.path, notebook)
            yield notebook


def run(command: Sequence[str], folder: Path, limit: int, **environment: str) -> Done:
    """Run Python with these arguments, and end it and its children after ``limit`` seconds."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Done(None, "", "")
    return Done(process.returncode, output, errors)


def executes(subject: Subject) -> Done:
    """Tell whether plain papermill executes the notebook."""
    with subject.copied() as notebook:
        command = ["-m", "papermill", notebook.name, "executed.ipynb", "-k", "python3", "--no-progress-bar"]
        return run(command, notebook.parent, EXECUTION_S)


def script_runs(script: Path, folder: Path, *arguments: str) -> Done:
    """Run a script as a user would, without a screen to plot on."""
    return run([str(script), *arguments], folder, SCRIPT_S, MPLBACKEND="Agg")


def promoted(subject: Subject, keep: Path | None) -> dict[str, Any]:
    """Run the notebook with the first seed with which it ends well, and promote that run."""
    found: dict[str, Any] = {}
    for seed in SEEDS:
        found = promoted_with(seed, subject, keep)
        if found["outcome"] != FAILED:
            break
    return found


def promoted_with(seed: str, subject: Subject, keep: Path | None) -> dict[str, Any]:
    """Run the notebook with a seed and promote that run."""
    with subject.copied() as notebook, tempfile.TemporaryDirectory() as scratch:
        store = ["--store", str(Path(scratch, "store")), "--json"]
        folder, job = notebook.parent, Path(scratch, "job")
        recorded = run(["-m", "reprobook", "run", notebook.name, "--seed", seed, *store], folder, 2 * EXECUTION_S)
        if recorded.code != 0:
            outcome = FAILED if recorded.code == CELL_FAILED else CRASHED
            return {"outcome": outcome, "reason": f"run: {recorded.reason}"}
        done = run(["-m", "reprobook", "promote", "latest", "-o", str(job), *store], folder, 2 * SCRIPT_S)
        found = _outcome(done, subject, job)
        if keep is not None and job.is_dir():
            shutil.copytree(job, keep / Path(subject.name).with_suffix(""), dirs_exist_ok=True)
        return found


def _outcome(done: Done, subject: Subject, job: Path) -> dict[str, Any]:
    """Judge a promotion by what it said, and by running the script once more where it did not prove equal."""
    try:
        said = json.loads(done.output)
    except ValueError:
        refused = done.code == USAGE_ERROR
        return {"outcome": REFUSED if refused else CRASHED, "reason": done.errors.strip()[-2000:] or done.reason}
    if said.get("equivalent"):
        return {"outcome": EQUIVALENT, "checked": said["checked"]}
    if "error" in said:
        return {"outcome": REFUSED if done.code == USAGE_ERROR else CRASHED, "reason": said["error"]}
    with subject.copied() as notebook, tempfile.TemporaryDirectory() as out:
        again = script_runs(job / "train.py", notebook.parent, "--out", out)
    outcome = RUNS if again.code == 0 else FAILS
    return {"outcome": outcome, "reason": said["first"]["evidence"], "checked": said["checked"]}


def converted(subject: Subject, peer: str) -> dict[str, Any]:
    """Convert the notebook with a peer and run what it wrote, beside where the notebook lay."""
    with subject.copied() as notebook:
        made = run([*PEERS[peer], notebook.name], notebook.parent, EXECUTION_S)
        script = next(notebook.parent.glob("peer.*"), None)
        if made.code != 0 or script is None:
            return {"outcome": CRASHED, "reason": made.reason}
        done = script_runs(script, notebook.parent)
        return {"outcome": RUNS} if done.code == 0 else {"outcome": FAILS, "reason": done.reason}


def measure(subject: Subject, keep: Path | None) -> dict[str, Any]:
    """Do all there is to do with one notebook."""
    line: dict[str, Any] = {"notebook": subject.name, "library": subject.library}
    done = executes(subject)
    line["executes"] = done.code == 0
    if not line["executes"]:
        return line | {"reason": done.reason}
    line["reprobook"] = promoted(subject, keep)
    return line | {peer: converted(subject, peer) for peer in PEERS if importlib.util.find_spec(peer)}


def table(lines: Sequence[dict[str, Any]]) -> str:
    """Return the totals by library, and why what was refused was refused."""
    base = [line for line in lines if line["executes"]]
    repositories = {"/".join(line["notebook"].split("/")[:2]) for line in base}
    columns = ("reprobook runs", "equivalent", "refused", *(f"{peer} runs" for peer in PEERS))
    rows = [f"{len(base)} of {len(lines)} notebooks execute, of {len(repositories)} repositories"]
    rows.append(f"{'library':16}{'notebooks':>10}" + "".join(f"{column:>16}" for column in columns))
    for library in [*LIBRARIES.values(), "plain Python", "all"]:
        some = [line for line in base if library in {line["library"], "all"}]
        own = Counter(line["reprobook"]["outcome"] for line in some)
        counts = [own[EQUIVALENT] + own[RUNS], own[EQUIVALENT], own[REFUSED]]
        counts += [sum(line.get(peer, {}).get("outcome") == RUNS for line in some) for peer in PEERS]
        shares = [f"{count} ({count / max(1, len(some)):.0%})" for count in counts]
        rows.append(f"{library:16}{len(some):>10}" + "".join(f"{share:>16}" for share in shares))
    return "\n".join(rows)


def subjects(folder: Path, only: str) -> list[Subject]:
    """Find the notebooks in OWNER/NAME/... below a folder, in a mixed order: an unfinished run then speaks for all."""
    paths = [path.relative_to(folder) for path in folder.rglob("*.ipynb")]
    found = [Subject(folder / Path(*path.parts[:2]), Path(*path.parts[2:])) for path in paths]
    wanted = [subject for subject in found if only in subject.name]
    return sorted(wanted, key=lambda subject: hashlib.sha256(subject.name.encode()).digest())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return what a results file holds so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def main() -> None:
    """Measure what is not in the results yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("notebooks", type=Path, nargs="?", help="folder of OWNER/NAME/... with notebooks")
    parser.add_argument("--results", type=Path, default=Path("promotion.jsonl"), help="default: %(default)s")
    parser.add_argument("--keep", type=Path, help="keep the jobs in this folder")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time; default: %(default)s")
    parser.add_argument("--only", default="", help="only notebooks with this text in OWNER/NAME/PATH")
    options = parser.parse_args()
    if options.notebooks is None:
        print("promotion.py: left out, it needs a folder of notebooks (see --help)")
        return
    known = {line["notebook"] for line in read_lines(options.results)}
    waiting = [each for each in subjects(options.notebooks.resolve(), options.only) if each.name not in known]
    with ThreadPoolExecutor(options.jobs) as pool, options.results.open("a") as results:
        for done in as_completed([pool.submit(measure, subject, options.keep) for subject in waiting]):
            line = done.result()
            results.write(json.dumps(line) + "\n")
            results.flush()
            print(line["notebook"], line.get("reprobook", {}).get("outcome", "does not execute"), flush=True)
    print(table(read_lines(options.results)))


if __name__ == "__main__":
    main()
