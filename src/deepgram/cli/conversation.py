"""One live conversation: audio goes out while messages come in, until either side or Ctrl-C ends it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, aclosing, contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Union

from ..protocol.listen_sockets import AsyncV1SocketClient, AsyncV2SocketClient
from ..protocol.model import Model
from .answers import remarks
from .failures import LONGEST, Failure, complain
from .screen import Sink
from .sources import Source

if TYPE_CHECKING:
    from ..protocol.listen_sockets import AsyncV1SocketClient, AsyncV2SocketClient

    Connection = Union[AsyncV1SocketClient, AsyncV2SocketClient]

LEAVING = 10.0
"""Seconds that the last results may take after Ctrl-C."""


async def converse(
    opening: AbstractAsyncContextManager[Connection],
    source: Source,
    open_sinks: Callable[[ExitStack], Sequence[Sink]],
    patience: float,
) -> None:
    """Send the audio of ``source`` and give what comes back to the sinks, which are opened with the conversation.

    Ctrl-C ends the audio, and what was said until then still comes; a second Ctrl-C raises ``KeyboardInterrupt``.
    Raises :class:`Failure` if the service says that something failed, ends too early, or says nothing for ``patience``
    seconds after the end of the audio.
    """
    async with opening as connection:
        with ExitStack() as stack:
            stack.callback(source.close)
            conversation = _Conversation(connection, source, open_sinks(stack), patience)
            try:
                await conversation.run()
            finally:
                await conversation.end()
    for remark in conversation.remarks:
        complain(remark, kind="note")
    if conversation.fault:
        raise Failure(conversation.fault)


class _Conversation:
    def __init__(self, connection: Connection, source: Source, sinks: Sequence[Sink], patience: float) -> None:
        self.fault = ""
        """What the service says that failed."""
        self.remarks: list[str] = []
        self._connection = connection
        self._source = source
        self._sinks = sinks
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._last = 0.0
        self._sending = self._loop.create_task(self._send())
        self._receiving = self._loop.create_task(self._receive())

    async def run(self) -> None:
        with interruption() as interrupted:
            interrupting = self._loop.create_task(interrupted.wait())
            try:
                await asyncio.wait({self._sending, self._receiving, interrupting}, return_when=asyncio.FIRST_COMPLETED)
                await self._finish(interrupted)
            finally:
                interrupting.cancel()
        if not interrupted.is_set() and self._sending.cancelled() and not self.fault:
            self.fault = "The service ended the conversation before the audio came to its end."

    async def end(self) -> None:
        """Leave no task behind."""
        for task in (self._sending, self._receiving):
            task.cancel()
        await asyncio.gather(self._sending, self._receiving, return_exceptions=True)

    async def _send(self) -> None:
        async with aclosing(self._source.pieces()) as pieces:
            async for piece in pieces:
                await self._connection.send_media(piece)

    async def _receive(self) -> None:
        async for event in self._connection:
            self._last = self._loop.time()
            self._take(event)

    def _take(self, event: object) -> None:
        if not isinstance(event, Model):  # audio, which nobody asked for
            return
        message = event.dict()
        for sink in self._sinks:
            sink.take(message)
        match message.get("type"):
            case "Error":
                says = str(message.get("description") or message.get("message") or "something failed")[:LONGEST]
                self.fault = f"The service says: {says.rstrip('.')} ({str(message.get('code') or 'Error')[:LONGEST]})."
            case "Warning":
                self.remarks.append(str(message.get("description"))[:LONGEST])
            case "Metadata":
                self.remarks += remarks({"metadata": message})
            case _:
                pass
        del self.remarks[100:]  # whatever a peer sends

    async def _finish(self, interrupted: asyncio.Event) -> None:
        """End the audio, and wait for the last results."""
        from websockets.exceptions import ConnectionClosed

        self._sending.cancel()
        await asyncio.wait({self._sending})
        broke = None if self._sending.cancelled() else self._sending.exception()
        with suppress(ConnectionClosed):
            await self._connection.send_close_stream()
        ended = self._loop.time()
        while not self._receiving.done():
            if interrupted.is_set():
                patience, since = LEAVING, ended
            else:
                patience, since = self._patience, max(ended, self._last)
            left = since + patience - self._loop.time()
            if left <= 0:
                raise Failure(f"The service did not end the conversation: it was given {patience:g} s. Try again.")
            await asyncio.wait({self._receiving}, timeout=min(left, 1.0))
        self._receiving.result()
        if broke is not None and not isinstance(broke, ConnectionClosed):
            raise broke


@contextmanager
def interruption() -> Generator[asyncio.Event]:
    """Set the event at the first Ctrl-C, raise ``KeyboardInterrupt`` at the second."""
    interrupted = asyncio.Event()
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield interrupted
        return
    loop = asyncio.get_running_loop()
    pressed = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        loop.call_soon_threadsafe(interrupted.set)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
