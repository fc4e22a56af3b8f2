"""The recorder on IPython's events."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from reprobook.ambient.watch import uninstall
from reprobook.header import OWN_MIME_TYPES
from reprobook.trace.outputs import CellOutput
from reprobook.trace.recorder import Recorder
from reprobook.trace.shown import scalar_metrics, shown_metrics
from reprobook.trace.static import last_expression
from reprobook.trace.streams import StreamTap

_HOOKED = ("write_output_prompt", "write_format_data", "finish_displayhook")


class ShellTrace:
    """Records the cells of an IPython shell, from ``attach`` to ``detach``.

    A cell is what enters the history: silent requests, and code that a cell itself runs through the shell, are not.

    Args:
        shell: The ``InteractiveShell``.
        recorder: Records each cell.
        on_shown: Called with name and value of each metric that a cell shows, in order, before the cell ends.
    """

    def __init__(self, shell: Any, recorder: Recorder, on_shown: Callable[[str, int | float], None]) -> None:
        self._shell = shell
        self._recorder = recorder
        self._on_shown = on_shown
        self._info: Any = None
        self._taps: dict[str, StreamTap] = {}
        self._displays: dict[object, str] = {}
        self._hooks = ExitStack()
        self._warned = False

    def attach(self) -> None:
        """Begin to record, with the next cell."""
        self._shell.events.register("pre_run_cell", self._before)
        self._shell.events.register("post_run_cell", self._after)
        for name in _HOOKED:
            self._hook(self._shell.displayhook, name, self._see_result if name == "write_format_data" else None)
        self._hook(self._shell.display_pub, "publish", self._see_display)
        self._hook(self._shell, "_showtraceback", None)

    def detach(self) -> None:
        """Stop recording, and leave nothing of ours in the process; a cell that runs is left unrecorded."""
        self._shell.events.unregister("pre_run_cell", self._before)
        self._shell.events.unregister("post_run_cell", self._after)
        self._hooks.close()
        if self._info is not None:
            self._close()
            self._recorder.cancel()
        uninstall()

    def _before(self, info: Any) -> None:
        """Begin a cell."""
        if info.silent or not info.store_history or self._info is not None:
            return
        with self._boundary():
            transformed = getattr(info, "transformed_cell", None)
            if transformed is None:
                transformed = self._shell.transform_cell(info.raw_cell)
            cell_id = getattr(info, "cell_id", None)
            self._recorder.begin(info.raw_cell, cell_id, self._shell.execution_count - 1, transformed=transformed)
            self._displays = {}
            self._taps = {"stdout": StreamTap(sys.stdout), "stderr": StreamTap(sys.stderr)}
            for tap in self._taps.values():
                tap.start()
            self._info = info

    def _after(self, result: Any) -> None:
        """End the cell."""
        # IPython passes no result where an interrupt came between.
        if self._info is None or (result is not None and result.info is not self._info):
            return
        info = self._info
        self._close()
        text = {name: tap.text for name, tap in self._taps.items()}
        with self._boundary():
            self._report_shown(info, result, text["stdout"])
        with self._boundary():
            error = (result.error_before_exec or result.error_in_exec) if result else KeyboardInterrupt()
            output = CellOutput(**text, displays=tuple(self._displays.values()))
            self._recorder.end(error, output, self._exit_code(info))

    def _exit_code(self, info: Any) -> int | None:
        """Return how the last shell line of a cell ended, which IPython notes in the namespace."""
        has_shell_line = ".system(" in (getattr(info, "transformed_cell", None) or "")
        code = self._shell.user_ns.get("_exit_code") if has_shell_line else None
        return code if isinstance(code, int) else None

    def _close(self) -> None:
        """Stop listening."""
        for tap in self._taps.values():
            tap.stop()
        self._info = None

    def _report_shown(self, info: Any, result: Any, printed: str) -> None:
        """Report the metrics that the cell printed, then those of its last expression."""
        shown = shown_metrics(printed)
        # IPython leaves the result empty where a semicolon suppressed it.
        if result is not None and result.result is not None:
            expression = last_expression(getattr(info, "transformed_cell", None) or info.raw_cell)
            if expression and not expression.startswith("get_ipython()"):
                shown += scalar_metrics(expression, result.result)
        for name, value in shown:
            self._on_shown(name, value)

    def _hook(self, owner: Any, name: str, see: Callable[..., None] | None) -> None:
        """Shadow a method of a display object: what it prints itself is not text of the cell."""
        original = getattr(owner, name)

        def hooked(*args: Any, **kwargs: Any) -> Any:
            if see is not None:
                with self._boundary():
                    see(*args, **kwargs)
            with self._muted():
                return original(*args, **kwargs)

        if name in vars(owner):
            self._hooks.callback(setattr, owner, name, original)
        else:
            self._hooks.callback(delattr, owner, name)
        setattr(owner, name, hooked)

    def _see_result(self, format_dict: dict[str, Any], *_: Any) -> None:
        """Note the value that a cell ends with."""
        self._note_display(None, format_dict)

    def _see_display(self, data: dict[str, Any], *_: Any, **kwargs: Any) -> None:
        """Note a display; an update takes the place of what it updates."""
        self._note_display((kwargs.get("transient") or {}).get("display_id"), data)

    def _note_display(self, display_id: str | None, data: dict[str, Any]) -> None:
        """Note the plain text of a display."""
        text = data.get("text/plain")
        # What %reprotrain shows names runs and times: it is of the record, not of the result.
        if isinstance(text, str) and not any(mime.startswith(OWN_MIME_TYPES) for mime in data):
            self._displays[display_id or len(self._displays)] = text

    @contextmanager
    def _muted(self) -> Iterator[None]:
        """Do not listen to the streams."""
        for tap in self._taps.values():
            tap.muted = True
        try:
            yield
        finally:
            for tap in self._taps.values():
                tap.muted = False

    @contextmanager
    def _boundary(self) -> Iterator[None]:
        """Keep a failure of the recorder from the user's cell: it costs the evidence of that cell, no more."""
        try:
            yield
        # The process boundary between recorder and notebook.
        except Exception as error:  # noqa: BLE001
            if not self._warned:
                self._warned = True
                reason = f"{type(error).__name__}: {error}"
                print(f"reprobook: this cell is not recorded ({reason}); the notebook goes on.", file=sys.stderr)  # noqa: T201
