"""Who may ask what: tokens, roles, cross-site requests, and names that try to leave the root."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.utils import JupyterServerAuthWarning
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError

from reprobook.runs import Store
from reprobook.server.extension import ROUTES, _load_jupyter_server_extension
from reprobook.server.places import Places

ID = "20261121-000000-aaaa"
PLACES = [route.replace(r"([a-z0-9][a-z0-9-]{5,63})", ID) for route, _ in ROUTES]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
pytestmark = pytest.mark.usefixtures("notebook")
PATH = "train.ipynb"


async def refused(fetch: Any, *place: str, **options: Any) -> int:
    """Return the code with which a request is refused."""
    with pytest.raises(HTTPClientError) as caught:
        await fetch(*place, **options)
    return caught.value.code


async def test_nothing_is_said_without_a_token(jp_fetch: Any) -> None:
    codes = {}
    for place in PLACES:
        for method in METHODS:
            body = None if method in {"GET", "HEAD", "OPTIONS", "DELETE"} else "{}"
            options = {"method": method, "body": body, "params": {"path": PATH}, "headers": {"Authorization": ""}}
            codes[place, method] = await refused(jp_fetch, "reprobook", *place.split("/"), **options)
    # 405: a method that does not exist is refused to everybody.
    assert {asked: code for asked, code in codes.items() if code not in {403, 405}} == {}
    assert {method for (_, method), code in codes.items() if code == 403} >= {"GET", "POST", "DELETE", "OPTIONS"}


async def test_the_events_need_a_token(jp_ws_fetch: Any) -> None:
    headers = {"Authorization": ""}
    assert await refused(jp_ws_fetch, "reprobook", "events", params={"path": PATH}, headers=headers) == 403
    assert await refused(jp_ws_fetch, "reprobook", "events", params={"path": "../x.ipynb"}) == 404


def test_no_method_forgot_to_ask_who_is_there(jp_serverapp: Any, recwarn: pytest.WarningsRecorder) -> None:
    """Where it did, the server warns when the routes are added; with unauthenticated access off it hides the hole."""
    _load_jupyter_server_extension(jp_serverapp)
    assert [str(each.message) for each in recwarn if each.category is JupyterServerAuthWarning] == []


class ViewerOnly(AllowAllAuthorizer):
    def is_authorized(self, *asked: Any) -> bool:
        _, _, action, _ = asked
        return action == "read"


async def test_a_viewer_reads_and_changes_nothing(
    ask: Any, jp_serverapp: Any, store: Store, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = record()
    monkeypatch.setitem(jp_serverapp.web_app.settings, "authorizer", ViewerOnly(parent=jp_serverapp))
    for place in (("runs",), ("notebook",), ("jobs",), ("runs", run.run_id)):
        assert (await ask(*place, path=PATH)).code == 200
    assert (await ask("runs", run.run_id, path=PATH, method="DELETE")).code == 403
    assert (await ask("jobs", method="POST", body={"action": "run", "path": PATH})).code == 403
    assert (await ask("jobs", ID, path=PATH, method="DELETE")).code == 403
    begin = {"template": "images", "folder": "", "name": "shapes"}
    assert (await ask("templates", method="POST", body=begin)).code == 403
    assert not (store.root.parent / "shapes").exists()
    assert store.names() == [run.run_id]


async def test_a_cookie_alone_changes_nothing(
    jp_fetch: Any, jp_serverapp: Any, store: Store, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of another site sends the cookie, but cannot read the token against such requests."""
    run = record()
    monkeypatch.setattr(type(jp_serverapp.identity_provider), "is_token_authenticated", lambda *_: False)
    monkeypatch.setattr(type(jp_serverapp.identity_provider), "should_check_origin", lambda *_: True)
    body = json.dumps({"action": "run", "path": PATH})
    for kind in ("application/json", "text/plain"):
        headers = {"Content-Type": kind}
        assert await refused(jp_fetch, "reprobook", "jobs", method="POST", body=body, headers=headers) == 403
    assert await refused(jp_fetch, "reprobook", "runs", run.run_id, method="DELETE", params={"path": PATH}) == 403
    assert store.names() == [run.run_id]


async def test_to_ask_changes_nothing(ask: Any, record: Any, root: Path) -> None:
    first, second = record(metrics={"loss": 1.0}), record(metrics={"loss": 2.0})
    both = f"{first.run_id},{second.run_id}"

    def files() -> dict[Path, tuple[int, int]]:
        """Return size and time of each file; the index is a cache, made when it is first needed."""
        found = [path for path in root.rglob("*") if path.is_file() and not path.name.startswith("index.")]
        return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in found}

    before = files()
    questions: tuple[tuple[tuple[str, ...], dict[str, str]], ...] = (
        (("notebook",), {}),
        (("fix",), {}),
        (("restore",), {"run": first.run_id}),
        (("runs",), {"sort": "loss"}),
        (("series",), {"metric": "loss", "runs": both}),
        (("compare",), {"metric": "loss", "runs": both}),
        (("runs", first.run_id), {}),
        (("jobs",), {}),
        (("templates",), {}),
    )
    for place, arguments in questions:
        assert (await ask(*place, path=PATH, **arguments)).code == 200, place
    assert files() == before


async def test_a_body_must_be_json(jp_fetch: Any) -> None:
    body = json.dumps({"action": "run", "path": PATH})
    headers = {"Content-Type": "text/plain"}
    assert await refused(jp_fetch, "reprobook", "jobs", method="POST", body=body, headers=headers) == 400


async def test_another_host_is_refused(jp_fetch: Any, jp_serverapp: Any) -> None:
    jp_serverapp.web_app.settings["allow_remote_access"] = False
    headers = {"Host": "evil.example"}
    assert await refused(jp_fetch, "reprobook", "runs", params={"path": PATH}, headers=headers) == 403


OUTSIDE = (
    "../secret.ipynb",
    "/etc/passwd",
    "sub/../../secret.ipynb",
    "..%2fsecret.ipynb",
    "%252e%252e/secret.ipynb",
    "..\\secret.ipynb",
    "C:\\secret.ipynb",
    "outside.ipynb",
    "link/secret.ipynb",
    ".hidden/secret.ipynb",
    "http://evil.example/x.ipynb",
    "s3://bucket/x.ipynb",
    "file:///etc/passwd",
    "",
    "x" * 5000,
)
BEGINNINGS = (
    ("..", "x"),
    ("/etc", "x"),
    ("link", "x"),
    (".hidden", "x"),
    ("not-there", "x"),
    ("", ".."),
    ("", "../x"),
    ("", ".x"),
    ("", "a/x"),
    ("", "x\0"),
    ("", ""),
    ("", "x" * 200),
)


async def test_names_do_not_leave_the_root(ask: Any, notebook: Path, root: Path) -> None:
    secret = root.parent / "secret.ipynb"
    secret.write_bytes(notebook.read_bytes())
    (root / "outside.ipynb").symlink_to(secret)
    (root / "link").symlink_to(root.parent)
    (root / ".hidden").mkdir()
    (root / ".hidden" / "secret.ipynb").write_bytes(notebook.read_bytes())
    for name in OUTSIDE:
        assert (await ask("notebook", path=name)).code in {400, 404}, name
        assert (await ask("jobs", method="POST", body={"action": "run", "path": name})).code in {400, 404}, name
    assert (await ask("jobs", method="POST", body={"action": "run", "path": "train.ipynb\0"})).code == 400
    for out in ("../job", "/etc/job", "link/job", "a/../../job", ".hidden/job", ""):
        job = {"action": "promote", "path": PATH, "out": out}
        assert (await ask("jobs", method="POST", body=job)).code in {400, 404}, out
    for folder, name in BEGINNINGS:
        begin = {"template": "images", "folder": folder, "name": name}
        assert (await ask("templates", method="POST", body=begin)).code in {400, 404}, (folder, name)
    assert not list(root.parent.rglob("images.ipynb")) + list(root.parent.rglob("x.ipynb"))


async def test_a_root_that_begins_alike_is_another(ask: Any, notebook: Path, root: Path) -> None:
    beside = root.with_name(root.name + "-evil")
    beside.mkdir()
    (beside / "x.ipynb").write_bytes(notebook.read_bytes())
    assert (await ask("notebook", path=f"../{beside.name}/x.ipynb")).code == 404


async def test_a_run_folder_that_is_a_link_is_no_run(ask: Any, record: Any, tmp_path: Path) -> None:
    run = record()
    moved = tmp_path / "elsewhere"
    run.path.rename(moved)
    run.path.symlink_to(moved)
    assert (await ask("runs", run.run_id, path=PATH)).code == 404
    assert (await ask("runs", run.run_id, path=PATH, method="DELETE")).code == 404
    assert moved.is_dir()


async def test_what_is_no_id_is_no_run(ask: Any) -> None:
    for run_id in ("../../x", "..%2f..%2fx", "latest", "UPPERCASE-ID", "short", "a" * 65, "x\n"):
        assert (await ask("restore", path=PATH, run=run_id)).code == 404, run_id


QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("runs", {"limit": "1000000000"}),
    ("runs", {"limit": "-1"}),
    ("runs", {"limit": "1e3"}),
    ("runs", {"offset": "9" * 40}),
    ("runs", {"where": "x" * 5000}),
    ("compare", {"runs": ",".join([ID[:-2] + f"{n:02}" for n in range(50)])}),
    ("series", {"metric": "loss", "runs": ""}),
)
JOBS: tuple[dict[str, Any], ...] = (
    {"action": "sweep", "metric": "loss", "trials": 10**9},
    {"action": "sweep", "metric": "loss", "jobs": 10**6},
    {"action": "run", "seed": -1},
    {"action": "run", "parameters": {"--store": "x"}},
    {"action": "run", "parameters": {f"p{n}": "1" for n in range(1000)}},
    {"action": "run", "name": "x" * 1000},
    {"action": "run", "unknown": 1},
    {"action": "verify", "run_id": "../../x"},
    {"action": "delete"},
    {},
)


async def test_limits(ask: Any, store: Store) -> None:
    for place, arguments in QUESTIONS:
        assert (await ask(place, path=PATH, **arguments)).code == 400, arguments
    for job in JOBS:
        assert (await ask("jobs", method="POST", body={"path": PATH, **job})).code == 400, job
    assert not (store.root / "jobs").exists()


def test_a_name_that_is_too_long_for_the_system_is_refused(tmp_path: Path) -> None:
    """It was an error of the server's."""
    with pytest.raises(HTTPError) as refused:
        Places(tmp_path).inside("x" * 300)
    assert refused.value.status_code == 400
