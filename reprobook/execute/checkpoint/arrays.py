"""Arrays and tensors as raw bytes and a description, and back: any dtype, layout and device, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reprobook.trace.content.anatomy import loaded

Description = dict[str, Any]


def is_array(value: Any) -> bool:
    """Tell a NumPy array of numbers, text or times; one of Python objects is none."""
    numpy = loaded("numpy")
    return numpy is not None and type(value) is numpy.ndarray and _is_flat(value.dtype)


def is_tensor(value: Any) -> bool:
    """Tell a dense torch tensor, parameters included."""
    torch = loaded("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        return False
    return value.layout is torch.strided and not value.is_quantized and value.device.type != "meta"


def describe(value: Any) -> tuple[Description, bytes]:
    """Return what an array or tensor is, and its content."""
    if is_array(value):
        order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        return {"dtype": value.dtype.str, "shape": list(value.shape), "order": order}, value.tobytes(order)
    torch = loaded("torch")
    plain = value.detach().cpu().contiguous().resolve_conj().resolve_neg()
    about = {
        "dtype": str(value.dtype).removeprefix("torch."),
        "shape": list(value.shape),
        "stride": list(value.stride()) if _is_dense(value) else None,
        "device": str(value.device),
        "requires_grad": value.requires_grad,
        "parameter": type(value) is torch.nn.Parameter,  # type: ignore[union-attr]  # a tensor implies torch
    }
    return about, plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""  # type: ignore[union-attr]


def made(kind: str, about: Mapping[str, Any], data: bytes) -> Any:
    """Return a new array or tensor."""
    if kind == "array":
        numpy: Any = __import__("numpy")
        return numpy.ndarray(tuple(about["shape"]), numpy.dtype(about["dtype"]), bytearray(data), order=about["order"])
    torch: Any = __import__("torch")
    flat = _tensor(about, data)
    with torch.no_grad():
        if about["stride"] is None:
            value = flat.to(about["device"])
        else:
            value = torch.empty_strided(
                tuple(about["shape"]), tuple(about["stride"]), dtype=flat.dtype, device=about["device"]
            )
            value.copy_(flat)
    if about["parameter"]:
        return torch.nn.Parameter(value, requires_grad=about["requires_grad"])
    return value.requires_grad_(about["requires_grad"])


def fill(target: Any, about: Mapping[str, Any], data: bytes) -> None:
    """Give an array or tensor its content back, in place.

    Raises:
        ValueError: If it has another shape or dtype now.
    """
    if is_array(target):
        source = made("array", about, data)
        _check(target.dtype == source.dtype and target.shape == source.shape)
        target[...] = source
        return
    torch: Any = loaded("torch")
    source = _tensor(about, data)
    _check(target.dtype == source.dtype and target.shape == source.shape)
    with torch.no_grad():
        target.detach().copy_(source)
    if target.is_leaf:
        target.requires_grad_(about["requires_grad"])


def place(tensor: Any) -> tuple[Any, ...] | None:
    """Return where a tensor lies in memory; None if it is empty. Two at one place are one content."""
    if not tensor.numel():
        return None
    return (tensor.device, tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tuple(tensor.stride()))


def _tensor(about: Mapping[str, Any], data: bytes) -> Any:
    """Return a contiguous tensor on the CPU."""
    torch: Any = __import__("torch")
    dtype = getattr(torch, about["dtype"])
    if not data:
        return torch.empty(tuple(about["shape"]), dtype=dtype)
    return torch.frombuffer(bytearray(data), dtype=torch.uint8).view(dtype).reshape(tuple(about["shape"]))


def _is_flat(dtype: Any) -> bool:
    """Tell a dtype whose elements are bytes and no more: neither Python objects nor records."""
    return not dtype.hasobject and dtype.names is None


def _is_dense(tensor: Any) -> bool:
    """Tell a tensor whose elements fill a piece of memory, in whatever order."""
    extent = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return bool(tensor.numel()) and extent == math.prod(tensor.shape)


def _check(same: bool) -> None:  # noqa: FBT001 - a condition
    if not same:
        msg = "it has another shape or dtype than when the checkpoint was written"
        raise ValueError(msg)
