"""A transport whose peer is a coroutine of the same program: for tests, without a socket.

async def peer(channel):
    audio = await channel.hear()
    await channel.say('{"type": "Results", ...}')
    await channel.close(1000, "")

client = AsyncDeepgramClient(api_key="unused", transport_factory=lambda url, headers: InMemory(peer))
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close

from deepgram.testing.peer import Channel, Left

Frame = str | bytes
WAITING = 64
"""Frames that may wait in each direction; then whoever sends waits."""


class InMemory:
    """One conversation with ``peer``, which begins at once."""

    def __init__(self, peer: Callable[[Channel], Coroutine[Any, Any, None]]) -> None:
        self._sent: deque[Frame] = deque()
        self._received: deque[Frame] = deque()
        self._changed = asyncio.Condition()
        self._end: Exception | None = None
        self._peer = asyncio.create_task(peer(_OtherSide(self)))

    async def send(self, data: Frame, /) -> None:
        """Send a frame."""
        await self.put(self._sent, data)

    async def recv(self) -> Frame:
        """Wait for the next frame."""
        return await self.take(self._received)

    async def __aiter__(self) -> AsyncIterator[Frame]:
        """Yield frames until the peer closes."""
        while True:
            try:
                frame = await self.recv()
            except ConnectionClosedOK:
                return
            yield frame

    async def close(self) -> None:
        """End the conversation."""
        await self.end(ConnectionClosedOK(None, None))
        _, waiting = await asyncio.wait((self._peer,), timeout=1)
        for peer in waiting:
            peer.cancel()

    async def put(self, frames: deque[Frame], frame: Frame) -> None:
        """Wait for room and put a frame there."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._end is not None or len(frames) < WAITING)
            if self._end is not None:
                raise self._end
            frames.append(frame)
            self._changed.notify_all()

    async def take(self, frames: deque[Frame]) -> Frame:
        """Wait for a frame and take it; what arrived before the end can still be taken after it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._end is not None or len(frames) > 0)
            if not frames:
                assert self._end is not None
                raise self._end
            self._changed.notify_all()
            return frames.popleft()

    async def end(self, error: Exception) -> None:
        """Let both sides know that it is over."""
        async with self._changed:
            self._end = self._end or error
            self._changed.notify_all()


class _OtherSide:
    """What the peer has of the conversation."""

    def __init__(self, transport: InMemory) -> None:
        self._transport = transport

    async def say(self, frame: Frame) -> None:
        try:
            await self._transport.put(self._transport._received, frame)
        except (ConnectionClosedOK, ConnectionClosedError):
            raise Left from None

    async def hear(self) -> Frame:
        try:
            return await self._transport.take(self._transport._sent)
        except (ConnectionClosedOK, ConnectionClosedError):
            raise Left from None

    async def close(self, code: int, reason: str) -> None:
        kind = ConnectionClosedOK if code == 1000 else ConnectionClosedError
        await self._transport.end(kind(Close(code, reason), Close(code, reason), True))

    async def drop(self) -> None:
        await self._transport.end(ConnectionClosedError(None, None))
