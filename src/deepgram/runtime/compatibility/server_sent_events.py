"""Server-sent events: ``deepgram.core.http_sse``. No endpoint answers with them.

Source: html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import codecs
import json
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

MAX_LINE_SIZE = 1024 * 1024
"""Characters of the longest line that is read."""
DEFAULT_MAX_RECONNECTION_ATTEMPTS = 5
DEFAULT_RECONNECT_DELAY_MS = 1000
MAX_RECONNECT_DELAY_MS = 30_000

Reconnect = Callable[[str], Any]
"""Asks for the stream again, from after the event of this id; returns a response, or an awaitable of one."""


class SSEError(httpx.TransportError):
    """A stream of events that cannot be read."""


@dataclass(frozen=True)
class ServerSentEvent:
    """An event."""

    event: str = "message"
    data: str = ""
    id: str = ""
    retry: int | None = None
    """Milliseconds to wait before the stream is asked for again."""

    def json(self) -> Any:
        """Return the data, which is JSON. Raises ``ValueError`` if it is not."""
        return json.loads(self.data)


class SSEDecoder:
    """Makes events of lines."""

    def __init__(self) -> None:
        self._last_event_id = ""
        self.reset_in_progress_event()

    def reset_in_progress_event(self) -> None:
        """Forget the event that has begun; the id of the last one stays."""
        self._event = ""
        self._data: list[str] = []
        self._retry: int | None = None
        self._begun = False

    def decode(self, line: str) -> ServerSentEvent | None:
        """Take a line without its end; return the event that it completes."""
        if not line:
            return self._complete()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._event = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._last_event_id = value
            case "retry" if value.isascii() and value.isdigit():
                self._retry = int(value)
            case _:
                return None  # a comment, or a field that does not exist
        self._begun = True
        return None

    def _complete(self) -> ServerSentEvent | None:
        if not self._begun and not self._last_event_id:
            return None
        event = ServerSentEvent(self._event, "\n".join(self._data), self._last_event_id, self._retry)
        self.reset_in_progress_event()
        return event


class EventSource:
    """The events of a response. A stream that breaks is asked for again, if it may be (``resumable``)."""

    def __init__(
        self,
        response: httpx.Response,
        *,
        resumable: bool = False,
        stream_reconnection_enabled: bool = True,
        max_stream_reconnection_attempts: int | None = None,
        stream_terminator: str | None = None,
        reconnect: Reconnect | None = None,
    ) -> None:
        """Take the response.

        Args:
            response: An open response, whose body is unread.
            resumable: The stream can be taken up after an event with an id.
            stream_reconnection_enabled: Whether that is wanted.
            max_stream_reconnection_attempts: How often in a row; 5 if not given.
            stream_terminator: Data of the event that ends the stream, such as ``[DONE]``.
            reconnect: Asks for the stream again, from after the event of an id.
        """
        self._response = response
        self._reconnect = reconnect if resumable and stream_reconnection_enabled else None
        given = max_stream_reconnection_attempts
        self._attempts = DEFAULT_MAX_RECONNECTION_ATTEMPTS if given is None else given
        self._terminator = stream_terminator

    @property
    def response(self) -> httpx.Response:
        return self._response

    def iter_sse(self) -> Iterator[ServerSentEvent]:
        """Yield the events. Raises ``SSEError`` if it is no such stream, or has a line that is too long."""
        reading = Reading(self._response, self._terminator)
        failures = 0
        while True:
            try:
                for chunk in self._response.iter_bytes():
                    for event in reading.feed(chunk):
                        failures = 0
                        yield event
                    if reading.ended:
                        return
                yield from reading.finish()
                return
            except httpx.TransportError as error:
                if isinstance(error, SSEError) or not self._may_return(reading, failures):
                    raise
            time.sleep(reading.pause)
            failures += 1
            assert self._reconnect is not None
            self._response = self._reconnect(reading.last_id)
            reading.restart(self._response)

    async def aiter_sse(self) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield the events, as :meth:`iter_sse` does."""
        reading = Reading(self._response, self._terminator)
        failures = 0
        while True:
            try:
                async for chunk in self._response.aiter_bytes():
                    for event in reading.feed(chunk):
                        failures = 0
                        yield event
                    if reading.ended:
                        return
                for event in reading.finish():
                    yield event
                return
            except httpx.TransportError as error:
                if isinstance(error, SSEError) or not self._may_return(reading, failures):
                    raise
            await asyncio.sleep(reading.pause)
            failures += 1
            assert self._reconnect is not None
            self._response = await self._reconnect(reading.last_id)
            reading.restart(self._response)

    def _may_return(self, reading: Reading, failures: int) -> bool:
        return self._reconnect is not None and bool(reading.last_id) and failures < self._attempts


class Reading:
    """Bytes to events, whatever pieces they come in."""

    def __init__(self, response: httpx.Response, terminator: str | None) -> None:
        self.ended = False
        self.last_id = ""
        self.pause = DEFAULT_RECONNECT_DELAY_MS / 1000  # s
        self._terminator = terminator
        self._lines = SSEDecoder()
        self.restart(response)

    def restart(self, response: httpx.Response) -> None:
        """Go on with another response. Raises ``SSEError`` if it is no stream of events."""
        kind = response.headers.get("content-type", "").partition(";")[0]
        if "text/event-stream" not in kind:
            raise SSEError(f"Expected response header Content-Type to contain 'text/event-stream', got {kind!r}")
        self._text = codecs.getincrementaldecoder(response.charset_encoding or "utf-8")(errors="replace")
        self._rest = ""
        self._lines.reset_in_progress_event()

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """Yield the events that ``chunk`` completes."""
        # A carriage return at the very end may be half of a line end: it waits for what follows.
        text = self._rest + self._text.decode(chunk)
        held = "\r" if text.endswith("\r") else ""
        whole = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        *lines, rest = whole.split("\n")
        self._rest = rest + held
        for line in lines:
            yield from self._line(line)
            if self.ended:
                return
        if len(self._rest) > MAX_LINE_SIZE:
            raise SSEError(f"SSE line exceeded maximum size of {MAX_LINE_SIZE} characters without a newline")

    def finish(self) -> Iterator[ServerSentEvent]:
        """Yield the event that the end of the stream completes: one whose last line end came in half."""
        if self._rest == "\r":
            yield from self._line("")

    def _line(self, line: str) -> Iterator[ServerSentEvent]:
        event = self._lines.decode(line)
        if event is None:
            return
        if event.retry is not None:
            self.pause = min(event.retry, MAX_RECONNECT_DELAY_MS) / 1000
        self.last_id = event.id or self.last_id
        self.ended = self._terminator is not None and event.data == self._terminator
        if not self.ended:
            yield event


def _headers(keywords: dict[str, Any]) -> dict[str, Any]:
    headers = httpx.Headers(keywords.pop("headers", None))
    headers.update({"accept": "text/event-stream", "cache-control": "no-store"})
    return {**keywords, "headers": headers}


@contextmanager
def connect_sse(client: httpx.Client, method: str, url: str, **kwargs: Any) -> Generator[EventSource, None, None]:
    """Ask for a stream of events; ``kwargs`` are those of ``client.stream``."""
    with client.stream(method, url, **_headers(kwargs)) as response:
        yield EventSource(response)


@asynccontextmanager
async def aconnect_sse(
    client: httpx.AsyncClient, method: str, url: str, **kwargs: Any
) -> AsyncGenerator[EventSource, None]:
    """Ask for a stream of events; ``kwargs`` are those of ``client.stream``."""
    async with client.stream(method, url, **_headers(kwargs)) as response:
        yield EventSource(response)
