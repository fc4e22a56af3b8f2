"""Sweeps: many recipes from one space, each trial a run of the store."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from reprobook.space import Space
    from reprobook.sweep.handle import SweepHandle


class _CallableModule(ModuleType):
    """``rb.sweep(...)`` is this module, called."""

    def __call__(  # noqa: PLR0913  # by keyword, for a notebook to complete
        self,
        notebook: str | Path | None = None,
        *,
        metric: str,
        spaces: Mapping[str, Space | str] | None = None,
        when: Mapping[str, str] | None = None,
        constraints: Sequence[str] = (),
        fixed: Mapping[str, Any] | None = None,
        track: Sequence[str] = (),
        cwd: str | Path | None = None,
        store: str | Path | None = None,
        wait: bool = True,
        **options: Any,
    ) -> SweepHandle:
        """Run a notebook many times over a space of parameters, and find the best.

        The trials run in processes of their own: this session, its variables and generators stay as they are.

        Args:
            notebook: Its path; default: the open notebook, as it is saved.
            metric: What trials are judged by: the last value that a run logs, shows or prints under this name.
            spaces: By parameter ``Float``, ``Int``, ``Choice`` or a text such as ``"log:1e-5:1e-1"``; those declared in
                the parameters cell need not be given.
            when: By parameter, the condition under which it is varied: ``{"momentum": "optimizer == 'sgd'"}``.
            constraints: Conditions that hold for every trial: ``["batch_size * steps <= 256"]``.
            fixed: Values of parameters that are not varied.
            track: Trackers to tell: ``wandb``, ``mlflow``, ``tensorboard``.
            cwd: Working folder; default: the notebook's.
            store: The run store; default: that of the project around the notebook.
            wait: Wait until it has ended, and show how it goes; interrupting the wait stops the sweep. With False it
                goes on by itself, and the handle that is returned says how far it is.
            **options: ``direction`` (``"max"``, ``"min"``), ``sampler`` (``"tpe"``, ``"random"``, ``"grid"``),
                ``trials``, ``seeds``, ``seed``, ``jobs``, ``executor`` (``"local"``, ``"ray"``), ``kernel``
                (``"warm"``, ``"cold"``), ``prune`` (True, ``"median"``, ``"asha"``), ``lite``, ``device``, ``timeout``,
                ``name``, ``address``, ``threads``, ``cache``: see ``reprobook sweep --help``.

        Raises:
            InputError: If the notebook, a space, a condition or an option is wrong: nothing ran.
        """
        from reprobook.sweep.interactive import sweep_notebook  # noqa: PLC0415 - Optuna, filelock and the store

        named = {
            "metric": metric,
            "conditions": dict(when or {}),
            "constraints": tuple(constraints),
            "values": dict(fixed or {}),
            "track": tuple(track),
        }
        return sweep_notebook(notebook, spaces or {}, {**options, **named}, cwd=cwd, store=store, wait=wait)


sys.modules[__name__].__class__ = _CallableModule
