"""The Jupyter Server extension: runs, headers, jobs and live events for the front end in JupyterLab."""

from reprobook.server.extension import _load_jupyter_server_extension

__all__ = ["_load_jupyter_server_extension"]
