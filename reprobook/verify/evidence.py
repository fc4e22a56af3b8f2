"""Evidence in plain words: what a differing cell wrote, read and opened in both runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reprobook.runs import Difference
from reprobook.trace import MISSING, CellTrace, ValueDigest
from reprobook.verify.model import Divergence, ValueChange
from reprobook.verify.pair import Pair

_MOST = 4
_SHORT_DIGEST = 8
# Git and the results differ between any two runs of a living project; they explain nothing.
_TELLING = frozenset({"code", "environment", "data", "hardware", "seeds"})


def of_cell(pair: Pair, strange: Iterable[str], sinks: Iterable[str]) -> str:
    """Return the evidence of a cell that ran in both, the most telling first."""
    return "; ".join(_sentences(pair, sorted(strange), list(sinks)))


def _sentences(pair: Pair, strange: list[str], sinks: list[str]) -> Iterator[str]:
    """Yield what differs, one clause each."""
    a, b = pair.original, pair.replay
    if a.source_digest != b.source_digest:
        yield "the cell's source was edited after it had run"
    if strange:
        yield f"differed before the cell although no earlier cell changed it: {_values(strange, a.reads, b.reads)}"
    if written := sorted(pair.writes - set(strange)):
        yield f"written: {_values(written, a.writes, b.writes)}"
    if pair.ended:
        yield f"it {_ending(a)} in the original and {_ending(b)} in the replay"
    yield from _files(a.files_read, b.files_read)
    if pair.rng:
        yield f"random numbers were drawn otherwise from: {', '.join(sorted(pair.rng))}"
    elif moved := pair.unlike_draws:
        yield f"it drew from generators that did not stand alike before it: {', '.join(sorted(moved))}"
    if pair.outputs:
        yield "its output differs"
    if sinks:
        yield f"results that differ: {_listed(sinks)}"


def changes(
    names: Iterable[str], a: Mapping[str, ValueDigest], b: Mapping[str, ValueDigest]
) -> tuple[ValueChange, ...]:
    """Return both sides of each name."""
    return tuple(ValueChange(name=name, original=_side(a.get(name)), replay=_side(b.get(name))) for name in names)


def _values(names: Iterable[str], a: Mapping[str, ValueDigest], b: Mapping[str, ValueDigest]) -> str:
    """Return names, with both sides of those whose kind or shape differs; ``changes`` has the digests."""
    texts = []
    for name in names:
        before, after = _shape(a.get(name)), _shape(b.get(name))
        texts.append(name if before == after else f"{name} ({before} → {after})")
    return _listed(texts)


def _side(value: ValueDigest | None) -> str:
    """Return one side of a value: its summary, and its digest where the summary alone might look the same."""
    return _shape(value) if value is None else f"{_shape(value)} #{value.digest[:_SHORT_DIGEST]}"


def _shape(value: ValueDigest | None) -> str:
    """Return the summary of one side."""
    return "absent" if value is None else value.summary or value.kind


def _listed(texts: list[str]) -> str:
    """Join the first few of many."""
    more = len(texts) - _MOST
    return ", ".join(texts[:_MOST]) + (f" and {more} more" if more > 0 else "")


def _ending(cell: CellTrace) -> str:
    """Return how a cell ended."""
    return f"failed with {cell.error.ename}" if cell.error else "succeeded"


def _files(a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[str]:
    """Yield the files that were read with another content, or by one side only."""
    changed = [path for path in sorted(a.keys() | b.keys()) if a.get(path) != b.get(path)]
    if changed:
        yield "files read: " + _listed([f"{path} ({_file(a.get(path))} → {_file(b.get(path))})" for path in changed])


def _file(digest: str | None) -> str:
    """Return one side of a file."""
    if digest is None:
        return "not read"
    return MISSING if digest == MISSING else f"sha256 {digest[:_SHORT_DIGEST]}"


def missing_cell(cell: CellTrace) -> Divergence:
    """Describe a cell that the replay did not come to."""
    text = "the cell ran in the original and not in the replay"
    return Divergence(cell=cell.index, cell_id=cell.cell_id, names=tuple(sorted(cell.writes)), evidence=text)


def of_sinks(cell: int | None, cell_id: str | None, names: tuple[str, ...]) -> Divergence:
    """Describe results that differ where nothing else of their cell does."""
    text = f"results that differ: {_listed(list(names))}"
    return Divergence(cell=cell, cell_id=cell_id, names=names, evidence=text)


def of_headers(differences: Iterable[Difference]) -> tuple[str, ...]:
    """Return the differences of two headers that can explain a divergence, one line each."""
    return tuple(
        f"{each.section}: {each.key} {_plain(each.a)} → {_plain(each.b)}"
        for each in differences
        if each.section in _TELLING and not each.key.startswith("git.")
    )


def _plain(value: object) -> str:
    """Return a fact of a header; digests are cut short."""
    text = "none" if value is None else str(value)
    return text[:_SHORT_DIGEST] if len(text) == 64 and text.isalnum() else text  # noqa: PLR2004  # SHA-256
