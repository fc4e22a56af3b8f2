"""Messages between a requester and a warm server: JSON behind its length, and a body of bytes where there is one."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Sequence
from json import dumps, loads  # by name: a cell may replace json.dumps, and a fork reports while cells run
from typing import Any

Message = dict[str, Any]
_HEAD = struct.Struct("!II")
_MOST_DESCRIPTORS = 8


def send(connection: socket.socket, message: Message, body: bytes = b"", descriptors: Sequence[int] = ()) -> None:
    """Send one message, and copies of descriptors.

    Raises:
        OSError: If the other side is gone.
    """
    data = packed(message, body)
    sent = socket.send_fds(connection, [data[:1]], descriptors) if descriptors else 0
    connection.sendall(data[sent:])


def packed(message: Message, body: bytes = b"") -> bytes:
    """Return a message as it travels."""
    text = dumps(message).encode()
    return _HEAD.pack(len(text), len(body)) + text + body


def receive(connection: socket.socket) -> tuple[Message, bytes, list[int]]:
    """Wait for one message; returns it with its body and the descriptors that came along.

    Raises:
        EOFError: If the other side is gone.
        OSError: If the connection failed.
    """
    # Descriptors that a program started by a cell is not to inherit.
    first, descriptors, _, _ = socket.recv_fds(connection, 1, _MOST_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
    text, body = _HEAD.unpack(first + _exactly(connection, _HEAD.size - len(first)))
    return loads(_exactly(connection, text)), _exactly(connection, body), list(descriptors)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class Frames:
    """Reads messages from a descriptor as they come, without ever waiting for the rest of one."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._data = bytearray()
        self.ended = False

    def read(self) -> list[Message]:
        """Return the messages that are complete by now."""
        while not self.ended:
            try:
                part = os.read(self._descriptor, 1 << 16)
            except BlockingIOError:
                break
            except ConnectionError:
                part = b""
            self.ended = not part
            self._data += part
        found = []
        while len(self._data) >= _HEAD.size:
            text, body = _HEAD.unpack_from(self._data)
            end = _HEAD.size + text + body
            if len(self._data) < end:
                break
            found.append(loads(self._data[_HEAD.size : _HEAD.size + text]))
            del self._data[:end]
        return found
