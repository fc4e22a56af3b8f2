"""Numerics: memory that nobody filled, kernels and settings that change the last bits."""

from __future__ import annotations

import ast

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.report import Report
from reprobook.hazards.spread import origins

_ATOMIC = frozenset({"index_put_", "index_put", "put_"})
_ON_GPU = frozenset(
    """index_add_ index_add scatter_add_ scatter_add scatter_reduce_ scatter_reduce bincount histc cumsum index_copy
    kthvalue median interpolate grid_sample ctc_loss CTCLoss ConvTranspose2d AdaptiveAvgPool2d AdaptiveMaxPool2d
    EmbeddingBag MaxUnpool2d Upsample nll_loss2d""".split()  # noqa: SIM905
)
_SETTINGS = {
    "torch.backends.cudnn.benchmark": (
        "cudnn_autotune",
        "cuDNN tries kernels and takes the fastest at that moment",
        "torch.backends.cudnn.benchmark = False",
    ),
    "torch.backends.cuda.matmul.allow_tf32": (
        "precision_mode",
        "products are computed in TF32 where the GPU can",
        "torch.backends.cuda.matmul.allow_tf32 = False",
    ),
    "torch.backends.cudnn.allow_tf32": (
        "precision_mode",
        "convolutions are computed in TF32 where the GPU can",
        "torch.backends.cudnn.allow_tf32 = False",
    ),
    "torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction": (
        "precision_mode",
        "sums are kept in half precision",
        "set it to False",
    ),
    "torch.backends.mkldnn.enabled": (
        "precision_mode",
        "another library computes the layers",
        "leave it at its default",
    ),
}

_COMPILED = "makes kernels that round differently from the plain ones"
_DEVICE = "follows the machine: another device rounds differently"
_PLAIN = "compare plain runs with plain ones only"
_MODES = {
    "torch.compile": ("compiled_kernel", _COMPILED, _PLAIN, True),
    "torch.jit.script": ("compiled_kernel", _COMPILED, _PLAIN, False),
    "torch.jit.trace": ("compiled_kernel", _COMPILED, _PLAIN, False),
    "torch.cuda.is_available": ("device_changed", _DEVICE, 'device = "cpu"', False),
    "torch.backends.mps.is_available": ("device_changed", _DEVICE, 'device = "cpu"', False),
    "torch.accelerator.current_accelerator": ("device_changed", _DEVICE, 'device = "cpu"', False),
    "torch.cuda.is_bf16_supported": ("precision_mode", _DEVICE, "choose one precision", True),
    "torch.cuda.get_device_capability": ("precision_mode", _DEVICE, "choose one precision", True),
    "torch.set_flush_denormal": ("fp_environment", "changes how small numbers round", "leave it at its default", True),
}


def find(report: Report) -> None:
    """Report uninitialised memory, nondeterministic kernels and numeric settings."""
    deterministic = _is_deterministic(report.book)
    if deterministic:
        _tell_workspace(report)
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        method = call.func.attr if isinstance(call.func, ast.Attribute) else dotted.rpartition(".")[2]
        if method in _ATOMIC or method in _ON_GPU:
            _tell_kernel(report, call, method, deterministic=deterministic)
        _tell_threads(report, call, dotted)
        _tell_mode(report, call, dotted)
    for target in report.book.all(ast.Attribute):
        if isinstance(target.ctx, ast.Store) and (found := _SETTINGS.get(report.book.dotted(target))):
            _tell_setting(report, target, found)


def _is_deterministic(book: Book) -> bool:
    """Tell whether the notebook asks torch for deterministic kernels only."""
    return any(
        book.dotted(call.func) == "torch.use_deterministic_algorithms"
        and not (call.args and isinstance(call.args[0], ast.Constant) and not call.args[0].value)
        for call in book.all(ast.Call)
    )


def _tell_workspace(report: Report) -> None:
    """Deterministic kernels of cuBLAS need a workspace of fixed size, set before the first of them."""
    book = report.book
    texts = {each.value for each in book.all(ast.Constant) if isinstance(each.value, str)}
    if "CUBLAS_WORKSPACE_CONFIG" in texts or not any(text.startswith("cuda") for text in texts):
        return
    for call in book.all(ast.Call):
        if book.dotted(call.func) == "torch.use_deterministic_algorithms":
            message = "on a GPU, products are deterministic only with CUBLAS_WORKSPACE_CONFIG set before the first"
            fix = 'os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8" in the first cell'
            report.add(call, "cublas_workspace", message, fix, certain=False)


def _tell_kernel(report: Report, call: ast.Call, method: str, *, deterministic: bool) -> None:
    accumulate = keyword(call, "accumulate")
    adds = isinstance(accumulate, ast.Constant) and accumulate.value is True
    sure = method in _ATOMIC and adds and not deterministic
    if method in _ATOMIC and not adds:
        return
    on_gpu = any(isinstance(each, ast.Constant) and each.value == "cuda" for each in report.book.all(ast.Constant))
    message = f"`{report.book.text(call.func)}` adds floating-point numbers in the order in which threads get there"
    fix = "torch.use_deterministic_algorithms(True)"
    shown = sure or (
        on_gpu and not deterministic and method in {"index_add_", "scatter_add_", "scatter_add", "index_add"}
    )
    report.add(call, "nondeterministic_kernel.torch", message, fix, certain=sure, shown=shown)


def _tell_threads(report: Report, call: ast.Call, dotted: str) -> None:
    """A number of threads that is that of the machine."""
    if dotted not in {
        "torch.set_num_threads",
        "torch.set_num_interop_threads",
        "threadpoolctl.threadpool_limits",
        "numexpr.set_num_threads",
        "numba.set_num_threads",
    }:
        return
    given = call.args[0] if call.args else keyword(call, "limits")
    varies = given is not None and any(
        "cpu_count" in path or "sched_getaffinity" in path or "environ" in path
        for path, _ in origins(report.book, given)
    )
    cause = "thread_count.torch" if dotted.startswith("torch.") else "thread_count.blas"
    message = f"`{report.book.text(call)}`: sums of floats depend on the number of threads, here that of the machine"
    report.add(
        call, cause, message, f"{report.book.text(call.func)}(1), or another constant", certain=varies, shown=varies
    )
    if varies:
        report.possible(call, "machine_shape.cpu_count", message, "use a constant")


def _tell_mode(report: Report, call: ast.Call, dotted: str) -> None:
    """Precision, compilation, devices."""
    text = report.book.text(call)
    if dotted == "torch.set_float32_matmul_precision":
        highest = bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value == "highest"
        message = f"`{text}` lets products lose bits, as the device likes"
        fix = 'torch.set_float32_matmul_precision("highest")'
        report.add(call, "precision_mode", message, fix, certain=False, shown=not highest)
    elif dotted in {"numba.jit", "numba.njit", "numba.vectorize"}:
        _tell_numba(report, call, text)
    elif dotted.endswith(("torch.autocast", "amp.autocast", "amp.GradScaler")):
        message = f"`{text}` computes in the precision that the device offers"
        report.possible(call, "precision_mode", message, "compute in float32")
    elif dotted in _MODES:
        cause, why, fix, shown = _MODES[dotted]
        report.add(call, cause, f"`{text}` {why}", fix, certain=False, shown=shown)


def _tell_numba(report: Report, call: ast.Call, text: str) -> None:
    for word, cause, why in (
        ("parallel", "thread_reduction", "sums are split among as many threads as there are"),
        ("fastmath", "compiled_kernel", "the compiler may reorder sums"),
    ):
        found = keyword(call, word)
        if isinstance(found, ast.Constant) and found.value is True:
            report.add(call, cause, f"`{text}`: {why}", f"{word}=False", certain=False)


def _tell_setting(report: Report, target: ast.Attribute, found: tuple[str, str, str]) -> None:
    """``torch.backends.cudnn.benchmark = True``."""
    cause, why, fix = found
    statement = report.book.statement(target)
    value = statement.value if isinstance(statement, ast.Assign) else None
    if isinstance(value, ast.Constant) and value.value is False:
        return
    report.add(target, cause, f"`{report.book.text(target)}` is on: {why}", fix, certain=cause == "cudnn_autotune")
