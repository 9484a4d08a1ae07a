"""HTTP/2 requests whose bodies flow both ways at once, over the library h2; for what uvicorn cannot speak.

Memory is bounded by flow control: a window is given back when its bytes have been read, and writing waits for the
peer's window and for the socket.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes, Settings

log = logging.getLogger("deepgram.local")

Headers = Sequence[tuple[str, str]]

STREAM_WINDOW = 256 * 1024
"""Bytes of one request that may wait to be read."""
CONNECTION_WINDOW = 1024 * 1024
"""Bytes of all requests of a connection that may wait to be read."""
LARGEST_HEADERS = 32 * 1024
"""Bytes of headers that a request may have."""
STREAMS = 100
"""Requests of one connection at the same time."""
IDLE = 60.0
"""Seconds without a request after which a connection is closed."""
READING_OUT = 2.0
"""Seconds in which what a peer sends after its answer is thrown away, so that it can read the answer."""


class Broken(ConnectionError):
    """The peer has reset the request, or the connection is gone."""


class Exchange:
    """One request and its answer."""

    def __init__(self, connection: Connection, number: int, headers: Headers) -> None:
        self.headers = headers
        """Of the request, names in lower case, with the pseudo headers."""
        self._connection = connection
        self._number = number
        self._parts: deque[tuple[bytes, int]] = deque()
        self._changed = asyncio.Event()
        self._ended = False
        self._broken = False
        self._over = False
        self.answered = False
        """The headers of the answer have gone out."""

    async def read(self) -> bytes:
        """Wait for the next bytes of the request; b"" is its end. Raises :class:`Broken`."""
        while not self._parts:
            if self._broken:
                raise Broken("the request was reset")
            if self._ended:
                return b""
            await self._wait()
        data, window = self._parts.popleft()
        self._connection.give_back(self._number, window)
        return data

    def answer(self, status: int, headers: Headers) -> None:
        """Send the headers of the answer. Raises :class:`Broken`."""
        self.answered = True
        with self._broken_if_closed():
            self._connection.h2.send_headers(self._number, [(":status", str(status)), *headers])
        self._connection.flush()

    async def write(self, data: bytes) -> None:
        """Send bytes of the answer; waits until the peer takes them. Raises :class:`Broken`."""
        rest = memoryview(data)
        while rest:
            await self._connection.writable.wait()
            with self._broken_if_closed():
                room = min(
                    self._connection.h2.local_flow_control_window(self._number),
                    self._connection.h2.max_outbound_frame_size,
                )
                if room > 0:
                    self._connection.h2.send_data(self._number, bytes(rest[:room]))
                    rest = rest[room:]
            if room > 0:
                self._connection.flush()
            else:
                await self._wait()

    def end(self) -> None:
        """End the answer."""
        with suppress(Broken), self._broken_if_closed():
            self._connection.h2.end_stream(self._number)
            self._connection.flush()

    def reset(self, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Want nothing more of the request, finished or not."""
        with suppress(ProtocolError):
            self._connection.h2.reset_stream(self._number, code)
            self._connection.flush()

    # --- The connection's side ----------------------------------------------------------------------------------------

    def arrived(self, data: bytes, window: int) -> None:
        if self._over:  # nobody reads any more; it must not count against the connection's window
            self._connection.give_back(self._number, window)
        else:
            self._parts.append((data, window))
            self._changed.set()

    def over(self) -> None:
        """Throw away what is unread, and what still comes."""
        self._over = True
        for _, window in self._parts:
            self._connection.give_back(self._number, window)
        self._parts.clear()

    def input_ended(self) -> None:
        self._ended = True
        self._changed.set()

    def broke(self) -> None:
        self._broken = True
        self._changed.set()

    def window_opened(self) -> None:
        self._changed.set()

    async def _wait(self) -> None:
        if self._broken:
            raise Broken("the request was reset")
        self._changed.clear()
        await self._changed.wait()

    def _broken_if_closed(self) -> _BrokenIfClosed:
        return _BrokenIfClosed(self)

    @property
    def is_broken(self) -> bool:
        return self._broken


class _BrokenIfClosed:
    """Turns what h2 raises about streams that are gone into :class:`Broken`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __enter__(self) -> None:
        if self._exchange.is_broken:
            raise Broken("the request was reset")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ProtocolError):
            raise Broken(f"the request is over: {error}") from error


Answerer = Callable[[Exchange], Awaitable[None]]


class Connection(asyncio.Protocol):
    """One connection; each of its requests is answered in a task of its own."""

    def __init__(self, answer: Answerer, connections: set[Connection]) -> None:
        """Take who answers, and the set of open connections, in which this one is as long as it is."""
        self._answer = answer
        self._connections = connections
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.writable = asyncio.Event()
        self.writable.set()
        self._exchanges: dict[int, Exchange] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    # --- asyncio ------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if the peer speaks HTTP/2."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self._loop = asyncio.get_running_loop()
        connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if connection is not None and connection.selected_alpn_protocol() != "h2":
            self._transport.abort()
            return
        self._connections.add(self)
        self.h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS,
                SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: LARGEST_HEADERS,
            },
        )
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(CONNECTION_WINDOW - 65535)
        self.flush()
        self._rest()

    def data_received(self, data: bytes) -> None:
        """Take bytes in."""
        try:
            for event in self.h2.receive_data(data):
                self._handle(event)
        except ProtocolError:
            self.flush()  # h2 has prepared the frame that says what was wrong
            self._transport.close()
            self._cut_soon()
            return
        self.flush()

    def pause_writing(self) -> None:
        """The peer does not read: answer nothing more, and take nothing more that would have to be answered."""
        self.writable.clear()
        with suppress(RuntimeError):  # it is closing
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self.writable.set()
        with suppress(RuntimeError):
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End everything."""
        self._connections.discard(self)
        self._transport.close()  # Python 3.10 takes TLS that the peer has closed for something left open
        self.writable.set()
        if self._idle is not None:
            self._idle.cancel()
        for exchange in self._exchanges.values():
            exchange.broke()

    async def close(self, patience: float) -> None:
        """Close the connection; requests get that long (s) to notice."""
        with suppress(ProtocolError):
            self.h2.close_connection()
        self.flush()
        for exchange in self._exchanges.values():
            exchange.broke()
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=patience)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        self._transport.abort()

    # --- For exchanges ------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Hand what h2 has prepared to the socket."""
        if (data := self.h2.data_to_send()) and not self._transport.is_closing():
            self._transport.write(data)

    def give_back(self, number: int, window: int) -> None:
        """Let the peer send so many bytes more."""
        with suppress(StreamClosedError, ProtocolError, ValueError, KeyError):
            self.h2.acknowledge_received_data(window, number)
            self.flush()

    # --- What comes in ------------------------------------------------------------------------------------------------

    def _handle(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._begin(event)
        elif isinstance(event, DataReceived):
            exchange = self._exchanges.get(event.stream_id or 0)
            if exchange is None:  # answered already: what still comes counts against nobody's memory
                self.give_back(event.stream_id or 0, event.flow_controlled_length or 0)
            else:
                exchange.arrived(event.data or b"", event.flow_controlled_length or 0)
        elif isinstance(event, StreamEnded):
            if event.stream_id in self._exchanges:
                self._exchanges[event.stream_id].input_ended()
        elif isinstance(event, StreamReset):
            if event.stream_id in self._exchanges:
                self._exchanges[event.stream_id].broke()
        elif isinstance(event, WindowUpdated | RemoteSettingsChanged):
            for exchange in self._exchanges.values():
                exchange.window_opened()
        elif isinstance(event, ConnectionTerminated):
            self._transport.close()
            self._cut_soon()

    def _begin(self, event: RequestReceived) -> None:
        number = event.stream_id or 0
        headers = [(str(name), str(value)) for name, value in event.headers or ()]
        exchange = self._exchanges[number] = Exchange(self, number, headers)
        if self._idle is not None:
            self._idle.cancel()
        task = self._loop.create_task(self._run(exchange))
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("answering an HTTP/2 request failed", exc_info=error)
            exchange.over()
            # A request that has been answered before it was over is not read any further.
            self._loop.call_later(READING_OUT, self._forget, number, exchange)
            if not self._tasks:
                self._rest()

        task.add_done_callback(ended)

    async def _run(self, exchange: Exchange) -> None:
        try:
            await self._answer(exchange)
        except Broken:
            return
        except Exception:
            exchange.reset(ErrorCodes.INTERNAL_ERROR)
            raise

    def _forget(self, number: int, exchange: Exchange) -> None:
        if self._exchanges.pop(number, None) is not None and not exchange.is_broken:
            exchange.reset()

    def _rest(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = self._loop.call_later(IDLE, self._transport.abort)

    def _cut_soon(self) -> None:
        """A peer that does not read its last bytes keeps no connection."""
        self._loop.call_later(READING_OUT, self._transport.abort)
