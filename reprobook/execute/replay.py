"""A recorded run executed again, as it was or with one thing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprobook.execute.options import OnEvent, ReplayOptions, RunOptions, ignore
from reprobook.execute.preparation import SEED, prepare
from reprobook.execute.run import run_prepared
from reprobook.notebook import read_notebook
from reprobook.runs import RunFolder, Store
from reprobook.space import declared_parameters

_AS_RECORDED = ReplayOptions()


def replay_run(
    run: RunFolder, store: Store, how: ReplayOptions = _AS_RECORDED, on_event: OnEvent = ignore
) -> RunFolder:
    """Run a recorded notebook again: same parameters, same seed, same folder, unless ``how`` says otherwise.

    Raises:
        InputError: If nothing could run.
    """
    record, header = run.read_record(), run.read_header()
    path = Path(header.origin.notebook or run.source)
    source = run.source.read_bytes() if how.notebook is None else how.notebook
    values = _own_seed(source, path.name) if record.kind == "live" else record.parameters
    options = RunOptions(
        values=values if how.seed is None else {name: value for name, value in values.items() if name != SEED},
        seed=header.seeds.seed if how.seed is None else how.seed,
        device=header.seeds.device,
        name=header.name,
        cwd=how.cwd or Path(header.origin.folder or path.parent),
        kind="replay",
        parent=run.run_id,
        pins=how.pins,
        measured=how.measured,
        stop_after=how.stop_after,
        kernel=how.kernel,
        spec=run.spec.read_bytes() if run.spec.exists() else b"",
    )
    return run_prepared(prepare(path, options, source), store, options, on_event)


def _own_seed(source: bytes, name: str) -> dict[str, Any]:
    """Return the values that keep a notebook's parameters as they stand: a seed of the session is none of them.

    A live session's record holds the parameters as they were before it began.
    """
    return {each.name: each.default for each in declared_parameters(read_notebook(source, name)) if each.name == SEED}
