"""The functions that are watched, by module."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from reprobook.ambient import answers
from reprobook.ambient.answers import Describe, Watched
from reprobook.ambient.model import CallKind
from reprobook.ambient.stand_in import Replacements

_CLOCKS = """time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns thread_time
    thread_time_ns clock_gettime clock_gettime_ns"""


def _named(kind: CallKind, names: str, describe: Describe | None = None) -> list[Watched]:
    """Watch several functions in the same way."""
    return [Watched(name, kind, describe or answers.plain(kind), describe is None) for name in names.split()]


_WATCHED: dict[str, list[Watched]] = {
    "time": [
        Watched("time", "clock", answers.clock_read, is_plain=True),
        *_named("clock", _CLOCKS),
        *_named("clock", "localtime gmtime ctime asctime", answers.without("clock", 1)),
        *_named("clock", "strftime", answers.without("clock", 2)),
    ],
    "timeit": _named("clock", "default_timer"),
    "os": [
        *_named("clock", "times"),
        *_named("entropy", "urandom getrandom", answers.drawn),
        *_named("pid", "getpid getppid", answers.answered("pid")),
        *_named("host", "uname getlogin", answers.answered("host")),
        *_named("cpu_count", "cpu_count process_cpu_count sched_getaffinity", answers.counted),
        *_named("memory", "getloadavg"),
        *_named("memory", "sysconf", answers.system_asked),
        *_named("listing", "listdir", answers.listed),
        *_named("file_time", "stat lstat", answers.looked_at),
        *_named("exists", "access", answers.accessed),
    ],
    "random": [*_named("entropy", "_urandom", answers.drawn), *_named("seed", "seed", answers.seeded)],
    "uuid": [*_named("uuid", "uuid1 uuid4"), *_named("host", "getnode", answers.answered("host"))],
    "socket": _named("host", "gethostname getfqdn", answers.answered("host")),
    "platform": _named("host", "node uname", answers.answered("host")),
    "getpass": _named("host", "getuser", answers.answered("host")),
    "shutil": _named("memory", "disk_usage"),
    "resource": _named("memory", "getrusage"),
    "threading": _named("thread", "_start_new_thread _start_joinable_thread", answers.thread_started),
    "psutil": [
        *_named("memory", "virtual_memory swap_memory cpu_percent disk_usage"),
        *_named("cpu_count", "cpu_count", answers.counted),
    ],
    "numpy.random": _named("seed", "seed", answers.seeded),
    "torch": _named("seed", "manual_seed seed", answers.seeded),
}

_ENVIRONMENT = Watched("os.environ", "environment", answers.variable_read)


def put_in_place(replacements: Replacements, ask: Callable[..., Any]) -> None:
    """Let stand-ins take the place of the watched functions, in modules imported later too."""
    replacements.after_import({name: partial(_watch, replacements, ask, watched) for name, watched in _WATCHED.items()})
    replacements.stand_in_for_scandir(partial(ask, Watched("os.scandir", "listing", answers.listed)))
    replacements.put(os._Environ, "__getitem__", _watched_reading(ask))  # noqa: SLF001  # the class has no public name


def _watch(
    replacements: Replacements,
    ask: Callable[..., Any],
    watched: Iterable[Watched],
    module: Any,
) -> None:
    """Let stand-ins take the place of the functions of one module."""
    for each in watched:
        dotted = each._replace(name=f"{module.__name__}.{each.name}")
        replacements.stand_in(module, each.name, partial(ask, dotted))


def _watched_reading(ask: Callable[..., Any]) -> Callable[[Any, Any], str]:
    """Return the method that reads ``os.environ``, watched."""
    original: Callable[..., str] = os._Environ.__getitem__  # noqa: SLF001  # see above

    def __getitem__(self: Any, key: Any) -> str:  # noqa: N807  # it takes the place of one
        __tracebackhide__ = True
        if self is not os.environ:
            return original(self, key)
        return str(ask(_ENVIRONMENT, original, (self, key), {}))

    return __getitem__
