"""Ray, started on this machine for one sweep, or joined where a cluster runs."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from reprobook.errors import InputError
from reprobook.sweep.executor.port import ExecutorSettings
from reprobook.sweep.executor.remote import Site

NAMESPACE = "reprobook"
_OBJECTS = 256 << 20  # bytes of Ray's object store on this machine; runs and parcels pass through it
_TRIES = 3
_CONNECT = 10.0  # seconds
_PREFIX = "reprobook-ray-"
# No reports to the makers of Ray; a GPU that a task does not ask for stays visible as everywhere else; and workers are
# started when there is work (at its start Ray's own processes have seconds to find each other), as important as others.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_worker_niceness": "0",
}
# Nobody else on this machine may give work to our Ray, and no token is left in the home folder.
_PRIVATE = {"RAY_AUTH_TOKEN": secrets.token_hex(32)}
_AUTHENTICATION = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")


class RaySession:
    """Ray, from ``start`` to ``stop``, which leaves no process and no file of it.

    Args:
        settings: Of the executor.

    Attributes:
        site: Where and how tasks are carried out.
    """

    def __init__(self, settings: ExecutorSettings) -> None:
        self._settings = settings
        self._ray: Any = None
        self._place: Path | None = None
        self._added: set[str] = set()
        self.site = Site()

    def start(self) -> Any:
        """Start or join Ray, and return the module.

        Raises:
            InputError: If it is not installed, or does not start.
        """
        is_local = self._settings.address is None
        _check_address(self._settings.address)
        environment = dict(os.environ)
        own = not any(name in environment for name in _AUTHENTICATION)
        wanted = _QUIET | (_PRIVATE if is_local and own else {})
        # Ray itself sets the mode.
        self._added = {*wanted, *_AUTHENTICATION} - environment.keys()
        os.environ.update({name: value for name, value in wanted.items() if name in self._added})
        try:
            self._ray = _import_ray()
        except InputError:
            self._forget_variables()
            raise
        if is_local:
            self._place = _new_place()
            self.site = Site(str(self._place), environment)
        self.site = replace(self.site, gpus=self._settings.device == "cuda")
        self._init(_TRIES if is_local else 1)
        return self._ray

    def _init(self, tries: int) -> None:
        """Start or join Ray; on a busy machine its processes may not find each other in time, at first.

        Raises:
            InputError: If it does not start.
        """
        try:
            with _own_signals(), _without_advice():
                self._ray.init(**self._options())
        # Ray raises plain exceptions here, among others.
        except Exception as error:
            if tries > 1:
                self._ray.shutdown()
                self._init(tries - 1)
                return
            self.stop()
            msg = f"Ray does not start: {str(error).strip().splitlines()[0]}"
            hint = "Is that the address of a running cluster, with this version of Ray and Python?"
            raise InputError(msg, hint=hint if self._settings.address else "Use --executor local.") from error

    def _options(self) -> dict[str, Any]:
        """Return how Ray is started, or joined."""
        quiet = {"namespace": NAMESPACE, "log_to_driver": False, "configure_logging": False}
        if self._settings.address is not None:
            return {**quiet, "address": self._settings.address}
        cpus = max(1, self._settings.jobs) * max(1, self._settings.threads)
        place = {"_temp_dir": str(self._place), "include_dashboard": False, "object_store_memory": _OBJECTS}
        return {**quiet, **place, "address": "local", "num_cpus": cpus}

    def stop(self) -> None:
        """Let go of Ray, and of what it wrote here."""
        with _own_signals():
            self._ray.shutdown()
        self._forget_variables()
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)

    def _forget_variables(self) -> None:
        """Take out of the environment what was put there for Ray."""
        for name in self._added:
            os.environ.pop(name, None)


def _import_ray() -> Any:
    """Import Ray.

    Raises:
        InputError: If it is not installed.
    """
    try:
        import ray  # noqa: PLC0415 - only sweeps on Ray wait for it
    except ImportError as error:
        msg = "Ray is not installed"
        raise InputError(msg, hint="pip install 'reprobook[ray]', or use --executor local.") from error
    return ray


def _check_address(address: str | None) -> None:
    """Refuse an address at which nobody listens: Ray itself would try for minutes.

    Raises:
        InputError: If there is nobody, or it is one of Ray's client protocol.
    """
    host, _, port = (address or "").rpartition(":")
    if "://" in host:
        msg = f"{address}: an address of Ray's client protocol cannot be used"
        raise InputError(msg, hint="Run the sweep on a node of the cluster, with --address auto or HOST:PORT.")
    if not host or not port.isdecimal():
        return  # none, or a word of Ray's own, such as auto
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT).close()
    except OSError as error:
        msg = f"no Ray cluster answers at {address}: {error}"
        raise InputError(msg, hint="`ray start --head` says the address of a cluster.") from error


def _new_place() -> Path:
    """Make the folder of Ray's session, and remove those that killed drivers have left. Sockets need a short path."""
    root = Path(tempfile.gettempdir())
    for old in root.glob(f"{_PREFIX}*"):
        pid = old.name.removeprefix(_PREFIX)
        with suppress(OSError):
            if pid.isdecimal() and not psutil.pid_exists(int(pid)) and old.stat().st_uid == os.getuid():
                shutil.rmtree(old, ignore_errors=True)
    place = root / f"{_PREFIX}{os.getpid()}"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


@contextmanager
def _without_advice() -> Iterator[None]:
    """Keep Ray from telling how its own defaults are changed."""
    logger = logging.getLogger("ray._private.authentication.authentication_token_setup")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep our own handler of SIGTERM: Ray sets one that ends the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
