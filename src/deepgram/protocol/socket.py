"""Channels: WebSocket conversations described once, held from a thread or from an event loop.

A *channel* is an endpoint that opens a conversation. A *socket* is a caller too: its resource lists the *commands* one
may send, its type argument is the union of *events* that come back. Encoding, decoding and handlers live here; waiting
is the transport's, threads and tasks are the driver's (``runtime/conversation.py``).
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from enum import Enum
from inspect import isawaitable
from threading import Lock, get_ident
from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_args, runtime_checkable

from .iteration import AsyncMessages, FrameError, SyncMessages
from .model import JsonReader, Model
from .operation import Caller
from .session import Conduct, Frame, Report, Session

E = TypeVar("E")

Media = bytes | bytearray | memoryview
Message = Model | Mapping[str, Any] | Media

KEPT = 10_000
"""Messages that are kept for whoever reads on after the conversation has ended."""
KEPT_BYTES = 32 * 1024 * 1024
"""Bytes of audio among them."""


@runtime_checkable
class SyncTransport(Protocol):
    """A connected WebSocket, as a ``transport_factory`` makes one: ``factory(url, headers)``."""

    def send(self, data: Any, /) -> None:
        """Send a frame: bytes, or JSON text."""

    def recv(self) -> Any:
        """Wait for the next frame: bytes, or text."""

    def __iter__(self) -> Iterator[Any]:
        """Yield frames until the connection is closed."""
        ...

    def close(self) -> None:
        """Close the connection."""


@runtime_checkable
class AsyncTransport(Protocol):
    """A connected WebSocket for asyncio, as a ``transport_factory`` makes one: ``factory(url, headers)``."""

    async def send(self, data: Any, /) -> None:
        """Send a frame: bytes, or JSON text."""

    async def recv(self) -> Any:
        """Wait for the next frame: bytes, or text."""

    def __aiter__(self) -> AsyncIterator[Any]:
        """Yield frames until the connection is closed."""
        ...

    async def close(self) -> None:
        """Close the connection."""


class EventType(str, Enum):
    """What handlers can be registered for."""

    OPEN = "open"
    """``start_listening`` begins; the handler gets None."""
    MESSAGE = "message"
    """A message came in; the handler gets it: a model, or bytes."""
    ERROR = "error"
    """Something failed; the handler gets the exception."""
    CLOSE = "close"
    """``start_listening`` ends; the handler gets None."""


class AfterGoodbye(RuntimeError):
    """Something was to be said after the message that ends the conversation: the service would not hear it."""


class NoMoreFrames(EOFError):
    """The transport says with None, as some do, that nothing more will come."""


class HandlerError(Exception):
    """A handler raised. ``__cause__`` is what it raised; the conversation goes on."""

    def __init__(self, event_name: EventType, handler: Callable[[Any], Any], cause: BaseException) -> None:
        name = getattr(handler, "__qualname__", repr(handler))
        super().__init__(f"the handler {name} of {event_name.value!r} raised {type(cause).__name__}: {cause}")
        self.event_name = event_name
        self.handler = handler
        self.__cause__ = cause


def encode(message: Message) -> Frame:
    """Return the frame that carries ``message``: media as binary, anything else as JSON text.

    The text has spaces and escapes as :func:`json.dumps` writes them: BEHAVIOUR section 11, "Sending".
    """
    if type(message) is bytes:  # audio, mostly: asking models and mappings first would take longer than the rest
        return message
    if isinstance(message, Model):
        return json.dumps(message.dict())
    return json.dumps(message) if isinstance(message, Mapping) else bytes_of(message)


def bytes_of(media: Any) -> Any:
    """Return media as one frame. What is neither bytes nor a message, such as text, goes out as it is.

    Raises ``TypeError`` for what has no length, such as None: it can be no frame.
    """
    if not hasattr(media, "__len__"):
        raise TypeError(f"audio is sent as bytes, not as {type(media).__name__}")
    return bytes(media) if isinstance(media, bytearray | memoryview) else media


class Socket(Caller, Generic[E]):
    """A conversation: the events to decode, the handlers to give them to, and its state."""

    events: ClassVar[Any]
    """The union of models that may arrive: the type argument, kept for run time."""
    reader: ClassVar[JsonReader]
    conduct: ClassVar[Conduct] = Conduct()
    """How conversations of this channel are kept alive and ended."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for base in cls.__dict__.get("__orig_bases__", ()):
            for events in get_args(base):
                cls.events = events
                cls.reader = JsonReader(events)

    def __init__(self) -> None:
        self._handlers: dict[str, list[Callable[[Any], Any]]] = {}
        self._session = Session(self.conduct)
        self._left: deque[E] = deque(maxlen=KEPT)
        self._aside = 0
        self._readers: dict[int, object] = {}
        """Who takes frames off the transport: each loop or ``recv``, and the thread or task that it was last in."""
        self._who: Callable[[], object] = _nothing
        """Returns the thread or task that asks. The driver sets it for event loops."""
        self._reading_ended: Callable[[], object] | None = None
        """Called when somebody stops reading. The driver sets it, to know when it may read what is left."""
        self._open_calls: Callable[[Any, Any], Any] | None = None
        """Opens what carries out the function calls of an agent. The driver sets it."""
        self._calls: Any = None
        """What carries them out; the driver closes it with the conversation."""
        self._explain: Callable[[Exception], Exception] = _as_it_is
        """Turns what the transport raises into what the program gets. The driver sets it."""

    def on(self, event_name: EventType | str, callback: Callable[[Any], Any]) -> None:
        """Call ``callback`` with every ``event_name`` that ``start_listening`` meets, after those registered before."""
        self._handlers.setdefault(EventType(event_name).value, []).append(callback)

    def off(self, event_name: EventType | str, callback: Callable[[Any], Any] | None = None) -> None:
        """Take a handler off again, or all of an event. Nothing happens if it was not registered."""
        name = EventType(event_name).value
        # A new list: handlers may be taken off while they run.
        self._handlers[name] = [kept for kept in self._handlers.get(name, ()) if callback not in (None, kept)]

    def report(self) -> Report:
        """Return what has happened so far: audio sent and finalised, messages, words, keep-alives."""
        return self._session.reported()

    def _decode(self, frame: Frame) -> E | FrameError:
        """Return the event in ``frame``; binary frames are media and pass through."""
        session = self._session
        session.messages_received += 1
        if not isinstance(frame, str):
            return frame  # type: ignore[return-value]
        try:
            event: E = self.reader.read(frame)
        except ValueError as error:
            session.note_misread()
            misread = FrameError(frame, error)
            logging.getLogger(type(self).__module__).warning("%s", misread)
            return misread
        self._note(event)
        return event

    def _set_aside(self, event: E) -> None:
        """Keep a message for whoever reads on after the conversation. Raises ``BufferError`` if it is too much."""
        self._aside += len(event) if isinstance(event, bytes) else 0
        if self._aside > KEPT_BYTES:
            log = logging.getLogger(type(self).__module__)
            log.warning("more than %d MiB of audio were left unread: the rest is lost", KEPT_BYTES >> 20)
            raise BufferError
        self._left.append(event)

    def _stops_reading(self, reader: int) -> None:
        if self._readers.pop(reader, self) is not self and self._reading_ended is not None:
            self._reading_ended()

    def _note(self, event: Any) -> None:
        """Take down what an event says about the conversation."""


def _taken(frame: Any) -> Any:
    if frame is None:
        raise NoMoreFrames("the conversation has ended")
    return frame


def _nothing() -> None:
    """Do nothing."""


def _as_it_is(error: Exception) -> Exception:
    """Leave an error of a caller's own transport alone."""
    return error


NOT_OURS = "only a conversation opened by connect() can be listened to in the background"


class SyncSocket(Socket[E]):
    """A conversation held from a thread."""

    mode = "sync"

    def __init__(self, *, websocket: SyncTransport) -> None:
        super().__init__()
        self._websocket = websocket
        self._who = get_ident
        self._taking = Lock()
        """Held while a frame is taken off: threads that read at the same time take turns, and keep the order."""
        self._sending = Lock()
        """Held while a frame goes out."""
        self._beside: Callable[[Callable[[], None]], None] | None = None
        """Runs something in a thread that the conversation owns. The driver sets it."""

    def recv(self) -> E:
        """Wait for the next message.

        Raises ``websockets.exceptions.ConnectionClosedOK`` or ``ConnectionClosedError`` when there is none.
        """
        while True:
            try:
                with self._taking:
                    event = self._left.popleft() if self._left else self._decode(_taken(self._websocket.recv()))
            except Exception as error:
                raise self._explain(error) from error.__cause__
            if not isinstance(event, FrameError):
                return event
            self._emit("error", event)

    def __iter__(self) -> Iterator[E]:
        """Yield messages until the conversation ends; raise ``ConnectionClosedError`` if it ends badly."""
        return SyncMessages(self)

    def start_listening(self) -> None:
        """Give every message to the handlers until the conversation ends.

        The order is OPEN, MESSAGE for each message, ERROR if something failed, CLOSE. An exception of a MESSAGE
        handler is reported as ERROR (:class:`HandlerError`) and listening goes on.
        """
        self._emit("open", None)
        try:
            try:
                for event in SyncMessages(self):
                    self._deliver(event)
            except Exception as error:
                self._emit("error", error)
        finally:
            self._emit("close", None)

    def listen_in_background(self) -> None:
        """Do what :meth:`start_listening` does in a thread of its own, which ends with the conversation."""
        if self._beside is None:
            raise RuntimeError(NOT_OURS)
        self._beside(self.start_listening)

    def _deliver(self, event: E) -> None:
        for handler in self._handlers.get("message", ()):
            try:
                handler(event)
            except Exception as error:
                self._session.note_handler_error()
                self._emit("error", HandlerError(EventType.MESSAGE, handler, error))

    def _emit(self, event_name: str, data: object) -> None:
        for handler in self._handlers.get(event_name, ()):
            handler(data)

    def _transmit(self, frame: Frame) -> None:
        with self._sending:
            self._put(frame)

    def _put(self, frame: Frame) -> None:
        """Send a frame; the caller holds ``_sending``."""
        session = self._session
        session.sends(frame, time.monotonic())
        try:
            self._websocket.send(frame)
        except Exception as error:
            raise self._explain(error) from error.__cause__
        finally:
            session.sent()


class AsyncSocket(Socket[E]):
    """A conversation held from an event loop."""

    mode = "asynchronous"

    def __init__(self, *, websocket: AsyncTransport) -> None:
        super().__init__()
        self._websocket = websocket
        self._drained: Callable[[], Awaitable[object]] | None = None
        """Waits until the driver has read what is left; it sets this when it begins."""
        self._beside: Callable[[Callable[[], Coroutine[Any, Any, None]]], None] | None = None
        """Runs something in a task that the conversation owns. The driver sets it."""

    async def recv(self) -> E:
        """Wait for the next message. Cancelling the wait loses none.

        Raises ``websockets.exceptions.ConnectionClosedOK`` or ``ConnectionClosedError`` when there is none.
        """
        while True:
            if self._drained is not None:
                await self._drained()
            if self._left:
                return self._left.popleft()
            me = object()
            self._readers[id(me)] = self._who()
            try:
                frame = _taken(await self._websocket.recv())
            except Exception as error:
                raise self._explain(error) from error.__cause__
            finally:
                self._stops_reading(id(me))
            event = self._decode(frame)
            if not isinstance(event, FrameError):
                return event
            await self._emit("error", event)

    def __aiter__(self) -> AsyncIterator[E]:
        """Yield messages until the conversation ends; raise ``ConnectionClosedError`` if it ends badly."""
        return AsyncMessages(self)

    async def start_listening(self) -> None:
        """Give every message to the handlers until the conversation ends; coroutine handlers are awaited in turn.

        The order is OPEN, MESSAGE for each message, ERROR if something failed, CLOSE. An exception of a MESSAGE
        handler is reported as ERROR (:class:`HandlerError`) and listening goes on.
        """
        await self._emit("open", None)
        try:
            try:
                async for event in AsyncMessages(self):
                    await self._deliver(event)
            except Exception as error:
                await self._emit("error", error)
        finally:
            await self._emit("close", None)

    def listen_in_background(self) -> None:
        """Do what :meth:`start_listening` does in a task of its own, which ends with the conversation."""
        if self._beside is None:
            raise RuntimeError(NOT_OURS)
        self._beside(self.start_listening)

    async def _deliver(self, event: E) -> None:
        for handler in self._handlers.get("message", ()):
            try:
                result = handler(event)
                if result is not None and isawaitable(result):
                    await result
            except Exception as error:
                self._session.note_handler_error()
                await self._emit("error", HandlerError(EventType.MESSAGE, handler, error))

    async def _emit(self, event_name: str, data: object) -> None:
        for handler in self._handlers.get(event_name, ()):
            result = handler(data)
            if isawaitable(result):
                await result

    async def _transmit(self, frame: Frame) -> None:
        session = self._session
        session.sends(frame, time.monotonic())
        try:
            await self._websocket.send(frame)
        except Exception as error:
            raise self._explain(error) from error.__cause__
        finally:
            session.sent()
