"""One conversation over SageMaker: opened when it is first used, and opened again when it is lost.

Two tasks belong to it. One opens streams and reads them; the other says to the stream what it has not heard yet.
Whoever sends or receives only puts frames in or takes them out, so a wait that is cancelled tears no signed event.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, overload

from .config import REGION, SageMakerConfig
from .errors import AccessDenied, SageMakerError, TimedOut
from .parts import LARGEST, Parts
from .replay import NO_PROGRESS, Frame, Replay, kind
from .retries import Attempts

log = logging.getLogger("deepgram.transports.sagemaker")

FIRST = 2.0
"""Seconds that the first frame waits for the stream: what is wrong with it is mostly known by then. Later, and while a
lost stream is opened again, frames wait in the replay buffer; whoever sends does not."""
WAITING = 256 * 1024
"""Bytes that may wait for an open stream to take them; then whoever sends waits."""
UNREAD = 1024 * 1024
"""Bytes that may wait to be received; then nothing more is read from the stream."""
LEAVING = 1.0
"""Seconds in which a conversation that is closed may still say what it was told to say."""

Admit = Callable[[], "asyncio.Semaphore"]


class SageMakerTransport:
    """A conversation with a model on SageMaker, as :class:`SageMakerTransportFactory` makes it.

    ``SageMakerTransport(config, invocation_path, query_string)`` or, as it first was,
    ``SageMakerTransport(endpoint_name, region, invocation_path, query_string)``.
    """

    @overload
    def __init__(self, config: SageMakerConfig, invocation_path: str, query_string: str) -> None: ...
    @overload
    def __init__(self, endpoint_name: str, region: str, invocation_path: str, query_string: str) -> None: ...
    def __init__(self, *given: Any, **named: Any) -> None:
        order: tuple[str, ...] = ("config", "invocation_path", "query_string")
        if isinstance(given[0] if given else named.get("endpoint_name"), str):
            order = ("endpoint_name", "region", "invocation_path", "query_string")
        arguments = {**dict(zip(order, given, strict=False)), **named}
        if len(given) > len(order) or set(arguments) != set(order) or len(given) + len(named) != len(order):
            raise TypeError(
                "SageMakerTransport takes (config, invocation_path, query_string) or "
                "(endpoint_name, region, invocation_path, query_string)"
            )
        config = arguments.get("config")
        if config is None:
            config = SageMakerConfig(arguments["endpoint_name"], arguments["region"] or REGION)
        self.config: SageMakerConfig = config
        self.endpoint_name = config.endpoint_name
        self.region = config.region
        self.invocation_path: str = arguments["invocation_path"]
        self.query_string: str = arguments["query_string"]
        self.thread: Callable[[], Any] | None = None
        """Returns the thread in which awscrt works; the factory shares one."""
        self.places: asyncio.Semaphore | None = None
        """Places for streams; the factory counts them."""
        self._lock = asyncio.Lock()
        self._said = Replay(config.max_replay_buffer_bytes)
        self._attempts = Attempts(config)
        self._unread: deque[Frame] = deque()
        self._unread_bytes = 0
        self._stream: Any = None
        self._place: object = None
        self._headers: Mapping[str, str] = {}
        self._task: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()
        """The first attempt to open has ended, well or not."""
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._to_say = asyncio.Event()
        self._heard = asyncio.Event()
        self._failure: SageMakerError | None = None
        self._over = False
        self._closed = False

    # --- What programs use --------------------------------------------------------------------------------------------

    async def send(self, data: Any, /) -> None:
        """Send audio (bytes), or a message (str, or what is one in JSON).

        Opens the stream if there is none. Raises :class:`SageMakerError` if it cannot be opened or was lost for good,
        ``websockets.exceptions.ConnectionClosedOK`` after the end.
        """
        frame = encoded(data)
        if len(frame) > LARGEST:
            raise ValueError(f"a message of {len(frame)} bytes: the SageMaker transport takes {LARGEST} at most")
        if self._over:
            self._raise_end()
        if self._task is None and kind(frame) in ("CloseStream", "Close"):
            self._end(None)  # nothing was said, so there is nothing to conclude
            return
        self._said.add(frame)
        self._to_say.set()
        if not self._opened.is_set():
            await self._start()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._opened.wait(), FIRST)
        while self._stream is not None and self._said.waiting_bytes > WAITING and not self._over:
            self._heard.clear()
            await self._heard.wait()
        if self._failure is not None:
            raise self._failure

    async def recv(self) -> Frame | None:
        """Wait for the next message; None when there will be none. Cancelling the wait loses nothing.

        Raises :class:`SageMakerError` if the stream cannot be opened or was lost for good.
        """
        while not self._unread:
            if self._over:
                if self._failure is not None:
                    raise self._failure
                return None
            if self._task is None:
                await self._start()
            self._arrived.clear()
            await self._arrived.wait()
        frame = self._unread.popleft()
        self._unread_bytes -= len(frame)
        self._taken.set()
        return frame

    async def __aiter__(self) -> AsyncIterator[Frame]:
        """Yield messages until the end."""
        while (frame := await self.recv()) is not None:
            yield frame

    async def close(self) -> None:
        """End the conversation. What was sent still goes out, if the stream takes it soon."""
        if self._closed:
            return
        self._closed = True
        task, stream = self._task, self._stream
        if stream is not None and not self._over:
            with suppress(Exception):
                await asyncio.wait_for(self._say_goodbye(stream), LEAVING)
        self._end(None)
        if stream is not None:
            await _bounded(stream.close(), LEAVING)  # ends the wait for the next part; awscrt dislikes cancelled ones
        if task is not None:
            if stream is not None:
                await asyncio.wait((task,), timeout=LEAVING)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def abort(self) -> None:
        """Break the conversation off; whoever waits for it is woken."""
        if not self._over:
            self._end(SageMakerError("the conversation over SageMaker was broken off", headers=self._headers))
            if self._task is not None:
                self._task.cancel()

    @property
    def request_id(self) -> str | None:
        """AWS's id of the stream that is, or was, open."""
        return self._headers.get("x-amzn-requestid")

    # --- The stream ---------------------------------------------------------------------------------------------------

    async def _start(self) -> None:
        async with self._lock:
            if self._task is None and not self._over:
                self._task = asyncio.create_task(self._hold())

    async def _hold(self) -> None:
        """Hold the conversation, over as many streams as it takes."""
        failure: SageMakerError | None = None
        try:
            while True:
                try:
                    await self._hold_stream()
                    return
                except Exception as error:
                    failure = self._understood(error)
                if self._over:  # closed from this side
                    return
                if self._said.said_goodbye and self._opened.is_set():
                    log.info("the stream ended badly after the goodbye: %s", failure)
                    failure = None
                    return
                renewed = isinstance(failure, AccessDenied) and await self._renewed()
                wait = self._attempts.next(failure, asyncio.get_running_loop().time(), renewed=renewed)
                if wait is None:
                    return
                log.warning("the stream to SageMaker is opened again in %.2f s: %s", wait, failure)
                await asyncio.sleep(wait)
                failure = None
        finally:
            self._end(failure)

    async def _hold_stream(self) -> None:
        """Open a stream, hold it until its end. Raises what ends it badly."""
        if self.places is None:
            await self._use_stream()
            return
        config = self.config
        try:
            await asyncio.wait_for(self.places.acquire(), config.connection_acquire_timeout)
        except asyncio.TimeoutError:
            raise TimedOut(f"all {config.max_concurrency} streams of this factory are in use") from None
        try:
            await self._use_stream()
        finally:
            self.places.release()

    async def _use_stream(self) -> None:
        from . import aws, place

        config = self.config
        found = await asyncio.wait_for(asyncio.to_thread(place.find, config), config.connection_timeout)
        self._place = found
        thread = (self.thread or aws.bootstrap)()
        opening = aws.open_stream(config, self.invocation_path, self.query_string, found, thread)
        stream = await asyncio.wait_for(opening, config.subscription_timeout)
        saying: asyncio.Task[None] | None = None
        try:
            self._headers = stream.headers
            self._said.rewind()
            self._stream = stream
            self._opened.set()
            saying = asyncio.create_task(self._say(stream))
            await self._listen(stream)
        finally:
            self._stream = None
            self._heard.set()
            await _bounded(stream.close(), LEAVING)
            if saying is not None:
                saying.cancel()
                await asyncio.gather(saying, return_exceptions=True)

    async def _renewed(self) -> bool:
        """Tell whether there are other credentials now than those that the lost stream was opened with."""
        from . import place

        before = self._place
        with suppress(Exception):
            looking = asyncio.to_thread(place.find, self.config)
            return before is not None and await asyncio.wait_for(looking, self.config.connection_timeout) != before
        return False

    async def _say(self, stream: Any) -> None:
        """Say what the stream has not taken yet, and what comes."""
        while True:
            frame = self._said.next()
            if frame is None:
                self._to_say.clear()
                await self._to_say.wait()
                continue
            try:
                await stream.send(frame)
            except Exception as error:
                log.debug("the stream takes nothing more: %r", error)
                await stream.close()  # the one who listens is told why
                return
            self._heard.set()

    async def _listen(self, stream: Any) -> None:
        """Take in what comes until the stream ends in order. Raises what ends it badly."""
        parts = Parts(self.invocation_path)
        while (part := await stream.receive()) is not None:
            message = parts.add(part.data, part.data_type, part.completion_state)
            if message is None:
                continue
            if kind(message) not in NO_PROGRESS:
                self._attempts.progressed()
                self._said.progressed()
            self._unread.append(message)
            self._unread_bytes += len(message)
            self._arrived.set()
            while self._unread_bytes > UNREAD:
                self._taken.clear()
                await self._taken.wait()

    async def _say_goodbye(self, stream: Any) -> None:
        while self._said.waiting_bytes and self._stream is stream:
            self._heard.clear()
            await self._heard.wait()
        if self._stream is stream:
            await stream.end_input()

    def _understood(self, error: Exception) -> SageMakerError:
        from .aws import understood

        return understood(error, self._headers)

    def _end(self, failure: SageMakerError | None) -> None:
        """Nothing more will come or go."""
        if not self._over:
            self._failure = failure
            self._over = True
        for event in (self._opened, self._arrived, self._heard, self._taken):
            event.set()

    def _raise_end(self) -> None:
        from websockets.exceptions import ConnectionClosedOK

        raise self._failure or ConnectionClosedOK(None, None)


def encoded(data: Any) -> Frame:
    """Return the frame for what a program sends: bytes and text as they are, a mapping or list as JSON."""
    if isinstance(data, bytes | str):
        return data
    if isinstance(data, bytearray | memoryview):
        return bytes(data)
    import json

    return json.dumps(data) if isinstance(data, dict | list) else str(data)


async def _bounded(work: Coroutine[Any, Any, None], seconds: float) -> None:
    with suppress(Exception):
        await asyncio.wait_for(work, seconds)
