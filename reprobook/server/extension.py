"""Where the extension meets Jupyter Server: its routes, and the end of its watchers."""

from __future__ import annotations

from typing import Any

from jupyter_server.utils import url_path_join

from reprobook.server.events import EventsHandler
from reprobook.server.job_handlers import JobHandler, JobsHandler
from reprobook.server.notebook_handlers import FixHandler, NotebookHandler, RestoreHandler
from reprobook.server.run_handlers import CompareHandler, ExecutedHandler, RunHandler, RunsHandler, SeriesHandler
from reprobook.server.template_handlers import TemplatesHandler

# An id is checked again before it becomes a path; what does not look like one is no route at all.
_ID = r"([a-z0-9][a-z0-9-]{5,63})"
ROUTES: tuple[tuple[str, type[Any]], ...] = (
    ("notebook", NotebookHandler),
    ("fix", FixHandler),
    ("restore", RestoreHandler),
    ("runs", RunsHandler),
    ("series", SeriesHandler),
    ("compare", CompareHandler),
    (f"runs/{_ID}", RunHandler),
    (f"runs/{_ID}/executed", ExecutedHandler),
    ("jobs", JobsHandler),
    (f"jobs/{_ID}", JobHandler),
    ("templates", TemplatesHandler),
    ("events", EventsHandler),
)


def _load_jupyter_server_extension(app: Any) -> None:
    """Add the routes to a running server."""
    base = app.web_app.settings["base_url"]
    app.web_app.add_handlers(".*$", [(url_path_join(base, "reprobook", route), handler) for route, handler in ROUTES])
