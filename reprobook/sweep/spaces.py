"""The spaces that someone gives by name, for the parameters of a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reprobook.execute.preparation import read_source
from reprobook.notebook import read_notebook
from reprobook.space import Space, declared_parameters, find_parameter, parse_space


def read_spaces(notebook: Path, spaces: Mapping[str, str | Space]) -> dict[str, Space]:
    """Return the spaces, those given as texts read in the types of their parameters.

    Raises:
        ParameterError: For an unknown parameter, or a text that is no space of it.
    """
    if not spaces:
        return {}
    declared = {each.name: each for each in declared_parameters(read_notebook(read_source(notebook), notebook.name))}
    found = {name: (find_parameter(declared, name, notebook.name), space) for name, space in spaces.items()}
    return {
        name: parse_space(space, parameter) if isinstance(space, str) else space
        for name, (parameter, space) in found.items()
    }
