from __future__ import annotations

import io
import json
import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import start_new_kernel

from reprobook.trace import CellTrace, Recorder
from reprobook.trace.ipython import ShellTrace
from reprobook.trace.streams import StreamTap


class Session:
    """A real shell with a recorder on it."""

    def __init__(self) -> None:
        InteractiveShell.clear_instance()
        self.shell = InteractiveShell.instance()
        self.cells: list[CellTrace] = []
        self.shown: list[tuple[str, float]] = []
        self.recorder = Recorder(
            self.shell.user_ns, on_cell=self.keep, resolve=lambda *_: 0, hidden=self.shell.user_ns_hidden
        )
        self.trace = ShellTrace(self.shell, self.recorder, lambda name, value: self.shown.append((name, value)))

    def keep(self, cell: CellTrace) -> None:
        self.cells.append(cell)

    def run(self, source: str, **options: Any) -> CellTrace:
        self.shell.run_cell(textwrap.dedent(source), **{"store_history": True, **options})
        return self.cells[-1]

    def outputs(self, source: str) -> str:
        return self.run(source).outputs


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Session]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    found = Session()
    found.trace.attach()
    yield found
    found.trace.detach()
    InteractiveShell.clear_instance()


def test_a_cell_is_recorded_with_id_and_count(session: Session) -> None:
    session.run("x = 1", cell_id="abc")
    cell = session.run("y = x + 1")
    assert [each.execution_count for each in session.cells] == [1, 2]
    assert [each.cell_id for each in session.cells] == ["abc", None]
    assert (set(cell.reads), set(cell.writes)) == ({"x"}, {"y"})


def test_nothing_of_the_watch_stays_after_it(session: Session) -> None:
    before = session.shell.user_ns["kept"] = time.time
    session.run("import time\nwatched = time.time is not kept")
    assert session.shell.user_ns["watched"]
    session.trace.detach()
    assert time.time is before
    session.trace.attach()  # the fixture detaches it


def test_what_is_no_cell_is_not_recorded(session: Session) -> None:
    for options in ({"silent": True}, {"store_history": False}):
        session.shell.run_cell("x = 1", **options)
    session.shell.run_cell("  ", store_history=True)
    assert session.cells == []


def test_code_that_a_cell_runs_through_the_shell_belongs_to_it(session: Session) -> None:
    cell = session.run("get_ipython().run_cell('inner = 1', store_history=True); outer = 2")
    assert len(session.cells) == 1
    assert set(cell.writes) == {"inner", "outer"}


def test_magics_are_seen_as_the_python_they_become(session: Session) -> None:
    assert "x" in session.run("%time x = 3").writes
    assert session.shown == []


@pytest.mark.filterwarnings("ignore:To exit:UserWarning")
@pytest.mark.parametrize(
    ("source", "ename"),
    [("1/0", "ZeroDivisionError"), ("x = = 1", "SyntaxError"), ("raise SystemExit(3)", "SystemExit")],
)
def test_errors(session: Session, source: str, ename: str) -> None:
    cell = session.run(source)
    assert cell.status == "error"
    assert cell.error is not None
    assert cell.error.ename == ename


def test_an_interrupt_ends_the_cell(session: Session) -> None:
    assert session.run("raise KeyboardInterrupt").status == "error"
    assert session.run("x = 1").status == "ok"


def test_shown_metrics_are_printed_ones_then_the_last_expression(session: Session) -> None:
    session.run("print('loss: 0.5')\nimport sys; sys.stdout.write('acc=1\\n')\nlen('abc')")
    assert session.shown == [("loss", 0.5), ("acc", 1), ("len('abc')", 3)]


@pytest.mark.parametrize(
    "source", ["len('abc');", "x = 3", "None", "'text: 5'", "'a'", "print('loss: 1', file=sys.stderr)"]
)
def test_what_is_not_shown_as_a_number_is_no_metric(session: Session, source: str) -> None:
    session.run(f"import sys\n{source}")
    assert session.shown == []


def test_captured_output_is_not_shown(session: Session) -> None:
    session.run("%%capture out\nprint('loss: 0.5')\n5")
    session.run("import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()): print('loss: 0.5')")
    assert session.shown == []


def test_outputs_are_told_apart_and_chunks_are_not(session: Session) -> None:
    assert session.outputs("print('ab')") == session.outputs("print('a', end=''); print('b')")
    assert session.outputs("print('ab')") != session.outputs("print('ac')")
    assert session.outputs("1 + 1") == session.outputs("2") != session.outputs("3")
    assert session.outputs("1") != session.outputs("1;")
    assert session.outputs("print('2')") != session.outputs("2")
    assert session.outputs("object()") == session.outputs("object()")
    display = "from IPython.display import display\n"
    assert session.outputs(f"{display}display('a')") != session.outputs(f"{display}display('b')")
    assert session.outputs(f"{display}h = display('a', display_id=True); h.update('b')") == session.outputs("'b'")
    assert session.outputs("import sys; print('a', file=sys.stderr)") != session.outputs("print('a')")


def test_a_traceback_is_no_output(session: Session) -> None:
    assert session.outputs("1/0") == session.outputs("x = = 1") == session.outputs("pass")


def test_representations_run_once(session: Session) -> None:
    session.run("calls = []\nclass C:\n    def __repr__(self): calls.append(1); return 'C'\nC()")
    assert session.shell.user_ns["calls"] == [1]


def test_streams_keep_working_and_are_given_back(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    before = (sys.stdout, dict(vars(sys.stdout)))
    session.run("print('seen'); import sys; n = sys.stdout.write('four')\nsys.stdout.writelines(['a', 'b'])")
    assert session.shell.user_ns["n"] == 4
    assert "seen\nfourab" in capsys.readouterr().out
    assert sys.stdout is before[0]
    session.trace.detach()
    assert {name for name in vars(session.shell.displayhook) if name.startswith("write_")} == set()
    assert "publish" not in vars(session.shell.display_pub)
    session.shell.run_cell("y = 1", store_history=True)
    assert len(session.cells) == 1
    session.trace.attach()


def test_a_failing_recorder_warns_once_and_leaves_the_cell_alone(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        msg = "no space left"
        raise OSError(msg)

    for broken in ("begin", "end"):
        with monkeypatch.context() as patch:
            patch.setattr(session.recorder, broken, fail)
            result = session.shell.run_cell("value = 1\nvalue + 1", store_history=True)
        assert (result.success, result.result) == (True, 2)
    assert session.shell.user_ns["value"] == 1
    assert capsys.readouterr().err.count("no space left") == 1
    assert session.run("x = 1").status == "ok"


def test_a_failing_listener_does_not_cost_the_record(session: Session) -> None:
    session.shown = None  # type: ignore[assignment]  # what listens has no append now
    assert session.run("5").status == "ok"


def test_reset_and_overrides_are_survived(session: Session) -> None:
    session.run("x = 1; open = print = len = hash = None; import json; json.dumps = None")
    session.run("%reset -f")
    cell = session.run("y = 2")
    assert set(cell.writes) == {"y"}
    import importlib  # noqa: PLC0415

    importlib.reload(json)


def test_a_tap_leaves_a_write_of_the_users_own() -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    tap = StreamTap(stream)
    tap.start()
    own = stream.write
    stream.write = lambda text: own(text.upper())  # type: ignore[method-assign]
    tap.stop()
    assert "write" in vars(stream)


def test_what_the_watcher_of_the_descriptor_writes_is_left_out() -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    tap = StreamTap(stream)
    tap.start()
    watcher = threading.Thread(target=stream.write, args=("from C",))
    stream.watch_fd_thread = watcher  # type: ignore[attr-defined]
    watcher.start()
    watcher.join()
    stream.write("from Python")
    tap.stop()
    assert tap.text == "from Python"


ROOT = Path(__file__).parents[2]
SETUP = """
from IPython import get_ipython
from reprobook.trace import Recorder
from reprobook.trace.ipython import ShellTrace
_cells, _shown = [], []
_shell = get_ipython()
_recorder = Recorder(_shell.user_ns, on_cell=_cells.append, resolve=lambda *_: 0, hidden=_shell.user_ns_hidden)
_trace = ShellTrace(_shell, _recorder, lambda *shown: _shown.append(shown))
_trace.attach()
"""


def test_a_real_kernel(tmp_path: Path) -> None:
    manager, client = start_new_kernel(cwd=str(tmp_path), env={**os.environ, "PYTHONPATH": str(ROOT)})
    texts: list[str] = []

    def run(source: str, **options: Any) -> None:
        def keep(message: Any) -> None:
            if message["msg_type"] == "stream":
                texts.append(message["content"]["text"])

        reply = client.execute_interactive(source, timeout=60, output_hook=keep, **options)
        assert reply["content"]["status"] == "ok"

    try:
        run(SETUP, silent=True, store_history=False)
        run("import os\nprint('loss: 0.5', flush=True)\nn = os.write(1, b'from C: 1\\n')")
        run("await __import__('asyncio').sleep(0)\nn")
        run("print(len(_cells), _shown, sorted({'n', 'os', '_cells'} & {*_cells[0].writes}))", store_history=False)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert "loss: 0.5" in "".join(texts)
    assert texts[-1].strip() == "2 [('loss', 0.5), ('n', 10)] ['n', 'os']"


def test_unchanged_cells_cost_little(session: Session) -> None:
    # The target is +25 % of a bare cell (about 0.4 ms); this bound only catches a slip of an order of magnitude.
    from time import perf_counter  # noqa: PLC0415

    session.run("\n".join(f"name_{number} = {number}" for number in range(200)))
    run: Callable[[], object] = lambda: session.shell.run_cell("pass", store_history=True)  # noqa: E731
    run()
    started = perf_counter()
    for _ in range(50):
        run()
    recorded = (perf_counter() - started) / 50
    assert recorded < 0.02
