"""A server that is told to end waits for nothing of ours: no event stream, no job, no warm kernel."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil
from lab_server import Jupyter, Serve
from notebook_page import write_notebook
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from reprobook.runs import Store
from reprobook.server.jobs import JobBook


def _ask(server: Jupyter, place: str, body: dict[str, Any]) -> Any:
    headers = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    with urlopen(Request(server.url + place, json.dumps(body).encode(), headers)) as answer:  # noqa: S310 - our own
        return json.loads(answer.read())


async def _followed(server: Jupyter) -> str:
    """Follow the events of the notebook, and end the server meanwhile; returns the first event."""
    address = f"{server.url.replace('http', 'ws')}reprobook/events?path=nb.ipynb"
    stream = await websocket_connect(HTTPRequest(address, headers={"Authorization": f"token {server.token}"}))
    first = await stream.read_message()
    await asyncio.to_thread(server.stop)
    return str(first)


def test_it_ends_with_a_stream_a_job_and_a_kernel_and_the_job_goes_on(root: Path, tmp_path: Path, serve: Serve) -> None:
    write_notebook(root / "nb.ipynb", "import time\ntime.sleep(600)")
    (root / ".git").mkdir()
    config = tmp_path / "home0" / "config" / "jupyter_server_config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"ServerApp": {"jpserver_extensions": {"reprobook": True}}}))
    server = serve("lab")
    kernel = {"name": "nb.ipynb", "path": "nb.ipynb", "type": "notebook", "kernel": {"name": "reprobook-warm"}}
    _ask(server, "api/sessions", kernel)
    _ask(server, "reprobook/jobs", {"action": "run", "path": "nb.ipynb"})
    started = time.monotonic()
    assert "ready" in asyncio.run(_followed(server))
    assert time.monotonic() - started < 60
    (job,) = JobBook(Store(root / ".reprobook")).jobs()
    assert job.state == "running"
    os.killpg(job.owner.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(job.owner.pid)] if psutil.pid_exists(job.owner.pid) else [], timeout=10)
