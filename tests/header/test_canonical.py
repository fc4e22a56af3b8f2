"""Canonical JSON: exact, reversible, and equal only for equal values."""

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from reprobook.errors import InputError
from reprobook.header import canonical_json, decode, digest_json, encode, sha256_hex

TEXT = st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=8)
HASHABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
VALUES = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(TEXT | st.sampled_from(["$float", "$set", "$items"]), inner, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=3)
        | st.sets(HASHABLE, max_size=4)
    ),
    max_leaves=12,
)


def form(value: Any) -> Any:
    """Describe a value so that two are alike only if a Python program could not tell them apart."""
    if isinstance(value, float):
        return ("float", "nan" if math.isnan(value) else struct.pack(">d", value))
    if isinstance(value, list | tuple):
        return (type(value).__name__, tuple(form(item) for item in value))
    if isinstance(value, set | frozenset):
        return (type(value).__name__, tuple(sorted(map(repr, map(form, value)))))
    if isinstance(value, dict):
        return ("dict", tuple(sorted(repr((form(key), form(item))) for key, item in value.items())))
    return (type(value).__name__, value)


def stored(value: Any) -> Any:
    """Take a value to bytes and back."""
    return decode(json.loads(canonical_json(encode(value))))


@given(VALUES)
def test_every_supported_value_survives_the_way_to_bytes_and_back(value: Any) -> None:
    assert form(stored(value)) == form(value)


@given(VALUES, VALUES)
def test_digests_are_equal_exactly_when_the_values_are(left: Any, right: Any) -> None:
    assert (digest_json(encode(left)) == digest_json(encode(right))) == (form(left) == form(right))


ALL_DIFFERENT: list[Any] = [
    *(None, False, True, 0, 1, 0.0, -0.0, 1.0, 1.5, math.inf, -math.inf, math.nan, 5e-324, 0.1 + 0.2, 0.3),
    *(2**53 - 1, 2**53, float(2**53), -(2**53), 10**30, 1e30),
    *("", "1", "1.0", "None", "NaN", "é", "e\u0301", "\ud800", "\udcff", b"", b"1"),
    *([], (), {}, set(), frozenset(), [1], (1,), {1}, frozenset({1}), [True], [1.0], [[1]], [(1,)], [1, 2], [2, 1]),
    *({"1": 1}, {1: 1}, {1.0: 1}, {True: 1}, {None: 1}, {(1,): 1}, {b"1": 1}, {"\ud800": 1}),
    *({"$int": "5"}, 5, {"$float": "nan"}, {"$tuple": []}, {"$items": []}, {"$text": "eda080"}, {"$set": []}),
    *({"a": 1, "b": 2}, {"a": 2, "b": 1}, [["a", 1], ["b", 2]]),
]


def test_no_two_of_these_lookalikes_share_a_digest() -> None:
    digests = [digest_json(encode(value)) for value in ALL_DIFFERENT]
    assert len(set(digests)) == len(ALL_DIFFERENT)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1: "x", 2: "y"}, {2: "y", 1: "x"}),
        ({3, 1, 2}, {1, 2, 3}),
        ({"a": {1: {2, 3}, None: 0}}, {"a": {None: 0, 1: {3, 2}}}),
        (math.nan, struct.unpack(">d", bytes.fromhex("fff8000000000001"))[0]),
    ],
)
def test_order_of_dicts_and_sets_and_the_bits_of_nan_do_not_count(left: Any, right: Any) -> None:
    assert canonical_json(encode(left)) == canonical_json(encode(right))


def test_numpy_scalars_that_are_floats_are_written_as_floats() -> None:
    for number in (1.0, 0.1, math.nan, -0.0):
        assert canonical_json(encode(np.float64(number))) == canonical_json(encode(number))


@pytest.mark.parametrize("value", [object(), 1j, ..., range(3), [object()], {"a": {1j}}, {(1j,): 1}])
def test_other_types_are_refused_with_a_hint(value: Any) -> None:
    with pytest.raises(InputError, match="has no canonical form") as caught:
        encode(value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "value",
    [
        *({"$float": "x"}, {"$float": None}, {"$int": "1.5"}, {"$int": None}, {"$bytes": "0g"}, {"$bytes": 1}),
        *({"$set": [[1]]}, {"$frozenset": [{"$set": []}]}, {"$items": [[1]]}, {"$items": 3}, {"$items": [[[], 1]]}),
        *({"$text": "ff"}, {"$tuple": 1}, [{"a": {"$int": "z"}}]),
    ],
)
def test_malformed_tags_are_refused(value: Any) -> None:
    with pytest.raises(InputError, match="malformed"):
        decode(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, -(2**53), b"x", {1: 2}, "\ud800", {"\ud800": 1}])
def test_what_is_no_json_has_no_canonical_bytes(value: Any) -> None:
    with pytest.raises(InputError, match="not canonical JSON"):
        canonical_json(value)


def test_bytes_follow_rfc_8785() -> None:
    # Section 3.2.2 of the RFC: numbers, escapes; section 3.2.3: keys in order of their UTF-16 code units.
    numbers = [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001]
    text = "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/"
    data = {"string": text, "numbers": numbers, "literals": [None, True, False]}
    assert canonical_json(data) == (
        b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical_json({"\ufb33": 1, "\U0001f600": 2, "1": 3, "\r": 4}) == (
        '{"\\r":4,"1":3,"\U0001f600":2,"\ufb33":1}'.encode()
    )


def test_sha256_is_that_of_fips_180_4() -> None:
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


NUMBERS = (
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.floats(1e-5, 1e17) | st.floats(-1e17, -1e-5)
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT | st.text('\x00\x1f\x7f\n\t\\"/\u2028é😀', max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | st.text("aZ~é\uffff😀", max_size=3), inner),
    max_leaves=12,
)


@given(JSON)
def test_the_bytes_are_those_of_rfc_8785(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except ValueError:
        with pytest.raises(InputError):
            canonical_json(value)
    else:
        assert canonical_json(value) == expected
