"""What a cell asked for, and the settings that it ran under, are in its trace."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_client.manager import start_new_kernel

from reprobook.trace import CellTrace, open_cell_line

ROOT = Path(__file__).parents[2]
SETUP = """
from IPython import get_ipython as _get
from pathlib import Path as _Path
from reprobook.ambient import Pins as _Pins
from reprobook.ambient.pin import apply_pins as _apply
from reprobook.trace import Recorder as _Recorder, cell_line as _line
from reprobook.trace.ipython import ShellTrace as _ShellTrace
_file = _Path("trace.jsonl").open("ab", buffering=0)
_shell = _get()
_recorder = _Recorder(
    _shell.user_ns, on_cell=lambda cell: _file.write(_line(cell)), resolve=lambda *_: 0, hidden=_shell.user_ns_hidden
)
_ShellTrace(_shell, _recorder, lambda *_: None).attach()
"""


def run(folder: Path, cells: list[str], setup: str = SETUP) -> list[CellTrace]:
    manager, client = start_new_kernel(cwd=str(folder), env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        for number, source in enumerate([setup, *cells]):
            reply = client.execute_interactive(
                source, timeout=60, silent=not number, store_history=bool(number), output_hook=lambda _: None
            )
            assert reply["content"]["status"] == "ok", reply["content"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return [open_cell_line(line, "") for line in (folder / "trace.jsonl").read_bytes().splitlines()]


CELLS = [
    "import time, os, decimal\nprint('hello')\nstart = time.time()",
    "def read():\n    return os.environ.get('LR', '0.1')",
    "decimal.getcontext().prec = 7\nrate = read()\nawait __import__('asyncio').sleep(0)\nelapsed = time.time() - start",
    "%%time\nnames = os.listdir('.')",
    "!true\nx = 1",
]


def test_calls_and_settings_of_cells_in_a_kernel(tmp_path: Path) -> None:
    cells = run(tmp_path, CELLS)
    found = [[(call.kind, call.target, call.line, call.via) for call in cell.calls] for cell in cells]
    assert found[0] == [("clock", "time.time", 3, "")]
    assert found[1] == []
    assert found[2] == [("environment", "LR", 2, ""), ("clock", "time.time", 4, "")]
    assert ("listing", ".", 2, "") in found[3]
    assert ("process", "os.forkpty", 1, "ptyprocess.ptyprocess") in found[4]
    assert [cell.settings_before["python.decimal"] for cell in cells[1:4]] == [
        "28 ROUND_HALF_EVEN",
        "28 ROUND_HALF_EVEN",
        "7 ROUND_HALF_EVEN",
    ]
    assert cells[2].settings_after["python.decimal"] == "7 ROUND_HALF_EVEN"


def test_a_pinned_kernel_goes_on_to_work(tmp_path: Path) -> None:
    pins = "_apply(_Pins(clock=True, entropy=True, identity=True, addresses=True, listings='sorted', serial=True,"
    pins += " file_times=True, queries=True, sorts=True, cpus=2, generators=('python',)))"
    cells = [
        "import asyncio, os, time, random, tempfile\nnow = time.time()\nprint(os.getpid())\ndrawn = random.random()",
        "name = tempfile.mkdtemp()\nawait asyncio.sleep(0.01)",
        "async def f(): return 1\ntwo = await asyncio.gather(f(), f())",
        "class A: pass\ntext = repr(A())\n[A()]",
    ]
    traces = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        traces.append(run(tmp_path / name, cells, f"{SETUP}\n{pins}"))
    for one, two in zip(*traces, strict=True):
        assert (one.writes, one.outputs) == (two.writes, two.outputs)
        assert one.writes or one.index is None
