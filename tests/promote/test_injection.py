"""Whatever a notebook says in titles, prose, comments, strings and names, the emitted code is valid and inert."""

from __future__ import annotations

import ast
import json
import warnings
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reprobook.notebook import Notebook, read_notebook
from reprobook.promote import Evidence, Facts, Provenance, job_files, plan, render
from reprobook.space import declared_parameters

FRAGMENTS = [
    *['"""', "'''", '"', "'", "\\", "\n", "\r", "\t", "\f", "{", "}", "%", "#", ";", "*/", "- ", ": ", "\N{ROCKET}"],
    *["{{7*7}}", "{x.__class__}", "%(x)s", "$(x.pwned)", "`x.pwned`", "<script>x.pwned()</script>"],
    *["\\N{BULLET}", "\u202e", "\u2066", "\u2028", "\x85", "\x1b[31m", "# coding: latin-1"],
    *["x.pwned()", "\nx.pwned()\n", '"""\nx.pwned()\n"""', "!!python/object:os.system"],
]
hostile = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=6).map("".join)


def notebook_of(text: str, name: str) -> Notebook:
    """Return a notebook that says a text wherever an author may put one."""
    comment = " ".join(text.split())
    cells = [
        ("markdown", f"# {text}\n\n{text}"),
        ("code", f"import reprobook as rb\nlr = 0.1  # {comment}\nname = {text!r}"),
        ("markdown", f"## {text}\n{text}"),
        ("code", f"# {comment}\nx = len(name) * lr + len({text!r})\nprint(f'{{x}}' + {text!r})"),
        ("code", "rb.log(x=x)"),
    ]
    extra: dict[str, Any] = {"outputs": [], "execution_count": None}
    raw = [
        {"cell_type": kind, "metadata": {"tags": ["parameters"] if n == 1 else []}, "source": source}
        | (extra if kind == "code" else {})
        for n, (kind, source) in enumerate(cells)
    ]
    return read_notebook(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": raw}).encode(), name)


def attributes(text: str) -> set[str]:
    """Return every attribute that code uses outside of its strings; the code must parse."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # an invalid escape is a warning only
        return {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}


@settings(max_examples=60)
@given(text=hostile)
@pytest.mark.parametrize("style", ["plain", "hydra"])
def test_the_text_of_a_notebook_stays_text(style: Any, text: str) -> None:
    name = f"{text}.ipynb"
    notebook = notebook_of(text, name)
    planned = plan(notebook, declared_parameters(notebook), Evidence())
    origin = Provenance(name, "ab" * 32, "cd" * 32, (f"reprobook run {name}",), text)
    script = render(planned, origin, style)
    facts = Facts(origin, "3.11.7", run_id=text, hardware=text, data={text: "0" * 64}, metrics={text: 0.5})
    files = job_files(planned, replace(facts, style=style, launchers=("slurm", "ray", "k8s", "docker")))
    for code in (script, *(content for path, content in files.items() if path.endswith(".py"))):
        assert "pwned" not in attributes(code)
        assert not any(char in code for char in "\u202e\u2066\x1b\x00")
    for path, content in files.items():
        if path.endswith((".yaml", ".yml")):
            list(yaml.safe_load_all(content))
    commands = [line.removeprefix("CMD ") for line in files["Dockerfile"].splitlines() if line.startswith("CMD ")]
    assert all(isinstance(json.loads(command), list) for command in commands)


def test_the_values_of_strings_are_those_of_the_notebook() -> None:
    text = 'a"""\\N{BULLET}{x}\n\u202e\x1b'
    notebook = notebook_of(text, "a.ipynb")
    planned = plan(notebook, declared_parameters(notebook), Evidence())
    script = render(planned, Provenance("a.ipynb", "ab" * 32))
    constants = [node.value for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Constant)]
    assert constants.count(text) == 3  # the default of the parameter, and both literals of the cell
