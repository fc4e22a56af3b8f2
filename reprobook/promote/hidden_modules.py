"""What a script needs and no line of it imports: libraries that others import when they write or read a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePath

from reprobook.dataset.kept import kept_data
from reprobook.promote.distributions import is_recorded
from reprobook.promote.recipe import Recipe

# By suffix, those that reprobook (safetensors) or pandas import for it; any one of them will do.
_BY_SUFFIX: Mapping[str, tuple[str, ...]] = {
    ".safetensors": ("safetensors",),
    ".parquet": ("pyarrow", "fastparquet"),
    ".feather": ("pyarrow",),
    ".orc": ("pyarrow",),
    ".xlsx": ("openpyxl",),
    ".xls": ("xlrd",),
    ".ods": ("odf",),
    ".hdf": ("tables",),
}
# By scheme of the address of a declared data set, those that ``rb.data`` imports to fetch it.
_BY_SCHEME: Mapping[str, tuple[str, ...]] = {"http": ("fsspec", "aiohttp"), "https": ("fsspec", "aiohttp")}


def hidden_modules(recipe: Recipe, kept: Collection[int]) -> tuple[str, ...]:
    """Return the modules that the run had, and that what it saved, wrote, read and fetched in these cells takes."""
    environment = recipe.header.environment
    installed = [each.name for each in environment.distributions] if environment else []
    found = {
        module: None
        for suffix in sorted({PurePath(path).suffix for path in _files(recipe, kept)})
        for module in [one for one in _BY_SUFFIX.get(suffix, ()) if is_recorded(one, installed)][:1]
    }
    fetching = [module for scheme in _schemes(recipe) for module in _BY_SCHEME.get(scheme, ("fsspec",))]
    return (*found, *(module for module in dict.fromkeys(fetching) if is_recorded(module, installed)))


def artifacts(recipe: Recipe) -> tuple[str, ...]:
    """Return the files of what the run saved with ``rb.save``, by path below the folder of artifacts."""
    folder = recipe.folder.artifacts
    return tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()))


def _files(recipe: Recipe, kept: Collection[int]) -> Iterable[str]:
    cells = [cell for cell in recipe.trace.cells if cell.index in kept]
    return [*artifacts(recipe), *(path for cell in cells for path in (*cell.files_read, *cell.files_written))]


def _schemes(recipe: Recipe) -> list[str]:
    """Return how the data sets of ``rb.data`` were fetched; nothing for files of this machine."""
    sources = [found.source for found in kept_data(recipe.folder.path).values()]
    return sorted({source.partition("://")[0] for source in sources if "://" in source})
