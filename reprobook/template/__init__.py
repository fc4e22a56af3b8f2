"""Templates: notebooks to begin from, each with its README, data card and test."""

from reprobook.template.model import Template
from reprobook.template.new import NewNotebook, new_notebook
from reprobook.template.shelf import find_template, shelf, templates

__all__ = ["NewNotebook", "Template", "find_template", "new_notebook", "shelf", "templates"]
