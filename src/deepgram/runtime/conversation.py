"""The two drivers of conversations: they open, keep alive, take leave and close, in a thread or in an event loop.

What to do is the session's decision (``protocol/session.py``). Each conversation owns what it starts: a thread (or a
timer) that calls the session twice a second, and whatever listens in the background. Leaving the block ends them all.
"""

from __future__ import annotations

import asyncio
import logging
import selectors
import socket as sockets
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from ..protocol.session import TICK, Fail, Ping, Transmit
from ..protocol.socket import AsyncSocket, AsyncTransport, EventType, FrameError, SyncSocket, SyncTransport
from .websocket import CLOSING, lost

S = TypeVar("S", bound=SyncSocket[Any])
A = TypeVar("A", bound=AsyncSocket[Any])

log = logging.getLogger("deepgram.conversation")


class Opener(Protocol):
    """What a conversation needs of the driver that opened it."""

    drain_timeout: float
    """Seconds that the last results may take after the input has ended."""


class SyncConversation(Generic[S]):
    """A conversation held from threads, as ``connect()`` returns it: a context manager of its socket."""

    def __init__(self, dial: Callable[[], SyncTransport], socket: Callable[..., S], drain_timeout: float) -> None:
        self._dial = dial
        self._make = socket
        self._drain_timeout = drain_timeout
        self._over = threading.Event()
        self._reading = threading.Condition()
        self._deadline: float | None = None
        self._pong: threading.Event | None = None
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> S:
        """Open the conversation. Raises ``ApiError`` if the service refuses it or cannot be reached."""
        self._transport: Any = self._dial()
        self._socket = socket = self._make(websocket=self._transport)
        socket._reading_ended = self._notice
        socket._explain = self._explain
        socket._beside = self._beside
        session = socket._session
        session.pings = hasattr(self._transport, "ping")
        session.begin(time.monotonic())
        self._start(self._keep, "keep-alive")
        return socket

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the conversation; after an orderly block, wait for the last results first."""
        try:
            if kind is None:
                self._leave()
        finally:
            self._close()

    # --- Beside the program -------------------------------------------------------------------------------------------

    def _start(self, work: Callable[[], None], purpose: str) -> None:
        thread = threading.Thread(target=work, name=f"deepgram-{purpose}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _beside(self, work: Callable[[], None]) -> None:
        def listen() -> None:
            try:
                work()
            except Exception:
                log.exception("listening in the background ended")

        self._start(listen, "listening")

    def _keep(self) -> None:
        """Do what the session asks for until the conversation is over."""
        session = self._socket._session
        while not self._over.wait(TICK):
            now = time.monotonic()
            if self._deadline is not None and now >= self._deadline:
                self._abort()
                return
            if self._pong is not None and self._pong.is_set():
                self._pong = None
                session.lives(now)
            for effect in session.tick(now):
                with suppress(Exception):  # a connection that broke is the reader's to report
                    self._perform(effect)

    def _perform(self, effect: Transmit | Ping | Fail) -> None:
        match effect:
            case Fail():
                self._abort()
            case Transmit(frame) if self._writable():
                self._socket._transmit(frame)
            case Ping() if self._writable():
                self._pong = self._transport.ping()
            case _:
                pass

    def _notice(self) -> None:
        with self._reading:
            self._reading.notify_all()

    def _explain(self, error: Exception) -> Exception:
        return lost(error, self._socket._session.reason)

    # --- The end ------------------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        """End the input and hand on what still comes, to whoever reads or else to the handlers."""
        socket = self._socket
        session = socket._session
        with suppress(Exception):
            for frame in session.leave():
                if not self._writable(CLOSING):
                    return
                socket._transmit(frame)
            if not session.awaits_results:
                return
            self._deadline = time.monotonic() + self._drain_timeout
            with self._reading:
                self._reading.wait_for(lambda: not socket._readers, self._drain_timeout)
            if not socket._readers:
                self._drain()

    def _drain(self) -> None:
        socket = self._socket
        done = threading.Event()
        socket._drained = lambda: done.wait(self._drain_timeout + CLOSING)
        try:
            for frame in self._transport:
                event = socket._decode(frame)
                if isinstance(event, FrameError) or socket._handlers.get(EventType.MESSAGE.value):
                    socket._deliver(event)
                else:
                    socket._left.append(event)
        finally:
            done.set()

    def _close(self) -> None:
        self._over.set()
        if not self._writable():
            self._abort()
        with suppress(Exception):
            self._transport.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(CLOSING)

    def _writable(self, timeout: float = 0) -> bool:
        """Tell whether a short frame can leave without blocking; of transports that are not ours, assume it."""
        connection = getattr(self._transport, "socket", None)
        if not isinstance(connection, sockets.socket) or connection.fileno() < 0:
            return True
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_WRITE)
            return bool(selector.select(timeout))

    def _abort(self) -> None:
        """Break the connection, which wakes every thread that waits for it."""
        connection = getattr(self._transport, "socket", None)
        with suppress(Exception):
            if isinstance(connection, sockets.socket):
                connection.shutdown(sockets.SHUT_RDWR)
            else:
                self._transport.close()


class AsyncConversation(Generic[A]):
    """A conversation held from an event loop, as ``connect()`` returns it: an async context manager of its socket.

    Nothing is bound to the task that enters: programs enter in one task and leave in another.
    """

    def __init__(
        self,
        dial: Callable[[], Coroutine[Any, Any, AsyncTransport]],
        socket: Callable[..., A],
        drain_timeout: float,
    ) -> None:
        self._dial = dial
        self._make = socket
        self._drain_timeout = drain_timeout
        self._reading_stopped: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> A:
        """Open the conversation. Raises ``ApiError`` if the service refuses it or cannot be reached."""
        self._transport: Any = await self._dial()
        self._loop = asyncio.get_running_loop()
        self._socket = socket = self._make(websocket=self._transport)
        socket._reading_ended = self._notice
        socket._explain = self._explain
        socket._beside = self._beside
        session = socket._session
        session.pings = hasattr(self._transport, "ping")
        session.begin(time.monotonic())
        self._timer = self._loop.call_later(TICK, self._keep)
        return socket

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the conversation; after an orderly block, wait for the last results first."""
        try:
            if kind is None:
                await self._leave()
        finally:
            await self._close()

    # --- Beside the program -------------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _beside(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def listen() -> None:
            try:
                await work()
            except Exception:
                log.exception("listening in the background ended")

        self._start(listen())

    def _keep(self) -> None:
        """Do what the session asks for; the next call is due in a tick."""
        session = self._socket._session
        for effect in session.tick(time.monotonic()):
            if isinstance(effect, Fail):
                self._abort()
            else:
                self._start(self._perform(effect))
        self._timer = self._loop.call_later(TICK, self._keep)

    async def _perform(self, effect: Transmit | Ping) -> None:
        with suppress(Exception):  # a connection that broke is the reader's to report
            if isinstance(effect, Transmit):
                await self._socket._transmit(effect.frame)
            else:
                await (await self._transport.ping())
                self._socket._session.lives(time.monotonic())

    def _notice(self) -> None:
        if self._reading_stopped is not None:
            self._reading_stopped.set()

    def _explain(self, error: Exception) -> Exception:
        return lost(error, self._socket._session.reason)

    # --- The end ------------------------------------------------------------------------------------------------------

    async def _leave(self) -> None:
        """End the input and hand on what still comes, to whoever reads or else to the handlers."""
        socket = self._socket
        session = socket._session
        with suppress(Exception):
            for frame in session.leave():
                await asyncio.wait_for(socket._transmit(frame), CLOSING)
            if session.awaits_results:
                await asyncio.wait_for(self._await_results(), self._drain_timeout)

    async def _await_results(self) -> None:
        socket = self._socket
        self._reading_stopped = asyncio.Event()
        while socket._readers:
            self._reading_stopped.clear()
            await self._reading_stopped.wait()
        done = asyncio.Event()
        socket._drained = done.wait
        try:
            async for frame in self._transport:
                event = socket._decode(frame)
                if isinstance(event, FrameError) or socket._handlers.get(EventType.MESSAGE.value):
                    await socket._deliver(event)
                else:
                    socket._left.append(event)
        finally:
            done.set()

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        try:
            with suppress(Exception):
                await asyncio.wait_for(self._transport.close(), 2 * CLOSING)
        finally:
            self._abort()
            await self._end_tasks()

    async def _end_tasks(self) -> None:
        """Let listeners in the background say CLOSE; cancel what does not end."""
        me = asyncio.current_task()
        tasks = {task for task in self._tasks if task is not me}
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=CLOSING)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    def _abort(self) -> None:
        """Break the connection, which wakes every task that waits for it."""
        connection = getattr(self._transport, "transport", None)
        if isinstance(connection, asyncio.Transport):
            connection.abort()
