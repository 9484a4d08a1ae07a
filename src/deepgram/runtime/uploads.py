"""Bodies that are sent in slices, and sent again if they can be: bytes, paths, files, iterables.

What can be known before anything is sent is checked then: a missing file, a folder, a file opened for text. Memory
stays constant, as one slice at a time is on its way.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, cast

from ..protocol.request import Content, Progress
from .errors import ApiError

SLICE = 256 * 1024
"""Bytes per slice. Smaller ones cost CPU; larger ones make httpx copy what the socket did not take at once, and
a write timeout has to hold for the whole slice on a slow line."""

ACCEPTED = "bytes, a path, a file opened in binary mode or an iterable of bytes"

Buffer = bytes | memoryview


class Upload:
    """A body on its way. ``slices`` may be asked for again if it is ``replayable``."""

    def __init__(
        self,
        slices: Callable[[], Iterable[Any]] | None,
        *,
        size: int | None = None,
        replayable: bool = False,
        waits: bool = True,
        progress: Progress | None = None,
        asynchronous: AsyncIterable[Any] | None = None,
    ) -> None:
        """Take how to begin.

        Args:
            slices: Begins to read the content.
            size: Bytes in all, None if unknown.
            replayable: Whether ``slices`` may be called again.
            waits: Whether reading may block, so that an event loop has to leave it to a thread.
            progress: Told the bytes sent and the bytes in all.
            asynchronous: The content, instead of ``slices``, where only an event loop can read it.
        """
        self.size = size
        self.replayable = replayable
        self.asynchronous = asynchronous
        self.failure: Exception | None = None
        """What reading the content raised: the caller's error, whatever the transport makes of it."""
        self.handed_over = 0
        """Bytes the transport took in this attempt."""
        self.offered_at: float | None = None
        """When (monotonic, s) a slice was offered that the transport still has not taken."""
        self._slices = slices
        self._waits = waits
        self._progress = progress
        self._begun = False

    def __iter__(self) -> Iterator[Buffer]:
        """Yield the slices, blocking as the content does."""
        try:
            self._begin()
            for chunk in self._content():
                for piece in pieces(chunk):
                    yield piece
                    self._sent(piece)
            self._end()
        except Exception as error:
            self.failure = error
            raise

    async def slices(self) -> AsyncIterator[Buffer]:
        """Yield the slices without blocking the event loop."""
        try:
            self._begin()
            source = self.asynchronous or (in_thread(self._content()) if self._waits else inline(self._content()))
            async for chunk in source:
                for piece in pieces(chunk):
                    self.offered_at = time.monotonic()
                    yield piece
                    self.offered_at = None
                    self._sent(piece)
            self._end()
        except Exception as error:
            self.failure = error
            raise

    def _content(self) -> Iterable[Any]:
        if self._slices is None:
            raise TypeError("An async iterator can be uploaded by AsyncDeepgramClient only")
        return self._slices()

    def _begin(self) -> None:
        if self._begun and not self.replayable:
            raise ApiError(
                body="The upload has to be sent again, to another address, and this content can be read only "
                "once: pass bytes, a path or a file that can be rewound"
            )
        self._begun = True
        self.handed_over = 0
        self.offered_at = None

    def _sent(self, piece: Buffer) -> None:
        self.handed_over += len(piece)
        if self._progress is not None:
            self._progress(self.handed_over, self.size)

    def _end(self) -> None:
        if self.size is not None and self.handed_over != self.size:
            raise OSError(f"The upload was {self.size} bytes long and is {self.handed_over} now: it changed meanwhile")


def upload(content: Content, progress: Progress | None = None, *, can_await: bool = False) -> Upload:
    """Return how to send ``content``; ``can_await`` says whether an event loop is there to read it.

    Raises:
        TypeError: It is none of what can be uploaded, or a file opened for text.
        FileNotFoundError, IsADirectoryError, PermissionError: The path cannot be read.
    """
    if isinstance(content, (str, os.PathLike)):
        return _path(content, progress)
    if isinstance(content, AsyncIterable):
        if not can_await:
            raise TypeError("An async iterator can be uploaded by AsyncDeepgramClient only")
        return Upload(None, progress=progress, asynchronous=content)
    if _is_buffer(content):
        view = memoryview(cast(bytes, content)).cast("B")
        return Upload(lambda: [view], size=len(view), replayable=True, waits=False, progress=progress)
    if hasattr(content, "read"):
        return _file(cast(BinaryIO, content), progress)
    if isinstance(content, Sequence):
        size = sum(_length(chunk) for chunk in content)
        return Upload(lambda: content, size=size, replayable=True, waits=False, progress=progress)
    if not hasattr(content, "__iter__") or isinstance(content, Mapping):
        raise TypeError(f"Expected {ACCEPTED}, not {type(content).__name__}")
    return Upload(lambda: content, progress=progress)


def _path(path: str | os.PathLike[str], progress: Progress | None) -> Upload:
    if isinstance(path, str) and path.startswith(("http://", "https://")):
        raise ValueError("This is a URL, not the path of a file: audio at a URL goes to transcribe_url(url=...)")
    status = os.stat(path)
    regular = stat.S_ISREG(status.st_mode)
    if regular or stat.S_ISDIR(status.st_mode):
        open(path, "rb").close()  # raises what is wrong with it before anything is sent; a pipe opens only once

    def slices() -> Iterator[bytes]:
        with open(path, "rb", buffering=0) as file:
            yield from _read(cast(BinaryIO, file), status.st_size if regular else None)

    return Upload(slices, size=status.st_size if regular else None, replayable=regular, progress=progress)


def _file(file: BinaryIO, progress: Progress | None) -> Upload:
    if not isinstance(cast(object, file.read(0)), bytes):
        raise TypeError("The file was not opened in binary mode: use open(path, 'rb'), or pass the path")
    start = _position(file)
    if start is None:
        return Upload(lambda: _read(file, None), progress=progress)
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)

    def slices() -> Iterator[bytes]:
        file.seek(start)
        return _read(file, size)

    return Upload(slices, size=max(size, 0), replayable=True, progress=progress)


def _position(file: BinaryIO) -> int | None:
    """Return where ``file`` stands, None if it cannot be rewound."""
    try:
        return file.tell() if file.seekable() else None
    except (AttributeError, OSError):
        return None


def _read(file: BinaryIO, size: int | None) -> Iterator[bytes]:
    """Yield what is left of ``file``, ``size`` bytes at most."""
    left = size
    while left is None or left > 0:
        chunk = file.read(SLICE if left is None else min(SLICE, left))
        if not chunk:
            return
        yield chunk
        left = None if left is None else left - len(chunk)


def pieces(chunk: Any) -> Iterator[Buffer]:
    """Yield ``chunk`` in slices."""
    length = _length(chunk)
    if 0 < length <= SLICE and isinstance(chunk, bytes):
        yield chunk
        return
    view = memoryview(chunk).cast("B")
    for start in range(0, length, SLICE):
        yield view[start : start + SLICE]


async def inline(content: Iterable[Any]) -> AsyncIterator[Any]:
    """Iterate over what is in memory already."""
    for chunk in content:
        yield chunk


async def in_thread(content: Iterable[Any]) -> AsyncIterator[Any]:
    """Iterate over what may block, in threads of the event loop's pool."""
    import asyncio  # here, as programs that wait in threads do without it

    iterator = await asyncio.to_thread(iter, content)
    end = object()
    while (chunk := await asyncio.to_thread(next, iterator, end)) is not end:
        yield chunk


def _is_buffer(content: object) -> bool:
    try:
        return memoryview(cast(bytes, content)).c_contiguous
    except TypeError:
        return False


def _length(chunk: Any) -> int:
    if not _is_buffer(chunk):
        raise TypeError(f"An upload consists of bytes, not of {type(chunk).__name__}")
    return memoryview(chunk).nbytes
