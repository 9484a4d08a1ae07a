"""Playing what an agent says without ever making it wait: the reader must notice at once when the user speaks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, runtime_checkable

MOST = 64 * 1024 * 1024
"""Bytes of audio that may wait to be played: 20 minutes at 24 kHz. More is dropped, and counted."""


@runtime_checkable
class Player(Protocol):
    """What plays the agent's audio: :class:`deepgram.audio.Speaker`, or something of the program's own."""

    async def play_async(self, audio: bytes, /) -> None:
        """Play linear16 after what was given before; may wait until there is room."""

    async def wait_async(self) -> None:
        """Wait until everything is played."""

    def clear(self) -> None:
        """Fall silent and forget what waits."""

    @property
    def waiting(self) -> float:
        """Seconds of audio that wait to be played."""
        ...


class Playback:
    """A queue in front of a player, and the task that feeds it."""

    def __init__(self, player: Player, failed: Callable[[BaseException], object]) -> None:
        self.dropped = 0
        """Bytes that found no room."""
        self._player = player
        self._failed = failed
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task = asyncio.get_running_loop().create_task(self._feed())

    @property
    def is_playing(self) -> bool:
        """Whether something is being heard, or is about to be."""
        return bool(self._queue) or self._player.waiting > 0

    def put(self, audio: bytes) -> None:
        """Play audio after what was given before. Never waits."""
        if self._size + len(audio) > MOST:
            self.dropped += len(audio)
            return
        self._queue.append(audio)
        self._size += len(audio)
        self._idle.clear()
        self._more.set()

    def clear(self) -> None:
        """Fall silent at once."""
        self._queue.clear()
        self._size = 0
        self._player.clear()

    async def finish(self) -> None:
        """Wait until everything is played."""
        await self._idle.wait()
        await self._player.wait_async()

    async def end(self) -> None:
        """End the task; what waits is forgotten."""
        self.clear()
        self._size = MOST
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _feed(self) -> None:
        try:
            while True:
                while self._queue:
                    audio = self._queue.popleft()
                    self._size -= len(audio)
                    await self._player.play_async(audio)
                self._idle.set()
                self._more.clear()
                await self._more.wait()
        except Exception as error:  # the device is gone: the conversation may go on in silence
            self._failed(error)
        finally:
            self._idle.set()
            self._size = MOST  # nobody plays any more
            self._queue.clear()
