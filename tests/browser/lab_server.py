"""A Jupyter server of a test: its own settings, a token, a free port."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_MODULES = {"lab": "jupyterlab", "notebook": "notebook"}
_NO_NEWS = "lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
_PATIENCE = 120  # seconds; machines are shared
_END = 30  # seconds


class Jupyter:
    """JupyterLab or the Jupyter Notebook 7, serving one folder.

    Args:
        app: ``lab`` or ``notebook``.
        root: The folder that it serves.
        home: Where its settings, runtime files and log go; nothing of the user's is read.
        environment: Environment variables for it and its kernels.
    """

    def __init__(self, app: str, root: Path, home: Path, environment: Mapping[str, str]) -> None:
        self.app = app
        self.root = root
        self.home = home
        self.token = secrets.token_hex(16)
        self.url = ""
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Jupyter:
        """Start, and wait until it answers."""
        self.root.mkdir(parents=True, exist_ok=True)
        news = self.home / _NO_NEWS
        news.parent.mkdir(parents=True, exist_ok=True)
        news.write_text('{"fetchNews": "false"}')
        with (self.home / "server.log").open("wb") as log:
            self._process = subprocess.Popen(self._command(), env=self._env(), cwd=self.root, stdout=log, stderr=log)
        self.url = self._wait()
        return self

    def _command(self) -> list[str]:
        python = os.environ.get("REPROBOOK_JUPYTER_PYTHON", sys.executable)  # another JupyterLab, to be tried
        return [
            *(python, "-m", _MODULES[self.app], "--no-browser", "--allow-root", "--ip=127.0.0.1"),
            # Another test may take the port between our look and its use; the server then takes the next.
            *("--ServerApp.port=8700", "--ServerApp.port_retries=200"),
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
        ]

    def _env(self) -> dict[str, str]:
        folders = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_WORKSPACES_DIR": "lab/workspaces",
            "JUPYTERLAB_SETTINGS_DIR": "lab/user-settings",
            "IPYTHONDIR": "ipython",
            "MPLCONFIGDIR": "matplotlib",
        }
        path = f"{Path(self._command()[0]).parent}{os.pathsep}{os.environ['PATH']}"
        own = {name: str(self.home / folder) for name, folder in folders.items()}
        return {**os.environ, **own, "PATH": path, **self._environment}

    def _wait(self) -> str:
        """Return the address that the server tells in its runtime file, once it listens."""
        assert self._process is not None
        told = self.home / "runtime" / f"jpserver-{self._process.pid}.json"
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                return str(json.loads(told.read_text())["url"])
            except (FileNotFoundError, ValueError):
                time.sleep(0.1)
        self.stop()
        raise RuntimeError((self.home / "server.log").read_text(errors="replace"))

    def stop(self) -> None:
        """End the server; it ends its kernels.

        Jupyter Server sometimes stays where it reads files: it stops its loop while a task of anyio's runs, and then
        waits for ever for a worker thread that nobody told to end. What is ours is looked at by `test_server_end.py`.
        """
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


Serve = Callable[..., Jupyter]
