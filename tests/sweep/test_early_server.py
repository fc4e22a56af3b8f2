"""Where the forks of a sweep come from: a server that is there already, or one of the sweep's own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from reprobook.execute import RunOptions
from reprobook.execute.preparation import prepare
from reprobook.execute.warm import WarmServer, run_warm
from reprobook.space import Int
from reprobook.sweep.early_server import early_server
from reprobook.sweep.handle import run_sweep
from reprobook.sweep.model import SweepOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprobook.runs import Store

SERVER = "reprobook.execute.warm.process"


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder whose name is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="rb-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    for pid in servers(folder):
        psutil.Process(pid).kill()
    shutil.rmtree(folder)


def servers(folder: Path) -> set[int]:
    return {
        each.pid
        for each in psutil.process_iter(["cmdline"])
        if SERVER in (line := each.info["cmdline"] or []) and str(folder) in line[-1]
    }


def asked(seeds: int = 1) -> SweepOptions:
    spaces = {"width": Int(1, 2)}
    return SweepOptions(
        metric="loss", spaces=spaces, sampler="grid", executor="local", kernel="warm", seeds=seeds, threads=0
    )


def test_a_sweep_forks_from_a_server_that_runs_already_and_leaves_it(
    runtime: Path, write: Callable[..., Path], store: Store
) -> None:
    noted = "import os, reprobook as rb\nopen('parents', 'a').write(f'{os.getppid()}\\n')"
    path = write("width = 1", f"{noted}\nrb.log(loss=width)")
    run_warm(path, store.root, RunOptions(seed=0, kernel="warm"))
    (running,) = servers(runtime)
    with early_server(path, asked()) as server:
        assert run_sweep(path, store, asked(), server=server).status == "succeeded"
    assert set((path.parent / "parents").read_text().split()) == {str(running)}
    assert servers(runtime) == {running}


def test_where_there_is_none_it_has_its_own(runtime: Path, write: Callable[..., Path], store: Store) -> None:
    path = write("width = 1", "import reprobook as rb\nrb.log(loss=width)")
    options = RunOptions(seed=0, kernel="warm")
    assert not WarmServer().is_up(prepare(path, options), options)
    with early_server(path, asked()) as server:
        assert run_sweep(path, store, asked(), server=server).status == "succeeded"
    assert servers(runtime) == set()


def test_runs_of_several_seeds_take_no_place_from_others(
    runtime: Path, write: Callable[..., Path], store: Store
) -> None:
    path = write("width = 1", "import reprobook as rb\nrb.log(loss=width)")
    run_warm(path, store.root, RunOptions(seed=0, kernel="warm"))
    (running,) = servers(runtime)
    with early_server(path, asked(seeds=2)) as server:
        assert run_sweep(path, store, asked(seeds=2), server=server).status == "succeeded"
    assert servers(runtime) == {running}
