"""A case: a notebook with one injected cause, its fixed twin, and how the two are run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["rerun", "env", "leftover", "resume", "interactive"]
Step = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Side:
    """Circumstances of one run; ``{cwd}`` in a variable's value stands for the working folder."""

    setup: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    affinity: tuple[int, ...] = ()
    pre: tuple[Mapping[str, Any], ...] = ()


NO_CHANGE = Side()


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What should be said about one divergence."""

    cell: int
    variable: str
    label: str
    accept_cells: tuple[int, ...] = ()
    accept_variables: tuple[str, ...] = ()
    accept_labels: tuple[str, ...] = ()

    @property
    def cells(self) -> set[int]:
        return {self.cell, *self.accept_cells}

    @property
    def variables(self) -> set[str]:
        return {self.variable, *self.accept_variables}

    @property
    def labels(self) -> set[str]:
        return {self.label, *self.accept_labels}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case. `expected` is in cell order and empty for a notebook that is right as it is.

    `benign` names hold times and may differ anyway; `attempts` is how often a divergence that is a matter of chance
    may be asked for.
    """

    id: str
    title: str
    kind: Kind
    notebook: Mapping[str, Any]
    fixed: Mapping[str, Any] | None
    expected: tuple[Expected, ...]
    run_a: Side = NO_CHANGE
    run_b: Side = NO_CHANGE
    session: tuple[Step, ...] = ()
    session_fixed: tuple[Step, ...] = ()
    clean_parameters: Mapping[str, Any] = field(default_factory=dict)
    benign: tuple[str, ...] = ()
    attempts: int = 1
    own: bool = True

    @property
    def family(self) -> str:
        return self.expected[0].label.partition(".")[0] if self.expected else "none"


def _side(entry: Mapping[str, Any]) -> Side:
    return Side(
        setup=entry.get("setup", ""),
        env=entry.get("env", {}),
        affinity=tuple(entry.get("affinity") or ()),
        pre=tuple(entry.get("pre", ())),
    )


def shared_cases(folder: Path) -> list[Case]:
    """Return the cases of a folder with a manifest."""
    entries = json.loads((folder / "manifest.json").read_text("utf-8"))["cases"]
    return [
        Case(
            id=entry["id"],
            title=entry["title"],
            kind=entry["kind"],
            notebook=json.loads((folder / entry["file"]).read_text("utf-8")),
            fixed=json.loads((folder / entry["fixed_file"]).read_text("utf-8")),
            expected=(
                Expected(
                    cell=entry["diverging_cell_index"],
                    variable=entry["variable"],
                    label=entry["cause_label"],
                    accept_cells=tuple(entry["accept_cells"]),
                    accept_variables=tuple(entry["accept_variables"]),
                ),
            ),
            run_a=_side(entry["run_a"]),
            run_b=_side(entry["run_b"]),
            session=tuple(entry["session"] or ()),
            session_fixed=tuple(entry["session_fixed"] or ()),
            clean_parameters=entry["clean_parameters"],
            attempts=2 if entry["evidence"]["bug_attempts"] > 1 else 1,
            own=False,
        )
        for entry in entries
    ]
