"""What a README says of the files that the code of a job writes itself: which they are, and how a model is loaded."""

from __future__ import annotations

from collections.abc import Iterator

from reprobook.promote.facts import Facts
from reprobook.promote.markdown import MOST_FILES, code
from reprobook.promote.model import Plan
from reprobook.promote.model_files import ModelFile, model_files
from reprobook.promote.prose import listed
from reprobook.promote.reloading import state_reloading, whole_reloading
from reprobook.promote.result_text import LOADING

_TRUST = "If you trust whoever wrote it, in the folder of `train.py`:"


def own_files(plan: Plan, facts: Facts) -> str:
    """Say which files do not go to the output folder, and give the lines that load the models among them."""
    names = [f"`{code(path)}`" for path in facts.written[:MOST_FILES]]
    more = len(facts.written) - len(names)
    names += [f"{more} more"] * bool(more)
    if not names:
        return ""
    where = "into the folder it runs in: each run replaces them, whatever `--out` is"
    return "\n\n".join([f"The code itself writes {listed(names)} {where}.", *_loading(plan, facts)])


def _loading(plan: Plan, facts: Facts) -> Iterator[str]:
    """Yield how the models are loaded: those whose weights are a file of their own first."""
    files = [each for name, each in model_files(plan).items() if name in facts.written and not each.is_artifact]
    for each in sorted(files, key=lambda file: file.is_whole):
        about, text = _whole(plan, facts, each) if each.is_whole else _state(plan, facts, each)
        if text:
            yield f"`{code(each.name)}` {about}\n\n```python\n{text}```"


def _whole(plan: Plan, facts: Facts, file: ModelFile) -> tuple[str, str]:
    classes, text = whole_reloading(plan, facts.numbers, file)
    owners = " and ".join(f"`{name}`" for name in classes)
    return f"is the whole model, pickled: it loads only where `__main__` has {owners}. {_TRUST}", text


def _state(plan: Plan, facts: Facts, file: ModelFile) -> tuple[str, str]:
    return f"holds the weights of the model. {LOADING}", state_reloading(plan, facts.numbers, file)
