"""Model cards in Hugging Face's format: what is known of a model, and what is not, by name.

Format: https://github.com/huggingface/hub-docs/blob/main/modelcard.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reprobook.promote.facts import Facts
from reprobook.promote.known_data import KnownData
from reprobook.promote.markdown import code, plain, table
from reprobook.promote.measured import Measured
from reprobook.promote.model import Plan
from reprobook.promote.parameter_table import parameter_table
from reprobook.promote.result_text import COUNTED, artifact_row, results_of
from reprobook.promote.shown import is_expression
from reprobook.space.plain_yaml import write_yaml
from reprobook.trace.shown import is_telling

_LIBRARIES = ("transformers", "torch", "sklearn", "tensorflow", "xgboost", "lightgbm")
_HUB_NAMES = {"torch": "pytorch", "sklearn": "sklearn"}
# What measures models, beside what counts as telling everywhere.
_TELLING = frozenset(
    """bce bleu brier cer correct deviance dice elbo iou kappa likelihood mae map mape mcc ndcg nll perplexity ppl
    precision psnr regret return returns reward rouge silhouette ssim wer""".split()  # noqa: SIM905 - as a text
)
_BY_HAND = ("intended use and limits", "evaluation on other data, and on groups of people")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a card says.

    Attributes:
        title: Of the model.
        summary: A sentence; may be empty.
        modules: What the code imports: the library of the model is among them.
        license: SPDX identifier; empty if nobody said.
        circumstances: Of the training run, as rows of Markdown.
        parameters: Table of the parameters; empty if there are none.
        data: What is said of the training data, in Markdown; empty if nothing is known.
        data_name: What the data is called where a metric is given for it.
        data_gap: What is not known of the data.
        sections: Further sections by heading.
        results: The metrics.
    """

    title: str
    summary: str
    modules: Iterable[str]
    license: str
    circumstances: tuple[tuple[str, str], ...]
    parameters: str
    data: str
    data_name: str
    data_gap: str
    results: tuple[Measured, ...]
    sections: tuple[tuple[str, str], ...] = ()

    @property
    def telling(self) -> tuple[Measured, ...]:
        """The metrics whose names speak of how good the model is, from its training on; all, where none does."""
        return tuple(each for each in self.results if _tells(each.name) and not each.early) or self.results


def render_model_card(card: ModelCard) -> str:
    """Return the card; what is not known is listed as a gap."""
    others = [each for each in card.results if each not in card.telling]
    gaps = [*(["license"] if not card.license else []), *([card.data_gap] if card.data_gap else []), *_BY_HAND]
    parts = [
        front_matter(_hub_header(card)),
        f"# {plain(card.title)}",
        plain(card.summary),
        "## Training",
        table(("", ""), card.circumstances),
        card.parameters,
        f"## Data\n\n{card.data}" if card.data else "",
        f"## Results\n\n{_results(card.telling)}" if card.results else "",
        f"Logged too, though they do not say how good the model is:\n\n{_results(others)}" if others else "",
        *(f"## {heading}\n\n{text}" for heading, text in card.sections),
        gap_list(gaps),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def front_matter(header: Mapping[str, object]) -> str:
    """Return the metadata at the top of a card."""
    return f"---\n{write_yaml(dict(header), sort_keys=False)}---"


def gap_list(gaps: Iterable[str]) -> str:
    """Return the section that lists what is not known."""
    return "## Gaps\n\nNot known to reprobook; fill in by hand:\n\n" + "\n".join(f"- {gap}" for gap in gaps)


def _tells(name: str) -> bool:
    return is_telling(name) or not _TELLING.isdisjoint(re.split(r"[\W_]+", name.lower()))


def _results(results: Sequence[Measured]) -> str:
    """Return the metrics as a table: each value with where it comes from, as one name may stand for several."""
    if not any(each.origin for each in results):
        return table(("metric", "value"), [(plain(each.name), repr(each.value)) for each in results])
    rows = [(plain(each.name), repr(each.value), each.origin) for each in results]
    return table(("metric", "value", f"from ({COUNTED[0].lower()}{COUNTED[1:]})"), rows)


def _hub_header(card: ModelCard) -> dict[str, object]:
    """Return the card's metadata."""
    library = next((name for name in _LIBRARIES if name in set(card.modules)), "")
    header: dict[str, object] = {"tags": ["reprobook"]}
    header |= {"license": card.license} if card.license else {}
    header |= {"library_name": _HUB_NAMES.get(library, library)} if library else {}
    metrics = [
        {"type": each.name, "name": each.label, "value": each.value}
        for each in card.telling
        if _tells(each.name) or not is_expression(each.name)  # ``len(words)`` says nothing of a model
    ]
    if metrics:
        result = {
            # A result without a task and a dataset is none for huggingface_hub.
            "task": {"type": "other"},
            "dataset": {"type": "other", "name": card.data_name},
            "metrics": metrics,
        }
        header["model-index"] = [{"name": card.title, "results": [result]}]
    return header


def job_card(plan: Plan, facts: Facts) -> str:
    """Return the model card of a job."""
    known = KnownData(plan.loads, facts.data, facts.versions)
    nothing = "" if plan.loads else "training data: no file of the notebook's folder was read"
    card = ModelCard(
        title=plan.title,
        summary=plan.summary,
        modules={one.module.partition(".")[0] for one in plan.imports},
        license=facts.license,
        circumstances=tuple(_circumstances(facts, plots=plan.plots)),
        parameters=parameter_table(plan, facts.style) if plan.fields else "",
        data=known.text,
        data_name=f"data of {facts.provenance.notebook}",
        data_gap=known.gap or nothing,
        results=tuple(results_of(plan, facts)),
    )
    return render_model_card(card)


def _circumstances(facts: Facts, *, plots: bool) -> list[tuple[str, str]]:
    """Return what is known of the training run, as rows."""
    origin = facts.provenance
    return [
        ("notebook", f"`{code(origin.notebook)}`"),
        *([("recipe", f"`{code(origin.recipe_digest)}`")] if origin.recipe_digest else []),
        *([("run", f"`{code(facts.run_id)}`")] if facts.run_id else []),
        ("Python", facts.python_version),
        ("artifacts", artifact_row(facts, plots=plots)),
        *([("hardware", plain(facts.hardware))] if facts.hardware else []),
    ]
