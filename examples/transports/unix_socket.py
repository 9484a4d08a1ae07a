"""Conversations with a service behind a Unix socket, such as a sidecar of the same machine.

factory = UnixSocket("/run/deepgram.sock")
client = DeepgramClient(transport_factory=factory.sync)
client = AsyncDeepgramClient(transport_factory=factory)
"""

from __future__ import annotations

import os

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import unix_connect as unix_connect_async
from websockets.sync.client import ClientConnection as SyncClientConnection
from websockets.sync.client import unix_connect


class UnixSocket:
    """Opens conversations over one socket; host and port of the URL only stand in the handshake."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)

    async def __call__(self, url: str, headers: dict[str, str]) -> ClientConnection:
        """Open a conversation from an event loop."""
        return await unix_connect_async(
            self._path, _plain(url), additional_headers=headers, compression=None, max_size=2**24, close_timeout=2
        )

    def sync(self, url: str, headers: dict[str, str]) -> SyncClientConnection:
        """Open a conversation from a thread."""
        connection = unix_connect(
            self._path, _plain(url), additional_headers=headers, compression=None, max_size=2**24, close_timeout=2
        )
        return connection.__enter__()  # newer releases of the library want a context manager; close() ends it


def _plain(url: str) -> str:
    """Return the address without TLS: nobody listens in on a Unix socket."""
    return "ws://" + url.partition("://")[2]
