"""Answers that are handed out while they arrive, from a thread or in an event loop.

The first piece is a part of the exchange: until it is there nothing was delivered, and a start that failed is sent
again like any request. What breaks off afterwards is an error, and never looks like the end.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from ..protocol.response import AsyncHttpResponse, HttpResponse
from .exchange import Answer, Begin, Begun, Unanswered
from .failures import broken_off, check_length, failure

if TYPE_CHECKING:
    import httpx


def begin(step: Begin) -> Begun | Unanswered:
    """Wait for the first piece of a body, or return what kept it away."""
    reply: httpx.Response = step.reply
    try:
        rest = reply.iter_bytes(step.size)
        return Begun(next(rest, b""), rest)
    except BaseException as error:
        reply.close()
        if not isinstance(error, Exception):
            raise
        return failure(error, reply.request)


@contextmanager
def stream(ask: Callable[[], Answer]) -> Generator[HttpResponse[Iterator[bytes]], None, None]:
    """Hand out the answer that ``ask`` begins."""
    answer = ask()
    try:
        yield HttpResponse(answer.reply, _pieces(answer))
    finally:
        answer.reply.close()


def _pieces(answer: Answer) -> Iterator[bytes]:
    assert answer.begun is not None  # an exchange that streams begins
    try:
        if answer.begun.first:
            yield answer.begun.first
        yield from answer.begun.rest
    except Exception as error:
        raise broken_off(error, answer.reply) from error
    check_length(answer.reply)


async def begin_async(step: Begin) -> Begun | Unanswered:
    """Wait for the first piece of a body, or return what kept it away."""
    reply: httpx.Response = step.reply
    try:
        rest = (_of_aiohttp(reply) if step.size is None else None) or reply.aiter_bytes(step.size)
        return Begun(await anext(rest, b""), rest)
    except BaseException as error:
        await reply.aclose()
        if not isinstance(error, Exception):
            raise
        return failure(error, reply.request)


class AiohttpBody:
    """A body as aiohttp has it.

    httpx-aiohttp cuts what aiohttp read into pieces of 16 KiB, and httpx passes each of them through five generators: a
    third of the speed is left. What they do besides is to count, and to translate errors.
    """

    def __init__(self, reply: httpx.Response, content: Any) -> None:
        self._reply = reply
        self.read: Callable[[], Awaitable[bytes]] = content.readany
        """Waits for the next piece; the end is an empty one. Raises what aiohttp raises."""

    def count(self, size: int) -> None:
        """Say that ``size`` bytes have come."""
        self._reply._num_bytes_downloaded += size

    async def __anext__(self) -> bytes:
        with _translated():
            chunk = await self.read()
        if not chunk:
            raise StopAsyncIteration
        self.count(len(chunk))
        return chunk


def _of_aiohttp(reply: httpx.Response) -> AiohttpBody | None:
    """Return the body as aiohttp has it; None if it comes from another library, or has to be decoded."""
    body: Any = getattr(getattr(reply.stream, "_stream", None), "_aiohttp_response", None)
    return None if body is None or "content-encoding" in reply.headers else AiohttpBody(reply, body.content)


def _translated() -> AbstractContextManager[None]:
    from httpx_aiohttp.transport import map_aiohttp_exceptions

    return map_aiohttp_exceptions()


@asynccontextmanager
async def stream_async(
    ask: Callable[[], Awaitable[Answer]],
) -> AsyncGenerator[AsyncHttpResponse[AsyncIterator[bytes]], None]:
    """Hand out the answer that ``ask`` begins."""
    answer = await ask()
    try:
        yield AsyncHttpResponse(answer.reply, _pieces_async(answer))
    finally:
        await answer.reply.aclose()


async def _pieces_async(answer: Answer) -> AsyncIterator[bytes]:
    assert answer.begun is not None  # an exchange that streams begins
    rest = answer.begun.rest
    try:
        if answer.begun.first:
            yield answer.begun.first
        if isinstance(rest, AiohttpBody):
            read = rest.read  # without a coroutine of ours around it
            with _translated():
                while chunk := await read():
                    rest.count(len(chunk))
                    yield chunk
        else:
            async for chunk in rest:
                yield chunk
    except Exception as error:
        raise broken_off(error, answer.reply) from error
    check_length(answer.reply)
