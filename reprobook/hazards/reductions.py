"""Sums of floats: their last bits depend on threads, processor and library. They serve attribution only."""

from __future__ import annotations

import ast
import re

from reprobook.hazards.report import Report, bound_names

_TORCH_REDUCTIONS = frozenset(
    """sum mean std var norm prod logsumexp softmax log_softmax cross_entropy mse_loss nll_loss matmul mm bmm dot einsum
    backward exp log sqrt tanh sigmoid relu gelu linear conv1d conv2d cdist cov corrcoef item step
    layer_norm batch_norm svd inv solve""".split()  # noqa: SIM905
)

_NUMPY_REDUCTIONS = re.compile(
    r"^(?:numpy\.(?:dot|matmul|einsum|tensordot|inner|outer|linalg\.\w+|cov|corrcoef|sum|mean|std|var|exp|log|sqrt|tanh"
    r"|fft\.\w+)|scipy\.\w+)"
)

_OF_TORCH = (
    "thread_count.torch",
    "cpu_dispatch.aten",
    "cpu_dispatch.mkl",
    "nondeterministic_kernel.torch",
    "precision_mode",
    "fp_environment",
)

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


def find(report: Report) -> None:
    """Note every sum of floats."""
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        method = call.func.attr if isinstance(call.func, ast.Attribute) else dotted.rpartition(".")[2]
        _tell_reduction(report, call, dotted, method)
    for product in report.book.all(ast.BinOp):
        if isinstance(product.op, ast.MatMult):
            _tell_sums(report, product, report.book.dotted(product))


def _tell_reduction(report: Report, call: ast.Call, dotted: str, method: str) -> None:
    """Sums of floats: their last bits depend on threads and processor."""
    torch_like = dotted.startswith(("torch.", "?")) and method in _TORCH_REDUCTIONS
    fits = method in {"fit", "fit_transform", "fit_predict", "predict", "predict_proba", "transform", "score"}
    numpy_like = (
        bool(_NUMPY_REDUCTIONS.match(dotted))
        or fits
        or (method in {"dot", "sum", "mean", "std", "var"} and not dotted.startswith("torch"))
    )
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
        report.possible(node, cause, message, _REMEDY.get(cause, "compare within a tolerance"), names=names)
