"""The seal of a header: no edit goes unnoticed, and only the recipe decides the recipe digest."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobook.errors import IntegrityError
from reprobook.header import (
    SCHEMA,
    Code,
    DataSource,
    Distribution,
    Environment,
    Git,
    Gpu,
    Hardware,
    Header,
    Origin,
    Seeds,
    check_header,
    encode,
    header_bytes,
    header_data,
    open_header,
    seal,
    short_id,
)
from reprobook.header.model import RECORD_ONLY, Section

FULL = seal(
    Header(
        name="digits",
        spec="5" * 64,
        code=Code(cells=("0" * 64, "1" * 64)),
        parameters={"lr": 0.1, "épochs": 3, "big": encode(10**30), "shape": encode((1.0, None)), "on": True},
        seeds=Seeds(seed=1, deterministic=True, effective={"python": "1"}, ineffective={"cublas": "set too late"}),
        environment=Environment(
            python="3.11.4",
            implementation="cpython",
            flags={"optimize": 0, "utf8": True},
            distributions=(Distribution(name="torch", version="2.10", record="ab", direct_url="https://example.org"),),
            local_modules={"train": "cd"},
            variables={"PYTHONHASHSEED": "0"},
        ),
        hardware=Hardware(
            machine="x86_64", cpu_count=4, threads={"torch": 2}, gpus=(Gpu(name="H", memory=80),), cpu="X", memory=64
        ),
        data=(DataSource(name="d", sha256="ef", size=3, path="/d"),),
        git=Git(commit="c0ffee"),
        origin=Origin(created="2026-01-01T00:00:00+00:00", host="h", user="u", folder="/f"),
        missing={"cuda": "no driver"},
    )
)
SMALL = seal(Header(code=Code(cells=("a",)), seeds=Seeds(seed=1), origin=Origin(created="t")))


def refuse(data: bytes) -> str:
    """Return the message with which edited bytes are refused."""
    with pytest.raises(IntegrityError, match=r"^run/header\.json: ") as caught:
        open_header(data, "run/header.json")
    assert caught.value.hint
    return str(caught.value)


def test_a_sealed_header_comes_back_from_its_bytes_and_from_its_data() -> None:
    for header in (FULL, SMALL):
        assert open_header(header_bytes(header), "p") == header
        assert check_header(header_data(header), "p") == header
        # A notebook's metadata is indented and in another key order: the data count, not the layout.
        assert check_header(json.loads(json.dumps(header_data(header), indent=1, sort_keys=True)), "p") == header


def test_an_edit_of_any_single_byte_is_detected() -> None:
    data = header_bytes(FULL)
    for place, byte in enumerate(data):
        # Neighbours in the alphabet, a quote, a space, the other case, a flipped top bit: for each byte of the file.
        for other in {byte ^ 1, ord('"'), ord(" "), byte ^ 0x20, byte ^ 0x80, ord("9")} - {byte}:
            refuse(data[:place] + bytes([other]) + data[place + 1 :])


def test_a_byte_taken_out_or_put_in_is_detected() -> None:
    data = header_bytes(FULL)
    for place in range(len(data)):
        refuse(data[:place] + data[place + 1 :])
        refuse(data[:place] + b" " + data[place:])
    refuse(data + b"\n")


@given(st.data())
def test_any_edit_of_the_bytes_is_detected(draw: st.DataObject) -> None:
    data = header_bytes(SMALL)
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, len(data)))
    edited = data[:start] + draw.draw(st.binary(max_size=20)) + data[end:]
    if edited != data:
        refuse(edited)


@pytest.mark.parametrize("depth", [10, 300, 900, 100_000])
def test_nested_junk_is_an_edit_like_any_other(depth: int) -> None:
    refuse(header_bytes(FULL).replace(b"0.1", b"[" * depth + b"]" * depth))


@pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"1e999", b"9" * 30, b'"\\ud800"', b"0.10", b"1e-1", b"true"])
def test_numbers_that_are_no_canonical_json_are_edits(number: bytes) -> None:
    refuse(header_bytes(FULL).replace(b"0.1", number))


@pytest.mark.parametrize("content", [b"", b"\xff", b"null", b"[]", b'"x"', b"{}", b"{"])
def test_other_bytes_are_no_header(content: bytes) -> None:
    refuse(content)


def edited(change: Callable[[dict[str, Any]], object], header: Header = FULL) -> dict[str, Any]:
    """Return the header's data with a change made to it."""
    data: dict[str, Any] = json.loads(json.dumps(header_data(header)))
    change(data)
    return data


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(header_digest=""),
        lambda d: d.pop("header_digest"),
        lambda d: d.pop("recipe_digest"),
        lambda d: (d.pop("header_digest"), d.pop("recipe_digest")),
        lambda d: d.update(recipe_digest=d["header_digest"]),
        lambda d: d.pop("missing"),
        lambda d: d["seeds"].pop("device"),  # the default is what was sealed; the field is gone all the same
        lambda d: d["seeds"].update(seed=True),  # True == 1 in Python
        lambda d: d["seeds"].update(deterministic=1),
        lambda d: d["seeds"].update(seed="1"),
        lambda d: d["seeds"].update(deterministic="yes"),
        lambda d: d["parameters"].update(on=1),
        lambda d: d["environment"]["flags"].update(utf8=1),
        lambda d: d.update(extra=None),
        lambda d: d.update(schema_=d["schema"]),
        lambda d: d["git"].update(extra=1),
        lambda d: d.update(origin=None),
        lambda d: d["code"].update(cells="00"),
    ],
)
def test_edits_of_the_data_are_detected(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(IntegrityError, match=r"^cell 0: the header (was edited|is malformed)") as caught:
        check_header(edited(change), "cell 0")
    assert caught.value.hint


def test_a_malformed_field_is_named() -> None:
    with pytest.raises(IntegrityError, match=r"malformed at data\.0\.size: "):
        check_header(edited(lambda d: d["data"][0].update(size="many")), "p")


@pytest.mark.parametrize("schema", [None, 0, "", "reprobook.header/0", "reprobook.header/2", ["reprobook.header/1"]])
def test_an_older_newer_or_unknown_schema_is_refused_not_skipped(schema: object) -> None:
    with pytest.raises(IntegrityError, match=r"^p: not a header of schema reprobook\.header/1"):
        check_header(edited(lambda d: d.update(schema=schema)), "p")
    with pytest.raises(IntegrityError, match="not a header of schema"):
        check_header(edited(lambda d: d.pop("schema")), "p")


def leaves(section: Section, path: tuple[str | int, ...] = (), *, record_only: bool = False) -> Iterator[Any]:
    """Yield (path in the data, whether it is record-only) of every field of a header."""
    for name, field in type(section).model_fields.items():
        if name in {"schema_", "recipe_digest", "header_digest"}:
            continue
        value = getattr(section, name)
        here = record_only or RECORD_ONLY in field.metadata
        if isinstance(value, Section):
            yield from leaves(value, (*path, name), record_only=here)
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            yield from leaves(value[0], (*path, name, 0), record_only=here)
        else:
            yield (*path, name), here


def other_value(value: Any) -> Any:
    """Return a different value that the same field could hold."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, "9"]
    if isinstance(value, dict):
        return {**value, "other": 9 if any(isinstance(item, int) for item in value.values()) else "9"}
    return f"{value}9"


@pytest.mark.parametrize(("path", "record_only"), list(leaves(FULL)), ids=str)
def test_record_only_fields_change_the_header_digest_alone(path: tuple[str | int, ...], *, record_only: bool) -> None:
    data = header_data(FULL)
    *parents, last = path
    target: Any = data
    for part in parents:
        target = target[part]
    target[last] = other_value(target[last])
    changed = seal(Header.model_validate(data))
    assert changed.header_digest != FULL.header_digest
    assert (changed.recipe_digest == FULL.recipe_digest) == record_only
    assert (short_id(changed) == short_id(FULL)) == record_only


def test_a_header_without_a_spec_is_what_it_was_before_there_were_specs() -> None:
    known = "2eeb98eebe09b829d35264cc31bba9e3cd5d31ccc7981dd7bdf93f1afdc05c75"
    bare = Header(code=Code(cells=("a" * 64,)), parameters={"lr": encode(0.1)}, origin=Origin(created="t"))
    assert seal(bare).recipe_digest == known
    assert b'"spec"' not in header_bytes(seal(bare))
    declared = seal(bare.model_copy(update={"spec": "b" * 64}))
    assert declared.recipe_digest != known
    assert open_header(header_bytes(declared), "the header") == declared


def test_what_is_record_only_is_decided_here_and_nowhere_else() -> None:
    kept = {"/".join(map(str, path)) for path, record_only in leaves(FULL) if record_only}
    assert kept == {
        *("name", "missing", "data/0/path", "data/0/size", "hardware/cpu", "hardware/memory", "hardware/gpus/0/memory"),
        *("seeds/effective", "seeds/ineffective", "seeds/positions", "environment/distributions/0/direct_url"),
        *("git/commit", "git/branch", "git/remote", "git/dirty"),
        *("origin/created", "origin/host", "origin/user", "origin/notebook", "origin/folder", "origin/reprobook"),
    }


def test_a_recipe_with_and_without_its_record_is_the_same_recipe() -> None:
    bare = FULL.model_copy(update={"name": None, "git": None, "missing": {}, "origin": Origin(created="")})
    assert seal(bare).recipe_digest == FULL.recipe_digest
    assert short_id(FULL) == f"rb1-{FULL.recipe_digest[:8]}"


def test_sealing_again_changes_nothing_and_1_is_not_1_0() -> None:
    assert seal(FULL) == FULL
    whole, real = (seal(FULL.model_copy(update={"parameters": {"n": encode(n)}})) for n in (1, 1.0))
    assert whole.recipe_digest != real.recipe_digest


def test_a_header_is_frozen_and_knows_its_schema() -> None:
    assert header_data(FULL)["schema"] == SCHEMA
    with pytest.raises(ValueError, match="frozen"):
        FULL.name = "other"
