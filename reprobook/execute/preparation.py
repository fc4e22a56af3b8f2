"""Everything that is settled before a run starts, so that wrong input leaves no run behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobook.errors import InputError, NotebookError
from reprobook.execute.options import RunOptions
from reprobook.header import encode, sha256_hex
from reprobook.notebook import InitOptions, Notebook, init_directive, read_notebook
from reprobook.space import Parameter, declared_parameters, find_parameter, lite_values, override, parse_value
from reprobook.spec import read_spec, spec_path

if TYPE_CHECKING:
    from reprobook.execute.request import RecordRequest

SEED = "seed"


@dataclass(frozen=True)
class Preparation:
    """A notebook ready to run.

    ``source`` are its bytes as given, ``original`` those parsed, ``notebook`` the one with the new values, ``spec`` the
    bytes of its training spec, if it has one.
    """

    source: bytes
    original: Notebook
    notebook: Notebook
    parameters: dict[str, Any]
    init: InitOptions
    seed: int | None
    cwd: Path
    path: Path
    spec: bytes | None = None

    def request(self, folder: Path, options: RunOptions) -> RecordRequest:
        """Return what the kernel is asked to record."""
        from reprobook.execute.request import RecordRequest  # noqa: PLC0415 - the client of a warm server asks nothing

        return RecordRequest(
            folder=str(folder),
            sources=tuple(cell.source for cell in self.notebook.code_cells),
            cells=tuple(sha256_hex(cell.source.encode()) for cell in self.original.code_cells),
            cell_ids=tuple(cell.id for cell in self.original.code_cells),
            parameters={name: encode(value) for name, value in self.parameters.items()},
            notebook=str(self.path),
            cwd=str(self.cwd),
            origin=str(options.origin) if options.origin else None,
            name=options.name or self.init.name,
            seed=self.seed,
            deterministic=self.init.deterministic,
            device=options.device if options.device != "auto" else self.init.device,
            trace=options.trace,
            pins=options.pins,
            spec=spec_digest(self.spec, self.path),
            measured=options.measured,
            profile=options.profile,
        )


def prepare(path: Path, options: RunOptions, source: bytes | None = None) -> Preparation:
    """Read a notebook and give its parameters their values.

    Args:
        path: The notebook.
        options: What was asked.
        source: Its bytes, where they are not those at ``path`` (a replay of a recorded notebook).

    Raises:
        NotebookError: If it is no Python notebook, or not there.
        ParameterError: For a wrong name, type or value.
        InputError: If the working folder does not exist, a name is no text, or the training spec beside the notebook is
            none.
    """
    _check_name(path)
    data = read_source(path) if source is None else source
    original = read_notebook(data, path.name)
    init = init_directive(original) or InitOptions()
    declared = declared_parameters(original)
    notebook, parameters = override(original, declared, _values(declared, options, init, path.name))
    cwd = (options.cwd or path.parent).resolve()
    if not cwd.is_dir():
        msg = f"the working folder {cwd} does not exist"
        raise InputError(msg, hint="Give an existing folder with --cwd.")
    seed = options.seed if options.seed is not None else init.seed
    spec = read_spec(path) if options.spec is None else options.spec or None
    spec_digest(spec, path)  # what is wrong with it is said before a run exists
    return Preparation(data, original, notebook, parameters, init, seed, cwd, path.resolve(), spec)


def spec_digest(spec: bytes | None, path: Path) -> str | None:
    """Return the digest of a notebook's training spec.

    Raises:
        InputError: If the bytes are none.
    """
    if spec is None:
        return None
    from reprobook.spec import parse_document  # noqa: PLC0415 - most notebooks have none

    return parse_document(spec, spec_path(path).name).spec.digest


def _check_name(path: Path) -> None:
    """Refuse a name that no record can hold, because its bytes are no text."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError as error:
        msg = f"{path}: the name is not UTF-8 text"
        raise InputError(msg, hint="Rename the file or folder.") from error


def read_source(path: Path) -> bytes:
    """Read the notebook file; devices and pipes, which could block for ever, are refused.

    Raises:
        NotebookError: If it cannot be read.
    """
    if path.exists() and not path.is_file():
        msg = f"{path} is not a file"
        raise NotebookError(msg, hint="Give the path of an .ipynb file.")
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror or error})"
        raise NotebookError(msg, hint="Give the path of an .ipynb file.") from error


def _values(declared: tuple[Parameter, ...], options: RunOptions, init: InitOptions, place: str) -> Mapping[str, Any]:
    """Collect the new values: lite ones first, then what was asked by name, then the seed."""
    by_name = {parameter.name: parameter for parameter in declared}
    values = dict(lite_values(declared)) if options.lite or init.lite else {}
    values |= options.values
    values |= {name: parse_value(find_parameter(by_name, name, place), text) for name, text in options.texts.items()}
    named_seed = by_name.get(SEED)
    if options.seed is not None and named_seed is not None and named_seed.type is int and SEED not in options.values:
        # Someone who says --seed 7 means the notebook's own seed too, unless they gave it by name.
        values.setdefault(SEED, options.seed)
    return values
