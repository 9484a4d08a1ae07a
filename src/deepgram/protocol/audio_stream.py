"""Audio as a download brings it: a lazy iterator of bytes that can also be saved, or taken as a whole."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from io import BytesIO
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from typing_extensions import Self

from .request import Request
from .response import AsyncHttpResponse, BaseHttpResponse, HttpResponse

SyncStream = AbstractContextManager[HttpResponse[Iterator[bytes]]]
AsyncStream = AbstractAsyncContextManager[AsyncHttpResponse[AsyncIterator[bytes]]]

KEPT = 1024 * 1024
"""Bytes that are kept while audio is handed out piece by piece, so that it can still be had as a whole: two minutes as
mp3, which is 2000 characters, the most the service takes; 22 s uncompressed. Of longer audio nothing is kept, as that
costs time too: memory that is used for the first time."""

REQUEST_IDS = ("dg-request-id", "x-dg-request-id", "x-request-id")

R = TypeVar("R", bound=BaseHttpResponse[Any])


class SyncFile(Protocol):
    """A file to write audio to."""

    size: int
    """Bytes written."""

    def write(self, chunk: bytes) -> None: ...


class AsyncFile(Protocol):
    """A file to write audio to, for an event loop."""

    size: int
    """Bytes written."""

    async def write(self, chunk: bytes) -> None: ...


class SyncSource(Protocol):
    """Where audio comes from, and where it is saved: a part of the driver."""

    def stream(self, request: Request[Any]) -> SyncStream: ...
    def save(self, path: str | os.PathLike[str]) -> AbstractContextManager[SyncFile]: ...


class AsyncSource(Protocol):
    """Where audio comes from, and where it is saved, for an event loop."""

    def stream(self, request: Request[Any]) -> AsyncStream: ...
    def save(self, path: str | os.PathLike[str]) -> AbstractAsyncContextManager[AsyncFile]: ...


class _Audio(Generic[R]):
    """What both kinds of stream know about their audio."""

    _response: R | None = None
    _failure: Exception | None = None
    """What broke the audio off: whoever asks again gets it again, and does not take it for the end."""
    _complete: bool = False
    _whole: BytesIO | None = None
    _limit: int | None = KEPT
    """Bytes that may be kept, None for any number."""
    _size: int = 0

    def __init__(self) -> None:
        self._kept: list[bytes] | None = []
        """What has come so far, unless that is too much to keep."""

    def _keep(self, chunk: bytes) -> None:
        if self._kept is not None:
            self._size += len(chunk)
            if self._limit is not None and self._size > self._limit:
                self._kept = None
            else:
                self._kept.append(chunk)

    def _so_far(self) -> list[bytes]:
        """Return what has come so far. Raises ``RuntimeError`` if it was too much to keep."""
        if self._kept is None:
            raise RuntimeError(
                f"More than {KEPT >> 20} MiB of this audio were handed out and are not kept: take .stream, read() or "
                "save() before iterating, or put the pieces together while iterating"
            )
        return [*self._kept]

    def _over(self) -> None:
        """Nothing more comes. Raises what is to blame if that is not the end of the audio."""
        if self._failure is not None:
            raise self._failure
        if not self._complete:
            raise RuntimeError("This audio was closed before its end")

    def _known(self) -> R:
        if self._failure is not None and self._response is None:
            raise self._failure
        if self._response is None:
            raise RuntimeError("The service was not asked yet: use `async with`, or wait for the first piece of audio")
        return self._response

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer, names in lower case."""
        return self._known().headers

    @property
    def status_code(self) -> int:
        """HTTP status of the answer."""
        return self._known().status_code

    @property
    def request_id(self) -> str | None:
        """The id that the service gave to the request: what support asks for. A callback brings it with the audio."""
        headers = self.headers
        known = next((headers[name] for name in REQUEST_IDS if name in headers), None)
        return known or (self._receipt() if self._is_receipt else None)

    @property
    def _is_receipt(self) -> bool:
        """The audio goes to a callback: what came back is the request id as JSON."""
        return (self.content_type or "").startswith("application/json")

    def _receipt(self) -> str | None:
        body = b"".join(self._so_far()) if self._whole is None else self._whole.getvalue()
        try:
            fields = json.loads(body)
        except ValueError:  # not complete yet, or no receipt after all
            return None
        found: object = fields.get("request_id") if isinstance(fields, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return found if isinstance(found, str) else None

    @property
    def content_type(self) -> str | None:
        """What the answer is, such as ``audio/mpeg``; ``application/json`` if the audio goes to a callback."""
        return self.headers.get("content-type")

    def __repr__(self) -> str:
        state = "under way" if self._response is not None else "not asked for"
        state = "broken off" if self._failure is not None else "complete" if self._complete else state
        return f"<{type(self).__name__}: {state}>"


class AudioStream(_Audio[HttpResponse[Iterator[bytes]]], Iterator[bytes]):
    """Audio while it is made.

    Iterate over it, :meth:`save` it, :meth:`read` it, or take :attr:`stream`. The request is sent when audio or headers
    are first asked for, or the ``with`` block is entered. What goes wrong is an ``ApiError``: a refusal, with status,
    body and request id, or a connection that broke in the middle. Audio never just ends before its end.
    """

    def __init__(self, source: SyncSource, request: Request[Any]) -> None:
        super().__init__()
        self._source = source
        self._arriving = self._arrive(request)
        self._pieces: Iterator[bytes] = self._arriving

    def _arrive(self, request: Request[Any]) -> Generator[bytes, None, None]:
        """Yield nothing once the head of the answer is there, then the audio."""
        with self._source.stream(request) as response:
            self._response = response
            yield b""
            for chunk in response.data:
                self._keep(chunk)
                yield chunk
        self._complete = True

    def _ask(self) -> None:
        if self._response is None:
            self._take()

    def _take(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            self._over()
            raise
        except Exception as error:
            self._failure = error
            raise

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """Wait for the next piece of audio."""
        if self._response is None:
            self._take()
        return self._take()

    @property
    def stream(self) -> BytesIO:
        """The whole audio, once it has come. Who iterates gets the same pieces as without it.

        Raises ``RuntimeError`` if more than 1 MiB were handed out before.
        """
        if self._whole is None:
            self._so_far()
            self._limit = None
            rest = [*self]
            self._whole = BytesIO(b"".join(self._so_far()))
            self._kept, self._pieces = None, iter(rest)
        return self._whole

    def read(self) -> bytes:
        """Return the whole audio, once it has come. Raises what :attr:`stream` raises."""
        return self.stream.getvalue()

    def save(self, path: str | os.PathLike[str]) -> int:
        """Write the whole audio to a file and return its size in bytes; memory stays constant.

        The file is there once the audio is complete. If it breaks off there is none, and an older file stays.

        Raises:
            ApiError: The audio could not be had, or broke off.
            OSError: The file could not be written.
            RuntimeError: More than 1 MiB were handed out before.
        """
        before = [self._whole.getvalue()] if self._whole is not None else self._so_far()
        with self._source.save(path) as file:
            for chunk in before:
                file.write(chunk)
            if self._whole is None:
                for chunk in self:
                    file.write(chunk)
        return file.size

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer, names in lower case."""
        self._ask()
        return super().headers

    @property
    def status_code(self) -> int:
        """HTTP status of the answer."""
        self._ask()
        return super().status_code

    def _receipt(self) -> str | None:
        self.read()
        return super()._receipt()

    def close(self) -> None:
        """Give up what has not come yet."""
        self._arriving.close()

    def __enter__(self) -> Self:
        """Send the request. Raises ``ApiError`` if the service refuses it or cannot be reached."""
        self._ask()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncAudioStream(_Audio[AsyncHttpResponse[AsyncIterator[bytes]]], AsyncIterator[bytes]):
    """Audio while it is made, for an event loop: :class:`AudioStream` with ``await``.

    Its headers, and :attr:`stream`, can only be had once they were waited for: in an ``async with`` block, or after
    the first piece; after :meth:`read`.
    """

    def __init__(self, source: AsyncSource, request: Request[Any]) -> None:
        super().__init__()
        self._source = source
        self._request = request
        self._context: AsyncStream | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._closed = False
        self._rest: Iterator[bytes] | None = None
        """What the next pieces are taken from once the whole has come."""

    async def _begin(self) -> AsyncIterator[bytes]:
        """Send the request, unless that was done."""
        if self._chunks is None:
            if self._closed or self._failure is not None:
                self._over()
            context = self._source.stream(self._request)
            try:
                self._response = await context.__aenter__()
            except Exception as error:
                self._failure = error
                raise
            self._context, self._chunks = context, self._response.data
        return self._chunks

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Wait for the next piece of audio."""
        # One coroutine and no generator: of all that lies between the socket and the program, this is what costs.
        if self._rest is not None:
            for piece in self._rest:
                return piece
            raise StopAsyncIteration
        chunks = self._chunks or await self._begin()
        try:
            chunk = await chunks.__anext__()
        except BaseException as error:
            await self._ended(error)
            raise
        if self._kept is not None:
            self._keep(chunk)
        return chunk

    async def _ended(self, error: BaseException) -> None:
        """There is no more: it is complete, or broke off, or the wait was cancelled, which ends the request."""
        if self._closed or self._failure is not None:
            self._over()
        if isinstance(error, StopAsyncIteration):
            self._complete = True
        elif isinstance(error, Exception):
            self._failure = error
        else:
            self._closed = True
        await self._release()

    async def _release(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            await context.__aexit__(None, None, None)

    @property
    def stream(self) -> BytesIO:
        """The whole audio, after :meth:`read`. Raises ``RuntimeError`` before."""
        if self._whole is None:
            raise RuntimeError("Audio cannot be waited for here: `await audio.read()` first, which also returns it")
        return self._whole

    async def read(self) -> bytes:
        """Return the whole audio, once it has come. Who iterates gets the same pieces as without it.

        Raises ``RuntimeError`` if more than 1 MiB were handed out before.
        """
        if self._whole is None:
            self._so_far()
            self._limit = None
            rest = [chunk async for chunk in self]
            self._whole = BytesIO(b"".join(self._so_far()))
            self._kept, self._rest = None, iter(rest)
        return self._whole.getvalue()

    async def save(self, path: str | os.PathLike[str]) -> int:
        """Write the whole audio to a file and return its size in bytes; memory stays constant.

        The file is there once the audio is complete. If it breaks off there is none, and an older file stays. The
        event loop does not wait for the disk.

        Raises:
            ApiError: The audio could not be had, or broke off.
            OSError: The file could not be written.
            RuntimeError: More than 1 MiB were handed out before.
        """
        before = [self._whole.getvalue()] if self._whole is not None else self._so_far()
        async with self._source.save(path) as file:
            for chunk in before:
                await file.write(chunk)
            if self._whole is None:
                async for chunk in self:
                    await file.write(chunk)
        return file.size

    async def close(self) -> None:
        """Give up what has not come yet."""
        if not self._complete:
            self._closed, self._chunks = True, None
        await self._release()

    aclose = close

    async def __aenter__(self) -> Self:
        """Send the request. Raises ``ApiError`` if the service refuses it or cannot be reached."""
        await self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
