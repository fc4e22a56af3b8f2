"""Where a run's time and memory went, as people read it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from reprobook.cli.console import cell_text, table
from reprobook.cli.messages import plain
from reprobook.profile import CellProfile, Profile

_MEGA = 1 << 20


def show_profile(out: Console, profile: Profile) -> None:
    """Show a row for each cell that took time, and what holds the run up."""
    has_gpu = any(each.torch and each.torch.gpu_peak is not None for each in profile.cells)
    gpu = ("GPU busy", "GPU peak") if has_gpu else ()
    names = ("seconds", "processors", "peak memory", "loading data", *gpu)
    rows = table("cell", *names, "bound by", right=names)
    for each in profile.cells:
        rows.add_row("" if each.cell is None else str(each.cell), *_row(each, profile, has_gpu=has_gpu))
    out.print(rows)
    if verdict := profile.verdict:
        out.print(Text.assemble((f"{verdict.bound}-bound", "bold"), f": cell {verdict.cell}: {plain(verdict.reason)}"))
        out.print(cell_text(f"turn: {verdict.knob}", "cyan"))
    for note in profile.notes:
        out.print(cell_text(f"note: {note}", "dim"))


def _row(each: CellProfile, profile: Profile, *, has_gpu: bool) -> list[Text]:
    """Return the figures of one cell."""
    use = each.torch
    seconds = use.seconds if use and use.seconds > 0 else None
    texts = [
        f"{each.seconds:.2f}",
        f"{each.cores:.1f} of {profile.cpus}",
        f"{each.peak / _MEGA:.0f} MB",
        f"{use.data_s / seconds:.0%}" if use and seconds and use.workers is not None else "",
    ]
    if has_gpu:
        texts.append(f"{use.gpu_s / seconds:.0%}" if use and seconds else "")
        texts.append(f"{use.gpu_peak / _MEGA:.0f} MB" if use and use.gpu_peak is not None else "")
    texts.append(each.verdict.bound if each.verdict else "")
    return [cell_text(text) for text in texts]
