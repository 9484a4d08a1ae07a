"""Conversations over an ``aiohttp.ClientSession``: with its connector, its proxies, its tracing.

async with aiohttp.ClientSession() as session:
    client = AsyncDeepgramClient(transport_factory=over(session))
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close

Frame = str | bytes
LARGEST = 16 * 1024 * 1024
"""Bytes of the largest message that is accepted."""
UNREAD = 64
"""Messages that may wait to be received; then nothing more is read."""
ORDERLY = (1000, 1001)


def over(session: aiohttp.ClientSession) -> Callable[[str, dict[str, str]], Awaitable[OverAiohttp]]:
    """Return a ``transport_factory`` that uses ``session``."""

    async def connect(url: str, headers: dict[str, str]) -> OverAiohttp:
        return OverAiohttp(await session.ws_connect(url, headers=headers, max_msg_size=LARGEST))

    return connect


class OverAiohttp:
    """One conversation.

    A task of its own reads: aiohttp allows one reader at a time, and programs poll with waits that are cancelled.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[Any]) -> None:
        self._socket = socket
        self._frames: deque[Frame] = deque()
        self._changed = asyncio.Condition()
        self._end: Exception | None = None
        self._reading = asyncio.create_task(self._read())

    async def send(self, data: Frame, /) -> None:
        """Send a frame."""
        if self._end is not None:
            raise self._end
        try:
            await (self._socket.send_str(data) if isinstance(data, str) else self._socket.send_bytes(data))
        except (ConnectionError, RuntimeError) as error:
            raise ConnectionClosedError(None, None) from error

    async def recv(self) -> Frame:
        """Wait for the next frame."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._frames or self._end is not None)
            if not self._frames:
                assert self._end is not None
                raise self._end
            self._changed.notify_all()
            return self._frames.popleft()

    async def __aiter__(self) -> AsyncIterator[Frame]:
        """Yield frames until the peer closes."""
        while True:
            try:
                frame = await self.recv()
            except ConnectionClosedOK:
                return
            yield frame

    async def close(self) -> None:
        """Close the conversation."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close()
        await self._over(ConnectionClosedOK(None, None))

    async def _read(self) -> None:
        end: Exception = ConnectionClosedError(None, None)
        try:
            while True:
                message = await self._socket.receive()
                if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                    break
                async with self._changed:
                    await self._changed.wait_for(lambda: len(self._frames) < UNREAD)
                    self._frames.append(message.data)
                    self._changed.notify_all()
            code = self._socket.close_code
            if code is not None and code != 1006:
                closing = Close(code, "")
                end = (ConnectionClosedOK if code in ORDERLY else ConnectionClosedError)(closing, closing, True)
        finally:
            await self._over(end)

    async def _over(self, end: Exception) -> None:
        async with self._changed:
            self._end = self._end or end
            self._changed.notify_all()
