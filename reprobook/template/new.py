"""Begin a notebook from a template."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reprobook.errors import InputError
from reprobook.runs.files import make_folder, naming
from reprobook.spec import spec_path
from reprobook.template.model import Template


@dataclass(frozen=True)
class NewNotebook:
    """What was written.

    Attributes:
        template: The name of the template.
        folder: Where its files are now.
        notebook: The notebook among them.
        files: All of them.
    """

    template: str
    folder: Path
    notebook: Path
    files: tuple[Path, ...]


def new_notebook(template: Template, target: Path) -> NewNotebook:
    """Write a template's files into the folder ``target``; a ``target`` that ends in .ipynb names the notebook.

    Raises:
        InputError: If one of the files is there already; then nothing is written.
        StorageError: If the disk refuses.
    """
    named = target.suffix == ".ipynb"
    folder = target.parent if named else target
    notebook = target.name if named else template.notebook
    renamed = {template.notebook: notebook, _spec_of(template.notebook): _spec_of(notebook)}
    contents = {
        folder / renamed.get(source.name, source.name): _content(source, template, notebook)
        for source in template.files
    }
    _check_free(folder, list(contents))
    make_folder(folder)
    _write(contents)
    return NewNotebook(template.name, folder, folder / notebook, tuple(contents))


def _spec_of(notebook: str) -> str:
    return spec_path(Path(notebook)).name


def _content(source: Path, template: Template, notebook: str) -> bytes:
    """Return a file's bytes; README, spec and test call the notebook by its new name."""
    data = source.read_bytes()
    if source.suffix not in {".md", ".py", ".yaml"}:
        return data
    return data.replace(template.notebook.encode(), notebook.encode())


def _check_free(folder: Path, files: list[Path]) -> None:
    """Refuse to write over anything."""
    if folder.exists() and not folder.is_dir():
        msg = f"{folder}: there is a file of this name"
        raise InputError(msg, hint="Give the path of a new folder.")
    taken = [path.name for path in files if path.exists() or path.is_symlink()]
    if taken:
        msg = f"{folder}: {', '.join(taken)} would be overwritten"
        raise InputError(msg, hint="Give the path of a new folder.")


def _write(contents: dict[Path, bytes]) -> None:
    """Write all files or none; a file that appears meanwhile is not overwritten either."""
    written: list[Path] = []
    try:
        for path, data in contents.items():
            with naming("write", path), path.open("xb") as file:
                written.append(path)
                file.write(data)
    except BaseException:  # also Ctrl-C: half a template is none
        for path in written:
            path.unlink()
        raise
