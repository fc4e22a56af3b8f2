"""Jobs run in processes of their own, are listed, tell of their progress, and can be cancelled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from reprobook.runs import Store
from reprobook.server.jobs import JobBook

pytestmark = pytest.mark.usefixtures("notebook")
PATH = "train.ipynb"
_PATIENCE = 120


async def ended(ask: Any, job_id: str) -> dict[str, Any]:
    """Wait for the end of a job."""
    for _ in range(_PATIENCE * 5):
        job: dict[str, Any] = (await ask("jobs", job_id, path=PATH)).document
        if job["state"] != "running":
            return job
        await asyncio.sleep(0.2)
    msg = f"job {job_id} did not end"
    raise AssertionError(msg)


async def test_a_run_is_made_and_pushed(ask: Any, jp_ws_fetch: Any, store: Store, notebook: Path) -> None:
    (notebook.parent / "json.py").write_text("raise SystemExit('a file beside the notebook is no module of ours')")
    socket = await jp_ws_fetch("reprobook", "events", params={"path": PATH})
    # What happens from here on is told.
    assert json.loads(await asyncio.wait_for(socket.read_message(), _PATIENCE)) == {"type": "ready"}
    request = {"action": "run", "path": PATH, "parameters": {"lr": "0.5"}, "seed": 3, "name": "from the panel"}
    started = await ask("jobs", method="POST", body=request)
    assert (started.code, started.document["state"]) == (201, "running")
    events = []
    while not any(event["type"] == "job" and event["job"]["state"] != "running" for event in events):
        events.append(json.loads(await asyncio.wait_for(socket.read_message(), _PATIENCE)))
    socket.close()
    job = await ended(ask, started.document["job_id"])
    assert job["state"] == "ended", job
    assert job["result"]["status"] == "succeeded"
    assert job["result"]["parameters"] == {"lr": 0.5}
    assert {"runs", "run", "job"} <= {event["type"] for event in events}
    states = [event["run"]["status"] for event in events if event["type"] == "run"]
    assert states[-1] == "succeeded"
    assert [record.name for record in store.records()] == ["from the panel"]
    listed = (await ask("jobs", path=PATH)).document["jobs"]
    assert [each["job_id"] for each in listed] == [job["job_id"]]


async def test_what_a_command_refuses_is_told(ask: Any) -> None:
    request = {"action": "run", "path": PATH, "parameters": {"lr": "no number"}}
    started = await ask("jobs", method="POST", body=request)
    job = await ended(ask, started.document["job_id"])
    assert job["state"] == "failed"
    assert "is not a float" in job["result"]["error"]["message"]
    assert job["progress"].startswith("hint:")


def start_sleeper(store: Store, folder: Path) -> JobBook:
    """Start a run that lasts."""
    source = "import time\ntime.sleep(600)"
    cells = [{"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}]
    path = folder / "long.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}))
    book = JobBook(store)
    book.start(["run", str(path)], action="run", notebook="long.ipynb", folder=folder)
    return book


@pytest.mark.parametrize("disposition", [signal.default_int_handler, signal.SIG_IGN])
async def test_a_job_outlives_its_book_and_is_cancelled_as_by_ctrl_c(
    store: Store, notebook: Path, ask: Any, disposition: Any
) -> None:
    """A server that a script has started in the background ignores Ctrl-C; its jobs do not."""
    before = signal.signal(signal.SIGINT, disposition)
    try:
        start_sleeper(store, notebook.parent)
    finally:
        signal.signal(signal.SIGINT, before)
    # Another book, as after a restart of the server, knows it from the files.
    (job,) = JobBook(store).jobs()
    assert job.state == "running"
    assert psutil.Process(job.owner.pid).cmdline()[:3] == [sys.executable, "-P", "-c"]
    assert os.getsid(job.owner.pid) != os.getsid(0)
    for _ in range(_PATIENCE * 5):
        if "cell 0" in JobBook(store).jobs()[0].progress:
            break
        await asyncio.sleep(0.2)
    assert (await ask("jobs", job.job_id, path=PATH, method="DELETE")).code == 200
    assert (await ended(ask, job.job_id))["state"] == "cancelled"
    (record,) = store.records()
    assert record.status == "interrupted"


async def test_the_second_cancel_kills(store: Store, notebook: Path, ask: Any) -> None:
    book = start_sleeper(store, notebook.parent)
    (job,) = book.jobs()
    book.cancel(job.job_id)
    book.cancel(job.job_id)
    assert (await ended(ask, job.job_id))["state"] == "cancelled"


async def test_a_job_that_is_not_there(ask: Any) -> None:
    assert (await ask("jobs", "20261121-000000-aaaa", path=PATH)).code == 404
    assert (await ask("jobs", "20261121-000000-aaaa", path=PATH, method="DELETE")).code == 404


async def test_a_verification_marks_the_notebook(ask: Any, store: Store) -> None:
    for request, text in (
        ({"action": "run", "path": PATH}, None),
        ({"action": "verify", "path": PATH}, "diverged at [1]"),
    ):
        started = await ask("jobs", method="POST", body=request)
        assert (await ended(ask, started.document["job_id"]))["state"] == "ended"
        standing = (await ask("notebook", path=PATH)).document["standing"]
        assert standing["text"] == text or (text is None and standing["state"] == "frozen")
    (divergence,) = standing["verification"]["all"]
    assert divergence["names"] == ["x"]
    run = store.folder(standing["run_id"])
    assert run.verification.exists()
    store.delete(run)
    assert not run.verification.exists()


async def test_a_sweep_and_a_promotion(ask: Any, notebook: Path) -> None:
    sweep = {"action": "sweep", "path": PATH, "metric": "loss", "spaces": {"lr": "choice:0.1,0.2"}, "sampler": "grid"}
    started = await ask("jobs", method="POST", body=sweep)
    job = await ended(ask, started.document["job_id"])
    assert (job["state"], job["result"]["status"]) == ("ended", "succeeded"), job
    assert sorted(trial["parameters"]["lr"] for trial in job["result"]["trials"]) == [0.1, 0.2]
    runs = (await ask("runs", path=PATH)).document["runs"]
    assert len(runs) == 2
    promote = {"action": "promote", "path": PATH, "run_id": runs[0]["run_id"], "out": "job"}
    job = await ended(ask, (await ask("jobs", method="POST", body=promote)).document["job_id"])
    assert job["state"] == "ended", job
    assert (notebook.parent / "job" / "train.py").is_file()
    executed = (await ask("runs", runs[0]["run_id"], "executed", path=PATH)).document
    assert executed["metadata"]["reprobook"]["run_id"] == runs[0]["run_id"]
