"""Real experiments on small notebooks: the cause is named, and proven."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.execute import RunOptions, run_notebook
from reprobook.runs import Store
from reprobook.verify import Divergence, VerifyOptions, verify_run

WriteNotebook = Callable[..., Path]
DIAGNOSE = VerifyOptions(diagnose=True)


def proven(found: Divergence | None) -> tuple[int | None, str, str]:
    assert found is not None
    assert found.confirmed
    assert found.fix
    return found.cell, found.names[0], found.cause


def test_two_causes_are_told_apart_and_one_hidden_behind_the_other_comes_to_light(
    store: Store, write_notebook: WriteNotebook
) -> None:
    """The set's order only shows once the generator is held still: its cell reads what the generator made."""
    path = write_notebook(
        "import random\nimport time\nt0 = time.time()",
        "x = [random.random() for _ in range(3)]",
        "words = list({'one', 'two', 'three', 'four', 'five', 'six'})\ny = [str(x[0]), *words]",
        "took = time.time() - t0\nprint(f'{took:.3f} s')",
    )
    found = verify_run(run_notebook(path, store, RunOptions()), store, DIAGNOSE)
    assert found.verdict == "diverged"
    assert found.benign == ("t0", "took")
    assert [proven(each) for each in found.all] == [
        (1, "x", "unseeded_rng.python_random"),
        (2, "words", "hash_randomization.set_order"),
    ]
    (distance,) = found.all[0].distances
    assert (distance.name, distance.count, distance.size) == ("x", 3, 3)
    assert 0 < (distance.max_abs or 0) < 1
    assert (distance.max_ulp or 0) > 1


def test_changed_data_are_put_back(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook("rows = open('data.csv').read().split()", "n = len(rows)\nn")
    data = path.with_name("data.csv")
    data.write_text("1 2 3")
    run = run_notebook(path, store, RunOptions())
    data.write_text("1 2 4")
    assert proven(verify_run(run, store, DIAGNOSE).first) == (0, "rows", "data_drift.file_changed")
    data.write_text("1 2 3 4")
    assert proven(verify_run(run, store, DIAGNOSE).first) == (0, "rows", "data_drift.appended")
    assert data.read_text() == "1 2 3 4"


def test_a_local_module_is_put_back(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook("import kit", "x = kit.scale(3)\nx")
    kit = path.with_name("kit.py")
    kit.write_text("__version__ = '1.0'\ndef scale(x): return x * 2\n")
    run = run_notebook(path, store, RunOptions())
    kit.write_text("__version__ = '2.0'\ndef scale(x): return x * 3\n")
    found = verify_run(run, store, DIAGNOSE)
    assert proven(found.first) == (1, "x", "env_drift.package_version")
    assert "kit==1.0" in (found.first.fix if found.first else "")


def test_a_leftover_is_found_and_removed_for_the_proof_only(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook(
        "from pathlib import Path\ncache = Path('cache.txt')",
        "if cache.exists():\n    x = float(cache.read_text())\nelse:\n    x = 1 / 3\n    cache.write_text(f'{x:.2f}')",
        "y = x * 3\ny",
    )
    run = run_notebook(path, store, RunOptions())
    assert proven(verify_run(run, store, DIAGNOSE).first) == (1, "x", "leftover_file.cache")
    assert path.with_name("cache.txt").read_text() == "0.33"


def test_settings_are_restored_and_a_diagnosis_says_what_they_were_good_for(
    store: Store, write_notebook: WriteNotebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_notebook("import os\nlr = float(os.environ.get('TRAIN_LR', '0.1'))", "loss = lr * 2\nloss")
    run = run_notebook(path, store, RunOptions())
    monkeypatch.setenv("TRAIN_LR", "0.5")
    found = verify_run(run, store)
    assert (found.verdict, found.first) == ("reproduced", None)
    (pin,) = found.pinned
    assert (pin.cause, pin.setting, pin.found) == ("env_var", "TRAIN_LR", "0.5")
    found = verify_run(run, store, DIAGNOSE)
    assert found.verdict == "reproduced"
    assert proven(found.first) == (0, "lr", "env_var")


def test_a_resumed_run_that_comes_to_the_same_end_is_reproduced(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook(
        "import json\nfrom pathlib import Path\nfile = Path('state.json')\nstart, w = 0, 0.0",
        "if file.exists():\n    start, w = json.loads(file.read_text())",
        "seen = []\nfor epoch in range(start, 4):\n    w = w / 2 + epoch\n    seen.append(epoch)\n"
        "    file.write_text(json.dumps([epoch + 1, w]))",
        "loss = w * 2\nloss",
    )
    run = run_notebook(path, store, RunOptions())
    path.with_name("state.json").write_text("[2, 1.0]")
    found = verify_run(run, store)
    assert (found.verdict, found.first) == ("reproduced", None)
    assert "went on from state.json" in found.notes[0]
    # A checkpoint of something else does not come to the same end.
    path.with_name("state.json").write_text("[2, 7.0]")
    assert verify_run(run, store).verdict == "diverged"


def test_what_does_not_differ_needs_no_experiment(store: Store, write_notebook: WriteNotebook) -> None:
    path = write_notebook("import random\nrandom.seed(3)", "x = random.random()\nx")
    notes: list[str] = []
    options = VerifyOptions(diagnose=True, on_event=lambda event: notes.append(event.text))
    found = verify_run(run_notebook(path, store, RunOptions()), store, options)
    assert (found.verdict, found.all) == ("reproduced", ())
    assert not any(note.startswith("experiment") for note in notes)


def test_a_clock_behind_another_cause_is_found_though_two_replays_could_share_a_second(
    store: Store, write_notebook: WriteNotebook
) -> None:
    path = write_notebook(
        "import random\nimport time",
        "x = random.random()",
        "seed = int(time.time())\ny = random.Random(seed).random() + x",
    )
    found = verify_run(run_notebook(path, store, RunOptions()), store, DIAGNOSE)
    assert [proven(each)[2] for each in found.all] == ["unseeded_rng.python_random", "wall_clock.time_seed"]
