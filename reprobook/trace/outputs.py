"""A cell's outputs, reduced to what two equal runs show alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reprobook.header.canonical import digest_json

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# What differs in every run though nothing is wrong, and what stands for it.
_MASKS = (
    (re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "0x…"),
    (re.compile(r"ipykernel_\d+[/\\]\d+\.py"), "ipykernel"),
    (re.compile(r"<ipython-input-\d+-[0-9a-f]+>"), "<ipython-input>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?"), "<time>"),
    # tqdm: [00:01<00:00, 34.50it/s]
    (re.compile(r"\[(?:\d+:)?\d+:\d\d<(?:(?:\d+:)?\d+:\d\d|\?),[^\]\n]*\]"), "[<time>]"),
    # %time and %timeit
    (re.compile(r"^(?:CPU times|Wall time):.*$", re.MULTILINE), "<time>"),
    (re.compile(r"^.* ± .* per loop .*$", re.MULTILINE), "<time>"),
    # Keras: 3s 12ms/step; sklearn: total time=   0.1s; joblib: elapsed:    2.0s
    (re.compile(r"\b(?:\d+m?s )?\d+(?:\.\d+)?(?:ns|us|µs|ms|s)/(?:step|it|epoch|sample|batch)\b"), "<time>"),
    (re.compile(r"\b(total(?: time)?=|elapsed:) *\d+(?:\.\d+)? *(?:s|min|h)\b"), r"\1<time>"),
    (re.compile(r"\bpid=\d+"), "pid=…"),
    # What tempfile makes up.
    (re.compile(r"([/\\])tmp[a-z0-9_]{8}\b"), r"\1tmp…"),
)


@dataclass(frozen=True)
class CellOutput:
    """What a cell showed: the text of each stream, and the ``text/plain`` of each display, in order."""

    stdout: str = ""
    stderr: str = ""
    displays: tuple[str, ...] = ()

    @classmethod
    def of_notebook(cls, outputs: Iterable[Mapping[str, Any]]) -> CellOutput:
        """Read the outputs of a cell of a notebook (nbformat 4); errors are left out."""
        text = {"stdout": "", "stderr": ""}
        displays = []
        for output in outputs:
            if output.get("output_type") == "stream":
                name = "stderr" if output.get("name") == "stderr" else "stdout"
                text[name] += _joined(output.get("text", ""))
            elif "text/plain" in output.get("data", {}):
                displays.append(_joined(output["data"]["text/plain"]))
        return cls(text["stdout"], text["stderr"], tuple(displays))

    def digest(self) -> str:
        """Return the SHA-256 of the normalised output; chunks of a stream and its interleaving do not matter."""
        return digest_json(
            {
                "stdout": normalised(self.stdout),
                "stderr": normalised(self.stderr),
                "displays": [normalised(each) for each in self.displays],
            }
        )


def _joined(text: str | list[str]) -> str:
    """Join a text that nbformat may hold as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def normalised(text: str) -> str:
    """Reduce a text to what stays on the screen, with memory addresses, clock times and timings masked.

    Of a line that carriage returns rewrite, as progress bars do, only the last state is kept.
    """
    lines = _ANSI.sub("", text).replace("\r\n", "\n").split("\n")
    kept = "\n".join(_last_state(line) for line in lines)
    for pattern, stand_in in _MASKS:
        kept = pattern.sub(stand_in, kept)
    # RFC 8785 refuses lone surrogates.
    return kept.encode("utf-8", "backslashreplace").decode()


def _last_state(line: str) -> str:
    """Return what a line shows after its carriage returns."""
    states = [state for state in line.split("\r") if state]
    return states[-1].rstrip() if states else ""
