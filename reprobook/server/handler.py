"""What all handlers share: who may ask, what a request may hold, and how errors are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from pydantic import TypeAdapter, ValidationError
from tornado import web
from tornado.web import HTTPError

from reprobook.errors import InputError, IntegrityError, ReprobookError
from reprobook.runs import Store
from reprobook.server.places import Places, store_of

Model = TypeVar("Model")
Method = TypeVar("Method", bound=Callable[..., Any])
_LARGEST_BODY = 1 << 18
_LONGEST_ARGUMENT = 4096
_STATUS: tuple[tuple[type[ReprobookError], int], ...] = ((InputError, 400), (IntegrityError, 409))


def allowed(action: str) -> Callable[[Method], Method]:
    """Return the decorator that lets in who may ``read``, ``write`` or ``execute``; Jupyter's own is untyped."""
    return cast("Callable[[Method], Method]", authorized(action=action))


def places_of(settings: dict[str, Any]) -> Places:
    """Return the places of a server.

    Raises:
        HTTPError: If the server's contents are no folder.
    """
    contents = settings["contents_manager"]
    root = getattr(contents, "root_dir", "")
    if not root:
        raise HTTPError(501, "the notebooks of this server are in no folder; reprobook works on files")
    return Places(Path(root), allow_hidden=bool(contents.allow_hidden))


class Handler(APIHandler):
    """A handler of this extension; every method of one is authenticated and authorised."""

    auth_resource = "reprobook"

    @web.authenticated
    def options(self, *_: Any, **__: Any) -> None:  # type: ignore[override]  # the decorator says what it may return
        """Answer nothing: other origins have no business here."""
        self.finish()

    def notebook(self) -> Path:
        """Return the notebook that ``path`` names."""
        return places_of(self.settings).notebook(self.argument("path"))

    def store(self) -> Store:
        """Return the store of that notebook."""
        return store_of(self.notebook())

    def argument(self, name: str, default: str | None = None) -> str:
        """Return an argument of the URL.

        Raises:
            HTTPError: 400 if it is missing or too long.
        """
        value = self.get_query_argument(name, default)
        if value is None or len(value) > _LONGEST_ARGUMENT:
            raise HTTPError(400, f"the argument {name!r} is missing or too long")
        return value

    def number(self, name: str, default: int, most: int) -> int:
        """Return an argument as an integer between 0 and ``most``.

        Raises:
            HTTPError: 400 if it is none.
        """
        text = self.argument(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
            raise HTTPError(400, f"{name} is an integer from 0 to {most}")
        return int(text)

    def body(self, model: TypeAdapter[Model]) -> Model:
        """Return the body, checked.

        Raises:
            HTTPError: 400 if it is no JSON of that form, or too large.
        """
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip()
        if kind != "application/json" or len(self.request.body) > _LARGEST_BODY:
            raise HTTPError(400, "the body must be JSON (Content-Type: application/json) of at most 256 KiB")
        try:
            return model.validate_json(self.request.body)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise HTTPError(400, f"{place}: {first['msg']}") from error

    async def reply(self, work: Callable[[], Any], *, status: int = 200) -> None:
        """Do the work in a thread and answer with what it returns, or with the error that it raises on purpose."""
        try:
            document = await asyncio.get_running_loop().run_in_executor(None, work)
        except ReprobookError as error:
            status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
            document = {"message": str(error), "hint": error.hint}
        self.set_status(status)
        self.finish(json.dumps(document, allow_nan=False))
