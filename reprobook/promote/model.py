"""The plan of a script: everything that will stand in it, decided, before any text is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from reprobook.promote.loops import Loop
from reprobook.promote.packaged_data import PackagedData
from reprobook.promote.python import code_of
from reprobook.promote.slice import Dropped
from reprobook.space.model import Space

Statements = tuple[cst.BaseStatement, ...]


@dataclass(frozen=True)
class Field:
    """A field of the configuration, which is an option of the command line."""

    name: str
    type: type
    default: Any
    space: Space | None = None
    comment: str = ""
    above: tuple[str, ...] = ()  # the author's comment lines above it
    spelling: str = ""  # the default as the author wrote it

    @property
    def lite(self) -> Any:
        """The value of the laptop mode; None if there is none."""
        return self.space.lite if self.space is not None else None


@dataclass(frozen=True)
class FixedSeed:
    """A seed that no option gives: it decides values that others follow under the same names, and no more.

    Attributes:
        value: The seed of the run.
        decides: These values, by metric and code cell.
    """

    value: int
    decides: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Derived:
    """A value that follows from parameters: a property of the configuration."""

    name: str
    expression: str
    comment: str = ""


@dataclass(frozen=True)
class Import:
    """One imported name: ``import module as name``, or ``from module import attribute as name``."""

    module: str
    attribute: str
    name: str


@dataclass(frozen=True)
class Function:
    """A section of the notebook as a function.

    Attributes:
        name: Its name.
        summary: The author's words under the heading, else what it does.
        arguments: Variables of earlier sections that it reads, in the order they came to be.
        returns: Variables that later sections read.
        body: Its statements.
        takes_config: Whether it reads parameters.
        takes_out: Whether it writes figures.
        globals: Names that functions of the notebook need at module level.
        is_async: Whether it awaits.
        cells: Code indices that it comes from.
        detail: What the first line of its docstring has no room for: paragraphs; may be empty.
        hints: The types of the arguments; none where the script has no annotations.
        result: The type of what it returns; empty there.
    """

    name: str
    summary: str
    arguments: tuple[str, ...]
    returns: tuple[str, ...]
    body: Statements
    takes_config: bool
    takes_out: bool
    globals: tuple[str, ...]
    is_async: bool
    cells: tuple[int, ...]
    hints: tuple[str, ...] = ()
    result: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Entry:
    """How a script is started: what a style adds to it.

    Attributes:
        imports: What it imports.
        start: The statement below ``if __name__ == "__main__"``.
        after_config: Blocks of text below the configuration's class.
        before_main: Blocks above ``main``.
        after_main: Blocks below it.
        before_job: Statements at the start of ``main``.
        job_options: Further options of ``rb.job``.
        takes_config: Whether there is a configuration.
    """

    imports: tuple[Import, ...]
    start: str
    after_config: tuple[str, ...] = ()
    before_main: tuple[str, ...] = ()
    after_main: tuple[str, ...] = ()
    before_job: tuple[str, ...] = ()
    job_options: tuple[str, ...] = ()
    takes_config: bool = True


@dataclass(frozen=True)
class Words:
    """The names that the script adds, chosen so that they meet none of the notebook's."""

    config: str
    out: str
    job: str
    main: str
    parse_args: str
    seed_everything: str
    fabric: str
    config_class: str
    checkpoint: str
    resume: str


@dataclass(frozen=True)
class Plan:
    """A script.

    Attributes:
        title: The notebook's first heading.
        summary: The first sentence below it.
        kept: Code indices of the cells that are in it.
        dropped: The cells that are not, with reasons.
        early: Settings that must precede the imports of libraries.
        imports: Every imported name.
        stars: Modules of ``from module import *``.
        module: Definitions and constants, in the notebook's order.
        fields: The parameters.
        derived: What follows from them.
        functions: The sections, in order.
        seed: The field that seeds the generators; None if nothing asked for a seed.
        fixed_seed: What seeds them in its place, where nobody would want an option for it; else None.
        device: The field that says what ``rb.device()`` gives; None if the notebook does not ask for it.
        precision: The field that says in which arithmetic torch computes; None where it does not train.
        fabric: The fields of Lightning Fabric by role; none in other styles.
        deterministic: Whether deterministic kernels were asked for.
        seeded: The libraries to seed: ``random``, ``numpy``, ``torch``.
        printed_metrics: Whether shown values count as metrics.
        renamed: What the script calls a metric that the notebook shows under a name of several, by cell and name.
        requirements: What the notebook installed with pip.
        words: The names of the script's own parts.
        loops: The training loops, where the script is to write checkpoints.
        loads: The calls that load data which come with a library.
        trimmed: What was left out of cells that are in it, with reasons.
    """

    title: str
    summary: str
    kept: list[int]
    dropped: list[Dropped]
    early: Statements
    imports: tuple[Import, ...]
    stars: tuple[str, ...]
    module: Statements
    fields: tuple[Field, ...]
    derived: tuple[Derived, ...]
    functions: tuple[Function, ...]
    seed: str | None
    device: str | None
    precision: str | None
    fabric: Mapping[str, str]
    deterministic: bool
    seeded: tuple[str, ...]
    printed_metrics: bool
    requirements: tuple[str, ...]
    words: Words
    loops: tuple[Loop, ...] = ()
    trimmed: tuple[Dropped, ...] = ()
    loads: tuple[PackagedData, ...] = ()
    fixed_seed: FixedSeed | None = None
    renamed: Mapping[tuple[int, str], str] = field(default_factory=dict)

    @property
    def seed_expression(self) -> str:
        """What the script seeds with; empty if it does not."""
        if self.fixed_seed is not None:
            return str(self.fixed_seed.value)
        return f"{self.words.config}.{self.seed}" if self.seed else ""

    @property
    def resumes(self) -> bool:
        """Whether it writes checkpoints."""
        return any(not loop.reason for loop in self.loops)

    @property
    def lite(self) -> dict[str, Any]:
        """The values of the laptop mode, by parameter; none where a parameter has the name of its option."""
        values = {field.name: field.lite for field in self.fields if field.lite is not None}
        return {} if any(field.name == "lite" for field in self.fields) else values

    @property
    def plots(self) -> bool:
        """Whether any figure is written."""
        return any(function.takes_out for function in self.functions)

    @property
    def saves(self) -> bool:
        """Whether any artifact is saved."""
        call = f"{self.words.job}.save("
        return any(call in code_of(line) for function in self.functions for line in function.body)

    @property
    def is_async(self) -> bool:
        """Whether any section awaits."""
        return any(function.is_async for function in self.functions)
