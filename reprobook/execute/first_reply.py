"""The first thing that is said to a kernel, and what it answers."""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

_LOOK_S = 0.5
_LISTEN_S = 0.1


async def first_reply(client: Any, code: str, patience_s: float) -> dict[str, Any]:
    """Run code in a kernel that may still be starting, silently; return the content of its reply.

    The reply is there, and what the kernel publishes from then on arrives here: ZeroMQ drops what is published before
    a subscription has reached the publisher.

    Args:
        client: jupyter_client's asynchronous client, its channels started.
        code: Code that leaves no trace in the notebook.
        patience_s: Seconds in which the kernel must show that it is there.

    Raises:
        RuntimeError: If it dies, or does not show.
    """
    request = client.execute(code, silent=True, store_history=False, allow_stdin=False)
    last = time.monotonic() + patience_s
    reply, heard = None, False
    while reply is None or not heard:
        message = await _next(client.shell_channel, 0 if reply else _LOOK_S)
        if message is not None and message["parent_header"].get("msg_id") == request:
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
