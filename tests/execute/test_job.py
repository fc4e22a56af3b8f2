from __future__ import annotations

import json
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import reprobook as rb
from reprobook.errors import ExecutionError, InputError
from reprobook.execute.script import JobRequest, run_script
from reprobook.trace import SinkChain


def result(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "result.json").read_bytes())
    return content


def test_a_job_writes_its_metrics_and_the_digest_of_their_chain(tmp_path: Path) -> None:
    with rb.job(tmp_path, config={"lr": 0.1, "sizes": (1, 2)}, seed=3):
        rb.log(loss=0.5, step=0)
        rb.log(loss=float("nan"), step=1)
    chain = SinkChain()
    chain.metric("loss", 0.5, step=0)
    chain.metric("loss", float("nan"), step=1)
    found = result(tmp_path)
    assert found["result_digest"] == chain.result_digest()
    assert found["metrics"] == {"loss": "NaN"}
    assert found["seed"] == 3
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2


def test_printed_metrics_count_where_the_notebook_logs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rb.job(tmp_path, config={}, printed_metrics=True):
        print("loss: ", end="")
        print(0.25)
        rb.show("scores", {"f1": 0.5})
        print("accuracy=0.75", end="")
    assert result(tmp_path)["metrics"] == {"loss": 0.25, "f1": 0.5, "accuracy": 0.75}
    assert "loss: 0.25" in capsys.readouterr().out


def _first() -> None:
    print("loss: 1")
    _helper()


def _second() -> None:
    print("loss: 2")
    _helper()
    thread = Thread(target=lambda: print("loss: 3"))
    thread.start()
    thread.join()
    rb.show("f1", 0.5)
    rb.log(loss=4)
    print("loss: 5", end="")


def _helper() -> None:
    rb.show("f1", 0.25)


def test_what_two_sections_show_under_one_name_has_two_names_in_the_files(tmp_path: Path) -> None:
    with rb.job(tmp_path, config={}, printed_metrics=True):
        _first()
        print("n: 0")
        _second()
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [(each["name"], each["value"]) for each in lines] == [
        *(("loss", 1), ("f1", 0.25), ("n", 0), ("loss (_second)", 2), ("f1 (_second)", 0.25)),
        *(("loss (_second)", 3), ("f1 (_second)", 0.5), ("loss", 4), ("loss (_second)", 5)),
    ]
    assert result(tmp_path)["metrics"] == {
        "loss": 4,
        "f1": 0.25,
        "n": 0,
        "loss (_second)": 5,
        "f1 (_second)": 0.5,
    }
    chain = SinkChain()
    chain.metric("loss", 4)  # of what is logged alone, under the name it was given
    assert result(tmp_path)["result_digest"] == chain.result_digest()


def test_a_job_that_fails_leaves_no_result(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(ZeroDivisionError), rb.job(tmp_path, config={}):
        _ = 1 / 0
    assert not (tmp_path / "result.json").exists()


def test_of_several_processes_only_the_first_keeps_and_prints_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rb.job(tmp_path / "out", config={}, rank=1, printed_metrics=True) as folder:
        print("loss: 0.5")
        rb.log(loss=0.5)
        rb.save("note", "text")
        assert (folder / "artifacts" / "note.txt").exists()
    assert capsys.readouterr().out == ""
    assert not folder.exists()
    assert not (tmp_path / "out").exists()
    with rb.job(tmp_path / "out", config={}) as folder:
        print("loss: 0.5")
    assert (folder, capsys.readouterr().out) == (tmp_path / "out", "loss: 0.5\n")


def test_artifacts_are_written_by_type(tmp_path: Path) -> None:
    with rb.job(tmp_path, config={}):
        rb.save("text", "hello")
        rb.save("data", {"a": [1, 2]})
    assert (tmp_path / "artifacts/text.txt").read_text() == "hello"
    assert json.loads((tmp_path / "artifacts/data.json").read_text()) == {"a": [1, 2]}


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", "a\nb"])
def test_artifact_names_cannot_leave_their_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="file name"), rb.job(tmp_path, config={}):
        rb.save(name, "x")


def test_outside_a_run_logging_warns_and_goes_on() -> None:
    with pytest.warns(UserWarning, match="reprotrain init"):
        rb.log(loss=1.0)


def test_a_script_that_fails_shows_its_last_lines(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("raise ValueError('too warm')")
    with pytest.raises(ExecutionError, match="too warm"):
        run_script(JobRequest(folder=tmp_path, out=tmp_path / "out", cwd=tmp_path))
