"""Verify a promoted job: run its script again and compare with the proof that promotion left beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reprobook.errors import ExecutionError
from reprobook.execute.script import SCRIPT, JobRequest, run_script
from reprobook.execute.workplace import lay_out
from reprobook.header import open_header
from reprobook.runs import RunError
from reprobook.runs.files import sha256_file
from reprobook.trace.sinks import result_digest
from reprobook.verify.job_proof import Expected, JobProof, read_proof
from reprobook.verify.model import Divergence, MetricPair, Verdict, Verification
from reprobook.verify.tolerance import Tolerance, metrics_agree, pair_metrics

_HEADER = "header.json"
_ORDER: tuple[Verdict, ...] = ("reproduced", "within_tolerance", "diverged", "failed")


def is_job(path: Path) -> bool:
    """Tell whether a folder is a promoted job."""
    return (path / SCRIPT).is_file() and (path / _HEADER).is_file()


def verify_job(folder: Path, *, cwd: Path | None = None, tolerance: Tolerance | None = None) -> Verification:
    """Run a job once more, into a folder that is thrown away, and compare its result; once a seed that was proved.

    Args:
        folder: The job.
        cwd: Working folder; default: the notebook's, if it is on this machine, without the files that its run made,
            else the job's.
        tolerance: Relative difference that metrics may have; None: bit by bit.

    Raises:
        InputError: If the folder holds no proof to compare with.
        IntegrityError: If the header or the proof was edited.
    """
    header = open_header((folder / _HEADER).read_bytes(), f"{folder.name}/{_HEADER}")
    proof = read_proof(folder)
    recorded = Path(header.origin.folder or folder)
    with tempfile.TemporaryDirectory(prefix="reprobook-") as temporary:
        Path(temporary, "out").mkdir()
        request = JobRequest(
            folder=folder,
            out=Path(temporary, "out"),
            cwd=cwd or _without_made(recorded if recorded.is_dir() else folder, proof, Path(temporary, "cwd")),
            seed=header.seeds.seed,
            deterministic=header.seeds.deterministic,
        )
        found = [_verified(request, proof, tolerance)]
        for other in proof.other_seeds:
            seeded = replace(request, seed=other.seed, arguments=other.arguments)
            found.append(_of_seed(other, _verified(seeded, other, tolerance)))
    worst = max(found, key=lambda each: _ORDER.index(each.verdict))
    every = tuple(first for each in found for first in each.all)
    notes = (*_edits(folder, proof), *_of_seeds(proof), *_without_results(proof))
    return worst.model_copy(update={"all": every, "metrics": found[0].metrics, "notes": notes})


def _verified(request: JobRequest, proof: Expected, tolerance: Tolerance | None) -> Verification:
    """Run the script and compare."""
    try:
        return _compared(request.folder, proof, run_script(request), tolerance)
    except ExecutionError as error:
        return _failed(request.folder, error)


def _without_made(folder: Path, proof: JobProof, into: Path) -> Path:
    """Return the folder as the notebook found it: the script would take up what the notebook's run left there."""
    return lay_out(folder, [path for path in proof.made if (folder / path).exists()], into)


def _of_seed(other: Expected, found: Verification) -> Verification:
    """Say of a difference that it is one of another seed."""
    if found.first is None:
        return found
    first = found.first.model_copy(update={"evidence": f"with seed {other.seed}: {found.first.evidence}"})
    return found.model_copy(update={"first": first, "all": (first,)})


def _of_seeds(proof: JobProof) -> list[str]:
    """Say which seeds were checked, if more than one was."""
    seeds = [str(each.seed) for each in (proof, *proof.other_seeds)]
    return [f"checked with the seeds {', '.join(seeds)}"] if proof.other_seeds else []


def _without_results(proof: JobProof) -> list[str]:
    """Say of a job that logs and saves nothing what could not be compared."""
    text = "the job logs no result: that it ends well is checked, its variables were compared when it was promoted"
    return [text] if proof.result_digest == result_digest(()) else []


def _edits(folder: Path, proof: JobProof) -> list[str]:
    """Name the files that are not those that promotion wrote."""
    edited = [path for path, digest in proof.files.items() if not _is_as_written(folder / path, digest)]
    return [f"edited since it was promoted: {', '.join(sorted(edited))}"] if edited else []


def _is_as_written(path: Path, digest: str) -> bool:
    return path.is_file() and sha256_file(path) == digest


def _compared(folder: Path, proof: Expected, result: Mapping[str, Any], tolerance: Tolerance | None) -> Verification:
    """Compare a result with the proof."""
    # A proof may hold the digest alone.
    metrics = pair_metrics(proof.metrics, _numbers(result.get("metrics"))) if proof.metrics else {}
    same = result.get("result_digest") == proof.result_digest
    verdict: Verdict = "reproduced" if same else "diverged"
    if not same and tolerance is not None and metrics_agree(metrics, tolerance):
        verdict = "within_tolerance"
    first = None if same else _difference(proof, result, metrics)
    return Verification(
        run_id=folder.resolve().name,
        replay_id=None,
        verdict=verdict,
        first=first,
        all=(first,) if first else (),
        metrics=metrics,
    )


def _difference(proof: Expected, result: Mapping[str, Any], metrics: Mapping[str, MetricPair]) -> Divergence:
    """Describe how a result differs: by its recipe, or by its metrics alone."""
    recipe = ["parameters"] if proof.parameters is not None and proof.parameters != result.get("parameters") else []
    recipe += ["seed"] if "seed" in proof.model_fields_set and proof.seed != result.get("seed") else []
    names = tuple(name for name, pair in metrics.items() if not metrics_agree({name: pair}, None))
    evidence = f"{SCRIPT} gave another result_digest than promotion recorded"
    if recipe:
        evidence += f"; its {' and '.join(recipe)} were changed since"
    return Divergence(cell=None, names=names, evidence=evidence)


def _failed(folder: Path, error: ExecutionError) -> Verification:
    """Describe a script that did not come to its end."""
    first = Divergence(cell=None, evidence=str(error), fix=error.hint)
    failure = RunError(ename=type(error).__name__, evalue=str(error), hint=error.hint)
    return Verification(
        run_id=folder.resolve().name, replay_id=None, verdict="failed", first=first, all=(first,), error=failure
    )


def _numbers(metrics: object) -> dict[str, float]:
    """Return metrics as numbers; JSON holds those that are not finite as text."""
    return {str(name): float(value) for name, value in metrics.items()} if isinstance(metrics, dict) else {}
