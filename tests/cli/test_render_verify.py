"""What a verification looks like in a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from reprobook.cli.render_verify import show_verification
from reprobook.trace import CellTrace, Trace, ValueDigest
from reprobook.verify import Divergence, Verification
from reprobook.verify.compare import compare


def shown(*found: Divergence) -> str:
    out = io.StringIO()
    report = Verification(run_id="r", replay_id="s", verdict="diverged", first=found[0], all=found, cells=(0, 1))
    show_verification(Console(file=out, width=1000), report)
    return out.getvalue()


def test_every_cause_says_how_sure_it_is_and_why() -> None:
    text = shown(
        Divergence(cell=0, names=("a",), cause="os_entropy", confirmed=True),
        Divergence(cell=1, names=("b",), cause="locale", unproven="there is no experiment for it here"),
        Divergence(cell=2, names=("c",), cause="wall_clock", confirmed=True),
        Divergence(cell=3, names=("d",), cause="timezone"),
    )
    assert "os_entropy  proven" in text
    assert "locale (not proven: there is no experiment for it here)" in text
    assert "wall_clock (proven)" in text
    assert "timezone (not proven: --diagnose finds out by experiment)" in text


def test_evidence_is_short_and_holds_no_digest() -> None:
    left, right = (
        Trace(
            cells=(
                CellTrace(
                    index=0,
                    source_digest="s",
                    order=0,
                    writes={f"name_{n}": ValueDigest(digest=str(n + run) * 64, kind="list") for n in range(4)},
                ),
            )
        )
        for run in (1, 2)
    )
    first = compare(left, right).first
    assert first is not None
    assert first.evidence == "written: name_0, name_1, name_2, name_3"
    assert first.values[0].original == "list #11111111"
    line = next(
        line for line in shown(Divergence(cell=0, evidence="word " * 500)).splitlines() if line.startswith("evidence")
    )
    assert len(line) < 400
    assert "--json shows all" in line
