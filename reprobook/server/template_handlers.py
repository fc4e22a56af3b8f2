"""REST of the templates: what there is to begin from, and a new notebook from one, as `reprobook new` writes it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from tornado import web
from tornado.web import HTTPError

from reprobook.server.handler import Handler, allowed, places_of
from reprobook.template import find_template, new_notebook, templates


class NewRequest(BaseModel):
    """A template, and what the notebook and its new folder are called; ``folder`` is where, empty for the root."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    template: Annotated[str, Field(max_length=200)]
    folder: Annotated[str, Field(max_length=4096)]
    name: Annotated[str, Field(pattern=r"^\w([\w .-]{0,98}[\w-])?$")]


_REQUEST = TypeAdapter(NewRequest)


class TemplatesHandler(Handler):
    """The templates."""

    @web.authenticated
    @allowed("read")
    async def get(self) -> None:
        """List them."""
        await self.reply(lambda: {"templates": [each.as_json() for each in templates()]})

    @web.authenticated
    @allowed("write")
    async def post(self) -> None:
        """Begin a notebook in a new folder.

        Raises:
            HTTPError: 404 if there is no folder to put it into.
        """
        request = self.body(_REQUEST)
        places = places_of(self.settings)
        within = f"{request.folder}/" if request.folder else ""
        notebook = places.inside(f"{within}{request.name}/{request.name}.ipynb")
        if not notebook.parent.parent.is_dir():
            raise HTTPError(404, "there is no such folder")

        def begin() -> dict[str, Any]:
            made = new_notebook(find_template(request.template), notebook)
            return {"notebook": places.relative(made.notebook), "files": [places.relative(each) for each in made.files]}

        await self.reply(begin, status=201)
