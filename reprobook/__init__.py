"""Reproducible training runs as the default way to work in a Jupyter notebook."""
