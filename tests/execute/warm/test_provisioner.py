from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from watching import PATIENCE_S, Servers, until

from reprobook.execute.warm.provisioner import ForkedProcess

SPEC = Path(__file__).parents[3] / "reprobook/execute/warm/kernelspec"


@pytest.fixture
def manager(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KernelManager]:
    """Start the kernel of a notebook that imports numpy, as Jupyter Server does."""
    del servers
    shutil.copytree(SPEC, tmp_path / "data/kernels/reprobook-warm")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "import numpy", "outputs": []}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell | {"execution_count": None}]}
    (tmp_path / "nb.ipynb").write_text(json.dumps(content))
    manager = KernelManager(kernel_name="reprobook-warm")
    manager.start_kernel(cwd=str(tmp_path), env=os.environ | {"JPY_SESSION_NAME": str(tmp_path / "nb.ipynb")})
    yield manager
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)


def answers(client: Any, code: str, **options: Any) -> tuple[str, str]:
    """Run code and return the status and the text that it printed."""
    printed: list[str] = []

    def note(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = client.execute_interactive(code, timeout=PATIENCE_S, output_hook=note, **options)
    return reply["content"]["status"], "".join(printed)


def test_a_warm_kernel_is_a_real_one(manager: KernelManager, servers: Servers, tmp_path: Path) -> None:
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=PATIENCE_S)
    process = manager.provisioner.process
    assert isinstance(process, ForkedProcess)
    assert [each.pid for each in servers.forks()] == [process.pid]
    code = "import os, sys\nprint('numpy' in sys.modules, os.getcwd(), os.path.basename(sys.argv[0]))"
    assert answers(client, code) == ("ok", f"False {tmp_path} ipykernel_launcher.py\n")
    assert answers(client, "import numpy\nprint(numpy.__name__, 'numpy' in sys.modules)") == ("ok", "numpy True\n")

    def type_in(_: Any) -> None:
        client.input("me")

    assert answers(client, "print('hello', input('who? '))", allow_stdin=True, stdin_hook=type_in) == (
        "ok",
        "hello me\n",
    )
    answers(client, "get_ipython().kernel.comm_manager.register_target('t', lambda comm, _: comm.send({'got': 1}))")
    message = client.session.msg("comm_open", {"comm_id": "c", "target_name": "t", "data": {}})
    client.shell_channel.send(message)
    kinds = [client.get_iopub_msg(timeout=PATIENCE_S)["msg_type"] for _ in range(3)]
    assert "comm_msg" in kinds
    client.execute("import time\ntime.sleep(600)")
    until(lambda: client.get_iopub_msg(timeout=PATIENCE_S)["msg_type"] == "execute_input", "the cell runs")
    manager.interrupt_kernel()
    assert client.get_shell_msg(timeout=PATIENCE_S)["content"]["ename"] == "KeyboardInterrupt"
    manager.restart_kernel()
    client.wait_for_ready(timeout=PATIENCE_S)
    assert manager.provisioner.process.pid != process.pid
    assert process.poll() is not None
    assert answers(client, "print('numpy' in dir())") == ("ok", "False\n")
    client.stop_channels()
    manager.shutdown_kernel()
    until(lambda: not servers.forks(), "the kernel has ended")


def test_a_kernel_that_dies_is_seen_to_be_dead(manager: KernelManager, servers: Servers) -> None:
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=PATIENCE_S)
    client.execute("import os; os._exit(5)")
    until(lambda: not manager.is_alive(), "the kernel is dead")
    assert manager.provisioner.process.returncode == 5
    client.stop_channels()
    assert not servers.forks()
