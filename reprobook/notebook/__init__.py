"""The notebook: a frozen model, a strict reader, and what it asks of reprobook."""

from reprobook.notebook.directive import INIT_OPTIONS, InitOptions, init_directive, parse_init
from reprobook.notebook.model import Cell, Notebook
from reprobook.notebook.read import read_notebook

__all__ = ["INIT_OPTIONS", "Cell", "InitOptions", "Notebook", "init_directive", "parse_init", "read_notebook"]
