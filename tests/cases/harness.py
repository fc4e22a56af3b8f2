"""Evaluate reprobook on cases of irreproducibility, through its command line only.

python tests/cases/harness.py --shared            the 20 example cases
python tests/cases/harness.py --own --fixed       our fixed twins: no false alarm
python tests/cases/harness.py 01 unseeded         cases by id or part of an id
python tests/cases/harness.py --own --selftest    without reprobook: does each buggy version differ, each fix not?
python tests/cases/harness.py --own --same-bits   does the recorder change any value, or move any generator?
python tests/cases/harness.py --own --warm-bits   does a warm kernel change any bit of recipe, results or evidence?
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from subprocess import CalledProcessError

sys.path.insert(0, str(Path(__file__).parent))  # the casebook lies beside this script

from casebook.build import own_cases
from casebook.drive import DriveError, Variant, verified
from casebook.kernel import CellError
from casebook.model import Case, shared_cases
from casebook.same_bits import same_bits
from casebook.score import RATES, Score, score
from casebook.selftest import selftest
from casebook.warm_bits import warm_bits

SHARED = Path(__file__).parents[3] / "shared" / "cases"


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate the chosen cases, print a table, and return 0 if nothing was wrong."""
    options = _parser().parse_args(arguments)
    cases = chosen(options.ids, shared=options.shared, own=options.own)
    if options.selftest:
        return selftest(cases, jobs=options.jobs)
    if options.same_bits:
        return same_bits(cases, jobs=options.jobs)
    if options.warm_bits:
        return warm_bits(cases, jobs=options.jobs)
    variant = Variant(
        same_folder="same_folder" in options.variant,
        alive="alive" in options.variant,
        cell_ids="no_ids" not in options.variant,
        session_name="no_name" not in options.variant,
    )
    tasks = [case for case in cases if case.fixed or not options.fixed]
    with ThreadPoolExecutor(options.jobs) as pool:
        judge = partial(evaluate, fixed=options.fixed, variant=variant, times=options.repeat)
        scores = [each for found in pool.map(judge, tasks) for each in found]
    print("\n" + totals(scores))
    if options.json:
        options.json.write_text(json.dumps([each.as_json() for each in scores], indent=1), "utf-8")
    return int(any(not is_right(each) for each in scores))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", help="ids, or parts of ids of our own cases; default: all")
    parser.add_argument("--shared", action="store_true", help="the example cases of ../shared/cases")
    parser.add_argument("--own", action="store_true", help="the cases of this folder")
    parser.add_argument("--fixed", action="store_true", help="the fixed twins: every divergence is a false alarm")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="verify each run N times")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="cases at a time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all scores")
    parser.add_argument("--selftest", action="store_true", help="prove the cases themselves, without reprobook")
    parser.add_argument("--same-bits", action="store_true", help="compare the ends with the recorder on and off")
    parser.add_argument("--warm-bits", action="store_true", help="compare runs in cold and in warm kernels")
    parser.add_argument(
        "--variant",
        action="append",
        default=[],
        choices=("same_folder", "alive", "no_ids", "no_name"),
        help="see drive.py",
    )
    return parser


def chosen(ids: Sequence[str], *, shared: bool, own: bool) -> list[Case]:
    """Return the cases asked for; with neither kind named, both."""
    both = shared == own
    cases: list[Case] = shared_cases(SHARED) if (shared or both) and SHARED.is_dir() else []
    if own or both:
        cases += own_cases()
    return [case for case in cases if not ids or any(part == case.id or (case.own and part in case.id) for part in ids)]


def evaluate(
    case: Case,
    *,
    fixed: bool = False,
    variant: Variant = Variant(),  # noqa: B008 - frozen
    times: int = 1,
) -> list[Score]:
    """Run one case in a scratch folder of its own, verify it as often as asked, and score each verification.

    What is a matter of chance is run again until it shows.
    """
    judged: list[Score] = []
    for _ in range(1 if fixed else case.attempts):
        scratch = Path(tempfile.mkdtemp(prefix=f"case-{case.id}-"))
        try:
            found = verified(case, scratch, fixed=fixed, variant=variant, times=times)
            judged = [score(case, each, fixed=fixed) for each in found]
        except (DriveError, CellError, CalledProcessError) as error:
            judged = [Score(id=case.id, family=case.family, fixed=fixed, alarm=fixed, error=str(error))]
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if any(each.detected or each.error for each in judged):
            break
    for each in judged:
        _show(each)
    return judged


def is_right(judged: Score) -> bool:
    """Say whether nothing is to be wished for (but a confirmation, which not every cause allows)."""
    if judged.fixed:
        return not judged.alarm and not judged.error
    return judged.detected and judged.cell and judged.variable and judged.cause


def _show(judged: Score) -> None:
    seconds = "+".join(f"{value:.0f}" for value in judged.seconds.values())
    if judged.fixed:
        marks = "ALARM" if judged.alarm else "ok"
    else:
        marks = " ".join(name[:4] if getattr(judged, name) else "----" for name in RATES) + (
            " P" if judged.pinned else ""
        )
    print(f"{judged.id:<34} {marks:<32} {seconds:>6}s  {judged.said or judged.error.strip()[-300:]}", flush=True)
    if not is_right(judged):
        print(f"{'':<34} wanted {judged.wanted}\n{'':<34} {judged.evidence}", flush=True)


def totals(scores: Iterable[Score]) -> str:
    """Return the rates, by family of labels and over all."""
    groups: dict[str, list[Score]] = defaultdict(list)
    for each in scores:
        groups[each.family].append(each)
    groups["all"] = [each for group in groups.values() for each in group]
    lines = [
        f"{'family':<28} {'n':>3} "
        + " ".join(f"{name:>9}" for name in (*RATES, "leading", "preferred", "alarms", "errors"))
    ]
    for family, group in groups.items():
        asked = [each for each in group if not each.fixed]
        rates = [
            f"{sum(getattr(each, name) for each in asked)}/{len(asked)}" for name in (*RATES, "leading", "preferred")
        ]
        counts = [sum(each.alarm for each in group), sum(bool(each.error) for each in group)]
        lines.append(
            f"{family:<28} {len(group):>3} " + " ".join(f"{value:>9}" for value in (*rates, *map(str, counts)))
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
