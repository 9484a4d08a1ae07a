"""Asking a language model over HTTP: one request, whose answer is read as it comes, within limits of size and time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx

from ..guard import FetchError, FetchRefused, shown
from .thinker import ThinkError

LARGEST_EVENT = 256 * 1024
"""Bytes of one event of a stream, or of an answer in one piece."""
LARGEST_ANSWER = 2 * 1024 * 1024
"""Bytes of a stream in all: every token comes in an envelope of its own."""
FIRST = 15.0
"""Seconds until a model begins to answer."""
PAUSE = 10.0
"""Seconds between two pieces of an answer."""
WHOLE = 60.0
"""Seconds that an answer takes in all: who waits longer for one has left."""


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers."""

    url: str
    client: httpx.AsyncClient
    """Goes only where this endpoint may lie: guarded, if a caller named it."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    async def ask(self, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Send ``body`` and yield the JSON objects that come back: the events of a stream, or the only one.

        Raises ``ThinkError`` for whatever is no answer: a refusal, nothing for too long, garbage, no end.
        """
        try:
            async with aclosing(self._ask(body)) as events:
                async for event in _in_time(events):
                    yield event
        except asyncio.TimeoutError:
            raise ThinkError(f"{shown(self.url)} did not answer in time") from None
        except FetchError as error:
            raise ThinkError(str(error)) from None
        except httpx.ConnectError:
            raise ThinkError(f"{shown(self.url)} could not be reached") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ThinkError(f"{shown(self.url)} did not answer: {str(error) or type(error).__name__}") from None
        except (UnicodeError, ValueError) as error:  # an address or a header that is none
            raise ThinkError(f"the endpoint cannot be asked: {error}") from None

    async def _ask(self, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        headers = {"accept": "text/event-stream, application/json", **self.headers, "content-type": "application/json"}
        content = json.dumps(body).encode()
        timeout = httpx.Timeout(FIRST, connect=FIRST)
        request = self.client.build_request("POST", self.url, content=content, headers=headers, timeout=timeout)
        response = await self.client.send(request, stream=True, follow_redirects=False)
        try:
            if not response.is_success:
                reason = _reason(await _start(response))
                raise ThinkError(f"{shown(self.url)} answered {response.status_code}{reason}")
            if "json" in response.headers.get("content-type", ""):
                yield _object(await _start(response, whole=True), self.url)
                return
            async with aclosing(_events(response, self.url)) as events:
                async for event in events:
                    yield event
        finally:
            await response.aclose()


def headers_of_caller(given: Mapping[str, str] | None) -> dict[str, str]:
    """Return the caller's headers; those that would change what the request is are not theirs to set.

    Raises ``FetchRefused`` for a name that is none.
    """
    taken = ("host", "content-length", "transfer-encoding", "connection", "content-type")
    headers = {str(name).lower(): str(value) for name, value in (given or {}).items()}
    if bad := next((name for name in headers if not name.replace("-", "").replace("_", "").isalnum()), None):
        raise FetchRefused(f"{bad[:40]!r} is no name of a header")
    return {name: value for name, value in headers.items() if name not in taken}


async def _in_time(events: AsyncGenerator[dict[str, Any], None]) -> AsyncGenerator[dict[str, Any], None]:
    loop = asyncio.get_running_loop()
    end = loop.time() + WHOLE
    patience = FIRST
    while True:
        try:
            event = await asyncio.wait_for(anext(events), min(patience, max(end - loop.time(), 0.001)))
        except StopAsyncIteration:
            return
        yield event
        patience = PAUSE


async def _events(response: httpx.Response, url: str) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the objects of a stream of server-sent events; ``[DONE]`` ends it."""
    heard = False
    async with aclosing(_lines(response, url)) as lines:
        async for line in lines:
            name, _, value = line.partition(b":")
            if name != b"data":  # event names repeat what the objects say
                continue
            value = value.strip()
            if value == b"[DONE]":
                return
            if value:
                heard = True
                yield _object(value, url)
    if not heard:
        raise ThinkError(f"{shown(url)} answered with something that is no stream of events")


async def _lines(response: httpx.Response, url: str) -> AsyncGenerator[bytes, None]:
    rest = bytearray()
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        rest += chunk
        while (end := rest.find(b"\n")) >= 0:
            line = bytes(rest[:end])
            del rest[: end + 1]
            yield line.rstrip(b"\r")
        if len(rest) > LARGEST_EVENT or size > LARGEST_ANSWER:
            raise ThinkError(f"{shown(url)} answered with more than any answer has")
    if rest:
        yield bytes(rest)


async def _start(response: httpx.Response, *, whole: bool = False) -> bytes:
    """Return the body up to a limit; if it has to be ``whole``, a longer one is refused."""
    body = bytearray()
    chunks: AsyncIterator[bytes] = response.aiter_bytes()
    async for chunk in chunks:
        body += chunk
        if len(body) > LARGEST_EVENT:
            if whole:
                raise ThinkError(f"{shown(response.url)} answered with more than any answer has")
            break
    return bytes(body)


def _object(data: bytes, url: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ThinkError(f"{shown(url)} answered with something that is no JSON") from None
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        raise ThinkError(f"{shown(url)} answered with JSON that is no object")
    if error := found.get("error"):
        message = error.get("message") if isinstance(error, dict) else error
        raise ThinkError(f"{shown(url)} reports: {str(message)[:200]}")
    return found


def _reason(body: bytes) -> str:
    """Return the message of an error document, to be put behind its status."""
    try:
        found = json.loads(body)
        found = found[0] if isinstance(found, list) else found
        error = found.get("error", found)
        message = error.get("message", error) if isinstance(error, dict) else error
        return f": {str(message)[:200]}"
    except (ValueError, RecursionError, AttributeError, IndexError, KeyError):
        return ""
