"""Files that people write: training specs, contracts of data, whiteboards, YAML; read, or refused with a hint."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from reprobook.capture import strip_credentials
from reprobook.cli.parameters import collect_values
from reprobook.dataset.contract import declared
from reprobook.dataset.fetch import is_local
from reprobook.dataset.frozen import frozen_sources
from reprobook.errors import InputError, ReprobookError
from reprobook.spec import parse_document
from reprobook.spec.document import Document, document_bytes
from reprobook.spec.entries import ENTRIES, entry_text, with_entries
from reprobook.spec.model import Spec
from reprobook.spec.photo import _pixels
from reprobook.spec.reading import Written, proposals

KEYS = tuple(entry.key for entry in ENTRIES)
ODD = st.sampled_from(
    [
        *("2020-13-45", "!!bool x", "!!timestamp x", "!!int ''", "!!float ''", "9" * 5000, "[" * 1000, "&a [*a]", "*a"),
        *("? [a]\n: b", "<<: 1", "=", "!!set {a, b}", "!!binary ä", '"\\uD800"', "2001-12-14t21:59:43-99:99", "\t"),
        *("190:20:30", "0b2", ".nan", "-.inf", "1e999", "---", "...", "%YAML 9.9", "{a: &b b}", "!!python/name:os"),
        *("yes", "~", "null", "''", "|\n  x", "- x", "x: y", "# x", "\x07", "\x85", "\ufeff", "é", "\N{ROCKET}", "0"),
    ]
)  # fmt: skip
VALUES = st.sampled_from(
    [
        *("random", "epoch", "end", "10 steps", "0 steps", "none", "val", "train 0.8, test 0.2", "a: 1e308, b: 1e308"),
        *("AdamW", "a=1, a=2", "x; y;; z", "", " ", ",", ":", "\n", "cpu", "run", "../x", "\ud800", "\x00", "9" * 400),
        *(0, 1, -1, 2**70, 0.0, 0.5, -0.0, 1e308, float("inf"), float("nan"), True, None, [], {}, [1, 2], [[1]]),
        *({"train": 0.5, "test": 0.5}, {"x": None}, {1: 2}, {"": ""}, ["a", "a"], [None], {"a": {"b": "c"}}),
    ]
)  # fmt: skip
PLAIN = st.dictionaries(
    st.sampled_from([*{key.partition(".")[0] for key in KEYS}, "schema", "history", "other", "prices"]),
    VALUES
    | st.dictionaries(
        st.sampled_from([*(key.rpartition(".")[2] for key in KEYS), "source", "sha256", "schema", "max_age", "x"]),
        VALUES,
        max_size=4,
    )
    | st.lists(st.dictionaries(st.sampled_from(["at", "digest", "why", "changed", "after"]), VALUES), max_size=2),
    max_size=4,
)
DUMPED = PLAIN.map(lambda data: yaml.safe_dump(data, allow_unicode=False, sort_keys=False))
TYPED = st.lists(
    ODD
    | st.sampled_from([*KEYS, "loop:\n  epochs: ", "history:\n- ", "prices:\n  source: ", ": "])
    | st.text(max_size=3),
    max_size=5,
).map("".join)  # fmt: skip
TEXTS = DUMPED | TYPED | st.tuples(DUMPED, TYPED).map("".join)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


@given(text=TEXTS)
def test_a_spec_is_read_and_written_or_refused(text: str) -> None:
    try:
        document = parse_document(_bytes(text), "nb.spec.yaml")
    except ReprobookError as error:
        assert error.hint  # noqa: PT017 - every refusal says what to do
        assert "nb.spec.yaml" in str(error)  # noqa: PT017
        return
    assert len(document.spec.digest) == 64
    again = parse_document(document_bytes(document, "nb.ipynb"), "again")
    assert again == document
    assert again.spec.digest == document.spec.digest
    texts = {key: entry_text(document.spec, key) for key in KEYS}
    assert all(isinstance(each, str) for each in texts.values())


@given(texts=st.dictionaries(st.sampled_from([*KEYS, "loop", "x.y", ""]), VALUES.map(str) | TYPED, max_size=3))
def test_an_entry_is_set_by_its_text_or_refused(texts: dict[str, str]) -> None:
    try:
        spec = with_entries(Spec(), texts)
    except ReprobookError as error:
        assert error.hint  # noqa: PT017
        return
    assert parse_document(document_bytes(Document(spec), "nb.ipynb"), "again").spec == spec


LINES = st.lists(
    st.sampled_from(
        [
            *("Batch size", "split", "Split by", "lr schedule", "metric", "time", "budget", "epochs", "save every"),
            *(": ", "->", "=", "\uff1a", " - ", "80/10/10", "0/0", "0/0/0", "1/2/3/4", "9" * 400, "٣/٤", "stratified"),
            *("2 h", "3 min", "1e5 s", "9" * 400 + " h", "0", "cpu", "wandb", "\x1b[31m", "\u202e", "(", ",", ";"),
        ]
    )
    | st.text(max_size=4),
    max_size=6,
).map("".join)  # fmt: skip


@given(lines=st.lists(LINES, max_size=4))
def test_what_stands_on_a_whiteboard_is_proposed_or_left_out(lines: list[str]) -> None:
    for proposal in proposals(Written(line) for line in lines):
        assert proposal.key in KEYS
        try:
            spec = with_entries(Spec(), {proposal.key: proposal.text})
        except InputError as error:
            assert proposal.problem == str(error)  # noqa: PT017
        else:
            assert not proposal.problem
            assert parse_document(document_bytes(Document(spec), "nb.ipynb"), "again").spec == spec


FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
SOURCES = st.sampled_from(
    [
        *("prices.csv", "~nobody-of-this-name/x", "http://[", "//[x", "s3://bucket/x", "x::y", "", ".", "/", "a\0b"),
        *("\ud800", "x" * 5000, "file:///etc/passwd", "C:\\x", "http://user:secret@host/x", "~", "../../x", "é/ü"),
    ]
)


@FILES
@given(text=TEXTS, source=SOURCES | st.none(), extra=st.dictionaries(st.sampled_from(["source", "sha256"]), SOURCES))
def test_a_contract_of_data_is_read_or_refused(
    text: str, source: str | None, extra: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "data.yaml").write_bytes(_bytes(text))
    try:
        found = declared("prices", tmp_path, {"source": source, **extra})
    except ReprobookError as error:
        assert error.hint  # noqa: PT017
        return
    assert found.source is None or is_local(found.source) in {True, False}


@FILES
@given(text=TEXTS, name=st.sampled_from(["prices", "", "a\0b", "\ud800"]), source=SOURCES)
def test_data_of_any_name_and_place_are_frozen_or_left_out(text: str, name: str, source: str, tmp_path: Path) -> None:
    """What is wrong with a source is said when it is asked for; the header is frozen in any case."""
    (tmp_path / "data.yaml").write_bytes(_bytes(text))
    (tmp_path / "prices.csv").write_text("a,b\n1,2\n")
    for code in (
        f"import reprobook as rb\nrb.data({name!r}, {source!r})",
        f"import reprobook\nreprobook.data({name!r})",
    ):
        ast.parse(code)
        for found in frozen_sources([code], tmp_path, {}):
            assert found.path is None or (tmp_path / found.path).is_file()


@given(text=TEXTS)
def test_any_yaml_of_parameters_is_plain_or_refused(text: str) -> None:
    try:
        found = collect_values([], [], [], [text])
    except ReprobookError as error:
        assert error.hint  # noqa: PT017
        return
    assert all(type(value).__module__ in {"builtins", "datetime"} for value in found.values.values())


PICTURES = ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM", "ICO")


def _picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((24, 16)).convert("RGB").save(out, kind, exif=Image.Exif())
    return out.getvalue()


@FILES
@given(draw=st.data(), kind=st.sampled_from(PICTURES))
def test_any_photo_is_read_or_refused(draw: st.DataObject, kind: str, tmp_path: Path) -> None:
    data = bytearray(_picture(kind))
    for _ in range(draw.draw(st.integers(0, 4), "edits")):
        start = draw.draw(st.integers(0, len(data)) | st.integers(0, 64), "start")
        data[start : start + draw.draw(st.integers(0, 8), "length")] = draw.draw(st.binary(max_size=8), "bytes")
    path = tmp_path / "board"
    path.write_bytes(data)
    try:
        pixels = _pixels(path)
    except ReprobookError as error:
        assert error.hint  # noqa: PT017
        return
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="/@:"), max_size=8)
AROUND = st.lists(
    st.sampled_from(["http://", "@", ":", "/", " ", "\n", "git+", "https://a:b@c", "'", "token", "="]) | WORDS
)


@given(before=AROUND.map("".join), after=AROUND.map("".join), scheme=st.sampled_from(["https", "git+ssh", "postgres"]))
def test_the_password_of_an_address_goes_whatever_stands_around_it(before: str, after: str, scheme: str) -> None:
    text = f"{before} {scheme}://bob:pAss-w0rd@host.example/{after}"
    assert "pAss-w0rd" not in strip_credentials(text)
    assert strip_credentials(strip_credentials(text)) == strip_credentials(text)


@pytest.mark.parametrize(
    "text", ["loop:\n  epochs: " + "9" * 5000, "budget: 2020-13-45", "split: !!bool x", "[" * 1000]
)
def test_what_pyyaml_stumbles_over_is_refused_by_name(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nb\.spec\.yaml"):
        parse_document(text.encode(), "nb.spec.yaml")
    with pytest.raises(InputError):
        collect_values([], [], [], [text])
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(InputError, match=r"data\.yaml"):
        declared("prices", tmp_path, {})
