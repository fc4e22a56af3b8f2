"""A run as a Workflow Run RO-Crate: written for others to read, and read from others without trust."""

from reprobook.crate.exchange import Exported, export_run, import_run

__all__ = ["Exported", "export_run", "import_run"]
