"""Figures for a panel, drawn by a process of their own: nothing is imported into the user's kernel for them."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from html import escape

from reprobook.runs import Store


class Drawing:
    """Asks ``python -m reprobook.sweep.figures`` for figures; it starts with the first.

    Args:
        store: The store that the sweeps are in.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._process: subprocess.Popen[str] | None = None
        self._is_over = False

    def draw(self, figure: str, sweep_id: str) -> str:
        """Return a figure as SVG, or, as HTML, the words that say why there is none."""
        if self._is_over:
            return ""
        process = self._started()
        answer = ""
        with suppress(OSError, ValueError):  # a process that was killed is started again with the next figure
            assert process.stdin is not None  # noqa: S101  # both are pipes
            assert process.stdout is not None  # noqa: S101
            process.stdin.write(f"{figure} {sweep_id}\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        if not answer:
            self.rest()
            return _words("The process that draws the figures has ended; the next change draws again.")
        found: dict[str, str] = json.loads(answer)
        return found["svg"] if "svg" in found else _words(f"This figure cannot be drawn: {found['error']}")

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(  # noqa: S603  # our own module
                [sys.executable, "-m", "reprobook.sweep.figures", str(self._store.root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C in the kernel is not meant for it
            )
        return self._process

    def close(self) -> None:
        """End the process, for good."""
        self._is_over = True
        self.rest()

    def rest(self) -> None:
        """End the process; the next figure starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what was not read yet is of no use
                    pipe.close() if pipe else None


def _words(text: str) -> str:
    return f"<div class='rb-dim'>{escape(text)}</div>"
