from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.errors import InputError, IntegrityError
from reprobook.execute import RunOptions, run_notebook
from reprobook.promote import JobOptions, Promotion, promote_notebook
from reprobook.promote.job_folder import check_folder, write_job
from reprobook.runs import RunFolder, Store
from reprobook.verify.job_proof import read_proof

Promoted = Callable[..., Promotion]
Write = Callable[..., Path]


@pytest.fixture
def run(write_notebook: Write, store: Store) -> RunFolder:
    return run_notebook(write_notebook("n = 3\nacc = [0.5]", "len(acc) + n"), store, RunOptions(seed=1))


def test_a_job_of_the_same_notebook_is_replaced(run: RunFolder, promoted: Promoted, tmp_path: Path) -> None:
    promoted(run, verify=False)
    (tmp_path / "job" / "out").mkdir()
    (tmp_path / "job" / "train.py").unlink()
    (tmp_path / "job" / "train.py").write_bytes(b"")
    with pytest.raises(InputError, match=r"edited since it was promoted: train\.py") as caught:
        promoted(run, verify=False)
    assert "--force" in caught.value.hint
    promoted(run, verify=False, force=True)
    assert "def main" in (tmp_path / "job" / "train.py").read_text()
    promoted(run, verify=False)
    assert (tmp_path / "job" / "out").is_dir()


def test_the_job_of_another_notebook_is_left_alone(
    run: RunFolder, promoted: Promoted, write_notebook: Write, store: Store, tmp_path: Path
) -> None:
    promoted(run, verify=False)
    before = (tmp_path / "job" / "train.py").read_bytes()
    other = run_notebook(write_notebook("acc = 0.1\nacc * 2", name="other.ipynb"), store, RunOptions())
    with pytest.raises(InputError, match=r"holds the job of .*nb\.ipynb") as caught:
        promoted(other)
    assert (tmp_path / "job" / "train.py").read_bytes() == before
    assert "-o" in caught.value.hint
    promoted(other, verify=False, force=True)
    assert (tmp_path / "job" / "train.py").read_bytes() != before


@pytest.mark.parametrize("name", ["thesis.tex", "train.py"])
def test_a_folder_of_something_else_is_left_alone(run: RunFolder, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / name).write_text("years of work")
    with pytest.raises(InputError, match="no promoted job"):
        check_folder(folder, run.read_header())
    with pytest.raises(InputError, match="is a file"):
        check_folder(folder / name, run.read_header(), force=True)
    check_folder(folder, run.read_header(), force=True)


@pytest.mark.parametrize("wrong", ["folder", "style"])
def test_what_cannot_be_written_is_told_before_the_notebook_runs(
    write_notebook: Write, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "thesis.tex").write_text("years of work")
    options = JobOptions(style="hydra" if wrong == "style" else "plain")
    monkeypatch.setattr("reprobook.promote.style._LIBRARIES", {"hydra": "a-library-that-is-not-there"})
    with pytest.raises(InputError, match="no promoted job" if wrong == "folder" else "not installed"):
        promote_notebook(write_notebook("acc = 0.1\nacc * 2"), store, options, out=tmp_path / "job")
    assert store.records() == []


def test_a_proof_may_name_what_can_be_no_file(run: RunFolder, promoted: Promoted, tmp_path: Path) -> None:
    promoted(run, verify=False)
    proof = tmp_path / "job" / "proof.json"
    content = json.loads(proof.read_bytes())
    proof.write_text(json.dumps({**content, "files": {**content["files"], "x" * 300: "0" * 64}}))
    check_folder(tmp_path / "job", run.read_header())
    promoted(run, verify=False)
    assert "x" * 300 not in proof.read_text()


def test_what_is_no_longer_written_goes_unless_it_was_edited(tmp_path: Path) -> None:
    write_job(tmp_path, {"train.py": b"1", "conf/a.yaml": b"a", "launch/b.sh": b"b", "launch/c.sh": b"c"}, {})
    (tmp_path / "launch" / "c.sh").write_bytes(b"mine")
    write_job(tmp_path, {"train.py": b"2"}, {"seed": 1})
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert found == ["launch/c.sh", "proof.json", "train.py"]
    assert not (tmp_path / "conf").exists()


def test_a_record_that_points_outside_deletes_nothing(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    job = tmp_path / "job"
    write_job(job, {"train.py": b"1"}, {})
    victim.write_bytes(b"v")
    proof = json.loads((job / "proof.json").read_text())
    digest = "4c94485e0c21ae6c41ce1dfe7b6bfaceea5ab68e40a2476f50208e526f506080"  # of "v"
    proof["files"] |= {"../victim.txt": digest, str(victim): digest}
    (job / "proof.json").write_text(json.dumps(proof))
    write_job(job, {"train.py": b"2"}, {})
    assert victim.exists()


@pytest.mark.parametrize("path", ["", "gone.py"])
def test_a_record_of_files_without_a_digest_is_passed_over(tmp_path: Path, path: str) -> None:
    write_job(tmp_path, {"train.py": b"1"}, {})
    (tmp_path / "proof.json").write_text(json.dumps({"files": {path: ""}}))
    write_job(tmp_path, {"train.py": b"2"}, {})
    assert (tmp_path / "train.py").read_bytes() == b"2"


def test_the_job_names_run_and_seed_and_keeps_integers(run: RunFolder, promoted: Promoted, tmp_path: Path) -> None:
    assert promoted(run).equivalent is True
    text = (tmp_path / "job" / "train.py").read_text()
    commands = f"    reprobook run nb.ipynb --seed 1\n    reprobook promote {run.run_id}\n"
    assert commands in text
    assert commands.replace("    ", "") in (tmp_path / "job" / "README.md").read_text()
    assert "| len(acc) + n | 4 |" in (tmp_path / "job" / "MODEL_CARD.md").read_text()
    assert json.loads((tmp_path / "job" / "proof.json").read_text())["metrics"] == {"len(acc) + n": 4}
    assert '"len(acc) + n": 4\n' in (tmp_path / "job" / "proof.json").read_text()


def test_values_given_to_the_run_stand_in_the_command(
    write_notebook: Write, store: Store, promoted: Promoted, tmp_path: Path
) -> None:
    path = write_notebook("word = 'a'\nlr = 0.1", "len(word) * lr")
    run = run_notebook(path, store, RunOptions(values={"word": "it's $HOME"}))
    promoted(run, verify=False)
    assert """reprobook run nb.ipynb -p word 'it'"'"'s $HOME'\n""" in (tmp_path / "job" / "train.py").read_text()


def test_a_job_that_was_cut_short_is_neither_lost_nor_verified(tmp_path: Path) -> None:
    write_job(tmp_path, {"train.py": b"1"}, {})
    (tmp_path / ".unfinished.json").write_text('{"notebook": "nb.ipynb", "files": {}}')
    with pytest.raises(IntegrityError, match="cut short"):
        read_proof(tmp_path)
    write_job(tmp_path, {"train.py": b"2"}, {})
    assert not (tmp_path / ".unfinished.json").exists()
    assert (tmp_path / "train.py").read_bytes() == b"2"
