"""Modules: what an import brings in, what was patched into it, and packages without a version."""

from __future__ import annotations

import ast
import re
import sys

from reprobook.hazards.book import Book
from reprobook.hazards.report import Report

_INSTALL = re.compile(r"^\s*(?:[!%]\s*(?:python3?\s+-m\s+)?(?:uv\s+)?|%%?\s*)(?:pip3?|conda|mamba)\s+install\s+(.*)$")
# Installed with pip on most machines; what is not here and not in the standard library may be a file beside the notebook.
_INSTALLED = frozenset(
    """numpy pandas scipy sklearn torch torchvision torchaudio matplotlib seaborn plotly tqdm requests yaml PIL cv2 joblib
    transformers datasets tokenizers accelerate huggingface_hub tensorflow keras jax flax optax xgboost lightgbm catboost
    statsmodels networkx nltk spacy gensim optuna hyperopt ray dask polars pyarrow duckdb sqlalchemy psutil IPython
    ipywidgets reprobook wandb mlflow tensorboard pytorch_lightning lightning timm einops umap imblearn skimage numba
    sympy bs4 lxml h5py zarr xarray altair bokeh cupy rapids shap lime torchmetrics ignite fastai gymnasium gym
    safetensors pydantic attr rich click papermill nbformat tabulate openpyxl pytest hypothesis threadpoolctl
    dateutil pytz tzlocal natsort diskcache cloudpickle evaluate peft bitsandbytes sentence_transformers google kaggle
    torch_geometric dgl mpl_toolkits pycuda skopt""".split()  # noqa: SIM905
)
_SETTINGS = re.compile(
    r"^(?:torch\.backends\.|matplotlib|pandas\.options|pandas\.set_option|sys\.|os\.environ|warnings\.|logging\.|IPython\.|plotly\.io"
    r"|seaborn|numpy\.random\.|tqdm|ssl\._create_default_https_context|PIL\.|transformers\.logging|datasets\.logging|cv2\."
    r"|torch\._dynamo|torch\.multiprocessing|socket\.|wandb|builtins\.display|reprobook)"
)


def find(report: Report) -> None:
    """Report shadowed imports, patched modules, local modules and installs without a version."""
    _tell_shadowing(report)
    _tell_patches(report)
    _tell_local(report)
    _tell_installs(report)


def _tell_shadowing(report: Report) -> None:
    """One name, imported from two places: which one holds depends on the order of the cells."""
    book = report.book
    stars: list[tuple[ast.ImportFrom, str]] = []
    for node in book.all(ast.ImportFrom):
        if any(alias.name == "*" for alias in node.names) and node.module:
            stars.append((node, node.module))
    taken = _comes_from_star(book)
    for node, module in stars:
        others = [other for _, other in stars if other != module]
        message = f"`from {module} import *` binds names that the cell does not show" + (f", as {others[0]} does" if others else "")
        fix = f"import the names that are used: from {module} import ..."
        report.add(node, "import_order.name_shadowing", message, fix, certain=bool(others) and taken, names=())
    for name, bindings in book.names.names.items():
        imports = [each for each in bindings if each.origin == "import"]
        others = {each.dotted for each in imports}
        if len(others) > 1 and not _same_thing(others) and not _is_alternative(book, [each.value for each in imports]):
            for each in imports[1:]:
                if each.value is not None and each.dotted != imports[0].dotted:
                    message = f"`{name}` is {imports[0].dotted} above, and {each.dotted} from here on"
                    report.add(each.value, "import_order.name_shadowing", message, "import one of them under another name", names=(name,))
        _tell_rebinding(report, name, bindings)


def _comes_from_star(book: Book) -> bool:
    """Tell whether some name is read that nothing else binds."""
    return any(
        book.scope(load).find(name, book.at(load)) is None and name not in _BUILTINS and name not in {"display", "get_ipython"}
        for name, loads in book.loads.items()
        for load in loads
    )


def _same_thing(dotted: set[str]) -> bool:
    """Tell whether two paths are one object: ``tqdm.tqdm`` and ``tqdm.auto.tqdm``."""
    return len({each.rpartition(".")[2] for each in dotted}) == 1 and len({each.partition(".")[0] for each in dotted}) == 1


def _is_alternative(book: Book, nodes: list[ast.AST | None]) -> bool:
    """Tell whether the imports are the two ways of one ``try``."""
    return any(isinstance(each, ast.Try) for node in nodes if node is not None for each in book.parents(node))


def _tell_rebinding(report: Report, name: str, bindings: list) -> None:  # type: ignore[type-arg]
    """An imported name that an assignment takes over, and that is called somewhere."""
    book = report.book
    imports = [each for each in bindings if each.origin == "import"]
    assigned = [each for each in bindings if each.origin in {"value", "element", "definition"}]
    if not imports or not assigned:
        return
    called = any(isinstance(parent := book.parent(load), ast.Attribute) or (isinstance(parent, ast.Call) and parent.func is load) for load in book.loads.get(name, ()))
    first = assigned[0]
    if called and first.value is not None:
        message = f"`{name}` is an import ({imports[0].dotted}) and is bound to something else here: cells run in another order get the other one"
        report.add(first.value, "import_order.name_shadowing", message, "use another name", certain=False, names=(name,))


def _tell_patches(report: Report) -> None:
    """``np.mean = my_mean``: every cell that runs later gets it."""
    book = report.book
    for target in book.all(ast.Attribute):
        if not isinstance(target.ctx, ast.Store):
            continue
        dotted, base = book.dotted(target), target.value
        while isinstance(base, ast.Attribute):
            base = base.value
        found = book.scope(base).find(base.id, book.at(base)) if isinstance(base, ast.Name) else None
        if found and found[0].origin == "import" and not _SETTINGS.match(dotted):
            message = f"`{book.text(target)}` is replaced for all code that runs after this cell"
            sure = _is_code(book, target)
            fix = "call the new function by its own name"
            report.add(target, "monkeypatch", message, fix, certain=sure, shown=sure)
        elif found and found[0].origin == "definition" and isinstance(found[0].value, ast.ClassDef) and found[0].at[0] != book.cell(target):
            message = f"`{book.text(target)}` changes a class of cell {found[0].at[0]} for all code that runs after"
            report.add(target, "monkeypatch", message, "define it in the class", certain=False)
    for call in book.all(ast.Call):
        dotted = book.dotted(call.func)
        if dotted == "setattr" and call.args and _is_import(book, call.args[0]):
            report.add(call, "monkeypatch", f"`{book.text(call)}` changes a module for all code that runs after", "call the new function by its own name")


def _is_code(book: Book, target: ast.Attribute) -> bool:
    """Tell whether what is put into a module is a function or class; a number or text is a setting."""
    statement = book.statement(target)
    value = statement.value if isinstance(statement, ast.Assign) else None
    dotted = book.dotted(value)
    if isinstance(value, ast.Lambda) or (dotted.startswith("@") and "(" not in dotted):
        return True
    known = isinstance(value, (ast.Name, ast.Attribute)) and "." in dotted and "(" not in dotted
    return known or "partial" in dotted or "mock" in dotted.lower()


def _is_import(book: Book, node: ast.expr) -> bool:
    base = node
    while isinstance(base, ast.Attribute):
        base = base.value
    found = book.scope(base).find(base.id, book.at(base)) if isinstance(base, ast.Name) else None
    return bool(found and found[0].origin == "import")


def _tell_local(report: Report) -> None:
    """Modules that may be files beside the notebook, and packages whose version decides."""
    book = report.book
    for node in (*book.all(ast.Import), *book.all(ast.ImportFrom)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        for name in names:
            root = name.partition(".")[0]
            if (isinstance(node, ast.ImportFrom) and node.level) or _is_unknown(root):
                message = f"`{name or '.'}` may be a file beside the notebook: an edit changes results, and a running kernel does not see it"
                report.add(node, "module_edited", message, "restart the kernel after an edit; the header keeps its digest", certain=False, shown=False)
    for call in book.all(ast.Call):
        dotted = book.dotted(call.func)
        root = dotted.partition(".")[0]
        if dotted == "importlib.reload":
            message = "a reloaded module is another one than the cells above have used"
            report.add(call, "module_edited", message, "restart the kernel instead", certain=False)
        elif _is_unknown(root):
            for cause, message, fix in (
                ("env_drift.package_version", f"`{dotted}` may do something else in another version of {root}", f"pin the version of {root}, and give its options explicitly"),
                ("module_edited", f"`{root}` may have been edited since it was imported", "restart the kernel after an edit"),
                ("import_path", f"which `{root}` is found depends on sys.path", "install the package"),
                ("stale_bytecode", f"`{root}` may be run from an old .pyc file", "delete __pycache__"),
            ):
                report.add(call, cause, message, fix, certain=False, shown=False)
        elif _is_package(book, call, root):
            message = f"`{dotted}` may do something else in another version of {root}"
            report.add(call, "env_drift.package_version", message, f"pin the version of {root}", certain=False, shown=False)


def _is_unknown(root: str) -> bool:
    return bool(root) and root.isidentifier() and root not in _INSTALLED and root not in sys.stdlib_module_names and not hasattr(__builtins__, root) and root not in _BUILTINS


_BUILTINS = frozenset(dir(__import__("builtins")))


def _is_package(book: Book, call: ast.Call, root: str) -> bool:
    del book, call
    return root in _INSTALLED


def _tell_installs(report: Report) -> None:
    """``!pip install x`` without a version."""
    for cell, source in enumerate(report.book.sources):
        for number, line in enumerate(source.splitlines(), start=1):
            found = _INSTALL.match(line)
            wanted = [word for word in (found[1].split() if found else []) if not word.startswith(("-", ">", "$", "{", ".", "/"))]
            loose = [word for word in wanted if "==" not in word and "@" not in word and not word.endswith((".txt", ".whl", ".yml", ".toml"))]
            if loose and "-r" not in (found[1].split() if found else []):
                message = f"`{' '.join(line.split())}` installs whatever is newest on that day"
                report.add_line(cell, number, "env_drift.package_version", message, f"pin it: {loose[0]}==<version>", certain=False)
            if re.match(r"^\s*%(?:load_ext|reload_ext)\s+autoreload", line):
                report.add_line(cell, number, "module_edited", "autoreload changes functions under objects that were made before", "restart the kernel after an edit", certain=False)
