"""REST of the jobs."""

from __future__ import annotations

from typing import Any

from tornado import web
from tornado.web import HTTPError

from reprobook.server.handler import Handler, allowed, places_of
from reprobook.server.jobs import Job, JobBook
from reprobook.server.places import store_of
from reprobook.server.requests import REQUEST


class JobsHandler(Handler):
    """The jobs of a notebook's store."""

    @web.authenticated
    @allowed("read")
    async def get(self) -> None:
        """List them, newest first."""
        store = self.store()
        await self.reply(lambda: {"jobs": [job.as_json() for job in JobBook(store).jobs()]})

    @web.authenticated
    @allowed("execute")
    async def post(self) -> None:
        """Start one."""
        request = self.body(REQUEST)
        places = places_of(self.settings)
        notebook = places.notebook(request.path)
        words = request.words(notebook, places)

        def start() -> dict[str, Any]:
            book = JobBook(store_of(notebook))
            job = book.start(words, action=request.action, notebook=request.path, folder=notebook.parent)
            return job.as_json()

        await self.reply(start, status=201)


class JobHandler(Handler):
    """One job."""

    @web.authenticated
    @allowed("read")
    async def get(self, job_id: str) -> None:
        """Return it."""
        store = self.store()
        await self.reply(lambda: _found(JobBook(store).job(job_id)))

    @web.authenticated
    @allowed("execute")
    async def delete(self, job_id: str) -> None:
        """Cancel it."""
        store = self.store()
        await self.reply(lambda: _found(JobBook(store).cancel(job_id)))


def _found(job: Job | None) -> dict[str, Any]:
    """Return a job as JSON.

    Raises:
        HTTPError: 404 if there is none.
    """
    if job is None:
        raise HTTPError(404, "no such job")
    return job.as_json()
