"""``ro-crate-metadata.json``: what an archive of a run holds, for programs that know nothing of reprobook.

RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) with the profiles Process Run Crate and Workflow Run Crate 0.5
(https://w3id.org/ro/wfrun/workflow). Times and names are those of the run, so equal runs give equal bytes.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from reprobook.errors import IntegrityError
from reprobook.header import Header, encode, sha256_hex
from reprobook.runs import RunRecord
from reprobook.runs.files import RESTORE
from reprobook.runs.model import json_number

_PROFILES = ("https://w3id.org/ro/wfrun/process/0.5", "https://w3id.org/ro/wfrun/workflow/0.5")
_WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
_NO_LICENSE = "#license-not-stated"
_STATUS = {
    "succeeded": "http://schema.org/CompletedActionStatus",
    "failed": "http://schema.org/FailedActionStatus",
    "interrupted": "http://schema.org/FailedActionStatus",
}
_TYPES = {bool: "Boolean", int: "Integer", float: "Float", str: "Text"}
_WHAT = {
    "header.json": "The recipe, frozen before the run: code, parameters, seeds, environment, hardware",
    "trace.json": "What each cell read, wrote and drew, as digests of content",
    "executed.ipynb": "The notebook as it was executed",
    "metrics.jsonl": "Every logged value",
    "pylock.reprobook.toml": "The environment: names and versions of everything installed",
    "run.json": "Status, results, and the SHA-256 of each file of the run",
}
Entity = dict[str, Any]
_JUPYTER: Entity = {
    "@id": "#jupyter",
    "@type": "ComputerLanguage",
    "name": "Jupyter Notebook",
    "url": {"@id": "https://jupyter.org"},
    "identifier": {"@id": "https://jupyter.org"},
}


def crate_metadata(
    record: RunRecord, header: Header | None, files: Mapping[str, bytes | Path], title: str, license_id: str | None
) -> bytes:
    """Return the metadata of an archive.

    Args:
        record: The run as it is in the archive.
        header: Its header; None if it has none.
        files: Every file of the archive by its name in it.
        title: What the run is called.
        license_id: SPDX identifier of what it is licensed under; None if nobody said.

    Raises:
        IntegrityError: If the record holds what no run of ours does: it may be an imported one, of anybody's making.
    """
    try:
        graph = list(_graph(record, header, files, title, license_id))
        text = json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, OverflowError) as error:
        msg = f"{record.run_id}/run.json: not what a run holds there ({error})"
        raise IntegrityError(msg, hint=RESTORE) from error
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _graph(
    record: RunRecord, header: Header | None, files: Mapping[str, bytes | Path], title: str, license_id: str | None
) -> Iterator[Entity]:
    folder = f"runs/{record.run_id}/"
    workflow = f"{folder}source.ipynb"
    inputs, parameters = list(_inputs(record)), list(_parameters(record))
    outputs = [name for name in files if name.startswith(f"{folder}artifacts/") or name == f"{folder}executed.ipynb"]
    license_uri = f"https://spdx.org/licenses/{license_id}" if license_id else _NO_LICENSE
    yield {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": _references(("https://w3id.org/ro/crate/1.1", _WORKFLOW_CRATE)),
    }
    yield {
        **_root(record, title),
        "license": {"@id": license_uri},
        "hasPart": _references(sorted(files)),
        "mainEntity": {"@id": workflow},
    }
    for profile in _PROFILES:
        yield {"@id": profile, "@type": "CreativeWork", "name": _profile_name(profile), "version": "0.5"}
    yield {"@id": _WORKFLOW_CRATE, "@type": "CreativeWork", "name": "Workflow RO-Crate", "version": "1.0"}
    yield _license(license_uri, license_id)
    yield {
        **_workflow(workflow, record, title),
        "input": _references(each["@id"] for each in parameters),
        "output": _references(_output_id(name) for name in outputs),
        **_size(files[workflow]),
    }
    yield _JUPYTER
    yield from parameters
    yield from inputs
    yield from (_output_parameter(name, folder) for name in outputs)
    yield from _actions(record, header, workflow, inputs, outputs)
    for name in sorted(files):
        if name != workflow:
            yield _file(name, files[name], folder)


def _references(ids: Iterable[str]) -> list[Entity]:
    return [{"@id": each} for each in ids]


def _root(record: RunRecord, title: str) -> Entity:
    """Return what the crate is."""
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": title,
        "description": f"Run {record.run_id} of a Jupyter notebook, recorded by reprobook: it {_ended(record)}.",
        "datePublished": record.created,
        "author": {"@id": "#author"},
        "conformsTo": _references((*_PROFILES, _WORKFLOW_CRATE)),
        "mentions": [{"@id": f"#{record.run_id}"}],
    }


def _workflow(name: str, record: RunRecord, title: str) -> Entity:
    """Return the notebook as a program."""
    return {
        "@id": name,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": title,
        "description": "The notebook as it was given",
        "encodingFormat": "application/x-ipynb+json",
        "programmingLanguage": {"@id": _JUPYTER["@id"]},
        "version": f"recipe {record.recipe_digest}",
    }


def _actions(
    record: RunRecord, header: Header | None, workflow: str, inputs: list[Entity], outputs: list[str]
) -> Iterator[Entity]:
    """Yield the execution of the notebook, the agent, and what the run came to."""
    began = datetime.fromisoformat(record.created)
    blobs = _references(each["@id"] for each in inputs)
    results = list(_results(record))
    yield {
        "@id": f"#{record.run_id}",
        "@type": "CreateAction",
        "name": f"Execution of the notebook, run {record.run_id}",
        "instrument": {"@id": workflow},
        "agent": {"@id": "#author"},
        "object": blobs,
        "result": _references((*outputs, *(each["@id"] for each in results))),
        "startTime": record.created,
        "endTime": (began + timedelta(seconds=record.duration_s)).isoformat(timespec="milliseconds"),
        "actionStatus": _STATUS[record.status],
        "description": _recipe(header),
        **({"error": f"{record.error.ename}: {record.error.evalue}"} if record.error else {}),
    }
    yield {"@id": "#author", "@type": "Person", "name": "the author of the run (not named in the archive)"}
    yield from results


def _parameters(record: RunRecord) -> Iterator[Entity]:
    """Yield what the notebook takes: its parameters, and the seed."""
    for name, value in _values(record).items():
        kind = next((text for each, text in _TYPES.items() if type(value) is each), "Text")
        yield {
            "@id": f"#parameter-{_anchor(name)}",
            "@type": "FormalParameter",
            "name": name,
            "additionalType": kind,
            "conformsTo": {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"},
        }


def _inputs(record: RunRecord) -> Iterator[Entity]:
    """Yield what it was given."""
    for name, value in _values(record).items():
        plain = type(value) in {bool, int, str} or (type(value) is float and isinstance(json_number(value), float))
        yield {
            "@id": f"#value-{_anchor(name)}",
            "@type": "PropertyValue",
            "name": name,
            "value": value if plain else json.dumps(encode(value)),
            "exampleOfWork": {"@id": f"#parameter-{_anchor(name)}"},
        }


def _results(record: RunRecord) -> Iterator[Entity]:
    """Yield the metrics and the digest of all results."""
    for name, number in record.metrics.items():
        value = json_number(number)
        yield {"@id": f"#metric-{_anchor(name)}", "@type": "PropertyValue", "name": name, "value": value}
    if record.result_digest:
        digest = {"name": "result digest (SHA-256)", "value": record.result_digest}
        yield {"@id": "#result-digest", "@type": "PropertyValue", **digest}


def _values(record: RunRecord) -> dict[str, Any]:
    seed = {} if record.seed is None or "seed" in record.parameters else {"seed": record.seed}
    return {**record.parameters, **seed}


def _file(name: str, content: bytes | Path, folder: str) -> Entity:
    """Describe a file."""
    inner = name.removeprefix(folder)
    about = _WHAT.get(inner) or ("A file that the run read, by its SHA-256" if name.startswith("blobs/") else "")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    entity: Entity = {"@id": name, "@type": "File", "name": inner, "encodingFormat": kind, **_size(content)}
    if about:
        entity["description"] = about
    if inner.startswith("artifacts/") or inner == "executed.ipynb":
        entity["exampleOfWork"] = {"@id": _output_id(name)}
    return entity


def _output_parameter(name: str, folder: str) -> Entity:
    return {
        "@id": _output_id(name),
        "@type": "FormalParameter",
        "name": name.removeprefix(folder),
        "additionalType": "File",
        "conformsTo": {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"},
    }


def _output_id(name: str) -> str:
    return f"#output-{_anchor(name)}"


def _anchor(name: str) -> str:
    """Return a name as a fragment of a URI: a name of ours as it is, else by a digest."""
    plain = name.replace("_", "").replace("-", "").isalnum() and name.isascii()
    return name if plain else sha256_hex(name.encode("utf-8", "surrogatepass"))[:16]


def _size(content: bytes | Path) -> Entity:
    """Return the size in bytes, and the digest of what was made for the archive; of files it stands in run.json."""
    if isinstance(content, bytes):
        return {"contentSize": str(len(content)), "sha256": sha256_hex(content)}
    return {"contentSize": str(content.stat().st_size)}


def _license(identity: str, license_id: str | None) -> Entity:
    text = license_id or "Not stated: nobody said under which licence this may be used"
    return {"@id": identity, "@type": "CreativeWork", "name": text, "description": text}


def _profile_name(profile: str) -> str:
    return f"{PurePosixPath(profile).parent.name.title()} Run Crate"


def _ended(record: RunRecord) -> str:
    return {"succeeded": "succeeded", "failed": "failed"}.get(record.status, "was interrupted")


def _recipe(header: Header | None) -> str:
    """Say in one line what it ran on."""
    if header is None or header.environment is None:
        return "Executed by reprobook"
    machine = f" on {header.hardware.cpu or header.hardware.machine}" if header.hardware else ""
    return f"Executed by reprobook with Python {header.environment.python}{machine}; recipe {header.recipe_digest}"
