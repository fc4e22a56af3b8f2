"""The README of a job: how to install, run and test it, and what of the notebook is not in it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from textwrap import fill

from reprobook.promote.commands import HOME, WORK, has_config, start_command
from reprobook.promote.data_files import mounts
from reprobook.promote.facts import Facts
from reprobook.promote.job_test import holds_proof
from reprobook.promote.launch import JOB_FILES
from reprobook.promote.layout.escape import visible
from reprobook.promote.markdown import code, data_table, plain, prose
from reprobook.promote.model import Plan
from reprobook.promote.options import Style
from reprobook.promote.own_files import own_files
from reprobook.promote.parameter_table import parameter_table
from reprobook.promote.prose import clipped, listed
from reprobook.promote.python import code_of
from reprobook.promote.result_text import COUNTED, proof_sentence, saved_files
from reprobook.promote.seeds_in_code import seeds_in_code

_WIDTH = 120
_PATHS = """\
Paths in the script are relative to the folder it runs in, as in the notebook. {{written}}
go to {}; `result.json` there holds the result digest."""
_PROCESSES = """\
With its defaults the script is one process in the notebook's own arithmetic. `--devices 4 --strategy ddp` trains on
four devices of this machine, `--strategy fsdp` splits the weights over them too. Then

- each process takes its share of every shuffled loader, in batches of the size you give: a step sees `devices` times
  as many examples. The other loaders, and data that comes from no `DataLoader`, every process goes through in full,
  so that all decide alike;
- metrics, prints and files are those of the first process: a training loss is the mean over its share;
- artifacts hold the whole model, whatever the strategy."""
_WHERE: Mapping[Style, str] = {
    "plain": _PATHS.format("the folder given with `--out`"),
    "hydra": _PATHS.format("hydra's run folder")
    + "\n\n`name=value` gives a parameter another value, and `-m name=value,value` runs the script for each.",
    "fabric": _PATHS.format("the folder given with `--out`") + "\n\n" + _PROCESSES,
}
_RESUME = """\
## After an interruption

The training loops keep their state in `checkpoints/` of the output folder: after the first pass, then once a minute at
most (`REPROBOOK_CHECKPOINT_SECONDS`). Run it again with the same options and `--resume`: it goes on from there, to the
same bits. When it has succeeded, the checkpoints are removed."""
_DATA = """\
The script reads these files, which are not part of the job, from the folder that it is started in. The test takes them
from beside `train.py`; in CI they must be there too: commit them, or fetch them in a step before."""
_OWN = """\
Installed from a folder, not from an index: {names}. The wheel that the first command makes belongs beside
`requirements.txt`, in the container and in CI too.

"""
_LOCK = """\
`requirements.txt` pins what the script needs, `constraints.txt` what that brings along. `pylock.reprobook.toml`
(PEP 751) records the same packages with the digest of what was installed{but}; it is evidence, not a file to install
from: it names no wheels{run}."""
_RECORDS = """\
`header.json` is the recipe of the notebook's run: parameters, seeds, environment, and the digests of its code and of
what it declared as data; `origin` in it says who ran it, where. `proof.json` holds what the script must give, which
`reprobook verify .` checks in the job's folder, the digests of the files that it reads, and those of the job's files as
they were written: one that you edit, `reprobook promote` overwrites only with `--force`."""
_PRINTED = """\
Its metrics are numbers that it prints after a name (`name: number`), with the digits printed{shown}; `name[0]`,
`name[1]` and so on are those of a row. Where an earlier function printed the same name, the name of the function
follows it in brackets: whoever renames a function, or what it prints, renames its metrics."""
_SHOWN = ", and values that end a cell of the notebook, named by their code"
_KEPT = """\
It runs in `work/`: the files that the code itself writes are kept there, and the results in `work/out/`."""
_KEEPING = """\
A cell is in the script if a result depends on it, and so is all that it prints. Results are what is logged or saved,
numbers that are shown or printed with a name, and what is computed and {printed} from the first training on; a look at
data, such as `x.shape`, is none. Figures of what was trained are kept, where they take no further training; other
figures are not results."""
_STORE = """\
The commands that name the run read it from the store that holds it: `.reprobook` of the notebook's project, or the
folder given with `--store`."""
_BITS = """\
The bits are compared where everything is as `platform` in `proof.json` says (`pytest -rs` tells); elsewhere the metrics
are, with the tolerance that stands in the test."""
_CI = """\
As a job of GitHub Actions:

```yaml
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    container: python:{python}-slim
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements.txt -c constraints.txt pytest
      - run: pytest tests
```"""


def readme(plan: Plan, facts: Facts) -> str:
    """Return the README: what it is, how to run it, its parameters, and what was left out."""
    origin = facts.provenance
    commands = "\n".join(visible(command) for command in origin.commands)
    left_out = [f"- {_cell(each.cell, facts)}: {prose(each.reason)}" for each in plan.dropped]
    left_out += [f"- of {_named(each.cell, each.line)}: {prose(each.reason)}" for each in plan.trimmed]
    parts = [
        f"# {plain(plan.title)}",
        plain(plan.summary),
        f"Promoted by reprobook from `{code(origin.notebook)}` (SHA-256 `{code(origin.notebook_digest)}`).",
        proof_sentence(plan, facts),
        _printed(plan) if plan.printed_metrics and facts.metrics else "",
        _asked_seed(facts),
        _renamed(plan),
        f"It was made by:\n\n```sh\n{commands}\n```" if commands else "",
        _STORE if facts.run_id else "",
        f"## Run\n\n```sh\n{_install(facts)}\n{_start(plan, facts)}\n```",
        _environment(facts),
        _WHERE[facts.style].format(written=_written_to_out(plan, facts)),
        _options(plan, facts),
        prose(seeds_in_code(plan, facts.seed)),
        saved_files(plan, facts),
        own_files(plan, facts),
        f"## Data\n\n{_DATA}\n\n{data_table(facts.data)}" if facts.data else "",
        _RESUME if plan.resumes else "",
        _failures(facts),
        "## Test\n\n```sh\npip install pytest\npytest tests\n```",
        _BITS if holds_proof(plan, facts) else "",
        _CI.format(python=facts.python_version),
        f"## In a container\n\n```sh\ndocker build -t job .\n{_container(facts)}\n```",
        _KEPT if facts.written else "",
        _launch(facts),
        "## Parameters\n\n" + parameter_table(plan, facts.style) if plan.fields else "",
        f"## Left out\n\n{_keeping(plan)}\n\n{COUNTED}:\n\n" + "\n".join(left_out) if left_out else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _asked_seed(facts: Facts) -> str:
    """Say so where the run had another seed than the notebook asks for."""
    asked = facts.asked_seed
    differs = asked is not None and facts.seed is not None and asked != facts.seed
    return f"The notebook asks for seed {asked} (`%reprotrain init`); this run had {facts.seed}." if differs else ""


def _printed(plan: Plan) -> str:
    """Say what the metrics are of a script that logs none."""
    shows = any(f"{plan.words.job}.show(" in code_of(node) for function in plan.functions for node in function.body)
    return _filled(_PRINTED.format(shown=_SHOWN if shows else ""))


def _keeping(plan: Plan) -> str:
    """Say what is in the script; where metrics are read from what is printed, no more is printed than there was."""
    return _filled(_KEEPING.format(printed="printed" if plan.printed_metrics else "printed or shown"))


def _filled(text: str) -> str:
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _renamed(plan: Plan) -> str:
    """Say what the notebook's own names of metrics are, where the script tells them apart."""
    names = dict.fromkeys(name for _, name in plan.renamed)
    said = [listed([f"`{code(new)}`" for (_, old), new in plan.renamed.items() if old == name]) for name in names]
    parts = [f"{new} are all called `{code(name)}` there" for name, new in zip(names, said, strict=True)]
    return f"The notebook shows several values under one name: {'; '.join(parts)}." if parts else ""


def _cell(index: int, facts: Facts) -> str:
    """Name a code cell for people: by its number, from 0 as everywhere, and its first line."""
    return _named(index, facts.cells.get(index, ""))


def _named(index: int, line: str) -> str:
    return f"code cell {index}" + (f", `{code(clipped(line))}`" if line else "")


def _written_to_out(plan: Plan, facts: Facts) -> str:
    """Return what a run writes to its output folder, as the beginning of a sentence."""
    folders = [name for name, there in (("`artifacts/`", facts.artifacts), ("`figures/`", plan.plots)) if there]
    return listed(["Metrics", *folders])


def _options(plan: Plan, facts: Facts) -> str:
    """Say what the options beside the parameters do."""
    lite = ", ".join(f"`{name}={value!r}`" for name, value in plan.lite.items())
    if facts.style == "hydra" or not plan.fields:
        return ""
    quick = f"`--lite` is a quick look, with {lite}. " if lite else ""
    return f"{quick}`--config` reads parameters from a file; the command line wins."


def _install(facts: Facts) -> str:
    wheels = [f"pip wheel --no-deps -w . path/to/{name}" for name in _from_folders(facts)]
    return "\n".join([*wheels, "pip install -r requirements.txt -c constraints.txt"])


def _from_folders(facts: Facts) -> list[str]:
    return [name for name, origin in facts.sources.items() if not origin]


def _environment(facts: Facts) -> str:
    """Say what the files about packages are for."""
    folders = _from_folders(facts)
    own = _OWN.format(names=listed(folders)) if folders else ""
    run = f" (`reprobook env lock {code(facts.run_id)}` adds them)" if facts.run_id else ""
    but = f" (of {listed(folders)} name and version)" if folders else ""
    lock = _filled(_LOCK.format(run=run, but=but))
    return f"{own}{lock}\n\n{_RECORDS}"


def _failures(facts: Facts) -> str:
    """Say which shell lines failed in the run: the script runs them too."""
    failed = facts.failed_commands.items()
    cells = ", ".join(f"{_cell(cell, facts)} (exit code {exit_code})" for cell, exit_code in failed)
    about = "A shell line failed in the notebook's run, which went on, as the script does"
    return f"## Shell lines that failed\n\n{about}: {cells}. {COUNTED}." if cells else ""


def _container(facts: Facts) -> str:
    """Return the commands that run the image: in a folder of this machine where the code itself writes files."""
    own, inside = ("work", WORK) if facts.written else ("out", f"{HOME}out")
    place = f' -v "$PWD/{own}:{inside}"' + (f" -w {WORK}" if facts.written else "")
    data = mounts(facts.data, WORK if facts.written else HOME.rstrip("/"))
    return f"mkdir -p {own}\n" + visible(f'docker run --rm --user "$(id -u):$(id -g)"{place}{data} job')


def _start(plan: Plan, facts: Facts) -> str:
    return shlex.join(start_command(facts.style, config=has_config(plan, facts.style)))


def _launch(facts: Facts) -> str:
    """Say how the job files are used."""
    if not facts.launchers:
        return ""
    uses = "\n".join(JOB_FILES[one].use for one in facts.launchers)
    about = "From the job's folder; the resources that these files ask for are defaults to edit."
    return f"## On a scheduler\n\n{about}\n\n```sh\n{uses}\n```"
