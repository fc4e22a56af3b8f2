"""The text that starts a script's processes through Lightning Fabric, and the helpers that its sections call.

Checked against lightning-fabric 2.6 and torch 2.13. FSDP is torch's ``fully_shard``, which also runs on CPUs.
"""

from __future__ import annotations

from reprobook.promote import command_line
from reprobook.promote.fabric.words import LAUNCH, SET_UP, SHARD, WHOLE, WRITE_ONCE
from reprobook.promote.identifiers import names_used
from reprobook.promote.model import Entry, Import, Plan
from reprobook.promote.python import tree_of


def entry(plan: Plan) -> Entry:
    """Return how a script for Fabric is started: a plain command line, then as many processes as it asks for."""
    plain = command_line.entry(plan)
    nodes = [*plan.module, *(node for function in plan.functions for node in function.body)]
    used = names_used(tree_of(node) for node in nodes)
    helpers = [text for name, text in _HELPERS.items() if name in used]
    words = plan.words
    return Entry(
        imports=(*plain.imports, *_imports(used), *([] if plan.seed else [_RANDBITS])),
        start=plain.start,
        after_config=(_SHARD, _launch(plan), *helpers),
        before_main=plain.before_main,
        before_job=(f"{words.fabric} = {LAUNCH}({words.config})",),
        job_options=(f"device=str({words.fabric}.device)", f"rank={words.fabric}.global_rank"),
    )


def _imports(used: frozenset[str]) -> list[Import]:
    found = [
        Import("lightning_fabric", "Fabric", "Fabric"),
        Import("lightning_fabric.strategies", "ModelParallelStrategy", "ModelParallelStrategy"),
        Import("torch.distributed.device_mesh", "DeviceMesh", "DeviceMesh"),
        Import("torch.distributed.fsdp", "fully_shard", "fully_shard"),
        Import("torch.distributed.tensor", "DTensor", "DTensor"),
        Import("torch.distributed.tensor", "distribute_tensor", "distribute_tensor"),
        Import("torch.nn", "Module", "Module"),
        Import("torch.nn", "ModuleList", "ModuleList"),
        Import("typing", "Any", "Any"),
    ]
    if WHOLE in used:
        found += [
            Import("lightning_fabric", "is_wrapped", "is_wrapped"),
            Import("torch.distributed.fsdp", "FSDPModule", "FSDPModule"),
        ]
    if SET_UP in used:
        found += [
            Import("torch.distributed.fsdp", "FSDPModule", "FSDPModule"),
            Import("torch.distributed.fsdp", "register_fsdp_forward_method", "register_fsdp_forward_method"),
        ]
    return found + ([Import("collections.abc", "Callable", "Callable")] if WRITE_ONCE in used else [])


def _launch(plan: Plan) -> str:
    words = plan.words
    fields = {role: f"{words.config}.{name}" for role, name in plan.fabric.items()}
    seed = f"{words.config}.{plan.seed} % 2**32" if plan.seed else "fabric.broadcast(randbits(32))"
    seeding = "    # Every process begins alike, and the samplers that split loaders shuffle by it.\n"
    seeding += f"    fabric.seed_everything({seed}, verbose=False)\n"
    return _LAUNCH.format(launch=LAUNCH, shard=SHARD, config=words.config, Config=words.config_class, **fields) + (
        f"{seeding}    return fabric"
    )


_RANDBITS = Import("secrets", "randbits", "randbits")
_SHARD = f'''
def {SHARD}(model: Module, mesh: DeviceMesh) -> Module:
    """Split the weights over the processes, block by block; state dicts are whole all the same."""

    def gather(_: Module, state: dict[str, Any], *__: object) -> None:
        for name, value in state.items():
            if isinstance(value, DTensor):
                state[name] = value.full_tensor()

    def split(_: Module, state: dict[str, Any], *__: object) -> None:
        for name, weight in model.named_parameters():
            if isinstance(weight, DTensor) and name in state:
                state[name] = distribute_tensor(state[name], weight.device_mesh, weight.placements)

    for layers in [part for part in model.modules() if isinstance(part, ModuleList)]:
        for block in layers:
            fully_shard(block, mesh=mesh["data_parallel"])
    fully_shard(model, mesh=mesh["data_parallel"])
    model.register_state_dict_post_hook(gather)
    model.register_load_state_dict_pre_hook(split)
    return model
'''
_LAUNCH = '''
def {launch}({config}: {Config}) -> Fabric:
    """Start the processes of a run; each of them goes on from here."""
    strategy: Any = {strategy}
    if strategy == "fsdp":
        strategy = ModelParallelStrategy({shard}, {devices} * {num_nodes}, 1)
    precision: Any = {precision}
    fabric = Fabric(
        accelerator={accelerator},
        devices={devices},
        num_nodes={num_nodes},
        strategy=strategy,
        precision=precision,
    )
    fabric.launch()
'''
_SET_UP = f'''
def {SET_UP}(fabric: Fabric, model: Module, *methods: str) -> Any:
    """Set a model up; its methods that compute go the way of its forward pass, which several processes need."""
    wrapped = fabric.setup_module(model)
    for method in methods:
        if hasattr(model, method):
            wrapped.mark_forward_method(method)
            if isinstance(model, FSDPModule):
                register_fsdp_forward_method(model, method)
    return wrapped
'''
_WHOLE = f'''
def {WHOLE}(model: Any) -> Any:
    """Return a model without Fabric's wrapper; where its weights are split, its state dict, which is whole."""
    if not is_wrapped(model):
        return model
    return model.state_dict() if isinstance(model.module, FSDPModule) else model.module
'''
_WRITE_ONCE = f'''
def {WRITE_ONCE}(fabric: Fabric, write: Callable[..., object], *args: object, **options: object) -> None:
    """Write a file from the first process only; the others wait until it is there."""
    if fabric.is_global_zero:
        write(*args, **options)
    fabric.barrier()
'''
_HELPERS = {SET_UP: _SET_UP, WHOLE: _WHOLE, WRITE_ONCE: _WRITE_ONCE}
