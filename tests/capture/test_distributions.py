"""Installed distributions, read from folders laid out as installers leave them."""

import hashlib
import json
import sysconfig
import time
from importlib import metadata
from pathlib import Path

import pytest

from reprobook.capture.distributions import installed_distributions
from reprobook.header import Distribution

RECORD = "pkg/__init__.py,sha256=AAAA,12\n{own}/METADATA,sha256=BBBB,99\n{own}/RECORD,,\n"


def install(site: Path, name: str, version: str, *, record: str = RECORD, direct_url: object = None) -> Path:
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "RECORD").write_text(record.format(own=folder.name))
    if direct_url is not None:
        (folder / "direct_url.json").write_text(json.dumps(direct_url))
    return folder


def only(site: Path) -> Distribution:
    (found,) = installed_distributions([str(site)])
    return found


def test_agrees_with_importlib_on_this_environment() -> None:
    # Not ``sys.path``: packages that an earlier test imported may have added their own copies of others.
    site = [sysconfig.get_path("purelib")]
    ours = {item.name: item.version for item in installed_distributions(site)}
    theirs = {
        dist.name.lower().replace("_", "-").replace(".", "-"): dist.version
        for dist in metadata.distributions(path=site)
    }
    assert ours == theirs
    assert len(ours) > 20


def test_names_are_normalised_and_sorted(tmp_path: Path) -> None:
    install(tmp_path, "Zope.Interface_x", "1.0")
    install(tmp_path, "aPkg", "2.0+cu126")
    found = installed_distributions([str(tmp_path)])
    assert [(item.name, item.version) for item in found] == [("apkg", "2.0+cu126"), ("zope-interface-x", "1.0")]


def test_the_first_on_the_path_wins(tmp_path: Path) -> None:
    install(tmp_path / "one", "pkg", "1.0")
    install(tmp_path / "two", "pkg", "2.0")
    found = installed_distributions([str(tmp_path / "none"), str(tmp_path / "two"), str(tmp_path / "one")])
    assert [item.version for item in found] == ["2.0"]


def test_copies_that_a_package_brings_along_are_not_installed(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    install(site, "ray", "2.0")
    install(site / "ray" / "thirdparty_files", "colorama", "0.4")
    before = installed_distributions([str(site)])
    # What `import ray` does to the search path.
    assert installed_distributions([str(site / "ray" / "thirdparty_files"), str(site)]) == before
    assert [item.name for item in before] == ["ray"]


def test_old_metadata_is_read(tmp_path: Path) -> None:
    (tmp_path / "Old_Pkg-1.2-py3.11.egg-info").write_text("Name: Old-Pkg\nVersion: 1.2\n")
    (tmp_path / "dev.egg-info").mkdir()
    (tmp_path / "dev.egg-info" / "PKG-INFO").write_text("Name: dev\nVersion: 0.3\n")
    found = installed_distributions([str(tmp_path)])
    assert [(item.name, item.version) for item in found] == [("dev", "0.3"), ("old-pkg", "1.2")]


def test_the_record_digest_is_of_the_wheel_not_of_the_installer(tmp_path: Path) -> None:
    by_pip = "../../../bin/tool,sha256=MACHINE,228\n" + RECORD + "{own}/INSTALLER,sha256=PIP,4\n"
    by_pip += "pkg/__pycache__/__init__.cpython-311.pyc,,\n{own}/direct_url.json,sha256=DIRECT,9\n"
    by_uv = (
        "{own}/INSTALLER,sha256=UV,2\n" + "\r\n".join(reversed(RECORD.splitlines())) + "\n{own}/REQUESTED,sha256=X,0\n"
    )
    install(tmp_path / "pip", "pkg", "1.0", record=by_pip)
    install(tmp_path / "uv", "pkg", "1.0", record=by_uv)
    install(tmp_path / "other", "pkg", "1.0", record=RECORD.replace("AAAA", "CCCC"))
    digests = [only(tmp_path / site).record for site in ("pip", "uv", "other")]
    assert digests[0] == digests[1] != digests[2]
    kept = b"pkg-1.0.dist-info/METADATA,sha256=BBBB,99\npkg/__init__.py,sha256=AAAA,12"
    assert digests[0] == hashlib.sha256(kept).hexdigest()


def test_a_changed_record_is_seen_in_the_same_process(tmp_path: Path) -> None:
    folder = install(tmp_path, "pkg", "1.0")
    before = only(tmp_path).record
    (folder / "RECORD").write_text("pkg/__init__.py,sha256=DDDDDDDD,12\n")
    assert only(tmp_path).record != before


def test_one_that_is_installed_anew_is_seen_in_the_same_process(tmp_path: Path) -> None:
    folder = install(tmp_path, "pkg", "1.0")
    assert only(tmp_path).direct_url is None
    (folder / "direct_url.json").write_text(json.dumps({"url": "https://host/pkg-1.0.whl", "archive_info": {}}))
    assert only(tmp_path).direct_url == "https://host/pkg-1.0.whl"


@pytest.mark.parametrize(
    ("direct_url", "expected"),
    [
        (
            {
                "url": "https://bob:ghp_SECRET@host.example/x.git",
                "vcs_info": {"vcs": "git", "commit_id": "a" * 40, "requested_revision": "main"},
                "subdirectory": "py",
            },
            f"git+https://host.example/x.git@{'a' * 40}#subdirectory=py",
        ),
        (
            {"url": "https://u:ghp_SECRET@host.example/x.whl", "archive_info": {"hash": f"sha256={'b' * 64}"}},
            f"https://host.example/x.whl#sha256={'b' * 64}",
        ),
        ({"url": "file:///home/bob/x", "dir_info": {}}, "file:///home/bob/x"),
        ({"nothing": 1}, None),
    ],
)
def test_the_origin_is_kept_without_credentials(tmp_path: Path, direct_url: object, expected: str | None) -> None:
    install(tmp_path, "x", "1.0", direct_url=direct_url)
    found = only(tmp_path)
    assert found.direct_url == expected
    assert found.record is not None
    assert "SECRET" not in repr(found)


def editable(tmp_path: Path, link: str, files: dict[str, str]) -> Path:
    site, project = tmp_path / "site", tmp_path / "project"
    for name, text in files.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    origin = {"url": project.as_uri(), "dir_info": {"editable": True}}
    install(site, "proj", "0.1", record=f"{link},sha256=MACHINE,1\n", direct_url=origin)
    return site


@pytest.mark.parametrize("backend", ["pth", "finder", "unknown"])
def test_an_editable_install_is_known_by_its_sources(tmp_path: Path, backend: str) -> None:
    link = {"pth": "_proj.pth", "finder": "__editable___proj_finder.py", "unknown": "nothing"}[backend]
    site = editable(tmp_path, link, {"src/proj/__init__.py": "a = 1\n", "README.md": "x", "src/proj/data.txt": "x"})
    project = tmp_path / "project"
    if backend == "pth":
        (site / link).write_text(f"{project / 'src'}\n")
    if backend == "finder":
        (site / link).write_text(f"MAPPING: dict[str, str] = {{'proj': {str(project / 'src' / 'proj')!r}}}\n")
    before = only(site)
    (project / "README.md").write_text("changed")
    assert only(site) == before
    assert before.record is None
    (project / "src/proj/__init__.py").write_text("a = 2\n")
    assert only(site).content not in {None, before.content}


def test_the_same_editable_project_elsewhere_has_the_same_content(tmp_path: Path) -> None:
    digests = set()
    for place in ("here", "there"):
        site = editable(tmp_path / place, "_proj.pth", {"proj/__init__.py": "a = 1\n", "tests/test_a.py": place})
        (site / "_proj.pth").write_text(f"{tmp_path / place / 'project'}\n")
        digests.add(only(site).content)
    assert len(digests) == 1


def test_work_on_reprobook_changes_no_recipe(tmp_path: Path) -> None:
    install(tmp_path, "reprobook", "0.1.0", direct_url={"url": "file:///x", "dir_info": {"editable": True}})
    assert only(tmp_path) == Distribution(name="reprobook", version="0.1.0")


def test_many_distributions_are_read_quickly(tmp_path: Path) -> None:
    for index in range(200):
        install(tmp_path, f"pkg{index}", "1.0")
    started = time.process_time()
    assert len(installed_distributions([str(tmp_path)])) == 200
    assert time.process_time() - started < 2
