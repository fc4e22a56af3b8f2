"""Jobs written by hand: the script is run for real, what promotion writes is tested with promotion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reprobook.errors import InputError, IntegrityError
from reprobook.header import Code, Header, Origin, header_bytes, seal
from reprobook.trace.sinks import result_digest
from reprobook.verify import Tolerance, is_job, verify_job

SCRIPT = """\
import json, pathlib, sys
result = {"result_digest": "%s", "metrics": {"loss": %s}, "parameters": {"lr": %s}, "seed": None}
(pathlib.Path(sys.argv[sys.argv.index("--out") + 1]) / "result.json").write_text(json.dumps(result))
"""


@pytest.fixture
def job(tmp_path: Path) -> Path:
    header = seal(Header(code=Code(cells=()), origin=Origin(created="2026-11-21T00:00:00Z")))
    (tmp_path / "header.json").write_bytes(header_bytes(header))
    proof = {"result_digest": "d1", "metrics": {"loss": 0.5}, "parameters": {"lr": 0.1}, "seed": None}
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    (tmp_path / "train.py").write_text(SCRIPT % ("d1", 0.5, 0.1))
    return tmp_path


def test_the_same_result_is_reproduced(job: Path) -> None:
    assert is_job(job)
    found = verify_job(job)
    assert (found.verdict, found.first, found.replay_id) == ("reproduced", None, None)
    assert found.metrics["loss"].replay == 0.5


def test_another_result_names_metric_and_changed_parameters(job: Path) -> None:
    (job / "train.py").write_text(SCRIPT % ("d2", 0.5000001, 0.2))
    found = verify_job(job)
    assert found.verdict == "diverged"
    assert found.first is not None
    assert found.first.names == ("loss",)
    assert "parameters were changed" in found.first.evidence
    assert verify_job(job, tolerance=Tolerance(1e-3)).verdict == "within_tolerance"


def test_a_script_that_fails_says_why(job: Path) -> None:
    (job / "train.py").write_text("raise SystemExit('no data')")
    found = verify_job(job)
    assert found.verdict == "failed"
    assert found.error is not None
    assert "no data" in found.error.evalue


def test_an_edited_header_is_found(job: Path) -> None:
    header = job / "header.json"
    header.write_bytes(header.read_bytes().replace(b"2026", b"2025"))
    with pytest.raises(IntegrityError, match=r"header\.json"):
        verify_job(job)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"result_digest": 1}'])
def test_a_damaged_proof_is_found(job: Path, content: str) -> None:
    (job / "proof.json").write_text(content)
    with pytest.raises(IntegrityError, match=r"proof\.json"):
        verify_job(job)


def test_without_a_proof_there_is_nothing_to_compare(job: Path) -> None:
    (job / "proof.json").unlink()
    with pytest.raises(InputError, match="nothing to compare"):
        verify_job(job)


def test_a_job_without_results_says_what_was_not_compared(job: Path) -> None:
    nothing = result_digest(())
    (job / "proof.json").write_text(
        json.dumps({"result_digest": nothing, "metrics": {}, "parameters": {}, "seed": None})
    )
    (job / "train.py").write_text((SCRIPT % (nothing, 0, 0.1)).replace('{"loss": 0}', "{}"))
    (note,) = verify_job(job).notes
    assert "logs no result" in note
