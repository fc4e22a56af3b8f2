"""Verify a promoted job: run its script again and compare with the proof that promotion left beside it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobook.errors import ExecutionError, InputError, IntegrityError
from reprobook.execute.script import SCRIPT, JobRequest, run_script
from reprobook.header import open_header
from reprobook.runs import RunError
from reprobook.verify.model import Divergence, MetricPair, Verdict, Verification
from reprobook.verify.tolerance import Tolerance, metrics_agree, pair_metrics

PROOF = "proof.json"
_HEADER = "header.json"


def is_job(path: Path) -> bool:
    """Tell whether a folder is a promoted job."""
    return (path / SCRIPT).is_file() and (path / _HEADER).is_file()


def verify_job(folder: Path, *, cwd: Path | None = None, tolerance: Tolerance | None = None) -> Verification:
    """Run a job once more, into a folder that is thrown away, and compare its result.

    Args:
        folder: The job.
        cwd: Working folder; default: the notebook's, if it is on this machine, else the job's.
        tolerance: Relative difference that metrics may have; None: bit by bit.

    Raises:
        InputError: If the folder holds no proof to compare with.
        IntegrityError: If the header or the proof was edited.
    """
    header = open_header((folder / _HEADER).read_bytes(), f"{folder.name}/{_HEADER}")
    proof = _read_proof(folder)
    recorded = Path(header.origin.folder or folder)
    with tempfile.TemporaryDirectory(prefix="reprobook-") as out:
        request = JobRequest(
            folder=folder,
            out=Path(out),
            cwd=cwd or (recorded if recorded.is_dir() else folder),
            seed=header.seeds.seed,
            deterministic=header.seeds.deterministic,
        )
        try:
            return _compared(folder, proof, run_script(request), tolerance)
        except ExecutionError as error:
            return _failed(folder, error)


def _compared(
    folder: Path, proof: Mapping[str, Any], result: Mapping[str, Any], tolerance: Tolerance | None
) -> Verification:
    """Compare a result with the proof."""
    # A proof may hold the digest alone.
    metrics = pair_metrics(_numbers(proof["metrics"]), _numbers(result.get("metrics"))) if "metrics" in proof else {}
    same = result.get("result_digest") == proof["result_digest"]
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


def _difference(proof: Mapping[str, Any], result: Mapping[str, Any], metrics: Mapping[str, MetricPair]) -> Divergence:
    """Describe how a result differs: by its recipe, or by its metrics alone."""
    recipe = [name for name in ("parameters", "seed") if name in proof and proof[name] != result.get(name)]
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


def _read_proof(folder: Path) -> Mapping[str, Any]:
    """Read what promotion wrote down."""
    place = f"{folder.name}/{PROOF}"
    if not (folder / PROOF).is_file():
        msg = f"{place}: not there, so there is nothing to compare with"
        raise InputError(msg, hint="Promote the notebook again.")
    try:
        proof = json.loads((folder / PROOF).read_bytes())
    except (ValueError, RecursionError) as error:
        msg = f"{place}: not readable JSON ({error})"
        raise IntegrityError(msg, hint="Promote the notebook again.") from error
    if not isinstance(proof, dict) or not isinstance(proof.get("result_digest"), str):
        msg = f"{place}: it names no result_digest"
        raise IntegrityError(msg, hint="Promote the notebook again.")
    return proof


def _numbers(metrics: object) -> dict[str, float]:
    """Return metrics as numbers; JSON holds those that are not finite as text."""
    return {str(name): float(value) for name, value in metrics.items()} if isinstance(metrics, dict) else {}
