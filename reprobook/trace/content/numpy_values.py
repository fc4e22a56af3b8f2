"""How numpy's values are taken apart. Imported only once numpy is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reprobook.trace.content.anatomy import is_trusted, qualified_name
from reprobook.trace.content.parts import Content, Parts, encode, sequence_parts
from reprobook.trace.content.registry import Handler, opaque_parts

# Elements copied at a time where the memory layout is not the canonical one.
_CHUNK_BYTES = 8 * 2**20
# The 80-bit extended format fills 12 or 16 bytes; those beyond the first 10 are arbitrary.
_EXTENDED_BYTES = 10
_EXTENDED_MANTISSA = 63


def handlers() -> dict[type, Handler]:
    """Return the handlers of numpy's types."""
    return {
        np.ndarray: Handler(_array),
        np.memmap: Handler(_array, whole=True),
        np.generic: Handler(_scalar, whole=True),
        np.dtype: Handler(_dtype, whole=True),
        np.ufunc: Handler(_ufunc, whole=True),
        np.random.Generator: Handler(_generator, whole=True),
        np.random.RandomState: Handler(_legacy_generator, whole=True),
        np.random.BitGenerator: Handler(_bit_generator, whole=True),
        np.random.SeedSequence: Handler(_seed_sequence),
    }


def array_parts(kind: str, array: np.ndarray[Any, Any], *, summary: str = "") -> Parts:
    """Return the parts of an array: dtype, shape, and its elements in C order whatever its layout in memory."""
    plain = array if type(array) is np.ndarray else np.ndarray.view(array, np.ndarray)
    dtype = plain.dtype
    data = encode((_dtype_text(dtype), plain.shape))
    summary = summary or f"{dtype}{list(plain.shape)}"
    if dtype.names is not None:
        # Field by field: the padding between fields is arbitrary.
        fields = [array_parts(name, plain[name]) for name in dtype.names]
        return Parts(kind, data, children=fields, summary=summary)
    if dtype.kind in "OT":
        items = sequence_parts("elements", plain.reshape(-1).tolist())
        return Parts(kind, data, children=(items,), summary=summary)
    return Parts(kind, data, _elements(plain), summary=summary)


def _elements(array: np.ndarray[Any, Any]) -> Content:
    """Return the elements of an array in C order, without a copy where they lie in that order."""
    contiguous = array.flags.c_contiguous
    # Whole rows at a time where they must be copied; a flat iterator is slow, and serves only samples.
    row_bytes = max(1, array.nbytes // max(1, len(array))) if array.ndim else 1

    def read(start: int, stop: int) -> Iterator[Any]:
        if contiguous:
            yield _plain_bytes(array.reshape(-1)[start:stop])
        elif (start, stop) != (0, array.size):
            yield _plain_bytes(array.flat[start:stop])
        else:
            rows = max(1, _CHUNK_BYTES // row_bytes)
            for first in range(0, len(array), rows):
                yield _plain_bytes(np.ascontiguousarray(array[first : first + rows]).reshape(-1))

    return Content(array.size, array.dtype.itemsize, read)


def _plain_bytes(flat: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a contiguous 1-d array as bytes, without those that are no part of the numbers."""
    raw: np.ndarray[Any, Any] = flat.view(np.uint8)
    extended = flat.dtype.type in (np.longdouble, np.clongdouble)
    if not extended or np.finfo(np.longdouble).nmant != _EXTENDED_MANTISSA:
        return raw
    return np.ascontiguousarray(raw.reshape(-1, np.dtype(np.longdouble).itemsize)[:, :_EXTENDED_BYTES])


def _dtype_text(dtype: np.dtype[Any]) -> str:
    """Return the text of a dtype: byte order, size, and fields with their offsets."""
    if dtype.names is None:
        return f"{dtype.str} {dtype.name}"
    fields = [f"{name}:{_dtype_text(dtype[name])}@{dtype.fields[name][1]}" for name in dtype.names if dtype.fields]
    return f"{{{','.join(fields)}}}{dtype.itemsize}"


def _array(value: np.ndarray[Any, Any]) -> Parts:
    return array_parts("numpy.ndarray", value)


def _scalar(value: np.generic) -> Parts:
    kind = qualified_name(type(value))
    # A subclass of str or bytes: its text is not for a summary.
    summary = (
        kind if type(value) in (np.str_, np.bytes_, np.void, np.object_) else repr(np.ndarray.item(np.asarray(value)))
    )
    return array_parts(kind, np.asarray(value), summary=summary)


def _dtype(value: np.dtype[Any]) -> Parts:
    return Parts("numpy.dtype", _dtype_text(value).encode(), summary=f"dtype {value}")


def _ufunc(value: np.ufunc) -> Parts:
    return Parts("numpy.ufunc", value.__name__.encode(), summary=value.__name__)


def _generator(value: np.random.Generator) -> Parts:
    return Parts("numpy.random.Generator", children=(value.bit_generator,), summary="Generator")


def _legacy_generator(value: np.random.RandomState) -> Parts:
    state = value.get_state(legacy=False)
    return Parts("numpy.random.RandomState", children=(state,), summary="RandomState")


def _bit_generator(value: np.random.BitGenerator) -> Parts:
    if not is_trusted(type(value)):
        return opaque_parts(type(value))
    kind = qualified_name(type(value))
    # The seed sequence too: ``spawn`` draws from it, not from the state.
    return Parts(kind, children=(value.state, getattr(value, "seed_seq", None)), summary=kind)


def _seed_sequence(value: np.random.SeedSequence) -> Parts:
    return Parts("numpy.random.SeedSequence", children=(value.state,), summary="SeedSequence")
