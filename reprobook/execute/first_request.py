"""The first thing that is said to a kernel, which may still be starting, and what it answers."""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

from zmq import RECONNECT_IVL

# Of a connection that is refused: a kernel that is not there yet is looked for again at once, and not after 100 ms.
_RETRY_MS = 5
_LOOK_S = 0.5
_LISTEN_S = 0.1


class FirstRequest:
    """Code that is sent to a kernel, silently, before anything else.

    Attributes:
        client: jupyter_client's asynchronous client, its channels started.
    """

    def __init__(self, client: Any, message: str) -> None:
        self.client = client
        self._message = message

    @classmethod
    async def send(cls, manager: Any, code: str) -> FirstRequest:
        """Connect to the kernel of a manager and send it code that leaves no trace in the notebook."""
        client = manager.client()
        client.context.setsockopt(RECONNECT_IVL, _RETRY_MS)
        client.start_channels()
        client.allow_stdin = False
        return cls(client, client.execute(code, silent=True, store_history=False, allow_stdin=False))

    async def reply(self, patience_s: float) -> dict[str, Any]:
        """Return the content of the reply.

        The reply is there, and what the kernel publishes from then on arrives here: ZeroMQ drops what is published
        before a subscription has reached the publisher.

        Args:
            patience_s: Seconds in which the kernel must show that it is there.

        Raises:
            RuntimeError: If it dies, or does not show.
        """
        client = self.client
        last = time.monotonic() + patience_s
        reply, heard = None, False
        while reply is None or not heard:
            message = await _next(client.shell_channel, 0 if reply else _LOOK_S)
            if message is not None and message["parent_header"].get("msg_id") == self._message:
                reply = message["content"]
            heard = heard or await _next(client.iopub_channel, _LISTEN_S if reply else 0) is not None
            if reply is not None and not heard:
                client.kernel_info()  # for it to publish that it is busy
            if not await client.is_alive():
                msg = "Kernel died before it answered"
                raise RuntimeError(msg)
            if not heard and time.monotonic() > last:
                msg = f"Kernel didn't respond in {patience_s:.0f} seconds"
                raise RuntimeError(msg)
        return dict(reply)


async def _next(channel: Any, seconds: float) -> Any:
    """Return the next message of a channel, None if there is none in this time."""
    try:
        return await channel.get_msg(timeout=seconds)
    except Empty:
        return None
