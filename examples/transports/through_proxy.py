"""Conversations through an HTTP proxy that wants a user name and a password.

    factory = through("http://user:password@proxy.example.com:3128")
    client = DeepgramClient(transport_factory=factory.sync)
    client = AsyncDeepgramClient(transport_factory=factory)

A proxy without more is simpler: ``DeepgramClient(proxy="http://proxy.example.com:3128")`` serves REST and sockets.
"""

from __future__ import annotations

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import ClientConnection as SyncClientConnection
from websockets.sync.client import connect


class Through:
    """Opens conversations through one proxy."""

    def __init__(self, proxy: str) -> None:
        self._proxy = proxy

    async def __call__(self, url: str, headers: dict[str, str]) -> ClientConnection:
        """Open a conversation from an event loop."""
        return await connect_async(
            url, additional_headers=headers, proxy=self._proxy, compression=None, max_size=2**24, close_timeout=2
        )

    def sync(self, url: str, headers: dict[str, str]) -> SyncClientConnection:
        """Open a conversation from a thread."""
        connection = connect(
            url, additional_headers=headers, proxy=self._proxy, compression=None, max_size=2**24, close_timeout=2
        )
        return connection.__enter__()  # newer releases of the library want a context manager; close() ends it


through = Through
