from __future__ import annotations

from reprobook.magics.report import MIME_TYPE, report_bundle
from reprobook.verify import Divergence, ValueChange, Verification
from reprobook.verify.model import Distance, Pin

FIRST = Divergence(
    cell=2,
    names=("<b>x</b>",),
    cause="unseeded_rng.torch",
    evidence="it drew & was not seeded",
    confirmed=True,
    fix="torch.manual_seed(seed)",
    values=(ValueChange(name="<b>x</b>", original="float32[2] #aa", replay="float32[2] #bb"),),
    distances=(Distance(name="x", count=1, size=2, max_abs=0.25, max_ulp=7),),
)
FOUND = Verification(
    run_id="run-1",
    replay_id="run-2",
    verdict="diverged",
    first=FIRST,
    all=(FIRST,),
    pinned=(Pin(cause="timezone", setting="TZ", recorded="UTC", found="CET"),),
    cells=(0, 1, 2, 3),
    differing=(2, 3),
)


def test_the_report_says_where_why_how_far_and_what_to_do() -> None:
    text, html = (report_bundle(FOUND)[mime] for mime in ("text/plain", "text/html"))
    for shown in (text, html):
        for part in (
            "diverged",
            "cell [2]",
            "unseeded_rng.torch",
            "proven by experiment",
            "torch.manual_seed(seed)",
            "TZ",
        ):
            assert part in shown
    assert "1 of 2 numbers differ, by up to 0.25, 7 units in the last place" in html
    assert "cell 1: equal" in html
    assert "cell 2: differs by itself" in html
    assert "cell 3: differs in consequence" in html


def test_what_comes_from_a_notebook_is_inert() -> None:
    html = report_bundle(FOUND)["text/html"]
    assert "<b>x</b>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html


def test_other_front_ends_get_the_verification_itself() -> None:
    assert Verification.model_validate(report_bundle(FOUND)[MIME_TYPE]) == FOUND
