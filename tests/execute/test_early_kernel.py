"""A kernel that starts before its driver is ready for it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from reprobook.execute import RunOptions
from reprobook.execute.early_kernel import early_kernel
from reprobook.execute.first_request import FirstRequest
from reprobook.execute.preparation import prepare

if TYPE_CHECKING:
    from pathlib import Path

    from reprobook.execute.preparation import Preparation


@pytest.fixture
def prepared(tmp_path: Path) -> Preparation:
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}))
    return prepare(path, RunOptions())


def answer(manager: Any, code: str, patience_s: float = 60) -> dict[str, Any]:
    """Say the first thing to a kernel, and return what it answers."""

    async def ask() -> dict[str, Any]:
        request = await FirstRequest.send(manager, code)
        try:
            return await request.reply(patience_s)
        finally:
            request.client.stop_channels()

    return asyncio.run(ask())


def test_it_is_gone_when_nobody_has_use_for_it(prepared: Preparation) -> None:
    with early_kernel(prepared, RunOptions()) as manager:
        kernel = psutil.Process(manager.provisioner.pid)
        assert kernel.is_running()
    assert not kernel.is_running()


def test_it_answers_the_first_request_as_soon_as_it_can(prepared: Preparation) -> None:
    with early_kernel(prepared, RunOptions()) as manager:
        for code, status in (("import os", "ok"), ("os.no_such_name", "error")):
            assert answer(manager, code)["status"] == status


def test_one_that_dies_or_does_not_show_is_an_error(prepared: Preparation) -> None:
    with early_kernel(prepared, RunOptions()) as manager:
        kernel = psutil.Process(manager.provisioner.pid)
        kernel.suspend()
        with pytest.raises(RuntimeError, match="respond"):
            answer(manager, "pass", 0.1)
        kernel.kill()
        with pytest.raises(RuntimeError, match="died"):
            answer(manager, "pass")


def test_there_is_none_where_none_can_be_started(prepared: Preparation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reprobook.execute.early_kernel.kernel_name", lambda _: "there-is-no-such-kernel")
    with early_kernel(prepared, RunOptions()) as manager:
        assert manager is None
    with early_kernel(prepared, RunOptions(kernel="inline")) as manager:
        assert manager is None
