"""The two drivers of conversations: they open, keep alive, take leave and close, in a thread or in an event loop.

What to do is the session's decision (``protocol/session.py``). Each conversation owns what it starts: a thread (or a
timer) that calls the session twice a second, and whatever listens in the background. Leaving the block ends them all.

A process that is forked within the block has the connection of its parent and none of its threads: when it leaves the
block, nothing is said, awaited or shut down, for the conversation is the parent's and goes on there.
"""

from __future__ import annotations

import asyncio
import logging
import os
import selectors
import socket as sockets
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from threading import get_ident
from types import TracebackType
from typing import Any, Generic, TypeVar

from ..protocol.iteration import AsyncMessages, FrameError, SyncMessages
from ..protocol.session import TICK, Fail, Ping, Transmit
from ..protocol.socket import AsyncSocket, AsyncTransport, SyncSocket, SyncTransport
from .secure_socket import socket_of
from .websocket import CLOSING, lost, unread

S = TypeVar("S", bound=SyncSocket[Any])
A = TypeVar("A", bound=AsyncSocket[Any])

log = logging.getLogger("deepgram.conversation")


def _calls_of(socket: SyncSocket[Any] | AsyncSocket[Any], functions: Any) -> Any:
    from .function_calls import AsyncFunctionCalls, SyncFunctionCalls  # loaded with the first call of a function

    return (SyncFunctionCalls if isinstance(socket, SyncSocket) else AsyncFunctionCalls)(socket, functions)


class SyncConversation(Generic[S]):
    """A conversation held from threads, as ``connect()`` returns it: a context manager of its socket."""

    def __init__(self, dial: Callable[[], SyncTransport], socket: Callable[..., S], drain_timeout: float) -> None:
        self._dial = dial
        self._make = socket
        self._drain_timeout = drain_timeout
        self._over = threading.Event()
        self._reading = threading.Condition()
        self._deadline: Callable[[float], float] | None = None
        """Until when the end may take (s), given what time it is."""
        self._given_up = False
        self._pong: threading.Event | None = None
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> S:
        """Open the conversation. Raises ``ApiError`` if the service refuses it or cannot be reached."""
        self._process = os.getpid()
        self._transport: Any = self._dial()
        self._socket = socket = self._make(websocket=self._transport)
        socket._explain = self._explain
        socket._beside = self._beside
        socket._open_calls = _calls_of
        session = socket._session
        session.pings = hasattr(self._transport, "ping")
        session.begin(time.monotonic())
        try:
            self._start(self._keep, "keep-alive")
        except BaseException:  # no thread can be started, or the program is being interrupted
            self._abort()
            self._transport.close()
            raise
        return socket

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the conversation; after an orderly block, wait for the last results first."""
        if os.getpid() != self._process:
            self._let_go()
            return
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
            if self._deadline is not None and now >= self._deadline(now):
                self._given_up = True
                self._abort()
                self._notice()
                return
            if unread(self._transport):
                session.behind(now)
            if self._pong is not None and self._pong.is_set():
                self._pong = None
                session.lives(now)
            for effect in session.tick(now):
                with suppress(Exception):  # a connection that broke is the reader's to report
                    self._perform(effect)

    def _perform(self, effect: Transmit | Ping | Fail) -> None:
        socket = self._socket
        if isinstance(effect, Fail):
            self._abort()
            return
        # This thread must not wait: it is the one that notices who is stuck.
        if self._writable() and socket._sending.acquire(blocking=False):
            try:
                if isinstance(effect, Transmit):
                    socket._put(effect.frame)
                else:
                    self._pong = self._transport.ping()
            finally:
                socket._sending.release()
        elif isinstance(effect, Ping):
            socket._session.ping_failed()

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
                if not self._writable(CLOSING) or not socket._sending.acquire(timeout=CLOSING):
                    return
                try:
                    socket._put(frame)
                finally:
                    socket._sending.release()
            if not session.drains(listened=self._others() or bool(socket._handlers.get("message"))):
                return
            self._deadline = lambda now: session.rest_until(now, self._drain_timeout)
            socket._reading_ended = self._notice
            with self._reading:
                self._reading.wait_for(lambda: self._given_up or not (self._others() and session.awaits_results))
            if not self._others():
                self._drain()

    def _others(self) -> bool:
        """Tell whether another thread reads. This one may: a handler, too, can take leave."""
        me = get_ident()
        return any(reader != me for reader in list(self._socket._readers.values()))

    def _drain(self) -> None:
        socket = self._socket
        messages = SyncMessages(socket)
        while socket._session.awaits_results:
            with socket._taking:
                event = messages.fresh()
                listened = isinstance(event, FrameError) or socket._handlers.get("message")
                if not listened:
                    socket._set_aside(event)
            if isinstance(event, FrameError):
                socket._emit("error", event)
            elif listened:
                socket._deliver(event)

    def _close(self) -> None:
        """Close the transport within a bound: the keeping thread breaks off what takes longer."""
        if self._socket._calls is not None:
            self._socket._calls.close()
        deadline = time.monotonic() + CLOSING
        self._deadline = lambda now: deadline
        if not self._writable() or self._socket._sending.locked():
            self._abort()
        try:
            with suppress(Exception):
                self._transport.close()
        finally:
            self._over.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(deadline - time.monotonic(), TICK))

    def _let_go(self) -> None:
        """Give back what a forked process has of the connection: its own handle, which the parent's survives."""
        connection = socket_of(self._transport)
        if connection is not None:
            connection.close()

    def _writable(self, timeout: float = 0) -> bool:
        """Tell whether a short frame can leave without blocking; of transports that are not ours, assume it."""
        connection = socket_of(self._transport)
        if connection is None or connection.fileno() < 0:
            return True
        with selectors.DefaultSelector() as selector, suppress(OSError, ValueError):  # closed at this very moment
            selector.register(connection, selectors.EVENT_WRITE)
            return bool(selector.select(timeout))
        return False

    def _abort(self) -> None:
        """Break the connection, which wakes every thread that waits for it."""
        connection = socket_of(self._transport)
        with suppress(Exception):
            if connection is not None:
                sockets.socket.shutdown(connection, sockets.SHUT_RDWR)  # not as TLS does it: see SecureSocket
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
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> A:
        """Open the conversation. Raises ``ApiError`` if the service refuses it or cannot be reached."""
        self._process = os.getpid()
        self._transport: Any = await self._dial()
        self._loop = asyncio.get_running_loop()
        self._socket = socket = self._make(websocket=self._transport)
        socket._who = partial(asyncio.current_task, self._loop)  # to find the loop costs more than the task
        socket._explain = self._explain
        socket._beside = self._beside
        socket._open_calls = _calls_of
        session = socket._session
        session.pings = hasattr(self._transport, "ping")
        session.begin(time.monotonic())
        self._timer = self._loop.call_later(TICK, self._keep)
        return socket

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the conversation; after an orderly block, wait for the last results first."""
        if os.getpid() != self._process:
            return  # not even a handle can be closed: the event loop that knows it is the parent's, down to its epoll
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
        if unread(self._transport):
            session.behind(time.monotonic())
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
            me = asyncio.current_task()
            others = any(reader is not me for reader in socket._readers.values())
            if session.drains(listened=others or bool(socket._handlers.get("message"))):
                results = self._loop.create_task(self._await_results(me))
                try:
                    while (now := time.monotonic()) < (until := session.rest_until(now, self._drain_timeout)):
                        await asyncio.wait({results}, timeout=min(until - now, TICK))
                        if results.done():
                            break
                finally:
                    results.cancel()
                    await asyncio.gather(results, return_exceptions=True)

    async def _await_results(self, me: asyncio.Task[Any] | None) -> None:
        # The task that leaves may be in a loop over the messages, or in a handler: it reads no more itself.
        socket = self._socket
        stopped = asyncio.Event()
        socket._reading_ended = stopped.set
        session = socket._session
        while session.awaits_results and any(reader is not me for reader in socket._readers.values()):
            stopped.clear()
            await stopped.wait()
        if not session.awaits_results:
            return
        messages = AsyncMessages(socket)
        done = asyncio.Event()
        socket._drained = done.wait
        try:
            while session.awaits_results:
                event = await messages.fresh()
                if isinstance(event, FrameError):
                    await socket._emit("error", event)
                elif socket._handlers.get("message"):
                    await socket._deliver(event)
                else:
                    socket._set_aside(event)
        finally:
            done.set()

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._socket._calls is not None:
            await self._socket._calls.close()
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
        elif callable(abort := getattr(self._transport, "abort", None)):  # of a transport of the program's own
            abort()
