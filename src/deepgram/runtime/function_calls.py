"""Function calls of a voice agent, carried out beside the conversation: tasks, threads, timeouts, cancelling.

All of it happens in one event loop: that of the conversation, or for a conversation held from threads one in a thread
of its own. Coroutine functions are tasks there; others get a thread each, of which so many may run at once.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Protocol

from ..protocol.functions import (
    Function,
    FunctionCall,
    FunctionError,
    FunctionFailed,
    Functions,
    Unsendable,
    call_of,
    content_of,
    error_content,
    response,
)
from ..protocol.models.agent_messages import (
    AgentV1FunctionCallCancelled,
    AgentV1FunctionCallRequest,
    AgentV1SendFunctionCallResponse,
    AgentV1UserStartedSpeaking,
)

THREADS = 8
"""Functions of one conversation that may run in threads at once; others wait, within their timeout."""
MOST = 100
"""Calls of one conversation that may run or wait at once; more are refused."""
BACKLOG = 1000
"""Answers that may wait to be sent, and messages that may wait to be looked at; of a peer that sends more, no more
notice is taken."""
ENDING = 1.0
"""Seconds that cancelled functions get to end when the conversation is closed."""
REMEMBERED = 1000
"""Ids of calls that are not carried out again."""

INTERRUPTED = FunctionError("cancelled: the user began to speak")

log = logging.getLogger("deepgram.functions")

Send = Callable[[AgentV1SendFunctionCallResponse], Awaitable[None]]
Tell = Callable[[FunctionFailed], Awaitable[None]]


@dataclass
class _Running:
    call: FunctionCall
    task: asyncio.Task[None]
    interruptible: bool
    void: bool = False
    """The service does not want the result any more."""


class FunctionCalls:
    """The calls of one conversation. Everything here happens in the event loop that made it."""

    def __init__(self, functions: Functions, send: Send, tell: Tell) -> None:
        self._functions = functions
        self._send = send
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._running: dict[str, _Running] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._seen: deque[str] = deque(maxlen=REMEMBERED)
        self._threads = asyncio.Semaphore(THREADS)
        self._closed = False

    def take(self, event: object) -> None:
        """Begin what is asked for, and cancel what is not wanted any more."""
        if self._closed or len(self._tasks) > BACKLOG:
            return
        if isinstance(event, AgentV1FunctionCallRequest):
            for item in _items(event.functions):
                if getattr(item, "client_side", None):  # all others are the service's to carry out
                    self._begin(call_of(item))
        elif isinstance(event, AgentV1FunctionCallCancelled):
            for item in _items(event.functions):
                self._cancel(str(getattr(item, "id", "")))
        elif isinstance(event, AgentV1UserStartedSpeaking):
            for running in list(self._running.values()):
                if running.interruptible:
                    self._cancel(running.call.id)
                    # Services that void the call drop this answer; those that do not would wait for it.
                    self._start(self._answer(running.call, error_content(INTERRUPTED)))

    async def close(self) -> None:
        """Cancel everything; what does not end in time is left behind."""
        self._closed = True
        for running in self._running.values():
            running.call.cancelled = True
        me = asyncio.current_task()
        tasks = {task for task in self._tasks if task is not me}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=ENDING)

    def _begin(self, call: FunctionCall) -> None:
        if call.id in self._seen or not self._functions.is_ours(call.name):
            return
        self._seen.append(call.id)
        try:
            if len(self._running) >= MOST:
                raise FunctionError("too many calls at once")
            function = self._functions.find(call)
        except FunctionError as error:
            self._start(self._answer(call, error_content(error)))
            return
        task = self._start(self._carry_out(function, call))
        self._running[call.id] = _Running(call, task, function.interruptible)
        task.add_done_callback(lambda _: self._running.pop(call.id, None))

    def _cancel(self, id: str) -> None:
        """Have a call end without an answer. One that must not be interrupted goes on, for its effect."""
        running = self._running.get(id)
        if running is not None:
            running.void = running.call.cancelled = True
            if running.interruptible:
                running.task.cancel()

    def _start(self, work: Any) -> asyncio.Task[Any]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved: a function that fails when nobody waits any more is nobody's concern

    async def _carry_out(self, function: Function, call: FunctionCall) -> None:
        try:
            content = await self._result(function, call)
        except Exception as error:
            content = error_content(error.__cause__ or error if isinstance(error, FunctionFailed) else error)
            if isinstance(error, FunctionFailed):
                await self._report(error)
        if not self._running[call.id].void:
            await self._answer(call, content)

    async def _result(self, function: Function, call: FunctionCall) -> str:
        prepared = function.prepared(call)  # FunctionError: the language model's mistake, which only it is told
        work = self._start(self._run(function, prepared))
        try:
            done, _ = await asyncio.wait({work}, timeout=function.timeout)
        finally:
            work.cancel()  # it may not heed that; nobody waits for it
        if not done:
            call.cancelled = True
            raise FunctionFailed(
                call.name,
                f"took longer than {function.timeout:g} s",
                FunctionError(f"no result after {function.timeout:g} s"),
            )
        try:
            return content_of(work.result())
        except FunctionError:
            raise  # meant for the language model
        except Unsendable as error:
            raise FunctionFailed(call.name, f"was in vain: {error}", error) from error
        except asyncio.CancelledError as error:  # by the function itself
            raise FunctionFailed(call.name, "was cancelled", error) from error
        except (Exception, SystemExit) as error:
            raise FunctionFailed(call.name, f"raised {type(error).__name__}: {error}", error) from error

    async def _run(self, function: Function, prepared: Callable[[], Any]) -> Any:
        try:
            result = prepared() if function.is_async else await self._in_thread(prepared)
            return await result if isawaitable(result) else result
        except SystemExit as error:  # would end the event loop, and the program with it
            raise RuntimeError("it tried to leave the program") from error

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        """Run ``work`` in a thread. If nobody waits any more it goes on, and keeps its place among ``THREADS``."""
        await self._threads.acquire()
        loop = self._loop
        outcome: asyncio.Future[Any] = loop.create_future()
        context = contextvars.copy_context()

        def finish(result: Any, error: BaseException | None) -> None:
            self._threads.release()
            if outcome.done():
                return
            if error is None:
                outcome.set_result(result)
            elif isinstance(error, StopIteration):  # which no future can hold
                outcome.set_exception(RuntimeError(f"StopIteration: {error}"))
            else:
                outcome.set_exception(error)

        def run() -> None:
            result, error = None, None
            try:
                result = context.run(work)
            except BaseException as raised:  # whatever it is: a thread has nobody else to tell
                error = raised
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(finish, result, error)

        try:
            threading.Thread(target=run, name="deepgram-function", daemon=True).start()
        except BaseException:
            self._threads.release()
            raise
        return await outcome

    async def _answer(self, call: FunctionCall, content: str) -> None:
        try:
            await self._send(response(call, content))
        except Exception as error:  # the conversation is over: its reader says so
            log.debug("the result of %s could not be sent: %s", call.name, error)

    async def _report(self, failed: FunctionFailed) -> None:
        with suppress(Exception):  # a handler that fails itself
            await self._tell(failed)


def _items(functions: object) -> list[Any]:
    """Return the functions of a message, whatever the peer sent instead."""
    return functions[:MOST] if isinstance(functions, list) else []


def _logged(socket: _Listened, failed: FunctionFailed) -> bool:
    """Log what no handler hears of."""
    if socket._handlers.get("error"):
        return False
    log.warning("%s", failed, exc_info=failed.__cause__)
    return True


class _Listened(Protocol):
    _handlers: dict[str, list[Callable[[Any], Any]]]


class AsyncFunctionCalls:
    """The calls of a conversation that is held from an event loop: tasks in it."""

    def __init__(self, socket: Any, functions: Functions) -> None:
        self._socket = socket
        self._calls = FunctionCalls(functions, socket.send_function_call_response, self._tell)
        self.take = self._calls.take
        self.close = self._calls.close

    async def _tell(self, failed: FunctionFailed) -> None:
        if not _logged(self._socket, failed):
            await self._socket._emit("error", failed)


class SyncFunctionCalls:
    """The calls of a conversation that is held from threads: an event loop in a thread of its own."""

    def __init__(self, socket: Any, functions: Functions) -> None:
        self._socket = socket
        self._loop = asyncio.new_event_loop()
        self._calls: FunctionCalls | None = None
        self._functions = functions
        self._handed_over = self._looked_at = 0
        self._thread = threading.Thread(target=self._serve, name="deepgram-functions", daemon=True)
        self._thread.start()

    def take(self, event: object) -> None:
        """Take note of a message, in the loop, which a function may keep from going on."""
        if self._handed_over - self._looked_at > BACKLOG:
            return
        self._handed_over += 1
        with suppress(RuntimeError):  # the conversation is being closed
            self._loop.call_soon_threadsafe(self._take, event)

    def close(self) -> None:
        """Cancel everything and end the thread, within a bound: a function may block the loop."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.create_task, self._close())
        if threading.current_thread() is not self._thread:
            self._thread.join(2 * ENDING)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    def _take(self, event: object) -> None:
        self._looked_at += 1
        if self._calls is None:
            self._calls = FunctionCalls(self._functions, self._send, self._tell)
        self._calls.take(event)

    async def _close(self) -> None:
        try:
            if self._calls is not None:
                await self._calls.close()
        finally:
            self._loop.stop()

    async def _send(self, answer: AgentV1SendFunctionCallResponse) -> None:
        # It may wait for a peer that reads slowly; the session breaks off what takes too long.
        self._socket.send_function_call_response(answer)

    async def _tell(self, failed: FunctionFailed) -> None:
        if not _logged(self._socket, failed):
            self._socket._emit("error", failed)
