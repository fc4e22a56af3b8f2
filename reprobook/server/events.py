"""Live events: pushed to the clients of a store over one WebSocket each; the client never polls."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from reprobook.errors import ReprobookError
from reprobook.runs import Store
from reprobook.server.handler import allowed, places_of
from reprobook.server.places import store_of
from reprobook.server.watch import StoreWatch

_SECONDS = 0.5
_MOST_CLIENTS = 100


class EventsHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One client, told what happens in the store of a notebook."""

    auth_resource = "reprobook"

    @ws_authenticated
    @allowed("read")
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Find the store, then become a WebSocket.

        Raises:
            HTTPError: If there is no such notebook.
        """
        self._store = store_of(places_of(self.settings).notebook(self.get_query_argument("path", "")))
        if sum(map(len, _clients.values())) >= _MOST_CLIENTS:
            raise HTTPError(400, "too many clients")
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Join those who are told of the store."""
        super().open(*args, **kwargs)
        _join(self._store, self)

    def on_message(self, message: str | bytes) -> None:
        """Take no orders: what changes anything is REST, where XSRF is checked."""

    def on_close(self) -> None:
        """Leave."""
        _clients.get(self._store.root, set()).discard(self)
        super().on_close()


_clients: dict[Path, set[EventsHandler]] = {}
_tasks: dict[Path, asyncio.Task[None]] = {}


def _join(store: Store, client: EventsHandler) -> None:
    """Add a client; the first of a store starts its watch."""
    _clients.setdefault(store.root, set()).add(client)
    if store.root not in _tasks or _tasks[store.root].done():
        _tasks[store.root] = asyncio.get_running_loop().create_task(_watch(store))


async def _watch(store: Store) -> None:
    """Look at a store as long as it has clients.

    A client is told ``ready`` once it would be told of all that happens from then on: then it asks how things are.
    """
    clients = _clients[store.root]
    watch: StoreWatch | None = None
    greeted: set[EventsHandler] = set()
    while clients:
        try:
            watch, events = await asyncio.to_thread(_look, watch, store)
        except (OSError, ReprobookError):
            events = []  # a store in the middle of being moved or mended: the next look sees it
        new, greeted = clients - greeted, set(clients)
        for client in new:
            await _send(client, {"type": "ready"})
        for event in events:
            for client in list(clients):
                await _send(client, event)
        await asyncio.sleep(_SECONDS)


def _look(watch: StoreWatch | None, store: Store) -> tuple[StoreWatch, list[dict[str, Any]]]:
    """Look for the first time, or again."""
    return (StoreWatch(store), []) if watch is None else (watch, watch.look())


async def _send(client: EventsHandler, event: dict[str, Any]) -> None:
    """Tell one client; one that has gone is told nothing."""
    try:
        await client.write_message(json.dumps(event, allow_nan=False))
    except WebSocketClosedError:
        client.on_close()
