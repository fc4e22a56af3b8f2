"""Data that come with a library or are fetched by one: the calls that load them, by their names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reprobook.promote.distributions import distribution_of, normalised
from reprobook.promote.markdown import code, plain
from reprobook.promote.meaning import Names
from reprobook.promote.source import Source

# The qualified names of loaders; what generates data is one too, as nothing else is known of where those come from.
_LOADERS = re.compile(
    r"sklearn\.datasets\.(?:load|fetch|make)_\w+|(?:torchvision|torchaudio|torchtext)\.datasets\.\w+"
    r"|torch_geometric\.datasets\.\w+|seaborn\.load_dataset|datasets\.load_dataset|tensorflow_datasets\.load"
    r"|(?:tensorflow\.)?keras\.datasets\.\w+\.load_data|statsmodels\.api\.datasets\.(?:get_rdataset|\w+\.load\w*)"
    r"|statsmodels\.datasets\.(?:get_rdataset|\w+\.load\w*)|vega_datasets\.data(?:\.\w+)?|openml\.datasets\.get_dataset"
    r"|ucimlrepo\.fetch_ucirepo"
)
# They read what the author has.
_OF_ONES_OWN = frozenset({"load_files", "load_svmlight_file", "load_svmlight_files", "ImageFolder", "DatasetFolder"})


@dataclass(frozen=True)
class PackagedData:
    """A call that loads data: the qualified name of the function, and the name of the data where that is a text."""

    loader: str
    name: str = ""

    @property
    def call(self) -> str:
        """The call as people know it: ``load_digits()``, ``load_dataset('iris')``."""
        function = self.loader.rpartition(".")[2]
        if function in {"load_data", "load", "load_pandas"}:  # ``mnist.load_data()``
            function = ".".join(self.loader.rsplit(".", 2)[1:])
        return f"{function}({self.name!r})" if self.name else f"{function}()"


def packaged_data(kept: Iterable[Source], names: Names) -> tuple[PackagedData, ...]:
    """Return the loads of packaged data in these cells, in order, each once."""
    trees = [statement.tree for source in kept for statement in source.statements]
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    found = ((call, names.dotted(call.func) or "") for call in calls)
    loads = [
        PackagedData(loader, _first_text(call))
        for call, loader in found
        if _LOADERS.fullmatch(loader) and loader.rpartition(".")[2] not in _OF_ONES_OWN
    ]
    return tuple(dict.fromkeys(loads))


def data_list(loads: Iterable[PackagedData], versions: Mapping[str, str]) -> str:
    """Return the loads as a list of Markdown, each with the version of its library."""
    recorded = {normalised(name): version for name, version in versions.items()}
    lines = []
    for each in loads:
        library = distribution_of(each.loader)
        version = recorded.get(normalised(library), "")
        lines.append(f"- `{code(each.call)}` of {plain(f'{library} {version}'.rstrip())}")
    return "\n".join(lines)


def _first_text(call: ast.Call) -> str:
    """Return the name that a loader is given; a folder to keep the data in is none."""
    values = [*call.args[:1], *(word.value for word in call.keywords if word.arg in {"name", "path", "dataname"})]
    text = values[0].value if values and isinstance(values[0], ast.Constant) else None
    return text if isinstance(text, str) and not text.startswith((".", "/", "~")) else ""
