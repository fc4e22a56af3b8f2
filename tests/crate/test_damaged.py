"""Whatever happens to the bytes of an archive, the import says so, and leaves nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reprobook.crate import import_run
from reprobook.errors import IntegrityError
from reprobook.runs import RunFolder, Store

CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4)


@given(changes=CHANGES, end=st.none() | st.floats(0, 1), start=st.sampled_from([0.0, 0.9]))
@settings(max_examples=80)
def test_damaged_archives_are_refused_or_whole(
    archive: Path, run: RunFolder, changes: list[tuple[float, int]], end: float | None, start: float
) -> None:
    data = bytearray(archive.read_bytes())
    # The table of contents, which is what is trusted first, stands in the last tenth.
    first = int(start * len(data))
    for place, value in changes:
        data[first + int(place * (len(data) - first))] = value
    if end is not None:
        del data[int(end * len(data)) :]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x.zip").write_bytes(data)
        store = Store(Path(folder) / "store")
        try:
            taken = import_run(Path(folder) / "x.zip", store)
        except IntegrityError:
            assert not store.names()
            assert not list(store.root.glob(".incoming-*"))
        else:
            # Only what says nothing of the run was hit: times, or our own description of it.
            taken.check_integrity()
            assert taken.read_record().files == import_run(archive, store).read_record().files
            assert taken.run_id == run.run_id
