"""WebSockets of the library picows, for programs with very many conversations at once; asyncio only.

    client = AsyncDeepgramClient(transport_factory=PicowsTransportFactory())

Sending costs six tenths of what it costs in ``websockets``, for the protocol is compiled code. Needs the extra
``picows``. Figures: docs/decisions/0026-picows.md
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import TYPE_CHECKING, Any

from picows import WSCloseCode, WSError, WSFrame, WSInvalidStatusError, WSListener, WSMsgType, WSTransport, ws_connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close

from ..runtime.errors import ApiError, ConnectionFailed, RequestTimedOut, combine, error_from

if TYPE_CHECKING:
    import ssl

OPEN_TIMEOUT = 10.0
"""Seconds for the whole handshake, TCP and TLS included."""
LARGEST_MESSAGE = 16 * 1024 * 1024
"""Bytes of the largest message that is accepted."""
UNREAD = 1024 * 1024
"""Bytes that may wait to be received; then nothing more is read from the connection."""
CLOSING = 2.0
"""Seconds that the peer gets to answer the closing handshake."""
ORDERLY = (1000, 1001, 1005)
"""Close codes of an end in order; 1005 stands for a close frame without a code."""


class PicowsTransportFactory:
    """A ``transport_factory`` that opens conversations with picows."""

    def __init__(
        self,
        *,
        open_timeout: float = OPEN_TIMEOUT,
        max_message_bytes: int = LARGEST_MESSAGE,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        """Configure the factory; nothing is opened.

        Args:
            open_timeout: Seconds for the whole handshake.
            max_message_bytes: Largest message that is accepted.
            ssl_context: How to check the peer; the default check if not given.
            proxy: URL of a proxy (http, https, socks4, socks5). Those of the environment do not count.
        """
        self._open_timeout = open_timeout
        self._max_message_bytes = max_message_bytes
        self._ssl_context = ssl_context
        self._proxy = proxy

    async def __call__(self, url: str, headers: dict[str, str]) -> PicowsTransport:
        """Open a conversation.

        Raises ``ApiError``: with status, headers and body if the service refused the handshake, ``ConnectionFailed`` or
        ``RequestTimedOut`` if it could not be reached.
        """
        host = url.partition("?")[0]
        listener = PicowsTransport(self._max_message_bytes)
        opening = ws_connect(
            lambda: listener,
            url,
            ssl_context=self._ssl_context,
            websocket_handshake_timeout=self._open_timeout,
            enable_auto_ping=False,
            enable_auto_pong=True,
            max_frame_size=self._max_message_bytes,
            extra_headers=headers,
            proxy=self._proxy,
        )
        try:
            await asyncio.wait_for(opening, self._open_timeout)
        except WSInvalidStatusError as error:
            raise _refused(error) from error
        except (asyncio.TimeoutError, TimeoutError) as error:
            raise combine(RequestTimedOut, error, f"{host} did not complete the WebSocket handshake in time") from error
        except (OSError, WSError, EOFError) as error:
            message = f"the WebSocket connection to {host} could not be made: {error}"
            raise combine(ConnectionFailed, error, message) from error
        return listener


def _refused(error: WSInvalidStatusError) -> ApiError:
    answer: Any = error.response
    raw = bytes(error.raw_body or b"")
    try:
        body, is_json = json.loads(raw), True
    except ValueError:
        body, is_json = raw.decode("utf-8", "replace"), False
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return error_from(int(answer.status), headers, body, is_json=is_json)


class PicowsTransport(WSListener):
    """A conversation over picows, as :class:`PicowsTransportFactory` opens it."""

    def __init__(self, max_message_bytes: int) -> None:
        self._largest = max_message_bytes
        self._frames: deque[str | bytes] = deque()
        self._unread = 0
        self._paused = False
        self._parts = bytearray()
        self._kind: WSMsgType | None = None
        self._readers: list[asyncio.Future[None]] = []
        self._writable: asyncio.Future[None] | None = None
        self._pings = 0
        self._pongs: dict[bytes, asyncio.Future[None]] = {}
        self._end: ConnectionClosed | None = None
        self._received: Close | None = None
        self._sent: Close | None = None
        self._answered = False
        """The peer closed first."""
        self._transport: WSTransport

    # --- What programs use --------------------------------------------------------------------------------------------

    async def send(self, data: Any, /) -> None:
        """Send audio (bytes) or text; waits while the peer does not read.

        Raises ``websockets.exceptions.ConnectionClosed`` after the end.
        """
        while self._writable is not None and self._end is None:
            await asyncio.shield(self._writable)
        if self._end is not None or self._sent is not None:
            raise self._end or ConnectionClosedOK(None, self._sent)
        if isinstance(data, str):
            self._transport.send(WSMsgType.TEXT, data.encode())
        else:
            self._transport.send(WSMsgType.BINARY, data)

    async def recv(self) -> str | bytes:
        """Wait for the next message. Cancelling the wait loses none.

        Raises ``websockets.exceptions.ConnectionClosedOK`` at the end, ``ConnectionClosedError`` if it is a bad one.
        """
        while not self._frames:
            if self._end is not None:
                raise self._end
            reader = asyncio.get_running_loop().create_future()
            self._readers.append(reader)
            await reader
        return self._next()

    def at_hand(self) -> str | bytes | None:
        """Return the next message if there is one."""
        return self._next() if self._frames else None

    def _next(self) -> str | bytes:
        frame = self._frames.popleft()
        self._unread -= len(frame)
        if self._paused and self._unread < UNREAD // 2 and self._end is None:
            self._paused = False
            self._transport.underlying_transport.resume_reading()
        return frame

    def __aiter__(self) -> PicowsTransport:
        return self

    async def __anext__(self) -> str | bytes:
        """Return the next message until the conversation is closed; raise if it ends badly."""
        try:
            return await self.recv()
        except ConnectionClosedOK:
            raise StopAsyncIteration from None

    async def ping(self) -> asyncio.Future[None]:
        """Ask the peer for a sign of life; what is returned is done when it comes."""
        if self._end is not None:
            raise self._end
        self._pings += 1
        payload = self._pings.to_bytes(8, "big")
        pong = self._pongs[payload] = asyncio.get_running_loop().create_future()
        self._transport.send_ping(payload)
        return pong

    async def close(self) -> None:
        """Close the conversation; the peer gets 2 s to answer."""
        if self._end is None:
            if self._sent is None:
                self._sent = Close(1000, "")
                self._transport.send_close(WSCloseCode.OK)
            if self._paused:  # the peer's answer comes behind what is unread
                self._paused = False
                self._transport.underlying_transport.resume_reading()
            try:
                await asyncio.wait_for(asyncio.shield(self._transport.wait_disconnected()), CLOSING)
            except asyncio.TimeoutError:
                self.abort()

    def abort(self) -> None:
        """Break the connection; whoever waits for it is woken."""
        self._transport.disconnect(graceful=False)

    # --- What picows calls --------------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is done."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame came in."""
        kind = frame.msg_type
        if kind == WSMsgType.TEXT and frame.fin:
            try:
                self._add(frame.get_payload_as_utf8_text())
            except UnicodeDecodeError:
                self._refuse(1007)
        elif kind == WSMsgType.BINARY and frame.fin:
            self._add(frame.get_payload_as_bytes())
        elif kind in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._gather(kind, frame)
        elif kind == WSMsgType.PONG:
            pong = self._pongs.pop(frame.get_payload_as_bytes(), None)
            if pong is not None and not pong.done():
                pong.set_result(None)
        elif kind == WSMsgType.CLOSE:
            code: Any = frame.get_close_code()  # a number where the code is none of those with a name
            self._received = Close(int(code) if code else 1005, frame.get_close_reason() or "")
            self._answered = self._sent is None
            transport.send_close(code or WSCloseCode.OK)
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The connection is gone."""
        closing = self._received or (self._sent if self._sent is not None and self._sent.code == 1000 else None)
        orderly = closing is not None and closing.code in ORDERLY
        kind = ConnectionClosedOK if orderly else ConnectionClosedError
        if self._received is not None:
            self._end = kind(self._received, self._sent or self._received, self._answered)
        else:
            self._end = kind(None, self._sent)
        self._wake()
        self.resume_writing()
        for pong in self._pongs.values():
            pong.cancel()

    def pause_writing(self) -> None:
        """The peer does not read."""
        if self._writable is None:
            self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """The peer reads again."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # --- Frames -------------------------------------------------------------------------------------------------------

    def _add(self, message: str | bytes) -> None:
        self._frames.append(message)
        self._unread += len(message)
        if self._unread > UNREAD and not self._paused and self._sent is None:
            self._paused = True
            self._transport.underlying_transport.pause_reading()
        self._wake()

    def _gather(self, kind: WSMsgType, frame: WSFrame) -> None:
        """Put a message together that comes in several frames."""
        if kind != WSMsgType.CONTINUATION:
            self._kind = kind
            self._parts.clear()
        self._parts += frame.get_payload_as_memoryview()
        if len(self._parts) > self._largest:
            self._refuse(1009)
        elif frame.fin:
            whole = bytes(self._parts)
            self._parts.clear()
            try:
                self._add(whole.decode() if self._kind == WSMsgType.TEXT else whole)
            except UnicodeDecodeError:
                self._refuse(1007)

    def _refuse(self, code: int) -> None:
        """End the conversation because of what the peer sent."""
        self._sent = Close(code, "")
        self._parts.clear()
        self._transport.send_close(WSCloseCode(code))
        self._transport.disconnect()

    def _wake(self) -> None:
        for reader in self._readers:
            if not reader.done():
                reader.set_result(None)
        self._readers.clear()
