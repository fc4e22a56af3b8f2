"""What is known of the data of a training: what libraries load, the files that were read, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reprobook.promote.markdown import code, data_table
from reprobook.promote.packaged_data import PackagedData, data_list
from reprobook.promote.prose import listed

_MOST_FILES = 5


@dataclass(frozen=True)
class KnownData:
    """What is known of the data of a training.

    Attributes:
        loads: The calls that load data which come with a library.
        files: The files that were read, by path, with their SHA-256.
        versions: The versions of distributions, by name.
    """

    loads: tuple[PackagedData, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All of it, in Markdown; empty if nothing is known."""
        parts = [data_list(self.loads, self.versions), data_table(self.files) if self.files else ""]
        return "\n\n".join(part for part in parts if part)

    @property
    def gap(self) -> str:
        """What is not known of files: where they come from."""
        names = [f"`{code(path)}`" for path in list(self.files)[:_MOST_FILES]]
        more = len(self.files) - len(names)
        return f"source and license of {listed([*names, *([f'{more} more files'] * (more > 0))])}" if names else ""
