"""Attacks by what a notebook, its folder, or its outputs hold (part C of the list of faults)."""

from __future__ import annotations

import ast
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import reprobook as package
from reprobook.capture import strip_credentials
from reprobook.execute import RunEvent, RunOptions, run_notebook
from reprobook.runs import NewRun, RunFolder, Store
from reprobook.sweep.interactive import sweep_notebook

Write = Callable[..., Path]
Run = Callable[..., RunFolder]
Command = Callable[..., tuple[int, str]]

TOKEN = "ghp_" + "a1B2" * 9
PASSWORD = "hunter2hunter2"  # noqa: S105 - planted
CANARY = "import pathlib; pathlib.Path({!r}).write_text('x')\n"


def test_what_a_cell_shows_of_secrets_is_said(write: Write, store: Store) -> None:
    """A8: the code, what is printed, shown as a table, or raised; other cells are not accused."""
    path = write(
        f"token = {TOKEN!r}",
        "print('https://bob:" + PASSWORD + "@example.org/x')",
        "x = 'sk-' + 'abcd' * 8\nx",
        "num_tokens = 3\nprint('cls_token', 'ghp_short', 'https://example.org/x@y')",
        ("key = 'hf_' + 'a' * 34\nraise ValueError(key)", ["raises-exception"]),
    )
    events: list[RunEvent] = []
    run_notebook(path, store, RunOptions(kernel="inline"), events.append)
    notes = [event for event in events if event.kind == "note"]
    assert [note.cell for note in notes] == [0, 1, 2, 4]
    assert all("password or token" in note.text for note in notes)
    assert not any(TOKEN in note.text or PASSWORD in note.text for note in notes)


def test_files_of_secrets_are_not_opened(write: Write, store: Store, tmp_path: Path, monkeypatch: Any) -> None:
    """A6: `.netrc`, `.pypirc`, pip's configuration, `.env`, `.aws`: no capture looks at them."""
    home = tmp_path / "home"
    names = (".netrc", ".pypirc", ".env", ".aws/credentials", ".config/pip/pip.conf", ".condarc", ".git-credentials")
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"machine example.org login bob password {PASSWORD}\n")
    monkeypatch.setenv("HOME", str(home))
    opened: list[str] = []
    watching = [True]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "open" and isinstance(arguments[0], str):
            opened.append(arguments[0])

    sys.addaudithook(watch)
    run = run_notebook(write("x = 1"), store, RunOptions(kernel="inline"))
    watching.clear()
    assert any(name.endswith("header.json") or "header.json" in name for name in opened)
    assert [name for name in opened if name.startswith(str(home)) and name.endswith(names)] == []
    assert not any(PASSWORD.encode() in path.read_bytes() for path in run.path.rglob("*") if path.is_file())


def test_a_secret_of_the_environment_stays_there(run: Run, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A3: the header has an allow-list of names, and even of those no value with a password in it."""
    for name in ("AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "OPENAI_API_KEY", "PYTHONPATH_SECRET", "LC_SECRET"):
        monkeypatch.setenv(name, TOKEN)
    monkeypatch.setenv("http_proxy", f"http://bob:{PASSWORD}@proxy:1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    run("x = 1")
    for path in store.root.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert TOKEN.encode() not in data, path
            assert PASSWORD.encode() not in data, path


@pytest.mark.parametrize(
    "text",
    [
        f"https://bob:{PASSWORD}@example.org/r.git", f"https://{TOKEN}@example.org/r.git",
        f"git+https://bob:{PASSWORD}@example.org/r.git@main#egg=x", f"https://example.org/x?token={PASSWORD}",
        f"-e git+https://bob:{TOKEN}@example.org/r.git", f"http://bob:{PASSWORD}@proxy:8080",
    ],
)  # fmt: skip
def test_addresses_lose_their_passwords(text: str) -> None:
    """A4, A5, A6."""
    assert PASSWORD not in strip_credentials(text)
    assert TOKEN not in strip_credentials(text)
    assert strip_credentials("git@example.org:me/r.git") == "git@example.org:me/r.git"
    assert strip_credentials("ssh://git@example.org/r.git") == "ssh://git@example.org/r.git"


def test_no_path_is_taken_from_a_notebook(run: Run, store: Store, tmp_path: Path) -> None:
    """A10: what the metadata say of outputs, stores and runs is of no account."""
    evil = tmp_path / "evil"
    metadata = {
        "papermill": {"output_path": str(evil / "out.ipynb"), "input_path": "/etc/passwd", "parameters": {"x": 9}},
        "reprobook": {"store": str(evil), "run_id": "../../evil", "run_dir": str(evil), "header": None},
    }
    folder = run(("x = 1", ["parameters"]), changes={"metadata": metadata})
    record = folder.read_record()
    assert not evil.exists()
    assert (record.parameters, folder.path.parent) == ({"x": 1}, store.runs)
    executed = json.loads(folder.executed.read_bytes())["metadata"]
    assert executed["reprobook"]["run_id"] == folder.run_id
    assert str(evil) not in json.dumps(executed["reprobook"])


@pytest.mark.parametrize("document", ["!!python/object/apply:os.mkdir [pwned]", "x: !!python/name:os.system", "- x"])
def test_yaml_makes_no_objects(command: Command, write: Write, store: Store, tmp_path: Path, document: str) -> None:
    """A11: by -y, by -f, and in a contract of data."""
    write(("x = 1", ["parameters"]))
    (tmp_path / "p.yaml").write_text(document)
    for words in (("-y", document), ("-f", "p.yaml")):
        code, said = command("run", "nb.ipynb", *words)
        assert (code, "Traceback" in said) == (2, False), said
    assert not (tmp_path / "pwned").exists()
    assert store.records() == []


def test_an_address_is_no_path(command: Command, store: Store) -> None:
    """A27: papermill would fetch them."""
    for name in ("http://127.0.0.1:9/x.ipynb", "s3://bucket/x.ipynb", "file:///etc/passwd", "gs://b/x.ipynb", "-"):
        for words in (("run", "--", name), ("check", "--", name), ("promote", "--", name)):
            code, said = command(*words)
            assert (code, "Traceback" in said) == (2, False), (words, said)
    assert not store.root.exists()


def test_configuration_of_the_folder_runs_nothing(run: Run, tmp_path: Path) -> None:
    """A25: files that tools run when they find them. Modules that the notebook imports are its own business."""
    pwned = tmp_path / "pwned"
    for name in (
        *("jupyter_config.py", "jupyter_server_config.py", "ipython_config.py", "ipython_kernel_config.py"),
        *("sitecustomize.py", "usercustomize.py", "reprobook_config.py", "conftest.py", "startup.py"),
    ):
        (tmp_path / name).write_text(CANARY.format(str(pwned)))
    (tmp_path / "reprobook.toml").write_text(f"[hooks]\nstart = \"touch '{pwned}'\"\n")
    (tmp_path / ".env").write_text("PYTHONHASHSEED=77\nREPROBOOK_STORE=/nowhere\n")
    folder = run("x = 1", kernel="cold")
    assert folder.read_record().status == "succeeded"
    assert not pwned.exists()


def test_nothing_is_signed(run: Run, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A17: Jupyter's database of trusted notebooks is not touched by a run or a promotion."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    folder = run("import reprobook as rb\nrb.log(x=1)")
    assert command("promote", folder.run_id, "-o", "job", "--no-verify")[0] == 0
    assert command("verify", folder.run_id)[0] == 0
    assert list(tmp_path.rglob("nbsignatures*")) == []
    for name in ("source.ipynb", "executed.ipynb"):
        cells = json.loads((folder.path / name).read_bytes())["cells"]
        assert not any(cell["metadata"].get("trusted") for cell in cells)


def _calls() -> list[tuple[str, ast.Call]]:
    """Return every call in our own source with the dotted name of what is called."""
    root = Path(str(package.__file__)).parent
    trees = {path: ast.parse(path.read_bytes()) for path in root.rglob("*.py")}
    return [
        (f"{path.relative_to(root)}: {ast.unparse(node.func)}", node)
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


def test_no_pickle_is_loaded_and_no_shell_is_started() -> None:
    """A14, A18: in all of the source there is no call that could."""
    bad = {"pickle.load", "pickle.loads", "joblib.load", "dill.load", "cloudpickle.load", "cloudpickle.loads"}
    bad |= {"yaml.load", "yaml.unsafe_load", "os.system", "os.popen", "marshal.load", "shelve.open", "torch.load"}
    for place, node in _calls():
        name = place.partition(": ")[2]
        # A warm server and its own client, over a socket in a folder that only their owner enters.
        assert name not in bad or place.startswith("execute/warm/"), place
        options = {option.arg: option.value for option in node.keywords}
        if name.endswith(("subprocess.run", "Popen")):
            assert "shell" not in options, place
        if name in {"np.load", "numpy.load"}:
            assert isinstance(options["allow_pickle"], ast.Constant), place
            assert options["allow_pickle"].value is False, place


def test_files_are_private_from_their_first_moment(run: Run, store: Store) -> None:
    """A26: whatever the umask; no name in a shared folder can be guessed."""
    before = os.umask(0)
    try:
        folder = run("import reprobook as rb\nrb.log(x=1)\nrb.save('model', [1])")
        store.records()
    finally:
        os.umask(before)
    # What libraries write themselves, artifacts, lies in a folder that nobody else enters.
    for path in [store.root, *store.root.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0 or path.parent == folder.artifacts, path
    assert folder.artifacts.stat().st_mode & 0o777 == 0o700
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_more_than_anybody_needs_is_refused_or_bounded(command: Command, write: Write, store: Store) -> None:
    """A28: on the command line; tests/server has the same for the server."""
    write(("x = 1", ["parameters"]), "import reprobook as rb\nrb.log(loss=x)")
    assert command("run", "nb.ipynb", "--seeds", "0-4000000000")[0] == 2
    store.create(NewRun(name="n" * 100_000))
    code, said = command("runs", "--limit", str(10**21), "--json")
    assert (code, len(json.loads(said))) == (0, 1)
    assert command("runs", "--where", "x" * 100_000)[0] == 2
    assert command("runs", "--where", "(" * 10_000)[0] == 2


def test_a_grid_of_a_billion_is_not_written_down(write: Write, store: Store) -> None:
    """A28: its points are made as they are asked for; the plan is small."""
    write(("x = 1\ny = 1\nz = 1", ["parameters"]), "import reprobook as rb\nrb.log(loss=x)")
    spaces = dict.fromkeys("xyz", "int:1:1000")
    path = store.root.parent / "nb.ipynb"
    handle = sweep_notebook(
        path, spaces, {"metric": "loss", "sampler": "grid", "values": {}, "track": (), "constraints": (),
                       "conditions": {}, "jobs": 1, "trials": 1}, store=store.root, cwd=None, wait=True,
    )  # fmt: skip
    assert len(handle.record().trials) == 1
    assert sum(path.stat().st_size for path in store.root.rglob("plan.json")) < 10_000


HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\x1b]0;pwned\x07\u202e"


def test_no_name_steers_the_terminal(command: Command, store: Store, run: Run) -> None:
    """A15: what people see of names, parameters, metrics and errors holds no control characters."""
    folder = run(
        (f"x = {HOSTILE!r}", ["parameters"]),
        f"import reprobook as rb\nrb.log(**{{{HOSTILE!r}: 1}})",
        f"raise ValueError({HOSTILE!r})", name="a\x1b[31m.ipynb",
    )  # fmt: skip
    for words in (("runs",), ("show", folder.run_id), ("diff", folder.run_id, folder.run_id), ("fsck",)):
        _, said = command(*words)
        assert "\x1b]0;" not in said, words
        assert "\x1b[31m\x1b" not in said, words
        assert "\x07" not in said, words
        assert "\u202e" not in said, words
    assert store.records()[0].status == "failed"
