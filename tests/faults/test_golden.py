"""Stores as earlier releases wrote them are read by this one, whole, and left as they are (F21).

Each archive in ``golden/`` was made once, by ``golden_store.py`` with the code of its time, and is never made again:
a change that can read its own stores only fails here, not with a user who upgrades. The values below stand in the test,
not in the archive.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.execute import read_trace
from reprobook.runs import Store, fsck
from reprobook.runs.checkpoints import find_checkpoint
from reprobook.spec.review import review
from reprobook.sweep.folder import SweepFolder, sweep_ids
from reprobook.sweep.record import read_record
from reprobook.verify.kept import kept_verification

Command = Callable[..., tuple[int, str]]
FIRST, REPLAY, TRIAL = "20261129-175105-c8qr", "20261129-175111-7fdn", "20261129-175120-kqi9"
GOLDEN = sorted(Path(__file__).with_name("golden").glob("*.tar.xz"))


@pytest.fixture(params=GOLDEN, ids=[path.name for path in GOLDEN])
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    with tarfile.open(request.param) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.2 has none
        archive.extractall(tmp_path / ".reprobook")  # noqa: S202  # our own, and filtered
    return Store(tmp_path / ".reprobook")


def _content(store: Store) -> dict[str, str]:
    """Return the digest of each file that is evidence, not a cache or a lock."""
    files = [path for path in store.root.rglob("*") if path.is_file()]
    kept = [path for path in files if ".lock" not in path.name and "index." not in path.name]
    return {path.relative_to(store.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def test_an_older_store_is_read_whole_and_never_rewritten(golden: Store, command: Command) -> None:
    before = _content(golden)
    assert {record.run_id: (record.kind, record.status, record.metrics) for record in golden.records()} == {
        FIRST: ("run", "succeeded", {"loss": 0.25}),
        REPLAY: ("replay", "succeeded", {"loss": 0.25}),
        TRIAL: ("run", "succeeded", {"loss": 0.47703337592662937}),
    }
    first = golden.folder(FIRST)
    assert first.check_integrity().parameters == {"lr": 0.5}
    assert first.read_header().recipe_digest == "d6f2125d2d00c68d0a62c9d8ef64618da98edc76be9c4d2a1e3b761c5bd28575"
    trace = read_trace(first)
    assert trace.result_digest == "8d3ddd29390baf805f83325e150058e0d013b3250b808fbd29dbe3368c1513b0"
    assert [cell.index for cell in trace.cells] == [0, 1, 2, 3, 4, 5]
    assert [line["value"] for line in first.read_metrics().records] == [0.5, 0.25]
    assert first.blobs.read("28b0a61b97e81c129ef88489770d60a55b0a3a90b8e66925dcdfa7517eaca890") == b"id,y\n1,2\n3,4\n"
    found = review(first, golden, trace)
    assert found is not None
    assert found.document.spec.hypothesis == "it learns"
    (sweep,) = sweep_ids(golden)
    record = read_record(SweepFolder(golden.root / "sweeps" / sweep))
    assert [(trial.state, trial.value, list(trial.run_ids)) for trial in record.trials] == [
        ("complete", 0.47703337592662937, [TRIAL])
    ]
    verified = kept_verification(first)
    assert verified is not None
    assert (verified.verdict, verified.replay_id) == ("reproduced", REPLAY)
    checkpoint = find_checkpoint(golden, "model@best")
    checkpoint.check()
    assert checkpoint.metadata.run_id == FIRST
    assert fsck(golden).problems == ()
    for words in (["show", FIRST], ["diff", FIRST, TRIAL], ["runs"], ["card", FIRST], ["models"], ["spec", "nb.ipynb"]):
        code, said = command(*words)
        assert "Traceback" not in said
        assert code == 0 or words[0] == "spec", (words, said)
    assert _content(golden) == before
