"""Speaking a text while it is being written, in an event loop: :class:`AsyncSpeech` of ``deepgram.speech``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any

from typing_extensions import Self

from ..protocol.model import Model
from ..protocol.sentences import LONGEST
from ..protocol.speak_sockets import AsyncV1SocketClient, AsyncV2SocketClient
from ..protocol.spoken_text import Said, SpokenText, complaint
from .errors import ApiError
from .speech import CLOSING, PATIENCE, TICK, broken_off, dialect_of, gave_up, pace_of


class AsyncSpeech(AsyncIterator[bytes]):
    """A text, spoken while it is written: iterate over it for the audio. :class:`Speech` with ``await``.

    To interrupt, call :meth:`interrupt` from another task, or leave the ``async with`` block::

        async with AsyncSpeech(connection, tokens_of_the_model) as speech:
            async for audio in speech:
                await play(audio)
    """

    def __init__(
        self,
        connection: AsyncV1SocketClient | AsyncV2SocketClient,
        text: str | Iterable[str] | AsyncIterable[str],
        *,
        longest: int = LONGEST,
        patience: float = PATIENCE,
    ) -> None:
        """Begin nothing yet: speech begins with the first audio that is asked for, or the ``async with`` block.

        Args:
            connection: An open conversation, ``speak.v1`` or ``speak.v2``.
            text: The text, whole or in pieces as they are written: tokens of a language model. An iterable that is
                not asynchronous must not block.
            longest: Characters without the end of a sentence after which text is spoken all the same, 20 to 2000.
            patience: Seconds that the service may be silent once only its audio is missing.
        """
        self._connection = connection
        self._text: Iterable[str] | AsyncIterable[str] = (text,) if isinstance(text, str) else text
        self._spoken = SpokenText(dialect_of(connection), pace_of(connection), longest=longest)
        self._patience = patience
        self._changed = asyncio.Event()
        self._order = asyncio.Lock()
        """Held from deciding what to say until it is said: nothing may be said after the interruption."""
        self._begun = False
        self._interrupted = False
        self._failure: Exception | None = None
        self._writing: asyncio.Task[None] | None = None
        self._receiving: asyncio.Task[Any] | None = None

    @property
    def interrupted(self) -> bool:
        """Whether the text was interrupted before it was spoken to its end."""
        return self._interrupted

    @property
    def last(self) -> Model | None:
        """The message that ended it: Flushed or SpeechMetadata; Cleared or SpeechInterrupted."""
        return self._spoken.last

    # --- The text -----------------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        earlier: AsyncSpeech | None = self._connection.__dict__.get("_speech")
        if earlier is not None:
            await earlier.close()  # its audio must not be taken for ours
        self._connection.__dict__["_speech"] = self
        self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        text = self._text if isinstance(self._text, AsyncIterable) else _awaited(self._text)
        pieces = aiter(text)
        try:
            async for piece in pieces:
                self._spoken.writes(piece)
                if not await self._say(ended=False):
                    break
            else:
                self._spoken.ends()
                await self._say(ended=True)
        except Exception as error:
            await self._fail(error)
        finally:
            with suppress(Exception):
                close = getattr(pieces, "aclose", None)
                if close is not None:
                    await close()  # a generator that was left half-way

    async def _say(self, *, ended: bool) -> bool:
        """Say what is due; wait where that is too much at once. Return whether there is a point in writing more."""
        while True:
            async with self._order:
                said, wait = self._spoken.says(time.monotonic(), ended=ended)
                await self._send(said)
            if wait is None:
                break
            self._changed.clear()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(wait, TICK))
        return self._spoken.state == "writing"

    async def _send(self, said: list[Said]) -> None:
        for command, message in said:
            try:
                await getattr(self._connection, command)(message)
            except Exception as error:
                raise broken_off(error) from error.__cause__

    async def _fail(self, error: Exception) -> None:
        """The text cannot be had, or not be sent: whoever reads gets the error once what is under way has ended."""
        self._failure = self._failure or error
        try:
            await self._stop(None)
        except Exception:
            self._ended_early(self._failure)

    # --- The audio ----------------------------------------------------------------------------------------------------

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Wait for the next audio. Raises ``ApiError`` if the conversation ends before the text is spoken."""
        await self._begin()
        while self._spoken.speaking:
            audio = await self._read()
            if audio is not None and self._spoken.state != "stopping":
                return audio
        if self._failure is not None:
            raise self._failure
        raise StopAsyncIteration

    async def _read(self) -> bytes | None:
        """Take the next message; return it if it is audio."""
        try:
            event: Any = await self._next_message()
        except Exception as error:
            self._ended_early(self._failure or broken_off(error))
            return None
        if isinstance(event, bytes):
            return event
        self._spoken.hears(event)
        self._changed.set()
        if (said := complaint(event)) is not None:
            self._ended_early(ApiError(body=said))
        await self._connection._deliver(event)
        return None

    async def _next_message(self) -> Any:
        """Wait for a message. A wait that is cancelled loses none: the next one goes on with it."""
        if self._receiving is None:
            self._receiving = asyncio.get_running_loop().create_task(self._connection.recv())
        since = time.monotonic()
        while not self._receiving.done():
            await asyncio.wait({self._receiving}, timeout=TICK)
            writing = self._writing is not None and not self._writing.done()
            awaited = not writing or self._spoken.state == "stopping"
            if awaited and not self._receiving.done() and time.monotonic() - since > self._patience:
                await self._give_up_reading()
                raise gave_up(self._patience)
        received, self._receiving = self._receiving, None
        return received.result()

    async def _give_up_reading(self) -> None:
        receiving, self._receiving = self._receiving, None
        if receiving is not None:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    def _ended_early(self, error: Exception) -> None:
        self._failure = error
        self._spoken.state = "over"
        self._changed.set()

    # --- The end ------------------------------------------------------------------------------------------------------

    async def interrupt(self, *, played_ms: int | None = None) -> None:
        """Stop: the service forgets what it has not sent, and audio that still comes is not handed out.

        Whoever iterates comes to the end. ``played_ms`` is how much of the audio was heard (ms): ``speak.v2`` then
        says in :attr:`last` which text that was. Once it is over it does nothing.
        """
        if self._begun and self._spoken.state in ("writing", "ended"):
            self._interrupted = True
            await self._stop(played_ms)

    async def _stop(self, played_ms: int | None) -> None:
        async with self._order:
            said = self._spoken.stop(played_ms)
            self._changed.set()
            await self._send(said)

    async def close(self) -> None:
        """Interrupt, unless it is over, and wait until the service has confirmed it."""
        if not self._begun:
            self._begun = True
            self._ended_early(RuntimeError("This speech was closed before it began"))
        try:
            with suppress(Exception):
                await self.interrupt()
            self._patience = min(self._patience, CLOSING)
            while self._spoken.speaking:
                await self._read()
        finally:
            await self._give_up_reading()
            if self._writing is not None and not self._writing.done():
                self._writing.cancel()
                await asyncio.gather(self._writing, return_exceptions=True)

    async def __aenter__(self) -> Self:
        """Begin to speak."""
        await self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _awaited(text: Iterable[str]) -> AsyncIterator[str]:
    for piece in text:
        yield piece
        await asyncio.sleep(0)  # text that is there at once must not keep the loop from reading the audio
