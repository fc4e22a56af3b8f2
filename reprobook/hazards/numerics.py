"""Numerics: memory that nobody filled, kernels and settings that change the last bits."""

from __future__ import annotations

import ast
import re

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.report import Report, bound_names
from reprobook.hazards.spread import origins, uses

_EMPTY = frozenset({"torch.empty", "torch.empty_like", "numpy.empty", "numpy.empty_like", "torch.empty_strided", "numpy.ndarray"})
_EMPTY |= {"torch.Tensor", "torch.FloatTensor", "torch.DoubleTensor", "torch.LongTensor", "torch.cuda.FloatTensor"}
_ATOMIC = frozenset({"index_put_", "index_put", "put_"})
_ON_GPU = frozenset(
    """index_add_ index_add scatter_add_ scatter_add scatter_reduce_ scatter_reduce bincount histc cumsum index_copy
    kthvalue median interpolate grid_sample ctc_loss CTCLoss ConvTranspose2d AdaptiveAvgPool2d AdaptiveMaxPool2d
    EmbeddingBag MaxUnpool2d Upsample nll_loss2d""".split()  # noqa: SIM905
)
_TORCH_REDUCTIONS = frozenset(
    """sum mean std var norm prod logsumexp softmax log_softmax cross_entropy mse_loss nll_loss matmul mm bmm dot einsum
    backward exp log sqrt tanh sigmoid relu gelu linear conv1d conv2d cdist cov corrcoef item step layer_norm batch_norm svd inv solve""".split()  # noqa: SIM905
)
_NUMPY_REDUCTIONS = re.compile(r"^(?:numpy\.(?:dot|matmul|einsum|tensordot|inner|outer|linalg\.\w+|cov|corrcoef|sum|mean|std|var|exp|log|sqrt|tanh|fft\.\w+)|scipy\.\w+)")
_SETTINGS = {
    "torch.backends.cudnn.benchmark": ("cudnn_autotune", "cuDNN tries kernels and takes the fastest at that moment", "torch.backends.cudnn.benchmark = False"),
    "torch.backends.cuda.matmul.allow_tf32": ("precision_mode", "products are computed in TF32 where the GPU can", "torch.backends.cuda.matmul.allow_tf32 = False"),
    "torch.backends.cudnn.allow_tf32": ("precision_mode", "convolutions are computed in TF32 where the GPU can", "torch.backends.cudnn.allow_tf32 = False"),
    "torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction": ("precision_mode", "sums are kept in half precision", "set it to False"),
    "torch.backends.mkldnn.enabled": ("precision_mode", "another library computes the layers", "leave it at its default"),
}


def find(report: Report) -> None:
    """Report uninitialised memory, nondeterministic kernels and numeric settings."""
    deterministic = _is_deterministic(report.book)
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        method = call.func.attr if isinstance(call.func, ast.Attribute) else dotted.rpartition(".")[2]
        if dotted in _EMPTY or method == "new_empty":
            _tell_empty(report, call, dotted)
        if method in _ATOMIC or method in _ON_GPU:
            _tell_kernel(report, call, method, deterministic=deterministic)
        _tell_threads(report, call, dotted)
        _tell_mode(report, call, dotted)
        _tell_reduction(report, call, dotted, method)
    for product in report.book.all(ast.BinOp):
        if isinstance(product.op, ast.MatMult):
            _tell_sums(report, product, report.book.dotted(product))
    for target in report.book.all(ast.Attribute):
        if isinstance(target.ctx, ast.Store) and (found := _SETTINGS.get(report.book.dotted(target))):
            _tell_setting(report, target, found)


def _is_deterministic(book: Book) -> bool:
    """Tell whether the notebook asks torch for deterministic kernels only."""
    return any(
        book.dotted(call.func) == "torch.use_deterministic_algorithms" and not (call.args and isinstance(call.args[0], ast.Constant) and not call.args[0].value)
        for call in book.all(ast.Call)
    )


def _tell_empty(report: Report, call: ast.Call, dotted: str) -> None:
    """Memory that holds whatever was there before."""
    if dotted.endswith("Tensor") and not (call.args and _is_shape(call)):
        return
    if _holds_nothing(call) or _is_filled_at_once(report.book, call):
        return
    filled = _filled(report.book, call)
    message = f"`{report.book.text(call)}` holds whatever was in that memory until every item is assigned"
    name = report.book.text(call.func)
    fix = f"{name.replace('empty', 'zeros') if 'empty' in name else 'torch.zeros'}(...)"
    report.add(call, "uninitialised_memory", message, fix, certain=filled in {"never", "part"}, shown=filled != "whole")


def _is_shape(call: ast.Call) -> bool:
    return all(isinstance(each, ast.Constant) and isinstance(each.value, int) for each in call.args) or len(call.args) > 1


def _holds_nothing(call: ast.Call) -> bool:
    """Tell whether an array has no items, or holds objects (None until assigned)."""
    kind = keyword(call, "dtype")
    if kind is not None and "object" in ast.unparse(kind) or "meta" in ast.unparse(call):
        return True
    sizes = [each for argument in call.args[:1] for each in ast.walk(argument) if isinstance(each, ast.Constant)]
    return any(each.value == 0 for each in sizes)


def _is_filled_at_once(book: Book, call: ast.Call) -> bool:
    """``torch.empty(3).normal_()``, ``nn.init.zeros_(torch.empty(3))``, ``out=np.empty(3)``."""
    for parent in book.parents(call):
        if isinstance(parent, ast.Attribute) and (parent.attr.endswith("_") or parent.attr in {"shape", "dtype", "size", "fill", "device"}):
            return True
        if isinstance(parent, ast.keyword) and parent.arg == "out":
            return True
        if isinstance(parent, ast.Call) and book.dotted(parent.func).startswith("torch.nn.init."):
            return True
        if isinstance(parent, ast.stmt):
            return False
    return False


def _filled(book: Book, call: ast.Call) -> str:
    """Tell how the variable that holds the memory is filled: ``never``, ``part``, ``parts`` or ``whole``."""
    statement = book.statement(call)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(target, ast.Attribute):
        return "whole"  # a parameter of a module: it is filled in a method we do not follow
    if not isinstance(target, ast.Name):
        return "never"
    ways = [_way(book, use) for use in uses(book, target)]
    if "whole" in ways:
        return "whole"
    # Several parts may make up the whole: only a reader can tell.
    return {0: "never", 1: "part"}.get(ways.count("part"), "parts")


def _way(book: Book, use: ast.Name) -> str:
    """Tell how one use fills an array."""
    parent = book.parent(use)
    if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store):
        return "part" if _is_part(parent.slice) and not _in_loop(book, parent) else "whole"
    if isinstance(parent, ast.Attribute):
        above = book.parent(parent)
        if parent.attr.endswith("_") or parent.attr in {"fill", "readinto", "copyto", "data"}:
            return "whole"
        if parent.attr in {"view", "flat", "T"} and isinstance(above, (ast.Subscript, ast.Call)):
            return "whole"
    if isinstance(parent, ast.keyword) and parent.arg == "out":
        return "whole"
    if isinstance(parent, ast.Call) and use in parent.args:
        dotted = book.dotted(parent.func)
        fills = dotted.startswith("torch.nn.init.") or dotted in {"numpy.copyto", "numpy.put"} or dotted.startswith(("@", "?"))
        return "whole" if fills else ""
    return ""


def _is_part(index: ast.expr) -> bool:
    """Tell whether an index leaves out items: a slice with bounds, a constant, a mask."""
    if isinstance(index, ast.Slice):
        return index.lower is not None or index.upper is not None or index.step is not None
    if isinstance(index, ast.Tuple):
        return any(_is_part(each) for each in index.elts)
    return not (isinstance(index, ast.Constant) and index.value is Ellipsis)


def _in_loop(book: Book, node: ast.AST) -> bool:
    return any(isinstance(each, (ast.For, ast.While)) for each in book.parents(node))


def _tell_kernel(report: Report, call: ast.Call, method: str, *, deterministic: bool) -> None:
    accumulate = keyword(call, "accumulate")
    adds = isinstance(accumulate, ast.Constant) and accumulate.value is True
    sure = method in _ATOMIC and adds and not deterministic
    if method in _ATOMIC and not adds:
        return
    on_gpu = any(isinstance(each, ast.Constant) and each.value == "cuda" for each in report.book.all(ast.Constant))
    message = f"`{report.book.text(call.func)}` adds floating-point numbers in the order in which threads get there"
    fix = "torch.use_deterministic_algorithms(True)"
    shown = sure or (on_gpu and not deterministic and method in {"index_add_", "scatter_add_", "scatter_add", "index_add"})
    report.add(call, "nondeterministic_kernel.torch", message, fix, certain=sure, shown=shown)


def _tell_threads(report: Report, call: ast.Call, dotted: str) -> None:
    """A number of threads that is that of the machine."""
    if dotted not in {"torch.set_num_threads", "torch.set_num_interop_threads", "threadpoolctl.threadpool_limits", "numexpr.set_num_threads", "numba.set_num_threads"}:
        return
    given = call.args[0] if call.args else keyword(call, "limits")
    varies = given is not None and any("cpu_count" in path or "sched_getaffinity" in path or "environ" in path for path, _ in origins(report.book, given))
    cause = "thread_count.torch" if dotted.startswith("torch.") else "thread_count.blas"
    message = f"`{report.book.text(call)}`: sums of floats depend on the number of threads, here that of the machine"
    report.add(call, cause, message, f"{report.book.text(call.func)}(1), or another constant", certain=varies, shown=varies)
    if varies:
        report.add(call, "machine_shape.cpu_count", message, "use a constant", certain=False, shown=False)


def _tell_mode(report: Report, call: ast.Call, dotted: str) -> None:
    """Precision, compilation, devices."""
    value = call.args[0] if call.args else None
    text = report.book.text(call)
    if dotted == "torch.set_float32_matmul_precision":
        highest = isinstance(value, ast.Constant) and value.value == "highest"
        report.add(call, "precision_mode", f"`{text}` lets products lose bits, as the device likes", 'torch.set_float32_matmul_precision("highest")', certain=False, shown=not highest)
    elif dotted.endswith(("torch.autocast", "amp.autocast", "amp.GradScaler")):
        report.add(call, "precision_mode", f"`{text}` computes in the precision that the device offers", "compute in float32", certain=False, shown=False)
    elif dotted in {"torch.cuda.is_bf16_supported", "torch.cuda.get_device_capability"}:
        report.add(call, "precision_mode", f"`{text}`: the precision follows the device", "choose one precision", certain=False)
    elif dotted in {"torch.compile", "torch.jit.script", "torch.jit.trace", "torch._dynamo.optimize"}:
        report.add(call, "compiled_kernel", f"`{text}` makes kernels that round differently from the plain ones", "compare plain runs with plain ones only", certain=False, shown=dotted == "torch.compile")
    elif dotted in {"numba.jit", "numba.njit", "numba.vectorize"}:
        _tell_numba(report, call, text)
    elif dotted in {"torch.set_flush_denormal", "numpy.setbufsize"}:
        report.add(call, "fp_environment", f"`{text}` changes how this process rounds small numbers", "leave it at its default", certain=False)
    elif dotted in {"torch.cuda.is_available", "torch.backends.mps.is_available", "torch.accelerator.current_accelerator"}:
        report.add(call, "device_changed", "the device follows the machine: another one rounds differently", 'device = "cpu"', certain=False, shown=False)


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


def _tell_reduction(report: Report, call: ast.Call, dotted: str, method: str) -> None:
    """Sums of floats: their last bits depend on threads and processor."""
    torch_like = dotted.startswith(("torch.", "?")) and method in _TORCH_REDUCTIONS
    fits = method in {"fit", "fit_transform", "fit_predict", "predict", "predict_proba", "transform", "score"}
    numpy_like = bool(_NUMPY_REDUCTIONS.match(dotted)) or fits or (method in {"dot", "sum", "mean", "std", "var"} and not dotted.startswith("torch"))
    if torch_like or (dotted.startswith("torch.nn.") and dotted.endswith("()")):
        _tell_sums(report, call, "torch.")
    if numpy_like and not dotted.startswith("torch."):
        _tell_sums(report, call, "numpy.")


def _tell_sums(report: Report, node: ast.AST, dotted: str) -> None:
    names = bound_names(report.book, node)
    text = report.book.text(node)
    torch_like = not dotted.startswith(("numpy.", "pandas.", "sklearn."))
    causes = [*_OF_TORCH] if torch_like else []
    if not dotted.startswith("torch."):
        causes += ["thread_count.blas", "cpu_dispatch.numpy", "blas_vendor", "cpu_dispatch.mkl"]
    for cause in causes:
        message = f"`{text}` adds floats: the last bits depend on {_WHAT.get(cause, 'the kernel that is chosen')}"
        report.add(node, cause, message, _REMEDY.get(cause, "compare within a tolerance"), certain=False, shown=False, names=names)


_OF_TORCH = ("thread_count.torch", "cpu_dispatch.aten", "cpu_dispatch.mkl", "nondeterministic_kernel.torch")
_OF_TORCH += ("precision_mode", "fp_environment")
_WHAT = {
    "precision_mode": "the precision that products are computed in",
    "fp_environment": "how the processor rounds small numbers",
    "thread_count.torch": "the number of torch's threads",
    "thread_count.blas": "the number of threads of BLAS",
    "cpu_dispatch.aten": "the instructions that the processor has",
    "cpu_dispatch.numpy": "the instructions that the processor has",
    "cpu_dispatch.mkl": "the instructions that the processor has",
    "blas_vendor": "the BLAS library that NumPy was built with",
}
_REMEDY = {
    "thread_count.torch": "torch.set_num_threads(1)",
    "thread_count.blas": "OMP_NUM_THREADS=1 before the kernel starts",
    "cpu_dispatch.aten": "ATEN_CPU_CAPABILITY=default before the kernel starts",
    "cpu_dispatch.numpy": "NPY_DISABLE_CPU_FEATURES before the kernel starts",
    "cpu_dispatch.mkl": "MKL_CBWR=COMPATIBLE before the kernel starts",
    "nondeterministic_kernel.torch": "torch.use_deterministic_algorithms(True)",
}
