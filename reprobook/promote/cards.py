"""README and model card of a job, in Markdown."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

import yaml

from reprobook.promote.commands import start_command
from reprobook.promote.config_text import about, type_name
from reprobook.promote.data_files import mounts
from reprobook.promote.facts import Facts
from reprobook.promote.launch import JOB_FILES
from reprobook.promote.layout.escape import visible
from reprobook.promote.model import Plan
from reprobook.promote.options import Style
from reprobook.promote.prose import listed
from reprobook.promote.shown import is_expression, is_telling

_LIBRARIES = ("transformers", "torch", "sklearn", "tensorflow", "xgboost", "lightgbm")
_HUB_NAMES = {"torch": "pytorch", "sklearn": "sklearn"}
_PATHS = """\
Paths in the script are relative to the folder it runs in, as in the notebook. Metrics, artifacts and figures go to
{}; `result.json` there holds the result digest."""
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
The script reads these files, which are not part of the job. Put them beside `train.py`, or start the script in the
folder that holds them."""
_MOST_FILES = 20
_MARKUP = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|!"})


def readme(plan: Plan, facts: Facts) -> str:
    """Return the README: what it is, how to run it, its parameters, and what was left out."""
    origin = facts.provenance
    proof = {
        True: "A run of this script gave the result of the notebook, bit by bit.",
        False: "A run of this script did **not** give the notebook's result.",
        None: "Whether this script gives the notebook's result has not been tried.",
    }[facts.equivalent]
    commands = "\n".join(visible(command) for command in origin.commands)
    left_out = [f"- code cell [{each.cell}]: {prose(each.reason)}" for each in plan.dropped]
    left_out += [f"- of code cell [{each.cell}]: {prose(each.reason)}" for each in plan.trimmed]
    parts = [
        f"# {plain(plan.title)}",
        plain(plan.summary),
        f"Promoted by reprobook from `{code(origin.notebook)}` (SHA-256 `{code(origin.notebook_digest)}`). {proof}",
        f"It was made by:\n\n```sh\n{commands}\n```" if commands else "",
        f"## Run\n\n```sh\npip install -r requirements.txt\n{_start(facts)}\n```",
        _WHERE[facts.style],
        _written(facts),
        f"## Data\n\n{_DATA}\n\n{_data_table(facts)}" if facts.data else "",
        _RESUME if plan.resumes else "",
        _failures(facts),
        f"## In a container\n\n```sh\ndocker build -t job .\n{_container(facts)}\n```",
        _launch(facts),
        "## Parameters\n\n" + parameter_table(plan, facts.style) if plan.fields else "",
        "## Left out\n\n" + "\n".join(left_out) if left_out else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _written(facts: Facts) -> str:
    """Say which files do not go to the output folder."""
    names = [f"`{code(path)}`" for path in facts.written[:_MOST_FILES]]
    more = len(facts.written) - len(names)
    names += [f"{more} more"] * bool(more)
    return f"The code itself writes {listed(names)}: into the folder it runs in." if names else ""


def _failures(facts: Facts) -> str:
    """Say which shell lines failed in the run: the script runs them too."""
    cells = ", ".join(f"code cell [{cell}] (exit code {code})" for cell, code in facts.failed_commands.items())
    about = "A shell line failed in the notebook's run, which went on, as the script does"
    return f"## Shell lines that failed\n\n{about}: {cells}." if cells else ""


def _container(facts: Facts) -> str:
    return visible(f'docker run --rm -v "$PWD/out:/job/out"{mounts(facts.data)} job')


def _start(facts: Facts) -> str:
    return shlex.join(start_command(facts.style))


def _launch(facts: Facts) -> str:
    """Say how the job files are used."""
    if not facts.launchers:
        return ""
    uses = "\n".join(JOB_FILES[one].use for one in facts.launchers)
    about = "From the job's folder; the resources that these files ask for are defaults to edit."
    return f"## On a scheduler\n\n{about}\n\n```sh\n{uses}\n```"


def parameter_table(plan: Plan, style: Style = "plain") -> str:
    """Return the parameters as a table."""
    prefix = "" if style == "hydra" else "--"
    rows = [
        (f"`{prefix}{each.name}`", type_name(each.type), f"`{code(repr(each.default))}`", plain(about(each)))
        for each in plan.fields
    ]
    return _table(("option", "type", "default", "meaning"), rows)


def model_card(plan: Plan, facts: Facts) -> str:
    """Return a model card with Hugging Face's YAML header; what is not known is listed as a gap."""
    gaps = [
        *(["license"] if not facts.license else []),
        *(["training data: no file of the notebook's folder was read"] if not facts.data else []),
        "intended use and limits",
        "evaluation on other data, and on groups of people",
    ]
    parts = [
        f"---\n{yaml.safe_dump(_hub_header(plan, facts), sort_keys=False, allow_unicode=True)}---",
        f"# {plain(plan.title)}",
        plain(plan.summary),
        "## Training",
        _table(("", ""), _circumstances(facts)),
        parameter_table(plan, facts.style) if plan.fields else "",
        "## Data\n\n" + _data_table(facts) if facts.data else "",
        "## Results\n\n" + _results(plan, facts) if facts.metrics else "",
        "## Gaps\n\nNot known to reprobook; fill in by hand:\n\n" + "\n".join(f"- {gap}" for gap in gaps),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _data_table(facts: Facts) -> str:
    rows = [(f"`{code(path)}`", f"`{code(digest)}`") for path, digest in facts.data.items()]
    more = f"\n\nand {len(rows) - _MOST_FILES} more" if len(rows) > _MOST_FILES else ""
    return _table(("file", "SHA-256"), rows[:_MOST_FILES]) + more


def _results(plan: Plan, facts: Facts) -> str:
    """Return the metrics as a table: each value with where it comes from, as one name may stand for several."""
    if not facts.logged:
        return _table(("metric", "value"), [(plain(name), repr(value)) for name, value in facts.metrics.items()])
    places = {cell: function.name for function in plan.functions for cell in function.cells}
    rows: list[tuple[str, ...]] = []
    for each in facts.logged:
        function = f"`{places[each.cell]}`, " if each.cell in places else ""
        last = f", the last of {each.count}" if each.count > 1 else ""
        rows.append((plain(each.name), repr(each.value), f"{function}code cell {plain(f'[{each.cell}]')}{last}"))
    return _table(("metric", "value", "from"), rows)


def _labelled(facts: Facts) -> list[tuple[str, str, float]]:
    """Return name, label and value of each metric; one that several cells logged is labelled with its cell."""
    if not facts.logged:
        return [(name, name, value) for name, value in facts.metrics.items()]
    names = [each.name for each in facts.logged]
    return [
        (each.name, each.name if names.count(each.name) == 1 else f"{each.name} (code cell {each.cell})", each.value)
        for each in facts.logged
    ]


def _circumstances(facts: Facts) -> list[tuple[str, str]]:
    """Return what is known of the training run, as rows."""
    origin = facts.provenance
    return [
        ("notebook", f"`{code(origin.notebook)}`"),
        *([("recipe", f"`{code(origin.recipe_digest)}`")] if origin.recipe_digest else []),
        *([("run", f"`{code(facts.run_id)}`")] if facts.run_id else []),
        ("Python", facts.python_version),
        *([("hardware", plain(facts.hardware))] if facts.hardware else []),
    ]


def _hub_header(plan: Plan, facts: Facts) -> dict[str, object]:
    """Return the card's metadata: https://github.com/huggingface/hub-docs/blob/main/modelcard.md."""
    roots = {one.module.partition(".")[0] for one in plan.imports}
    library = next((name for name in _LIBRARIES if name in roots), "")
    header: dict[str, object] = {"tags": ["reprobook"]}
    header |= {"license": facts.license} if facts.license else {}
    header |= {"library_name": _HUB_NAMES.get(library, library)} if library else {}
    metrics = [
        {"type": name, "name": label, "value": value}
        for name, label, value in _labelled(facts)
        if is_telling(name) or not is_expression(name)  # ``len(words)`` says nothing of a model
    ]
    if metrics:
        result = {
            # A result without a task and a dataset is none for huggingface_hub.
            "task": {"type": "other"},
            "dataset": {"type": "other", "name": f"data of {facts.provenance.notebook}"},
            "metrics": metrics,
        }
        header["model-index"] = [{"name": plan.title, "results": [result]}]
    return header


def plain(text: str) -> str:
    """Return text without any meaning in Markdown or HTML."""
    return visible(text).translate(_MARKUP)


def prose(text: str) -> str:
    """Return text in which names stand between backticks, with nothing else of meaning in Markdown."""
    parts = visible(text).split("`")
    return "".join(f"`{code(part)}`" if at % 2 else part.translate(_MARKUP) for at, part in enumerate(parts))


def code(text: str) -> str:
    """Return text fit to stand between backticks, in a table cell too."""
    return visible(text).replace("`", "'").replace("|", "\\|")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
