"""The notebook: a frozen model, and a strict reader."""

from reprobook.notebook.model import Cell, Notebook
from reprobook.notebook.read import read_notebook

__all__ = ["Cell", "Notebook", "read_notebook"]
