"""The figure class. Importing this module imports matplotlib."""

from __future__ import annotations

from matplotlib.figure import Figure

from reprobook.sweep.figures.svg import figure_svg


class Drawn(Figure):
    """A figure that a notebook shows as it is: a plain one appears only where pyplot was imported before."""

    def _repr_html_(self) -> str:
        return figure_svg(self, "figure")
