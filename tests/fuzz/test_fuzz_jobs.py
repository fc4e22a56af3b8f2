"""Promoted jobs and the checkpoints of their loops, edited by whoever: read or refused, and nothing else is touched."""

from __future__ import annotations

import json
import shutil
from collections import OrderedDict, defaultdict, deque
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tornado.web import HTTPError

from reprobook.errors import InputError, IntegrityError, ReprobookError
from reprobook.execute.checkpoint import archive
from reprobook.execute.checkpoint.origins import Origins
from reprobook.execute.checkpoint.pack import Packer
from reprobook.execute.checkpoint.unpack import UNREADABLE, Unpacker
from reprobook.header import Code, Header, Origin, Seeds, header_bytes, seal
from reprobook.promote.job_folder import HEADER, PROOF, UNFINISHED, check_folder, write_job
from reprobook.server.places import Places
from reprobook.server.requests import REQUEST
from reprobook.verify.job_proof import read_proof

HEADER_OF_JOB = seal(
    Header(
        code=Code(cells=("a" * 64,)), origin=Origin(created="2026", notebook="/nb.ipynb"), parameters={}, seeds=Seeds()
    )
)
JOB = {"train.py": b"print(1)\n", "tests/test_train.py": b"", HEADER: header_bytes(HEADER_OF_JOB)}
EXPECTED = {"result_digest": "0" * 64, "metrics": {"loss": 0.5}, "seed": 1, "arguments": ["--seed", "1"]}
ODD = st.sampled_from(
    [
        *("../victim", "/etc/passwd", "victim/../../victim", "", ".", "~", "a\0b", "x" * 300, "\ud800", "train.py"),
        *(None, True, -1, 0, 3, 2**70, 1e308, "NaN", [], {}, [[]], {"": ""}, {"is": 0}, {"at": 9}, {"made": 0}),
        *({"new": "list", "items": [1]}, {"new": {"like": 0}}, {"new": "array", "about": {}, "data": 0}),
        *({"scalar": "O", "data": "00" * 8}, {"float": "x"}, {"bytes": 7}, {"torch.dtype": "torch.load"}),
        *({"range": [1, 2, 0]}, {"exec": "x"}, {"new": "exec"}, {"new": {"defaultdict": "x"}}, {"state": 1}),
        *({"tuple": [1]}, {"path": "\0"}, "attributes", "items", "data"),
    ]
)  # fmt: skip


def edited(value: Any, draw: st.DataObject) -> Any:
    """Replace, drop or rename one place of a JSON value."""
    if isinstance(value, dict) and value and draw.draw(st.integers(0, 4), "deeper"):
        key = draw.draw(st.sampled_from(sorted(value)), "key")
        rest = {name: item for name, item in value.items() if name != key}
        how = draw.draw(st.sampled_from(["edit", "edit", "drop", "rename"]), "how")
        if how == "drop":
            return rest
        return rest | (
            {str(draw.draw(ODD, "name")): value[key]} if how == "rename" else {key: edited(value[key], draw)}
        )
    if isinstance(value, list) and value and draw.draw(st.integers(0, 4), "deeper"):
        index = draw.draw(st.integers(0, len(value) - 1), "index")
        return [*value[:index], edited(value[index], draw), *value[index + 1 :]]
    return draw.draw(ODD, "value")


FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@FILES
@given(draw=st.data(), name=st.sampled_from([PROOF, UNFINISHED, HEADER]))
def test_a_job_with_an_edited_record_is_replaced_or_left_alone(draw: st.DataObject, name: str, tmp_path: Path) -> None:
    job, victim = tmp_path / "job", tmp_path / "victim"
    shutil.rmtree(job, ignore_errors=True)
    victim.mkdir(exist_ok=True)
    (victim / "file").write_bytes(JOB["train.py"])
    write_job(job, JOB, EXPECTED)
    if name == UNFINISHED:
        shutil.copy(job / PROOF, job / UNFINISHED)
    content = edited(json.loads((job / name).read_bytes()), draw)
    (job / name).write_text(json.dumps(content))
    try:
        assert isinstance(read_proof(job).metrics, dict)
    except ReprobookError as error:
        assert error.hint  # noqa: PT017
    try:
        check_folder(job, HEADER_OF_JOB)
    except InputError as error:
        assert error.hint  # noqa: PT017
        return
    write_job(job, JOB, EXPECTED)
    assert read_proof(job).result_digest == "0" * 64
    assert (victim / "file").read_bytes() == JOB["train.py"]
    assert {path.name for path in tmp_path.iterdir()} == {"job", "victim"}


class Model:
    def __init__(self) -> None:
        self.weights = np.arange(4.0)
        self.names = ["a", ("b", 1.5), {"c"}]
        self.again = self.names
        self.more = OrderedDict(x=defaultdict(list, y=[deque([1, 2], maxlen=3)]), z=complex(1, 2))
        self.raw = bytearray(b"abc")


@FILES
@given(draw=st.data())
def test_an_edited_checkpoint_is_taken_or_refused(draw: st.DataObject, tmp_path: Path) -> None:
    origins, fresh = Origins(), Origins()
    origins.add("model", Model())
    fresh.add("model", Model())
    packer = Packer(origins)
    nodes: Any = [packer.content(number) for number in range(len(origins.objects))]
    document = {"objects": nodes, "values": [["best", packer.value([1, {"a": np.float32(2)}], "best")]]}
    path = tmp_path / "loop.zip"
    archive.write(path, edited(json.loads(json.dumps(document)), draw), packer.blobs)
    data = path.read_bytes()
    if draw.draw(st.booleans(), "damage"):
        start = draw.draw(st.integers(0, len(data)), "start")
        path.write_bytes(data[:start] + draw.draw(st.binary(max_size=9), "bytes") + data[start + 5 :])
    try:
        found, blobs = archive.read(path)
    except IntegrityError as error:
        assert error.hint  # noqa: PT017
        return
    unpacker = Unpacker(fresh, blobs)
    with suppress(*UNREADABLE, IntegrityError):  # the loop says then that it is damaged
        unpacker.fill(found["objects"])
    with suppress(*UNREADABLE):
        for value in [unpacker.value(node) for _, node in found["values"]]:
            known = {"builtins", "collections", "numpy", "torch", "pathlib"}
            assert isinstance(value, Model) or type(value).__module__.partition(".")[0] in known


REQUESTS: dict[str, Any] = {
    "run": {"action": "run", "path": "nb.ipynb", "parameters": {"lr": "1"}, "seed": 1, "name": "x", "device": "cpu"},
    "verify": {"action": "verify", "path": "nb.ipynb", "run_id": "20261129-abc", "tolerance": "1e-3"},
    "promote": {"action": "promote", "path": "nb.ipynb", "out": "job", "style": "plain", "force": True},
    "sweep": {
        "action": "sweep",
        "path": "nb.ipynb",
        "metric": "m",
        "spaces": {"lr": "log:1:2"},
        "trials": 3,
        "jobs": 2,
    },
}
NAMED = {"promote": {"force", "out", "output"}}
HOSTILE = ODD | st.sampled_from(["--help", "-p", "--store=/x", "; rm -rf /", "$(x)", "@file", "a b", "--", "\n--force"])


@given(draw=st.data(), action=st.sampled_from(sorted(REQUESTS)), value=HOSTILE)
def test_a_request_never_becomes_another_option(draw: st.DataObject, action: str, value: Any) -> None:
    """Words of a client are values of the options that they were sent for, and cannot be options of their own."""
    asked = dict(REQUESTS[action])
    key = draw.draw(st.sampled_from(sorted(asked)), "key")
    asked[key] = {str(value): value} if isinstance(asked[key], dict) and draw.draw(st.booleans()) else value
    try:
        words = REQUEST.validate_python(asked).words(Path("/root/nb.ipynb"), Places(Path("/root")))
    except (ValidationError, ReprobookError, HTTPError):
        return
    command: Any = getattr(import_module(f"reprobook.cli.{action}"), action)
    given, rest, _ = command.make_parser(click.Context(command)).parse_args(words[1:])
    assert rest == []
    assert not {"store", "trust", "force", "output", "cwd", "help"} & given.keys() - NAMED.get(action, set())
    for name in ("name", "metric", "tolerance", "device"):
        assert name not in given or given[name] == asked.get(name, given[name])
