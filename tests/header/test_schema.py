"""The JSON Schema of the header: committed, up to date, shipped."""

import json
from importlib.resources import files
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
from hatchling.builders.wheel import WheelBuilder

from reprobook.header import SCHEMA, Code, Header, Origin, header_data, header_schema, seal

ROOT = Path(__file__).parents[2]
REFRESH = """import json, pathlib, reprobook.header as h
pathlib.Path("reprobook/header/schema.json").write_text(json.dumps(h.header_schema(), indent=2, sort_keys=True) + "\\n")
"""


def test_the_committed_file_is_up_to_date() -> None:
    committed = files("reprobook.header").joinpath("schema.json").read_text(encoding="utf-8")
    assert committed == json.dumps(header_schema(), indent=2, sort_keys=True) + "\n", f"run: python -c '{REFRESH}'"


def test_the_wheel_ships_it() -> None:
    shipped = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {"reprobook/header/schema.json", "reprobook/py.typed"} <= shipped


def test_a_sealed_header_matches_it_and_an_altered_one_does_not() -> None:
    validator = jsonschema.Draft202012Validator(header_schema())
    validator.check_schema(header_schema())
    data = header_data(seal(Header(code=Code(cells=("a",)), origin=Origin(created="t"))))
    assert list(validator.iter_errors(data)) == []
    for wrong in ({**data, "schema": "reprobook.header/2"}, {**data, "extra": 1}, {"schema": SCHEMA}):
        assert list(validator.iter_errors(wrong))
