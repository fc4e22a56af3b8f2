"""The recorder: content digests, cell traces, sinks.

``reprobook.trace.ipython`` hooks it on a shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobook.lazy import lazy_names

if TYPE_CHECKING:
    from reprobook.trace.content import DEFAULT_BUDGET, Digester, digest_value
    from reprobook.trace.files import MISSING
    from reprobook.trace.model import (
        TRACE_SCHEMA,
        CellError,
        CellTrace,
        Sink,
        ThreadError,
        Trace,
        ValueDigest,
        cell_line,
        open_cell_line,
        open_trace,
        trace_bytes,
    )
    from reprobook.trace.outputs import CellOutput
    from reprobook.trace.recorder import Recorder
    from reprobook.trace.rng import positions
    from reprobook.trace.shown import is_timing_name, scalar_metrics, shown_metrics
    from reprobook.trace.sinks import SinkChain, as_number
    from reprobook.trace.static import CellNames, names_of

__all__ = [
    "DEFAULT_BUDGET",
    "MISSING",
    "TRACE_SCHEMA",
    "CellError",
    "CellNames",
    "CellOutput",
    "CellTrace",
    "Digester",
    "Recorder",
    "Sink",
    "SinkChain",
    "ThreadError",
    "Trace",
    "ValueDigest",
    "as_number",
    "cell_line",
    "digest_value",
    "is_timing_name",
    "names_of",
    "open_cell_line",
    "open_trace",
    "positions",
    "scalar_metrics",
    "shown_metrics",
    "trace_bytes",
]

_HOMES = {
    "content": ("DEFAULT_BUDGET", "Digester", "digest_value"),
    "files": ("MISSING",),
    "model": (
        "TRACE_SCHEMA",
        "CellError",
        "CellTrace",
        "Sink",
        "ThreadError",
        "Trace",
        "ValueDigest",
        "cell_line",
        "open_cell_line",
        "open_trace",
        "trace_bytes",
    ),
    "outputs": ("CellOutput",),
    "recorder": ("Recorder",),
    "rng": ("positions",),
    "shown": ("is_timing_name", "scalar_metrics", "shown_metrics"),
    "sinks": ("SinkChain", "as_number"),
    "static": ("CellNames", "names_of"),
}

__getattr__ = lazy_names(__name__, _HOMES)
