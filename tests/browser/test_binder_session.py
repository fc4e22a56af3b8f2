"""Binder's demo from the first page to the proven script, in an environment that is built as its image is."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from binder_image import BinderImage, BinderSession
from notebook_page import NotebookPage

from reprobook.runs import Store, project_folder

pytestmark = pytest.mark.slow
FIRST = "notebooks/01_digits.ipynb"
MINUTES = 60_000  # of a locator's patience, in milliseconds


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BinderImage]:
    pytest.importorskip("repo2docker", reason="jupyter-repo2docker is not installed")
    began = time.monotonic()
    made = BinderImage(tmp_path_factory.mktemp("binder"))
    made.build()
    # What the build of the extension needs is not left in the image.
    assert not (made.repo / "labextension" / "node_modules").exists()
    print(json.dumps({"build_s": round(time.monotonic() - began), "environment_mb": made.megabytes()}))
    yield made
    made.remove()


@pytest.fixture
def session(image: BinderImage, tmp_path: Path) -> Iterator[BinderSession]:
    server = BinderSession(image, tmp_path / "home")
    began = time.monotonic()
    server.start()
    print(json.dumps({"start_s": round(time.monotonic() - began, 1)}))
    yield server
    server.stop()


def panel(page: NotebookPage) -> Any:
    return page.page.locator("#reprobook-panel")


def do(page: NotebookPage, command: str) -> None:
    """Begin a command that ends with a dialog or with much later."""
    page.page.evaluate("(name) => void window.jupyterapp.commands.execute(name)", command)


def dialog(page: NotebookPage, button: str, **entries: str) -> None:
    """Fill in a form and press its button."""
    form = page.page.locator(".jp-Dialog")
    form.wait_for()
    for label, text in entries.items():
        form.get_by_label(re.compile(rf"^{label}")).fill(text)
    page.screenshot(f"form-{button.lower()}")
    form.get_by_role("button", name=button).click()
    form.wait_for(state="detached")


def wait_job(page: NotebookPage, action: str, outcome: str) -> None:
    """Wait until a job has come to an end, and to this one."""
    job = panel(page).locator(".rb-Jobs li", has_text=action)
    job.locator(".rb-Spinner").wait_for(state="detached", timeout=8 * MINUTES)
    job.get_by_text(outcome).wait_for()


def test_run_all_sweep_verify_promote(session: BinderSession, browser: Any, tmp_path: Path, request: Any) -> None:
    named = request.config.getoption("basetemp") or tmp_path
    page = NotebookPage(browser, session, Path(named) / "binder-screenshots")
    began = time.monotonic()
    # No path: where the session begins is the start script's affair.
    page.arrive(f"{session.url}?token={session.token}")
    print(json.dumps({"first_page_s": round(time.monotonic() - began, 1)}))
    assert page.page.url.split("?")[0].endswith(f"/lab/tree/{FIRST}")
    page.page.locator(".rb-Chip").wait_for()
    page.command("notebook:clear-all-cell-outputs")
    page.page.locator(".rb-Chip").click()
    panel(page).wait_for()
    page.screenshot("1-arrived")

    do(page, "notebook:run-all-cells")
    page.page.locator(".jp-OutputArea", has_text="test accuracy 0.9").wait_for(timeout=5 * MINUTES)
    page.wait_idle()
    page.save()
    page.page.locator(".rb-Chip", has_text="frozen rb1-").wait_for()
    page.screenshot("2-run")

    do(page, "reprobook:sweep")
    few = {"epochs": "int:1:2", "hidden": "choice:16,32", "batch_size": "choice:64,128"}
    dialog(page, "Start", metric="val_accuracy", trials="3", **few)
    wait_job(page, "sweep", "succeeded")
    page.screenshot("3-swept")

    do(page, "reprobook:verify")
    wait_job(page, "verify", "reproduced")
    page.page.locator(".rb-Chip", has_text="reproduced ✓").wait_for()
    page.screenshot("4-verified")

    do(page, "reprobook:promote")
    dialog(page, "Promote")
    wait_job(page, "promote", "equivalent: true")
    page.screenshot("5-promoted")

    records = Store(project_folder(session.root / FIRST) / ".reprobook").records()
    assert sum(record.trial is not None for record in records) == 3
    assert (page.problems, page.foreign) == ([], [])
    page.close()
