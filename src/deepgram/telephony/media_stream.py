"""One call, over an ASGI WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from .dialects import Audio, CallStarted, CallStopped, Dialect, TelephoneEvent, TelephonyError, dialect_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

STARTING = 10.0
"""Seconds until the provider must have said which call it is."""
LONGEST_MESSAGE = 1024 * 1024
"""Characters of a message; what is longer is left out."""
PIECE_SECONDS = 0.4
"""Audio that is sent at once: what is sent cannot be cleared by halves."""


class MediaStream:
    """A call. Iterating yields what happens in it, up to and including :class:`CallStopped`."""

    def __init__(self, receive: Receive, send: Send, dialect: Dialect, call: CallStarted) -> None:
        self.call = call
        """How the call began: its id, its audio, the program's own parameters."""
        self._receive = receive
        self._send = send
        self._dialect = dialect
        self._over = False
        width = 2 if call.encoding == "linear16" else 1
        self._piece = max(1, int(PIECE_SECONDS * call.sample_rate)) * width

    @classmethod
    async def accept(cls, scope: Mapping[str, Any], receive: Receive, send: Send) -> MediaStream:
        """Answer the handshake of a provider and wait until it says which call it is.

        The arguments are those of an ASGI application; frameworks have them on their WebSocket
        (``websocket.scope``, ``websocket.receive``, ``websocket.send``).
        Raises :class:`TelephonyError` if nothing comes within 10 s, or something that is no call.
        """
        if scope.get("type") != "websocket":
            raise TelephonyError("A media stream is a WebSocket; this is a plain request.")
        try:
            dialect, call = await asyncio.wait_for(cls._begin(receive, send), STARTING)
        except asyncio.TimeoutError:
            await _hang_up(send, 1008, "no start")
            raise TelephonyError(f"The provider has not said within {STARTING:g} s which call it is.") from None
        except TelephonyError:
            await _hang_up(send, 1003, "unknown dialect")
            raise
        return cls(receive, send, dialect, call)

    @staticmethod
    async def _begin(receive: Receive, send: Send) -> tuple[Dialect, CallStarted]:
        while True:
            frame = await receive()
            if frame["type"] == "websocket.connect":
                await send({"type": "websocket.accept"})
            elif frame["type"] == "websocket.disconnect":
                raise TelephonyError("The provider left before the call began.")
            elif (message := _message(frame)) is not None and message.get("event") == "start":
                dialect = dialect_of(message)
                call = dialect.read(message)
                assert isinstance(call, CallStarted)
                return dialect, call

    async def __aiter__(self) -> AsyncIterator[TelephoneEvent]:
        """Yield what happens."""
        while not self._over:
            frame = await self._receive()
            if frame["type"] == "websocket.disconnect":
                self._over = True
                yield CallStopped()
                return
            message = _message(frame)
            event = None if message is None else self._dialect.read(message)
            if isinstance(event, Audio) and not event.data:
                continue
            if event is not None:
                self._over = isinstance(event, CallStopped)
                yield event

    async def play(self, audio: bytes) -> None:
        """Play audio to the caller: bytes in the encoding of the call. After its end this does nothing."""
        for at in range(0, len(audio), self._piece):
            await self._say(self._dialect.play(audio[at : at + self._piece]))

    async def mark(self, name: str) -> None:
        """Ask for a :class:`Marked` when everything sent so far has been played."""
        await self._say(self._dialect.mark(name))

    async def clear(self) -> None:
        """Drop what was sent and not yet played: the caller speaks."""
        await self._say(self._dialect.clear())

    async def close(self) -> None:
        """End the stream. What that means for the call is set at the provider."""
        if not self._over:
            self._over = True
            await self._try({"type": "websocket.close", "code": 1000, "reason": ""})

    async def _say(self, message: dict[str, Any]) -> None:
        if not self._over:
            await self._try({"type": "websocket.send", "text": json.dumps(message)})

    async def _try(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except (OSError, RuntimeError):  # the call has ended; frameworks say so in different ways
            self._over = True


async def _hang_up(send: Send, code: int, reason: str) -> None:
    with suppress(OSError, RuntimeError):  # the provider has left
        await send({"type": "websocket.close", "code": code, "reason": reason})


def _message(frame: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the message of a frame; None if it is none."""
    text = frame.get("text")
    if not isinstance(text, str) or len(text) > LONGEST_MESSAGE:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
