"""uvicorn's WebSockets, with an end that no client can put off.

A client that does not read its last messages would keep a closed connection, its buffers and the stop of the server
waiting for ever; one that is still sending a frame that is too large would see a broken connection instead of the
reason. And a protocol whose clients keep a silent conversation open by pings has to know of them.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

PULSE = "deepgram.pulse"
"""The extension of the scope in which ``pinged`` tells when the client last pinged (s on the loop's clock)."""
LINGER = 2.0
"""Seconds in which a client that sends too much can still read why the connection ends; and those that clients which
do not read get when the server stops."""
CLOSING = 10.0
"""Seconds after the end of a conversation until its connection is cut off."""


class Sockets(WebSocketsSansIOProtocol):
    """One connection."""

    _cut: asyncio.TimerHandle | None = None

    def handle_ping(self) -> None:
        """Answer a ping and remember it."""
        self.scope.setdefault("extensions", {})[PULSE] = {"pinged": self.loop.time()}
        super().handle_ping()

    async def run_asgi(self) -> None:
        """Run the application, and make sure that the connection ends after it."""
        try:
            await super().run_asgi()
        finally:
            self._cut_after(CLOSING)

    def handle_parser_exception(self) -> None:
        """Refuse what is no WebSocket frame, or too large: say why, and let the client read it before the end."""
        if self.close_sent:
            return  # what else it sends is thrown away
        closed = self.conn.close_sent
        code, reason = (1002, "") if closed is None else (closed.code, closed.reason)
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LINGER, self.transport.close)
        self._cut_after(CLOSING)

    def shutdown(self) -> None:
        """End the connection because the server stops."""
        super().shutdown()
        self._cut_after(LINGER)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._cut is not None:
            self._cut.cancel()
        super().connection_lost(exc)

    def _cut_after(self, seconds: float) -> None:
        """Cut the connection off at that time, or sooner if that was decided before."""
        sooner = self._cut is not None and self._cut.when() < self.loop.time() + seconds
        if sooner or self.disconnected:
            return
        if self._cut is not None:
            self._cut.cancel()
        self._cut = self.loop.call_later(seconds, self.transport.abort)
