"""Packages and local modules: which version of them runs."""

from __future__ import annotations

import ast
import builtins
import re
import sys

from reprobook.hazards.report import Report

_INSTALL = re.compile(r"^\s*(?:[!%]\s*(?:python3?\s+-m\s+)?(?:uv\s+)?|%%?\s*)(?:pip3?|conda|mamba)\s+install\s+(.*)$")

# Installed with pip on most machines; what is neither here nor in the standard library may lie beside the notebook.
_INSTALLED = frozenset(
    """numpy pandas scipy sklearn torch torchvision torchaudio matplotlib seaborn plotly tqdm requests yaml PIL cv2
    joblib transformers datasets tokenizers accelerate huggingface_hub tensorflow keras jax flax optax xgboost lightgbm
    catboost statsmodels networkx nltk spacy gensim optuna hyperopt ray dask polars pyarrow duckdb sqlalchemy psutil
    IPython ipywidgets reprobook wandb mlflow tensorboard pytorch_lightning lightning timm einops umap imblearn skimage
    numba sympy bs4 lxml h5py zarr xarray altair bokeh cupy rapids shap lime torchmetrics ignite fastai gymnasium
    gym
    safetensors pydantic attr rich click papermill nbformat tabulate openpyxl pytest hypothesis threadpoolctl
    dateutil pytz tzlocal natsort diskcache cloudpickle evaluate peft bitsandbytes sentence_transformers google kaggle
    torch_geometric dgl mpl_toolkits pycuda skopt""".split()  # noqa: SIM905
)

_BUILTINS = frozenset(dir(builtins))

_RESTART = "restart the kernel after an edit"


def find(report: Report) -> None:
    """Report local modules, and installs without a version."""
    _tell_local(report)
    _tell_installs(report)


def _tell_local(report: Report) -> None:
    """Modules that may be files beside the notebook, and packages whose version decides."""
    book = report.book
    nodes: list[ast.Import | ast.ImportFrom] = [*book.all(ast.Import), *book.all(ast.ImportFrom)]
    for node in nodes:
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        local = isinstance(node, ast.ImportFrom) and node.level > 0
        for name in [each for each in names if local or _is_unknown(each.partition(".")[0])]:
            message = f"`{name or '.'}` may be a file beside the notebook, which a running kernel does not read again"
            report.possible(node, "module_edited", message, _RESTART)
    for call in book.all(ast.Call):
        dotted = book.dotted(call.func)
        root = dotted.partition(".")[0]
        if dotted == "importlib.reload":
            message = "a reloaded module is another one than the cells above have used"
            report.add(call, "module_edited", message, _RESTART, certain=False)
        elif root in _INSTALLED or _is_unknown(root):
            message = f"`{dotted}` may do something else in another version of {root}"
            fix = f"pin the version of {root}, and give its options explicitly"
            report.possible(call, "env_drift.package_version", message, fix)
        if _is_unknown(root):
            edited = f"`{root}` may have been edited since it was imported"
            report.possible(call, "module_edited", edited, _RESTART)
            report.possible(call, "import_path", f"which `{root}` is found depends on sys.path", "install the package")
            report.possible(call, "stale_bytecode", f"`{root}` may be run from an old .pyc file", "delete __pycache__")


def _is_unknown(root: str) -> bool:
    return (
        bool(root)
        and root.isidentifier()
        and root not in _INSTALLED
        and root not in sys.stdlib_module_names
        and root not in _BUILTINS
    )


def _tell_installs(report: Report) -> None:
    """``!pip install x`` without a version."""
    for cell, source in enumerate(report.book.sources):
        for number, line in enumerate(source.splitlines(), start=1):
            found = _INSTALL.match(line)
            wanted = [
                word
                for word in (found[1].split() if found else [])
                if not word.startswith(("-", ">", "$", "{", ".", "/"))
            ]
            loose = [
                word
                for word in wanted
                if "==" not in word and "@" not in word and not word.endswith((".txt", ".whl", ".yml", ".toml"))
            ]
            if loose and "-r" not in (found[1].split() if found else []):
                message = f"`{' '.join(line.split())}` installs whatever is newest on that day"
                report.add_line(
                    cell, number, "env_drift.package_version", message, f"pin it: {loose[0]}==<version>", certain=False
                )
            if re.match(r"^\s*%(?:load_ext|reload_ext)\s+autoreload", line):
                report.add_line(
                    cell,
                    number,
                    "module_edited",
                    "autoreload changes functions under objects that were made before",
                    "restart the kernel after an edit",
                    certain=False,
                )
