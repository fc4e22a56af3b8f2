"""`rb.data`: what is known of a source, and what is refused."""

from __future__ import annotations

import functools
import http.server
import json
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import reprobook as rb
from reprobook.errors import InputError
from reprobook.runs import RunFolder

Recorded = Callable[[], AbstractContextManager[RunFolder]]
TABLE = "id,price,name\n1,0.5,apple\n2,1,pear\n"


def kept(run: RunFolder, name: str = "prices") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((run.path / "data" / f"{name}.json").read_bytes())
    return document


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serve the folder `served`, and count what is asked."""
    (tmp_path / "served").mkdir()
    handler = functools.partial(Handler, directory=str(tmp_path / "served"))
    Handler.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_address[1]}"
        found.shutdown()


class Handler(http.server.SimpleHTTPRequestHandler):
    asked: list[str]

    def log_message(self, *_: Any) -> None:
        self.asked.append(self.command)


def test_a_file_is_known_by_its_content(recorded: Recorded) -> None:
    Path("prices.csv").write_text(TABLE)
    with recorded() as run:
        path = rb.data("prices", "prices.csv", version="1", license="CC0-1.0", description="made up")
    assert path == Path("prices.csv")
    document = kept(run)
    assert document["digest"] == sha256(TABLE.encode()).hexdigest()
    assert document["size"] == len(TABLE)
    assert document["columns"] == {"id": "int", "price": "float", "name": "text"}
    assert document["rows"] == 2
    assert (document["version"], document["license"], document["source"]) == ("1", "CC0-1.0", "prices.csv")
    assert document["modified"].endswith("+00:00")


def test_changed_content_is_refused_and_named(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("prices.csv").write_text(TABLE)
    with recorded():
        rb.data("prices", "prices.csv")
        rb.data("prices", "prices.csv")
    Path("prices.csv").write_text("id,price,label\n1,x,apple\n")
    with recorded(), pytest.raises(InputError) as caught:
        rb.data("prices", "prices.csv")
    for text in ("digest", "size 35 is now 25", "rows 2 is now 1", "column name is gone", "column label is new"):
        assert text in str(caught.value)
    assert "column price was float and is text" in str(caught.value)
    assert "accept=True" in str(caught.value)
    with recorded():
        with pytest.raises(InputError):
            rb.data("prices", "prices.csv")  # a refusal is not remembered as seen
        rb.data("prices", "prices.csv", accept=True)
    Path("prices.csv").write_text(TABLE)
    with recorded():
        with pytest.raises(InputError):
            rb.data("prices", "prices.csv")
        monkeypatch.setenv("REPROBOOK_ACCEPT_DATA", "1")
        rb.data("prices", "prices.csv")
        monkeypatch.delenv("REPROBOOK_ACCEPT_DATA")
        rb.data("prices", "prices.csv")
        Path("prices.csv").write_text(TABLE + "3,2,plum\n")
        rb.data("prices", "prices.csv", version="2")


def test_outside_of_a_run_nothing_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.bin").write_bytes(b"1")
    assert rb.data("a", "a.bin") == Path("a.bin")
    Path("a.bin").write_bytes(b"2")
    assert rb.data("a", Path("a.bin")) == Path("a.bin")
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_function_is_known_by_what_it_makes(recorded: Recorded) -> None:
    def load() -> pd.DataFrame:
        return frame

    frame = pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})
    with recorded() as run:
        assert rb.data("frame", load) is frame
    assert kept(run, "frame")["columns"] == {"x": "int", "y": kept(run, "frame")["columns"]["y"]}
    assert kept(run, "frame")["rows"] == 2
    frame = pd.DataFrame({"x": [1, 3], "y": ["a", "b"]})
    with recorded(), pytest.raises(InputError, match="data 'frame' has changed"):
        rb.data("frame", load)
    with recorded() as run:
        rb.data("array", lambda: np.zeros((3, 4), dtype="float32"))
    assert kept(run, "array")["columns"] == {"array": "float32 [4]"}


def test_the_contract_switches_the_source(recorded: Recorded) -> None:
    Path("prices.csv").write_text(TABLE)
    Path("small.csv").write_text("id,price,name\n9,9,nine\n")
    digest = sha256(TABLE.encode()).hexdigest()
    with recorded():
        rb.data("prices", "prices.csv", sha256=digest)
    Path("data.yaml").write_text("prices:\n  source: small.csv\n  version: small\n  schema: {price: float}\n")
    with recorded() as run:
        # The digest in the code is that of the other source.
        assert rb.data("prices", "prices.csv", sha256=digest) == Path("small.csv")
    assert kept(run)["version"] == "small"
    Path("data.yaml").write_text("other:\n  source: x\n")
    with recorded():
        assert rb.data("prices", "prices.csv", sha256=digest) == Path("prices.csv")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("prices: [1]", "must map"),
        ("prices: {sorce: x}", "sorce"),
        ("prices: {sha256: x}", "sha256"),
        ("a: b: c", "not readable"),
    ],
)
def test_a_contract_that_makes_no_sense_is_refused(recorded: Recorded, text: str, match: str) -> None:
    Path("data.yaml").write_text(text)
    Path("prices.csv").write_text(TABLE)
    with recorded(), pytest.raises(InputError, match=match) as caught:
        rb.data("prices", "prices.csv")
    assert "data.yaml" in str(caught.value)


def test_what_is_not_as_declared_is_refused(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("prices.csv").write_text(TABLE)
    os.utime("prices.csv", (0, 0))
    monkeypatch.delenv("DATA_TOKEN", raising=False)
    for options, match in (
        ({"sha256": "0" * 64}, "not what is pinned"),
        ({"schema": {"id": "text"}}, "column id is int, not text"),
        ({"schema": {"weight": "float"}}, "column weight is missing"),
        ({"max_age": timedelta(days=7)}, "days old"),
        ({"credentials": ["DATA_TOKEN"]}, "needs DATA_TOKEN, which is not set"),
        ({"source": "none.csv"}, "no file none.csv"),
        ({"source": None}, "no source"),
        ({"name": "../x"}, "no name"),
    ):
        with recorded(), pytest.raises(InputError, match=match) as caught:
            rb.data(**{"name": "prices", "source": "prices.csv"} | options)
        assert caught.value.hint
    with recorded() as run:
        monkeypatch.setenv("DATA_TOKEN", "hidden-value")
        rb.data("prices", "prices.csv", schema={"id": "float", "name": "text"}, credentials=["DATA_TOKEN"])
    assert kept(run)["credentials"] == ["DATA_TOKEN"]
    assert "hidden-value" not in json.dumps(kept(run))


def test_a_url_is_downloaded_once(recorded: Recorded, server: str, tmp_path: Path) -> None:
    served = tmp_path / "served" / "prices.csv"
    served.write_text(TABLE)
    with recorded() as run:
        path = rb.data("prices", f"{server}/prices.csv?version=1")
    assert path.read_text() == TABLE
    assert path.is_relative_to(tmp_path / "cache")
    assert path.name == "prices.csv"
    assert kept(run)["modified"]
    Handler.asked.clear()
    with recorded():
        assert rb.data("prices", f"{server}/prices.csv?version=1") == path
    assert "GET" not in Handler.asked
    served.write_text(TABLE + "3,4,fig\n")
    os.utime(served, (1, 1))
    with recorded(), pytest.raises(InputError, match="rows 2 is now 3"):
        rb.data("prices", f"{server}/prices.csv?version=1")
    digest = sha256(TABLE.encode()).hexdigest()
    Handler.asked.clear()
    with recorded():
        assert rb.data("pinned", f"{server}/prices.csv", sha256=digest) == path  # in the cache: nobody is asked
    assert Handler.asked == []


def test_a_damaged_cache_is_not_used(recorded: Recorded, server: str, tmp_path: Path) -> None:
    (tmp_path / "served" / "prices.csv").write_text(TABLE)
    with recorded():
        path = rb.data("prices", f"{server}/prices.csv")
        path.write_text("changed")
        assert rb.data("prices", f"{server}/prices.csv").read_text() == TABLE


def test_without_the_server_the_cache_counts_and_says_so(recorded: Recorded, server: str, tmp_path: Path) -> None:
    (tmp_path / "served" / "prices.csv").write_text(TABLE)
    with recorded():
        rb.data("prices", f"{server}/prices.csv")
    (tmp_path / "served" / "prices.csv").unlink()
    with recorded() as run, pytest.warns(UserWarning, match="could not be reached"):
        assert rb.data("prices", f"{server}/prices.csv").read_text() == TABLE
    assert "last seen" in kept(run)["notes"][0]
    with recorded(), pytest.raises(InputError, match="cannot be read from its source"):
        rb.data("other", f"{server}/missing.csv")


def test_secrets_of_an_address_are_not_kept(recorded: Recorded, server: str, tmp_path: Path) -> None:
    (tmp_path / "served" / "prices.csv").write_text(TABLE)
    with recorded() as run:
        rb.data("prices", f"{server}/prices.csv?token=abcdef123456")
        with pytest.raises(InputError) as caught:
            rb.data("gone", f"{server}/gone.csv?token=abcdef123456")
    assert "abcdef123456" not in json.dumps(kept(run)) + str(caught.value)
    names = [str(path) for path in (tmp_path / "store").rglob("*")]
    assert not [name for name in names if "abcdef123456" in name]


@pytest.mark.parametrize(
    ("name", "content", "columns", "rows"),
    [
        ("a.tsv", "a\tb\n1\t\n2\t\n\n", {"a": "int", "b": "empty"}, 2),
        ("a.csv", "\ufeffa,b\n1,nan\nx,2\n", {"a": "text", "b": "float"}, 2),
        ("a.csv", "", {}, 0),
        ("a.jsonl", '{"a": 1, "b": null}\n{"a": 2.5}\n', {"a": "float|int", "b": "empty"}, 2),
        ("a.jsonl", "no json\n", {}, None),
        ("a.dat", "anything", {}, None),
    ],
)
def test_columns_of_files(recorded: Recorded, name: str, content: str, columns: dict[str, str], rows: int) -> None:
    Path(name).write_text(content, encoding="utf-8")
    with recorded() as run:
        rb.data("it", name)
    assert (kept(run, "it")["columns"], kept(run, "it")["rows"]) == (columns, rows)


def test_columns_of_arrays(recorded: Recorded) -> None:
    np.save("a.npy", np.zeros((5, 2, 3), dtype="int16"))
    np.save("b.npy", np.array([object()]), allow_pickle=True)
    with recorded() as run, warnings.catch_warnings():
        rb.data("a", "a.npy")
        rb.data("b", "b.npy")  # never unpickled
    assert (kept(run, "a")["columns"], kept(run, "a")["rows"]) == ({"array": "int16 [2, 3]"}, 5)
    assert kept(run, "b")["columns"] == {}
