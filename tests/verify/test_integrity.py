from __future__ import annotations

import json
from typing import Any

import pytest

from reprobook.errors import IntegrityError
from reprobook.header import MIME_TYPE, Code, Header, Origin, header_data, seal, sha256_hex
from reprobook.notebook import Notebook, read_notebook
from reprobook.runs import NewRun, Store
from reprobook.verify import notebook_integrity

HEADER = seal(Header(name="a", code=Code(cells=("a" * 64,)), origin=Origin(created="2026-11-21T00:00:00Z")))


def notebook(*, metadata: dict[str, Any] | None = None, output: dict[str, Any] | None = None) -> Notebook:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# A"},
        {"cell_type": "code", "metadata": {}, "source": "x", "outputs": [output] if output else []},
    ]
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata or {}, "cells": cells}
    return read_notebook(json.dumps(content).encode(), "nb.ipynb")


def card(text: str = "shown", header: Header = HEADER, **sealed: str) -> dict[str, Any]:
    data = {"text/plain": text, MIME_TYPE: header_data(header)}
    return {"output_type": "display_data", "data": data, "metadata": {"reprobook": sealed}}


def test_a_notebook_without_a_header_is_whole(store: Store) -> None:
    assert notebook_integrity(notebook(), store) == []
    assert notebook_integrity(notebook(metadata={"reprobook": "mine"}), store) == []


def test_every_copy_is_returned(store: Store) -> None:
    metadata = {"reprobook": {"header": header_data(HEADER)}}
    output = card(**{"text/plain": sha256_hex(b"shown")})
    assert notebook_integrity(notebook(metadata=metadata, output=output), store) == [HEADER, HEADER]


def test_an_edited_header_in_the_metadata_is_found(store: Store) -> None:
    metadata = {"reprobook": {"header": header_data(HEADER) | {"name": "b"}}}
    with pytest.raises(IntegrityError, match=r"^nb\.ipynb: metadata\.reprobook\.header: .*edited"):
        notebook_integrity(notebook(metadata=metadata), store)


def test_an_edited_header_in_an_output_is_found(store: Store) -> None:
    output = card()
    output["data"][MIME_TYPE]["seeds"]["seed"] = 7
    with pytest.raises(IntegrityError, match=r"^nb\.ipynb: output of code cell 0: .*edited"):
        notebook_integrity(notebook(output=output), store)


@pytest.mark.parametrize("text", [["sho", "wn"], "shown"])
def test_the_shown_text_may_be_a_list_of_lines(store: Store, text: Any) -> None:
    assert notebook_integrity(notebook(output=card(text, **{"text/plain": sha256_hex(b"shown")})), store) == [HEADER]


def test_an_edited_or_deleted_text_beside_the_header_is_found(store: Store) -> None:
    with pytest.raises(IntegrityError, match="text/plain shown beside the header was edited"):
        notebook_integrity(notebook(output=card("other", **{"text/plain": sha256_hex(b"shown")})), store)
    with pytest.raises(IntegrityError, match="text/html shown beside the header was edited"):
        notebook_integrity(notebook(output=card(**{"text/html": sha256_hex(b"<p>")})), store)


def test_a_forged_header_with_a_seal_of_its_own_is_not_that_of_the_run(store: Store) -> None:
    run = store.create(NewRun())
    run.write_header(HEADER)
    genuine = {"reprobook": {"run_id": run.run_id, "header": header_data(HEADER)}}
    assert notebook_integrity(notebook(metadata=genuine), store) == [HEADER]
    forged = seal(HEADER.model_copy(update={"name": "better"}))
    metadata = {"reprobook": {"run_id": run.run_id, "header": header_data(forged)}}
    with pytest.raises(IntegrityError, match=run.run_id):
        notebook_integrity(notebook(metadata=metadata), store)
