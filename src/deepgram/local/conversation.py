"""A WebSocket conversation as its handler sees it: the handshake, what is said, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from starlette.datastructures import QueryParams
from starlette.websockets import WebSocket, WebSocketDisconnect

from .sockets import PULSE

if TYPE_CHECKING:
    from .authorization import Identity
    from .records import Record
    from .services import Services

T = TypeVar("T", str, bytes)

LONGEST_REASON = 123
"""Bytes that a close frame can hold beside its code (RFC 6455, 5.5)."""
SAYING_GOODBYE = 1.0
"""Seconds that a close frame may take to leave: a client that does not read gets none."""


class Gone(Exception):
    """The client has left, or the server stops: nothing can be said any more."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the client left with {code}")
        self.code = code


class Ending(Exception):
    """The conversation is to end with this close code and reason; ``error`` is what protocols with codes call it."""

    def __init__(self, code: int, reason: str = "", error: str = "INTERNAL_SERVER_ERROR") -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason
        self.error = error


class Conversation:
    """One conversation. The handler accepts it, or raises ``Refusal`` before and thereby refuses the handshake."""

    def __init__(self, socket: WebSocket, request_id: str, services: Services) -> None:
        self.request_id = request_id
        """The id under which this conversation is answered, logged and recorded."""
        self.services = services
        self.query: Mapping[str, Sequence[str]] = values_of(socket.query_params)
        """The query: each parameter with its values, in order."""
        self.identity: Identity = socket.scope["deepgram.identity"]
        """Who is conversing."""
        self.record: Record = socket.scope["deepgram.record"]
        """What is written down of this conversation. The handler fills in what only it knows, such as ``duration``."""
        self.saying_since: float | None = None
        """Since when a message waits to be read by the client (s on the clock of the event loop)."""
        self.closed = 0
        """The code it was closed with, by whichever side."""
        self._socket = socket
        self._extensions = socket.scope.get("extensions") or {}
        self._turn = asyncio.Lock()
        self._unread = asyncio.Event()
        self._unread.set()

    @property
    def pinged(self) -> float:
        """When the client last pinged (s on the clock of the event loop)."""
        return float(self._extensions.get(PULSE, {}).get("pinged", 0.0))

    async def accept(self) -> None:
        """Answer the handshake. What every answer holds (id, subprotocol) is added by the application."""
        try:
            await self._socket.accept()
        except OSError:
            raise Gone(1006) from None

    async def say(self, text: str) -> None:
        """Send a message. Waits while the client does not read; raises :class:`Gone` when it has left."""
        await self._send(self._socket.send_text, text)

    async def play(self, audio: bytes) -> None:
        """Send audio. Waits and raises as :meth:`say` does; given up while it waits, none of it has left."""
        await self._send(self._socket.send_bytes, audio)

    async def _send(self, send: Callable[[T], Awaitable[None]], message: T) -> None:
        async with self._turn:
            self.saying_since = asyncio.get_running_loop().time()
            self._unread.clear()
            try:
                await send(message)
            except (WebSocketDisconnect, RuntimeError):  # RuntimeError: Starlette knows already that it is closed
                raise Gone(self.closed or 1006) from None
            finally:
                self.saying_since = None
                self._unread.set()

    async def until_read(self) -> None:
        """Wait until the client has taken what was said to it: who does not read is not listened to either."""
        await self._unread.wait()

    async def receive(self) -> bytes | str:
        """Wait for the next message; raise :class:`Gone` when the client has left."""
        try:
            message = await self._socket.receive()
        except RuntimeError:
            raise Gone(self.closed or 1006) from None
        if message["type"] == "websocket.disconnect":
            self.closed = self.closed or message.get("code") or 1005
            raise Gone(self.closed)
        data: bytes | str | None = message.get("bytes")
        return message.get("text", "") if data is None else data

    async def close(self, code: int, reason: str = "") -> None:
        """End the conversation. Never waits long: a client that does not read is cut off without a word."""
        if self.closed:
            return
        self.closed = code
        reason = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        try:
            await asyncio.wait_for(self._socket.close(code, reason), SAYING_GOODBYE)
        except (asyncio.TimeoutError, WebSocketDisconnect, RuntimeError):
            return


def unknown(kind: object) -> str:
    """Return what is wrong with the ``type`` of a message that no protocol knows."""
    return "missing field `type`" if kind is None else f"unknown variant `{str(kind)[:40]}`"


def values_of(query: QueryParams) -> Mapping[str, Sequence[str]]:
    """Return each parameter of a query with its values, in order."""
    values: dict[str, list[str]] = {}
    for name, value in query.multi_items():
        values.setdefault(name, []).append(value)
    return values
