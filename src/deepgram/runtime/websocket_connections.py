"""Connections of ``websockets`` that take whole messages off the wire before the library's parser does.

The library reads a frame in nested generators, wraps it, queues it and joins it with its like: a quarter of what a live
message costs, its JSON and its words included. Nearly every frame of a service is a whole message, told by its first
byte, so those are cut out here. All others (pings, parts of messages, the closing handshake, whatever is wrong) go to
the library one by one, which stays in charge of the protocol. With its log at DEBUG it reads every frame, and shows it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, TypeAlias

from websockets.asyncio.client import ClientConnection as AsyncClientConnection
from websockets.client import ClientProtocol
from websockets.exceptions import ConcurrencyError
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.sync.client import ClientConnection as SyncClientConnection

from .secure_socket import secured

TEXT, BINARY = 0x81, 0x82
"""First byte of a frame that is a whole message (RFC 6455, 5.2)."""
HEADERS_END = b"\r\n\r\n"
MOST, FEW = 16, 4
"""Messages that may wait to be received until nothing more is read, and until reading goes on."""


Message: TypeAlias = str | bytes | UnicodeDecodeError


class Frames:
    """Stands before the parser of a protocol; gives whole messages that came together to ``put``, text or bytes.

    In the place of text that is none it gives the error, which the library's ``recv`` answers when it gets there.
    """

    def __init__(self, protocol: Any, largest: int, put: Callable[[list[Message]], None]) -> None:
        self._protocol = protocol
        self._largest = largest
        self._put = put
        self._parser = protocol.parser
        self._parse = protocol.receive_data
        self._parse_end = protocol.receive_eof
        self._waiting = bytearray()
        """What came of a frame that is not there as a whole; during the handshake, the last bytes that came."""
        self._wanted = 0
        """Bytes of that frame, or of its header, that must be there before more can be said."""
        self._parts: bytearray | None = None
        """What came of a message that is sent in parts."""
        self._text = False
        """It is text."""
        protocol.receive_data = self.receive_data
        protocol.receive_eof = self.receive_eof

    def receive_data(self, data: bytes) -> None:
        """Take what came off the wire."""
        if self._protocol.state is State.CONNECTING:
            data = self._answer(data)
        at = 0
        found: list[Message] = []
        while self._waiting and at < len(data):
            more = self._wanted - len(self._waiting)
            self._waiting += data[at : at + more]
            at += more
            if len(self._waiting) >= self._wanted:
                begun = bytes(self._waiting)
                self._waiting.clear()
                self._take(begun, 0, found)
        if at < len(data):
            self._take(data, at, found)
        if found:
            self._put(found)

    def receive_eof(self) -> None:
        """Take that nothing more comes."""
        protocol = self._protocol
        if self._waiting and protocol.state is not State.CONNECTING and protocol.parser is self._parser:
            self._parse(bytes(self._waiting))
        self._waiting.clear()
        self._parse_end()

    def _answer(self, data: bytes) -> bytes:
        """Let the library read the answer to the handshake; return what follows it."""
        seen = bytes(self._waiting)
        end = (seen + data).find(HEADERS_END)
        if end < 0:
            self._waiting[:] = (seen + data)[1 - len(HEADERS_END) :]
            self._parse(data)
            return b""
        self._waiting.clear()
        head = end + len(HEADERS_END) - len(seen)
        self._parse(data[:head])
        if self._protocol.state is State.CONNECTING:  # refused: what follows says why
            self._parse(data[head:])
            return b""
        return data[head:]

    def _take(self, data: bytes, at: int, found: list[Message]) -> None:
        """Take all frames that are there as a whole from ``at`` on, and keep what is left."""
        if self._protocol.parser is not self._parser:  # closed, or failed: the library reads no frames any more
            self._parse(data[at:])
            return
        largest, have = self._largest, len(data)
        end = at + 2
        while end <= have:
            head, length, start = data[at], data[at + 1], end
            if length >= 126:  # or masked, which a server's frames are not
                if length < 128:
                    start = end + (2 if length == 126 else 8)
                    length = int.from_bytes(data[end:start], "big")
                else:
                    length = largest + 1
                if start > have:
                    end = start
                    break
                if length > largest:  # the library says what is wrong, and ends the conversation
                    self._parse(data[at:])
                    return
            end = start + length
            if end > have:
                break
            if head == TEXT and self._parts is None:
                try:
                    found.append(data[start:end].decode())
                except UnicodeDecodeError as error:
                    found.append(error)
            elif head == BINARY and self._parts is None:
                found.append(bytes(data[start:end]))
            else:
                self._leave(data[at:end], found)
                if self._protocol.parser is not self._parser:
                    self._parse(data[end:])
                    return
            at, end = end, end + 2
        self._waiting += data[at:]
        self._wanted = end - at

    def _leave(self, frame: bytes, found: list[Message]) -> None:
        """Leave a frame to the library; of one that is a part of a message, take what it made of it."""
        events = self._protocol.events
        before = len(events)
        self._parse(frame)
        if len(events) == before or events[-1].opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        part: Frame = events.pop()
        if part.opcode is not Opcode.CONT:
            self._parts, self._text = bytearray(), part.opcode is Opcode.TEXT
        assert self._parts is not None, "the library refuses a part without a beginning"
        self._parts += part.data
        if part.fin:
            whole, self._parts = self._parts, None
            try:
                found.append(whole.decode() if self._text else bytes(whole))
            except UnicodeDecodeError as error:
                found.append(error)


def as_asked(message: str | bytes, decode: bool | None) -> Any:
    """Return a message as the parameter ``decode`` of the library's ``recv`` wants it."""
    if decode is None or decode is isinstance(message, str):
        return message
    return message.decode() if isinstance(message, bytes) else message.encode()


class AsyncWaiting:
    """Messages that wait to be received, in place of the library's assembler. It wants these methods."""

    def __init__(self, pause: Callable[[], Any], resume: Callable[[], Any]) -> None:
        self._messages: deque[Message] = deque()
        self._pause, self._resume = pause, resume
        self._reader: asyncio.Future[None] | None = None
        self._closed = False
        self.paused = False

    def put(self, messages: list[Message]) -> None:
        """Add messages that came together."""
        self._messages.extend(messages)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
        if len(self._messages) > MOST and not self.paused:
            self.paused = True
            self._pause()

    async def get(self, decode: bool | None = None) -> Any:
        """Wait for the next message. Raises ``EOFError`` when no more comes, ``UnicodeDecodeError`` if it is none."""
        while not self._messages:
            if self._closed:
                raise EOFError
            if self._reader is not None:
                raise ConcurrencyError
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        message = self.at_hand()
        if message is None:
            raise self._messages.popleft()  # type: ignore[misc]
        return message if decode is None else as_asked(message, decode)

    def at_hand(self) -> Any:
        """Return the next message if there is one. An error is left to whoever waits for it."""
        if not self._messages:
            return None
        message = self._messages.popleft()
        if type(message) is UnicodeDecodeError:
            self._messages.appendleft(message)
            return None
        if self.paused and len(self._messages) <= FEW:
            self.paused = False
            self._resume()
        return message

    async def get_iter(self, decode: bool | None = None) -> AsyncIterator[Any]:
        """Yield the parts of the next message: they are one here."""
        yield await self.get(decode)

    def close(self) -> None:
        """No more messages come."""
        self._closed = True
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class AsyncConnection(AsyncClientConnection):
    """A connection for event loops. ``at_hand()`` returns the next message if there is one, and is not always there."""

    def __init__(self, largest: int, protocol: ClientProtocol, **options: Any) -> None:
        super().__init__(protocol, **options)
        self._largest = largest

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self.protocol.debug:
            messages: Any = AsyncWaiting(self.transport.pause_reading, self.transport.resume_reading)
            self.recv_messages = messages
            self.at_hand = messages.at_hand
            Frames(self.protocol, self._largest, messages.put)


class SyncWaiting:
    """Does what :class:`AsyncWaiting` does, between the library's thread, which puts, and one that gets."""

    def __init__(self, pause: Callable[[], Any], resume: Callable[[], Any]) -> None:
        self._messages: SimpleQueue[Message | None] = SimpleQueue()
        self._pause, self._resume = pause, resume
        self._turn = Lock()
        self._closed = False
        self.paused = False

    def put(self, messages: list[Message]) -> None:
        """Add messages that came together."""
        for message in messages:
            self._messages.put(message)
        if not self.paused and self._messages.qsize() > MOST:
            with self._turn:
                self._pause()
                self.paused = True
            self._go_on()  # whoever gets may have taken them all before it could see the pause

    def get(self, timeout: float | None = None, decode: bool | None = None) -> Any:
        """Wait for the next message.

        Raises ``EOFError`` when no more comes, ``UnicodeDecodeError`` if it is no text, ``TimeoutError`` after so many
        seconds.
        """
        try:
            message = self._messages.get(not self._closed, timeout and max(timeout, 0))
        except Empty:
            if self._closed:
                raise EOFError from None
            raise TimeoutError(f"timed out in {timeout:.1f}s") from None
        if message is None:
            self._messages.put(None)  # for whoever else waits
            raise EOFError
        if self.paused:
            self._go_on()
        if isinstance(message, UnicodeDecodeError):
            raise message
        return message if decode is None else as_asked(message, decode)

    def get_iter(self, decode: bool | None = None) -> Iterator[Any]:
        """Yield the parts of the next message: they are one here."""
        yield self.get(None, decode)

    def close(self) -> None:
        """No more messages come: whoever waits is told, and so is the library's thread."""
        if not self._closed:
            self._closed = True
            self._messages.put(None)
            self._go_on()

    def _go_on(self) -> None:
        with self._turn:
            if self.paused and (self._closed or self._messages.qsize() <= FEW):
                self.paused = False
                self._resume()


class SyncConnection(SyncClientConnection):
    """A connection for threads."""

    def __init__(self, largest: int, socket: Any, protocol: ClientProtocol, **options: Any) -> None:
        super().__init__(secured(socket), protocol, **options)
        if not protocol.debug:  # nothing has come yet: the peer speaks when it was asked
            messages: Any = SyncWaiting(self.recv_flow_control.acquire, self.recv_flow_control.release)
            self.recv_messages = messages
            Frames(protocol, largest, messages.put)
