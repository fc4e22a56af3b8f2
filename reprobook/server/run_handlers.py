"""REST of the runs."""

from __future__ import annotations

import json
from typing import Any

from tornado import web
from tornado.web import HTTPError

from reprobook.comparison import CompareOptions, assess, select
from reprobook.errors import InputError, IntegrityError
from reprobook.runs import Query, RunFolder, Side, Store, diff, series
from reprobook.runs.deletion import delete_runs, doomed
from reprobook.runs.files import read_bytes
from reprobook.runs.ids import is_id
from reprobook.runs.model import json_number
from reprobook.runs.where import parse_where
from reprobook.server.handler import Handler, allowed
from reprobook.server.places import run_of, store_of
from reprobook.server.rows import header_of, row
from reprobook.verify.kept import kept_verification
from reprobook.verify.recorded import runs_of_notebook
from reprobook.verify.subject import run_subject

_MOST_ROWS = 1000
_MOST_RUNS = 10**9
_MOST_COMPARED = 20
_MOST_SERIES = 200
_POINTS = 60


class RunsHandler(Handler):
    """The runs of a notebook, or of its whole store."""

    @web.authenticated
    @allowed("read")
    async def get(self) -> None:
        """Return one page of them."""
        notebook = self.notebook()
        where, sort = self.argument("where", ""), self.argument("sort", "")
        limit = self.number("limit", 200, _MOST_ROWS)
        offset = self.number("offset", 0, _MOST_RUNS)
        everything = self.argument("scope", "notebook") == "store"

        def page() -> dict[str, Any]:
            store = store_of(notebook)
            if where.strip():
                parse_where(where, str)  # alone first: what is wrong is told in the user's own words
            conditions = [] if everything else [f"{runs_of_notebook(notebook, store)} and kind != 'replay'"]
            conditions += [f"({where})"] if where.strip() else []
            query = Query(" and ".join(conditions) or None, sort or "-sequence", limit)
            total, records = store.page(query, offset)
            return {"total": total, "offset": offset, "runs": [row(record, store) for record in records]}

        await self.reply(page)


class RunHandler(Handler):
    """One run."""

    @web.authenticated
    @allowed("read")
    async def get(self, run_id: str) -> None:
        """Return its record, header, artifacts and last verification."""
        store = self.store()
        await self.reply(lambda: _everything(run_of(store, run_id), store))

    @web.authenticated
    @allowed("write")
    async def delete(self, run_id: str) -> None:
        """Remove it with all that only it needed: files, replays, blobs."""
        store = self.store()

        def delete() -> dict[str, Any]:
            going = doomed(store, [run_of(store, run_id)])
            return {"deleted": [each.run.run_id for each in going], "freed": delete_runs(store, going)}

        await self.reply(delete)


class ExecutedHandler(Handler):
    """The executed notebook of a run."""

    @web.authenticated
    @allowed("read")
    async def get(self, run_id: str) -> None:
        """Return it as JSON; the client shows it as untrusted."""
        store = self.store()

        def executed() -> Any:
            run = run_of(store, run_id)
            if not run.executed.exists():
                raise HTTPError(404, f"run {run_id} has no executed notebook")
            return json.loads(read_bytes(run.executed, run.place(run.executed)))

        await self.reply(executed)


class SeriesHandler(Handler):
    """The course of one metric in several runs."""

    @web.authenticated
    @allowed("read")
    async def get(self) -> None:
        """Return it by run."""
        store, metric = self.store(), self.argument("metric")
        ids = self.ids(_MOST_SERIES)
        await self.reply(lambda: {run_id: series(run_of(store, run_id), metric, _POINTS) for run_id in ids})

    def ids(self, most: int) -> list[str]:
        """Return the run ids that ``runs`` names.

        Raises:
            HTTPError: 400 if one is none, or there are too many.
        """
        ids = list(dict.fromkeys(self.argument("runs").split(",")))
        if len(ids) > most or not all(map(is_id, ids)):
            raise HTTPError(400, f"runs names up to {most} run ids, with commas between them")
        return ids


class CompareHandler(SeriesHandler):
    """Two or more runs beside each other."""

    @web.authenticated
    @allowed("read")
    async def get(self) -> None:
        """Return every fact that is not the same in all of them, and what the metric proves."""
        store, ids, metric = self.store(), self.ids(_MOST_COMPARED), self.argument("metric", "")

        def compared() -> dict[str, Any]:
            facts = _comparison([run_of(store, run_id) for run_id in ids])
            return {**facts, "sentences": _sentences(store, ids, metric)}

        await self.reply(compared)


def _everything(run: RunFolder, store: Store) -> dict[str, Any]:
    """Return all that is known of a run; one that was edited is shown with what is wrong."""
    problem = ""
    artifacts: tuple[str, ...] = ()
    try:
        artifacts = run_subject(run).artifacts
    except IntegrityError as error:
        problem = str(error)
    header, verification = header_of(run), kept_verification(run)
    return {
        "run": row(run.read_record(), store),
        "header": header.model_dump(mode="json") if header else None,
        "artifacts": list(artifacts),
        "verification": verification.model_dump(mode="json") if verification else None,
        "problem": problem,
    }


def _comparison(runs: list[RunFolder]) -> dict[str, Any]:
    """Return the facts that differ, each with its value in every run."""
    sides = [Side(run.read_record(), header_of(run)) for run in runs]
    values: dict[tuple[str, str], list[Any]] = {}
    for place, side in enumerate(sides[1:], start=1):
        for each in diff(sides[0], side):
            known = values.setdefault((each.section, each.key), [each.a] * len(sides))
            known[place] = each.b
    facts = [
        {"section": section, "key": key, "values": [_shown(value) for value in row]}
        for (section, key), row in values.items()
    ]
    return {"runs": [run.run_id for run in runs], "facts": facts}


def _sentences(store: Store, ids: list[str], metric: str) -> list[str]:
    """Say whether the runs differ in a metric by more than the noise of their seeds, or why that cannot be said."""
    if not metric:
        return []
    try:
        report = assess(select(store, ids), CompareOptions(metric=metric))
    except InputError as error:
        return [f"{error}. {error.hint}".strip()]
    return [*report.sentences, *report.notes]


def _shown(value: Any) -> str | None:
    """Return a fact as text."""
    if value is None:
        return None
    return str(json_number(value)) if isinstance(value, float) else str(value)
