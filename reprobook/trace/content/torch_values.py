"""How torch's values are taken apart. Imported only once torch is.

Schedulers and data loaders are plain Python objects; of these the summary says more than their type.
"""

from __future__ import annotations

from typing import Any

import torch

from reprobook.trace.content.anatomy import attributes_of, content_of, mro_of, namespace_of, qualified_name
from reprobook.trace.content.numpy_values import array_parts
from reprobook.trace.content.parts import Parts, encode, sequence_parts
from reprobook.trace.content.registry import Handler, instance_parts, opaque_parts

# An integer type of the same size, for element types that numpy does not have (bfloat16, the 8-bit floats).
_SAME_SIZE = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
_COMPRESSED = {
    torch.sparse_csr: ("crow_indices", "col_indices"),
    torch.sparse_bsr: ("crow_indices", "col_indices"),
    torch.sparse_csc: ("ccol_indices", "row_indices"),
    torch.sparse_bsc: ("ccol_indices", "row_indices"),
}
_HOOKS = frozenset(name for name in vars(torch.nn.Module()) if name.endswith("_hooks"))


def handlers() -> dict[type, Handler]:
    """Return the handlers of torch's types."""
    named = (torch.device, torch.dtype, torch.layout, torch.memory_format)
    return {
        torch.Tensor: Handler(_tensor, whole=True),
        torch.Generator: Handler(_generator, whole=True),
        torch.optim.Optimizer: Handler(_optimizer, whole=True),
        torch.optim.lr_scheduler.LRScheduler: Handler(_scheduler, whole=True),
        torch.nn.Module: Handler(_module, whole=True),
        torch.utils.data.DataLoader: Handler(_loader, whole=True),
        torch.utils.hooks.RemovableHandle: Handler(lambda _: Parts("hook", summary="hook"), whole=True),
        torch.UntypedStorage: Handler(_storage, whole=True),
        torch.jit.ScriptModule: Handler(_script, whole=True),
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
        if plain.is_meta or plain.is_nested:
            return parts._replace(opaque=True)
        # What backward passes have added up belongs to the state of a parameter.
        gradient = value.grad if value.is_leaf else None
        return parts._replace(children=(*_elements(plain), gradient, attributes_of(value) or None))


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
    if plain.is_quantized:
        return (_dense(plain.int_repr()), *_scales(plain))
    return (_dense(plain),)


def _scales(plain: torch.Tensor) -> tuple[Parts, ...]:
    """Return what the integers of a quantized tensor stand for."""
    if plain.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        return (Parts("scale", encode((plain.q_scale(), plain.q_zero_point()))),)
    axis = Parts("axis", encode(plain.q_per_channel_axis()))
    return (_dense(plain.q_per_channel_scales()), _dense(plain.q_per_channel_zero_points()), axis)


def _dense(plain: torch.Tensor) -> Parts:
    """Return the elements of a strided tensor."""
    here = plain.resolve_conj().resolve_neg().cpu()
    try:
        array = here.numpy()
    except TypeError:
        array = here.view(_SAME_SIZE[here.element_size()]).numpy()
    return array_parts("elements", array)


def _storage(value: torch.UntypedStorage) -> Parts:
    if value.device.type != "cpu":
        return opaque_parts(type(value))
    plain = torch.empty(0, dtype=torch.uint8, device="cpu").set_(value)
    return Parts("torch.UntypedStorage", children=(_dense(plain),), summary=f"storage[{len(plain)}]")


def _module(value: torch.nn.Module) -> Parts:
    """Take a module as its attributes: parameters, buffers, mode, submodules lie there, and what a user adds."""
    own = content_of(value)
    for name in sorted(_HOOKS & own.keys()):
        # Their keys count all hooks of the process.
        hooks: Any = own.pop(name)
        if dict.__len__(hooks):
            own[name] = list(dict.values(hooks))
    kind = qualified_name(type(value))
    return Parts(kind, "\0".join(own).encode(), children=list(own.values()), summary=kind)


def _script(value: Any) -> Parts:
    """Take a compiled module as its code and its state; attributes that are neither are C++'s."""
    kind = qualified_name(type(value))
    children = (str(value.code), value.training, torch.nn.Module.state_dict(value))
    return Parts(kind, children=children, opaque=True, summary=kind)


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


def _loader(value: Any) -> Parts:
    parts = instance_parts(value)
    size = attributes_of(value).get("batch_size")
    return parts._replace(summary=f"{parts.summary}, batches of {size}") if type(size) is int else parts


def _named(value: Any) -> Parts:
    return Parts(qualified_name(type(value)), str(value).encode(), summary=str(value))
