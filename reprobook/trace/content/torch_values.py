"""How torch's values are taken apart. Imported only once torch is.

Modules and schedulers need no handler: they are plain Python objects, and their parameters, buffers, mode and
attributes all lie in their ``__dict__``.
"""

from __future__ import annotations

from typing import Any

import torch

from reprobook.trace.content.anatomy import attributes_of, mro_of, namespace_of, qualified_name
from reprobook.trace.content.numpy_values import array_parts
from reprobook.trace.content.parts import Parts, encode, sequence_parts
from reprobook.trace.content.registry import Handler, opaque_parts

# An integer type of the same size, for element types that numpy does not have (bfloat16, the 8-bit floats).
_SAME_SIZE = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
_COMPRESSED = {
    torch.sparse_csr: ("crow_indices", "col_indices"),
    torch.sparse_bsr: ("crow_indices", "col_indices"),
    torch.sparse_csc: ("ccol_indices", "row_indices"),
    torch.sparse_bsc: ("ccol_indices", "row_indices"),
}


def handlers() -> dict[type, Handler]:
    """Return the handlers of torch's types."""
    named = (torch.device, torch.dtype, torch.layout, torch.memory_format)
    return {
        torch.Tensor: Handler(_tensor, whole=True),
        torch.Generator: Handler(_generator, whole=True),
        torch.optim.Optimizer: Handler(_optimizer, whole=True),
        torch.optim.lr_scheduler.LRScheduler: Handler(_scheduler, whole=True),
        torch.Size: Handler(lambda value: sequence_parts("torch.Size", list(tuple.__iter__(value)))),
        **dict.fromkeys(named, Handler(_named)),
    }


def _tensor(value: torch.Tensor) -> Parts:
    cls = type(value)
    if _dispatches(cls):
        return opaque_parts(cls)
    # A subclass may override every attribute; torch's own way to switch that off.
    with torch._C.DisableTorchFunction():  # noqa: SLF001
        plain = value.detach()
        kind, dtype, shape = qualified_name(cls), str(plain.dtype).removeprefix("torch."), list(plain.shape)
        facts = (dtype, tuple(shape), plain.device.type, str(plain.layout), value.requires_grad)
        parts = Parts(kind, encode(facts), summary=f"{dtype}{shape}")
        if plain.is_meta or plain.is_quantized:
            return parts._replace(opaque=True)
        return parts._replace(children=(*_elements(plain), attributes_of(value)))


def _dispatches(cls: type) -> bool:
    """Tell whether a tensor class computes its elements in Python (``__torch_dispatch__``): it may have none."""
    own = (each for each in mro_of(cls) if each is not torch.Tensor)
    return any("__torch_dispatch__" in namespace_of(each) for each in own if each.__module__ != "torch.nn.parameter")


def _elements(plain: torch.Tensor) -> tuple[Parts, ...]:
    """Return the elements of a detached tensor, as views of its memory where that is the CPU's."""
    if plain.layout is torch.sparse_coo:
        merged = plain.coalesce()
        return (_dense(merged.indices()), _dense(merged.values()))
    if names := _COMPRESSED.get(plain.layout):
        return (*(_dense(getattr(plain, name)()) for name in names), _dense(plain.values()))
    return (_dense(plain),)


def _dense(plain: torch.Tensor) -> Parts:
    """Return the elements of a strided tensor."""
    here = plain.resolve_conj().resolve_neg().cpu()
    try:
        array = here.numpy()
    except TypeError:
        array = here.view(_SAME_SIZE[here.element_size()]).numpy()
    return array_parts("elements", array)


def _generator(value: torch.Generator) -> Parts:
    return Parts("torch.Generator", str(value.device).encode(), children=(value.get_state(),), summary="Generator")


def _optimizer(value: Any) -> Parts:
    """Take apart an optimizer as its ``state_dict`` would: parameters by position, since they are the model's."""
    own = attributes_of(value)
    groups: Any = own.get("param_groups", [])
    state: Any = own.get("state", {})
    parameters = [parameter for group in groups for parameter in group["params"]]
    settings = [{name: each for name, each in group.items() if name != "params"} for group in groups]
    sizes = [len(group["params"]) for group in groups]
    states = [dict.get(state, parameter) for parameter in parameters]
    kind = qualified_name(type(value))
    return Parts(kind, encode(sizes), children=(settings, states), summary=kind)


def _scheduler(value: Any) -> Parts:
    own = {name: each for name, each in attributes_of(value).items() if name != "optimizer"}
    kind = qualified_name(type(value))
    return Parts(kind, children=(own,), summary=kind)


def _named(value: Any) -> Parts:
    return Parts(qualified_name(type(value)), str(value).encode(), summary=str(value))
