"""A template: a folder with one notebook and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Template:
    """A notebook to begin from.

    Attributes:
        name: What it is called on the command line, and the name of its folder.
        title: The heading of its README.
        summary: The first paragraph of its README.
        files: Its files; folders and hidden files are no part of it.
    """

    name: str
    title: str
    summary: str
    files: tuple[Path, ...]

    @property
    def notebook(self) -> str:
        """The name of its notebook."""
        return f"{self.name}.ipynb"

    def as_json(self) -> dict[str, str]:
        """Return what somebody who chooses is told."""
        return {"name": self.name, "title": self.title, "summary": self.summary}


def read_template(folder: Path) -> Template:
    """Describe the template in a folder."""
    title, _, rest = (folder / "README.md").read_text(encoding="utf-8").partition("\n")
    paragraph = rest.strip().split("\n\n")[0]
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return Template(folder.name, title.removeprefix("# ").strip(), " ".join(paragraph.split()), tuple(files))
