"""A fixed process on a fixed machine: ids, names, free memory, free ports, temporary files."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from reprobook.ambient.pinned.asker import asker, is_machinery, is_own
from reprobook.ambient.stand_in import Replacements

_PID = 4242
_HOST = "pinned"
_NODE = 0x0242AC110002
_FIRST_PORT = 47000
_MEMORY = 2**34
_USER = "user"
_TEMPORARY = "reprobook-pinned"

_locks: list[BaseFileLock] = []


def pin_identity(replacements: Replacements) -> None:
    """Replace what tells one process or machine from another."""
    replacements.stand_in(os, "getpid", partial(_for_own, _PID))
    replacements.stand_in(os, "getppid", partial(_for_own, _PID - 1))
    replacements.stand_in(threading, "get_native_id", partial(_for_own, _PID))
    for module, name in ((socket, "gethostname"), (socket, "getfqdn"), (platform, "node")):
        replacements.stand_in(module, name, partial(_for_all, _HOST))
    names = ("Linux", _HOST, "6.0.0", "#1", "x86_64")
    replacements.stand_in(os, "uname", partial(_for_all, os.uname_result(names)))
    replacements.stand_in(os, "getlogin", partial(_for_all, _USER))
    replacements.stand_in(os, "getloadavg", partial(_for_all, (0.0, 0.0, 0.0)))
    replacements.stand_in(os, "sysconf", _configuration)
    replacements.stand_in(shutil, "disk_usage", lambda original, args, _: type(original(*args))(*3 * (_MEMORY,)))
    replacements.after_import(
        {
            "uuid": lambda module: replacements.stand_in(module, "getnode", partial(_for_all, _NODE)),
            "getpass": lambda module: replacements.stand_in(module, "getuser", partial(_for_all, _USER)),
            "psutil": partial(_pin_psutil, replacements),
            "torch.cuda": partial(_pin_cuda, replacements),
        }
    )
    _pin_ports(replacements)
    _pin_temporary(replacements)


def _for_own(value: Any, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Answer the notebook's code; libraries compare the id with that of a fork, and signal by it."""
    return value if is_own(asker()) else original(*args, **kwargs)


def _for_all(value: Any, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return original(*args, **kwargs) if is_machinery(asker()) else value


def _configuration(original: Callable[..., int], args: Any, _: Any) -> int:
    return _MEMORY // original("SC_PAGE_SIZE") if "AVPHYS" in str(args[0]) else original(*args)


def _pin_psutil(replacements: Replacements, psutil: Any) -> None:
    """Answer with a machine half of whose memory is free."""

    def memory(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        found = original(*args, **kwargs)
        fields = dict.fromkeys(found._fields, _MEMORY // 2)
        return type(found)(**{**fields, "total": _MEMORY, "percent": 50.0})

    for name in ("virtual_memory", "swap_memory", "disk_usage"):
        replacements.stand_in(psutil, name, memory)
    replacements.stand_in(psutil, "cpu_percent", partial(_for_all, 0.0))


def _pin_cuda(replacements: Replacements, cuda: Any) -> None:
    for module in (cuda, cuda.memory):
        replacements.stand_in(module, "mem_get_info", partial(_for_all, (_MEMORY // 2, _MEMORY)))


def _pin_ports(replacements: Replacements) -> None:
    """Give the same free ports in the same order."""
    original = socket.socket.bind
    ports = iter(range(_FIRST_PORT, 2**16))

    def bind(self: socket.socket, address: Any) -> None:
        if not (isinstance(address, tuple) and address[1] == 0 and is_own(asker())):
            original(self, address)
            return
        for port in ports:
            try:
                original(self, (address[0], port, *address[2:]))
            except OSError:
                continue
            return

    replacements.put(socket.socket, "bind", bind)


def _pin_temporary(replacements: Replacements) -> None:
    """Give temporary files counted names, in a folder that is empty at first."""

    class Names(Iterator[str]):
        """Names in a fixed order."""

        count = 0

        def __next__(self) -> str:
            self.count += 1
            return f"pin{self.count:05d}"

    names = Names()
    replacements.put(tempfile, "_get_candidate_names", lambda: names)
    replacements.put(tempfile, "tempdir", str(_empty_folder()))


def _empty_folder() -> Path:
    """Return a folder of a fixed path for this process alone; another number where one is taken."""
    root = Path(tempfile.gettempdir())
    for number in range(100):
        folder = root / f"{_TEMPORARY}-{os.getuid()}-{number}"
        lock = FileLock(f"{folder}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            continue
        # Held until the process ends.
        _locks.append(lock)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder
    return root
