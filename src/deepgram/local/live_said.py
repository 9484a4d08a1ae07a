"""What a live stream has said and nobody has read yet, and the streams that are heard in the server itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from .audio import AudioError
from .engines.recognizer import EngineError, Hints, Recognizer
from .live import Ended, Happening, LiveOptions, TurnRules
from .live_codecs import PACKETS
from .live_stream import Configure, EndTurn, Finalize, Hearing, Order
from .speech_detectors import Detectors

CHUNK = 16 * 1024
"""Bytes of audio that are handed on at once: what is between two of them can be something of another stream."""
MOST_UNREAD = 1000
"""Happenings that may wait to be read; then feeding waits. A stream says about ten in a second of audio."""


class Said:
    """The happenings of a stream, to be iterated by one reader."""

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release
        self._unread: deque[Happening] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._over = False  # nothing follows
        self._closed = False
        self._error: Exception | None = None

    def __aiter__(self) -> Said:
        """Return itself."""
        return self

    async def __anext__(self) -> Happening:
        """Wait for the next happening. Raises what :meth:`feed` raises."""
        while not self._unread:
            if self._error is not None and not self._closed:
                raise self._error
            if self._over or self._closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        happening = self._unread.popleft()
        if len(self._unread) < MOST_UNREAD:
            self._room.set()
        return happening

    def _say(self, happenings: Iterable[Happening]) -> None:
        if self._closed:
            return
        self._unread += happenings
        if self._unread and isinstance(self._unread[-1], Ended):
            self._over = True
        elif len(self._unread) >= MOST_UNREAD:
            self._room.clear()
        self._news.set()

    def _fail(self, error: Exception) -> None:
        """End with an error, which all who wait and all who come learn."""
        if self._error is None and not self._over:
            self._error = error
            self._over = True
        self._news.set()
        self._room.set()

    def _let_go(self) -> bool:
        """Give the place back; say whether this is the first time."""
        if self._closed:
            return False
        self._closed = self._over = True
        self._unread.clear()
        self._news.set()
        self._room.set()
        self._release()
        return True

    def _going_on(self) -> bool:
        """Say whether audio and orders still matter. Raises the error with which the stream ended."""
        if self._error is not None and not self._closed:
            raise self._error
        return not self._over

    async def _until_read(self) -> bool:
        """Wait until there is room for more happenings; say whether they still matter."""
        await self._room.wait()
        return self._going_on()


class InServer(Said):
    """A stream that a light engine hears in the event loop."""

    def __init__(
        self, options: LiveOptions, recognizer: Recognizer, detectors: Detectors, release: Callable[[], None]
    ) -> None:
        super().__init__(release)
        # PCM only: codecs belong in processes of their own, for the sake of what hostile files do to them.
        self._hearing = Hearing(options, recognizer, detectors, _nothing, containers=False)

    async def feed(self, data: bytes) -> None:
        """Hear more audio."""
        parts = list(chunks(data))
        for part in parts:
            if not await self._until_read():
                return
            self._hearing.audio(bytes(part))
            self._step()
            if len(parts) > 1:
                await asyncio.sleep(0)

    def takes(self, size: int) -> bool:
        """Say whether so many bytes are heard without waiting."""
        return size <= CHUNK and self._room.is_set()

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
        if self._going_on():
            self._hearing.end()
            self._step()

    async def close(self) -> None:
        """Give the place back."""
        if self._let_go():
            self._hearing.close()

    async def _order(self, order: Order) -> None:
        if await self._until_read():
            self._hearing.order(order)
            self._step()

    def _step(self) -> None:
        try:
            while (said := self._hearing.step()) is not None:
                if said:
                    self._say(said)
        except AudioError as error:
            self._fail(error)
        except Exception as error:
            self._fail(EngineError(f"{type(error).__name__}: {error}"))


def chunks(data: bytes) -> Iterator[bytes | memoryview]:
    """Split audio without copying it."""
    if len(data) <= CHUNK:
        yield data
        return
    view = memoryview(data)
    for at in range(0, len(view), CHUNK):
        yield view[at : at + CHUNK]


def in_packets(options: LiveOptions) -> bool:
    """Say whether each message is a packet, which must not be split."""
    return (options.encoding or "").lower() in PACKETS


def _nothing() -> None:
    """Do nothing: a stream in the loop is stepped after each thing that is put into it."""
