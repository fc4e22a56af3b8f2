"""What a fork takes over from its server, and so must be the same for both: it is the key of the server."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

# Variables that differ from one terminal to the next, and that no library reads as it is imported. All others count:
# what an import makes of a variable that nobody thought of must not depend on who started the server.
_SESSION_NAMES = """
    _ PWD OLDPWD SHLVL SSH_AUTH_SOCK SSH_AGENT_PID SSH_CLIENT SSH_CONNECTION SSH_TTY TMUX TMUX_PANE STY WINDOW
    WINDOWID DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS GPG_TTY GPG_AGENT_INFO LS_COLORS LESS LESSOPEN LESSCLOSE
    PS1 PS2 PROMPT_COMMAND HISTFILE HISTSIZE HISTCONTROL EDITOR VISUAL PAGER COLORTERM TERM_PROGRAM
    TERM_PROGRAM_VERSION TERM_SESSION_ID VTE_VERSION INVOCATION_ID JOURNAL_STREAM MAKEFLAGS MAKELEVEL MFLAGS
    PYTEST_CURRENT_TEST PYTEST_VERSION PYTEST_XDIST_WORKER PYTEST_XDIST_TESTRUNUID
"""
_SESSION = frozenset(_SESSION_NAMES.split())
_SESSION_PREFIXES = ("JPY_", "REPROBOOK_", "XDG_SESSION_", "VSCODE_", "ITERM_", "KONSOLE_", "GNOME_TERMINAL_")
SHARED = "shared"
_OWN = Path(__file__).parents[2]
_BACKEND = "module://matplotlib_inline.backend_inline"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a server is started for.

    Attributes:
        statements: The imports that it does.
        environment: Its variables.
        watched: Whether the imports see the functions that a recorder watches, as they would in a recorded kernel.
        role: ``run``, ``replay`` or ``kernel``. A run and its replay never come from one server: what the addresses of
            objects decide would else look reproducible.
        token: Of a private server.
    """

    statements: tuple[str, ...]
    environment: Mapping[str, str]
    watched: bool = False
    role: str = "run"
    token: str = ""

    @property
    def name(self) -> str:
        """The name of the server: equal for plans that may share one."""
        text = json.dumps([asdict(self), _process(), software()], sort_keys=True)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return f"{'own' if self.token else SHARED}-{digest}"


def server_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a server for runs with these: without those of the session, sorted.

    matplotlib is told as it is imported where to draw; a kernel says so before its first cell.
    """
    kept = {name: environment[name] for name in sorted(environment) if not is_of_session(name)}
    return {"MPLBACKEND": _BACKEND, **kept}


def is_of_session(name: str) -> bool:
    """Tell whether a variable is the session's, and decides nothing in an import."""
    return name in _SESSION or name.startswith(_SESSION_PREFIXES)


def _process() -> list[object]:
    """Return what else of this process a fork would not have of its own."""
    try:
        groups = Path("/proc/self/cgroup").read_text()
    except OSError:
        groups = ""
    return [sys.executable, sorted(os.sched_getaffinity(0)), groups, sorted(os.getgroups())]


def software() -> list[object]:
    """Return what shows that packages were installed, removed or edited since a server imported them."""
    found: list[object] = []
    for folder in dict.fromkeys(entry for entry in sys.path if entry):
        try:
            with os.scandir(folder) as entries:
                found += sorted((each.name, each.stat().st_mtime_ns) for each in entries if ".dist-info" in each.name)
        except OSError:
            continue
    found.append(_newest(_OWN))
    return found


def _newest(folder: str | Path) -> int:
    """Return when the newest source file below a folder was written; asked for every run, so without ``Path.rglob``."""
    newest = 0
    with os.scandir(folder) as entries:
        for each in entries:
            if each.name.endswith(".py"):
                newest = max(newest, each.stat().st_mtime_ns)
            elif each.is_dir(follow_symlinks=False) and each.name != "__pycache__":
                newest = max(newest, _newest(each.path))
    return newest
