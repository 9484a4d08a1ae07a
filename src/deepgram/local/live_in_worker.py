"""A live stream that a worker process hears, as the server sees it: how much may wait there, and what comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from . import live_wire
from .audio import AudioError
from .engines.recognizer import EngineError, Hints
from .live import LiveOptions, TurnRules
from .live_codecs import PCM
from .live_said import CHUNK, Said, chunks, in_packets
from .live_stream import Configure, EndTurn, Finalize, Order
from .worker_process import Message

BEHIND_SECONDS = 5.0
"""Audio that may wait to be decoded; then feeding waits."""
MOST_BEHIND = 4 * 1024 * 1024
"""The same in bytes, whatever the audio is."""
FIRST_BEHIND = 64 * 1024
"""The same in bytes while it is not known how many bytes a second of the audio has."""
LEAST_BEHIND = 32 * 1024
"""The same in bytes, however few bytes a second of the audio has."""
MOST_ORDERS = 100
"""Orders that may wait."""
LONGEST_PACKET = 64 * 1024
"""Bytes of the largest packet. An Opus packet has 61,440 at most (RFC 6716, 3.4)."""
STALLED_SECONDS = 30.0
"""Time after which a worker that does not take the audio of a stream is taken for dead."""


class InWorker(Said):
    """A stream in a worker process, as the server sees it."""

    def __init__(self, options: LiveOptions, release: Callable[[], None]) -> None:
        super().__init__(release)
        self.options = options
        self._packets = in_packets(options)
        self._tell: Callable[[Message, bytes | memoryview], None] = _to_nobody
        self._sent = self._taken = 0  # bytes
        self._orders = self._obeyed = 0
        self._seconds = 0.0  # heard
        self._finishing = False
        self._opened = asyncio.Event()
        self._progress = asyncio.Event()
        self._progressed = time.monotonic()

    def begin(self, tell: Callable[[Message, bytes | memoryview], None]) -> None:
        """Begin to be carried by a worker, to which ``tell`` leads."""
        self._tell = tell
        tell({"do": "open", "options": live_wire.pack_options(self.options)}, b"")

    async def opened(self) -> None:
        """Wait until the worker has all it needs to hear this stream. Raises what :meth:`feed` raises."""
        self._progressed = time.monotonic()
        await self._opened.wait()
        self._going_on()

    async def feed(self, data: bytes) -> None:
        """Hear more audio. Waits while the worker is behind, or nobody reads what the stream says."""
        if self._packets and len(data) > LONGEST_PACKET:
            self._fail(AudioError(f"a packet of {len(data)} bytes is none; the largest has {LONGEST_PACKET}"))
        for part in (data,) if self._packets else chunks(data):
            if not await self._until_read():
                return
            if not await self._until(lambda: self._sent - self._taken < self._allowed()):
                return
            self._sent += len(part)
            self._tell({"do": "audio", "size": len(part)}, part)

    def takes(self, size: int) -> bool:
        """Say whether so many bytes go to the worker without waiting."""
        return size <= CHUNK and self._room.is_set() and self._sent - self._taken < self._allowed()

    async def finalize(self) -> None:
        """Say what was heard so far as final."""
        await self._order(Finalize())

    async def end_turn(self) -> None:
        """End the turn now."""
        await self._order(EndTurn())

    async def configure(self, *, rules: TurnRules | None = None, hints: Hints | None = None) -> None:
        """Change the rules while the stream goes on."""
        await self._order(Configure(rules, hints))

    async def finish(self) -> None:
        """End the audio."""
        if self._going_on() and not self._finishing:
            self._finishing = True
            self._progressed = time.monotonic()
            self._tell({"do": "end"}, b"")

    async def close(self) -> None:
        """Give the place back."""
        if self._let_go():
            self._progress.set()
            self._tell({"do": "close"}, b"")
            self._tell = _to_nobody

    def received(self, message: Message) -> None:
        """Take in what the worker says of this stream. Raises some error for nonsense."""
        self._progressed = time.monotonic()
        if "opened" in message:
            self._opened.set()
            return
        if "error" in message:
            text = str(message["message"])
            self.lost(AudioError(text, message["parameter"]) if message["error"] == "audio" else EngineError(text))
            return
        self._taken = max(self._taken, min(int(message["taken"]), self._sent))
        self._obeyed = min(int(message["obeyed"]), self._orders)
        self._seconds = float(message["seconds"])
        self._progress.set()
        self._say([live_wire.read_happening(happening) for happening in message["said"]])

    def lost(self, error: Exception) -> None:
        """End with an error."""
        self._fail(error)
        self._opened.set()
        self._progress.set()

    def stalled(self) -> bool:
        """Say whether the worker has had something to do for this stream, and has not done any of it, for too long."""
        waits = self._sent > self._taken or self._orders > self._obeyed or self._finishing or not self._opened.is_set()
        return waits and not self._over and time.monotonic() - self._progressed > STALLED_SECONDS

    def _allowed(self) -> int:
        """Return how many bytes may wait."""
        options = self.options
        if (width := PCM.get((options.encoding or "").lower())) is not None:
            rate = width * options.channels * (options.sample_rate or 0)
        elif self._seconds >= 1.0:
            rate = int(self._taken / self._seconds)
        else:
            return FIRST_BEHIND
        return min(max(int(BEHIND_SECONDS * rate), LEAST_BEHIND), MOST_BEHIND)

    async def _order(self, order: Order) -> None:
        if await self._until_read() and await self._until(lambda: self._orders - self._obeyed < MOST_ORDERS):
            self._orders += 1
            self._tell({"do": "order", "order": live_wire.pack_order(order)}, b"")

    async def _until(self, near: Callable[[], bool]) -> bool:
        """Wait until the worker has come near enough; say whether the stream still goes on then."""
        while not near():
            self._progress.clear()
            await self._progress.wait()
            if not self._going_on():
                return False
        if self._sent == self._taken and self._orders == self._obeyed:
            self._progressed = time.monotonic()  # it was idle until now
        return True


def _to_nobody(message: Message, data: bytes | memoryview) -> None:
    """Tell nobody: the stream is not carried yet, or no more."""
