"""A live session: cells sent to a real kernel as a front end sends them, in any order and any version."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

CELL_SECONDS = 120
PLAIN = Path(__file__).with_name("plain.py")


class CellError(RuntimeError):
    """A step of a session failed: the case itself is wrong."""


@contextmanager
def kernel(folder: Path, env: Mapping[str, str], *, affinity: tuple[int, ...] = ()) -> Iterator[BlockingKernelClient]:
    """Start a kernel in a folder, and end it as a front end does."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env=dict(env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if affinity:
        os.sched_setaffinity(manager.provisioner.process.pid, affinity)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def execute(client: BlockingKernelClient, source: str, cell_id: str | None = None) -> str:
    """Execute one cell and return what it printed and showed.

    Raises:
        CellError: If it failed.
    """
    content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    metadata = {"cellId": cell_id, "deletedCells": [], "recordTiming": False} if cell_id else {}
    message = client.session.msg("execute_request", content, metadata=metadata)
    client.shell_channel.send(message)
    return _shown(client, message["header"]["msg_id"])


def _shown(client: BlockingKernelClient, request: str) -> str:
    """Read a request's outputs until the kernel is idle again."""
    shown: list[str] = []
    end = time.monotonic() + CELL_SECONDS
    while time.monotonic() < end:
        try:
            message = client.get_iopub_msg(timeout=1)
        except Empty:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "error":
            raise CellError("\n".join(content["traceback"]))
        if kind == "stream":
            shown.append(content["text"])
        elif kind in {"execute_result", "display_data"}:
            shown.append(content["data"].get("text/plain", ""))
        elif kind == "status" and content["execution_state"] == "idle":
            return "\n".join(shown)
    msg = f"no answer within {CELL_SECONDS} s"
    raise CellError(msg)


def play(
    client: BlockingKernelClient, notebook: Mapping[str, Any], steps: tuple[Mapping[str, Any], ...], *, folder: Path
) -> None:
    """Execute a session: cells by number, also in an older text, cells deleted since, and things done outside."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, step in enumerate(steps):
        if "py" in step:
            outside(step["py"], folder)
        elif "scratch" in step:
            execute(client, step["scratch"], f"scratch-{number}" if "id" in cells[0] else None)
        else:
            cell = cells[step["cell"]]
            execute(client, step.get("source", text(cell)), cell.get("id"))


def plain_digests(client: BlockingKernelClient) -> dict[str, str]:
    """Return a digest of every name of the user."""
    return _computed(client, "['digests'](get_ipython().user_ns)")


def generator_digests(client: BlockingKernelClient) -> dict[str, str]:
    """Return a digest of the position of every global generator."""
    return _computed(client, "['positions']()")


def _computed(client: BlockingKernelClient, call: str) -> dict[str, str]:
    """Compute digests in the kernel, without a trace in its history."""
    expression = f"__import__('runpy').run_path({str(PLAIN)!r}){call}"
    content = {"code": "", "silent": True, "store_history": False, "allow_stdin": False}
    message = client.session.msg("execute_request", {**content, "user_expressions": {"all": expression}})
    client.shell_channel.send(message)
    while True:
        reply = client.get_shell_msg(timeout=CELL_SECONDS)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            break
    shown = reply["content"]["user_expressions"]["all"]
    if shown["status"] != "ok":
        raise CellError(shown["evalue"])
    return dict(ast.literal_eval(shown["data"]["text/plain"]))


def outside(source: str, folder: Path, env: Mapping[str, str] | None = None) -> None:
    """Run Python code in a process of its own in a folder."""
    subprocess.run([sys.executable, "-c", source], cwd=folder, env=dict(env or os.environ), check=True)


def text(cell: Mapping[str, Any]) -> str:
    """Return the source of a cell of a notebook file, which may be stored as lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
