"""What calls read and write which files, as far as their paths stand in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword

READERS = frozenset(
    """read_csv read_table read_parquet read_json read_excel read_pickle read_feather read_hdf read_fwf read_html
    read_xml read_orc read_stata load loadtxt genfromtxt fromfile memmap load_file read_text read_bytes imread
    read_image load_npz loadmat load_dataset scan_csv scan_parquet read_ipc read_avro""".split()  # noqa: SIM905
)
WRITERS = frozenset(
    """save savez savez_compressed savetxt dump to_csv to_parquet to_json to_excel to_pickle to_feather to_hdf tofile
    write_text write_bytes save_file imwrite imsave save_npz savemat write_csv write_parquet save_pretrained
    save_model""".split()  # noqa: SIM905
)
EXISTENCE = frozenset({"os.path.exists", "os.path.isfile", "os.path.isdir", "os.path.getsize", "os.access", "os.stat"})
_EXISTS_METHODS = frozenset({"exists", "is_file", "is_dir", "stat"})
_LIBRARIES_THAT_LOAD = ("sklearn.datasets.load_", "seaborn.load_dataset", "json.loads")


def path_of(book: Book, node: ast.expr | None, depth: int = 5) -> str:
    """Return a text that is equal for equal paths: the constant, else the expression; empty if none is given."""
    if node is None or depth == 0:
        return ""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else ""
    if isinstance(node, ast.Name):
        found = book.scope(node).find(node.id, book.at(node))
        if found and found[0].origin == "value" and found[0].value is not None and isinstance(found[0].value, ast.expr):
            return path_of(book, found[0].value, depth - 1) or node.id
        return node.id
    if isinstance(node, ast.Call) and book.dotted(node.func) in {
        "pathlib.Path",
        "str",
        "os.path.join",
        "os.fspath",
        "open",
    }:
        return "/".join(
            path_of(book, each, depth - 1) for each in node.args[: 1 if book.dotted(node.func) == "open" else None]
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return f"{path_of(book, node.left, depth - 1)}/{path_of(book, node.right, depth - 1)}"
    return ast.unparse(node)


def reads(book: Book) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls that read a file, with its path."""
    for call in book.all(ast.Call):
        dotted = book.dotted(call.func)
        name = call.func.attr if isinstance(call.func, ast.Attribute) else dotted.rpartition(".")[2]
        if dotted.startswith(_LIBRARIES_THAT_LOAD):
            continue
        if is_open(book, call):
            if not set(mode(book, call)) & set("wax"):
                yield call, path_of(book, opened(book, call))
        elif name in READERS:
            yield call, path_of(book, file_argument(book, call, name))


def writes(book: Book) -> Iterator[tuple[ast.Call, str, bool]]:
    """Yield the calls that write a file, with its path, and whether they append to it."""
    for call in book.all(ast.Call):
        dotted = book.dotted(call.func)
        name = call.func.attr if isinstance(call.func, ast.Attribute) else dotted.rpartition(".")[2]
        if is_open(book, call):
            letters = set(mode(book, call))
            if letters & set("wax"):
                yield call, path_of(book, opened(book, call)), "a" in letters
        elif name in WRITERS:
            word = keyword(call, "mode") or keyword(call, "if_exists")
            appends = isinstance(word, ast.Constant) and word.value in {"a", "append", "ab", "a+"}
            yield call, path_of(book, file_argument(book, call, name)), appends
        elif name == "to_sql":
            word = keyword(call, "if_exists")
            yield (
                call,
                path_of(book, call.args[0] if call.args else None),
                isinstance(word, ast.Constant) and word.value == "append",
            )


def is_open(book: Book, call: ast.Call) -> bool:
    """Tell whether a call is ``open(...)`` or ``Path(...).open(...)``."""
    dotted = book.dotted(call.func)
    return dotted in {"open", "gzip.open", "bz2.open", "lzma.open", "io.open", "codecs.open"} or dotted.endswith(
        "Path().open"
    )


def opened(book: Book, call: ast.Call) -> ast.expr | None:
    """Return the path that an ``open`` opens."""
    if book.dotted(call.func).endswith("Path().open") and isinstance(call.func, ast.Attribute):
        return call.func.value
    return call.args[0] if call.args else keyword(call, "file")


def mode(book: Book, call: ast.Call) -> str:
    """Return the mode that a file is opened in."""
    at = 0 if book.dotted(call.func).endswith("Path().open") else 1
    found = call.args[at] if len(call.args) > at else keyword(call, "mode")
    return str(found.value) if isinstance(found, ast.Constant) else "r"


def file_argument(book: Book, call: ast.Call, name: str) -> ast.expr | None:
    """Return the argument that names the file: of ``torch.save`` and ``dump`` the second."""
    dotted = book.dotted(call.func)
    if name in {"write_text", "write_bytes", "read_text", "read_bytes"} and isinstance(call.func, ast.Attribute):
        return call.func.value
    if (dotted == "torch.save" or name in {"dump", "save_file"}) and len(call.args) > 1:
        return call.args[1]
    return call.args[0] if call.args else None


def existence(book: Book, test: ast.AST) -> list[str]:
    """Return the paths whose existence a test asks for."""
    found: list[str] = []
    for each in ast.walk(test):
        if not isinstance(each, ast.Call):
            continue
        dotted = book.dotted(each.func)
        if dotted in EXISTENCE:
            found.append(path_of(book, each.args[0] if each.args else None))
        elif isinstance(each.func, ast.Attribute) and each.func.attr in _EXISTS_METHODS and not each.args:
            found.append(path_of(book, each.func.value))
    return found
