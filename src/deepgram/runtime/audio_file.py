"""A file that is there once it is complete."""

from __future__ import annotations

import os
from contextlib import suppress
from secrets import token_hex
from stat import S_ISREG
from types import TracebackType

from typing_extensions import Self

BATCH = 256 * 1024
"""Bytes that an event loop hands to a thread at a time: that costs more than writing a little."""


class AudioFile:
    """Writes next to ``path`` and takes its place in the end. What is no regular file, such as a pipe, is written to.

    ``finish()`` puts it in place; ``discard()`` without it removes what was written. A ``with`` block does either.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open it. Raises ``OSError`` if that cannot be done."""
        self.size = 0
        """Bytes written."""
        self._path = os.path.realpath(os.fspath(path))  # a link stays one, and what it points to is replaced
        self._beside: str | None = None
        if _is_regular(self._path):
            folder, name = os.path.split(self._path)
            self._beside = os.path.join(folder, f".{name[:64]}.{token_hex(4)}.part")
            self._file = open(self._beside, "xb", buffering=0)  # noqa: SIM115  # closed by finish() and discard()
        else:
            self._file = open(self._path, "wb", buffering=0)  # noqa: SIM115

    def write(self, chunk: bytes) -> None:
        """Write all of ``chunk``. Raises ``OSError`` if the disk is full."""
        view = memoryview(chunk)
        while view:
            view = view[self._file.write(view) or 0 :]
        self.size += len(chunk)

    def finish(self) -> None:
        """Put the file in its place."""
        self._file.close()
        if self._beside is not None:
            os.replace(self._beside, self._path)
            self._beside = None

    def discard(self) -> None:
        """Remove what was not finished."""
        with suppress(OSError):
            self._file.close()
        if self._beside is not None:
            with suppress(OSError):
                os.unlink(self._beside)
            self._beside = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self.discard()


class AsyncAudioFile:
    """The same for an event loop, which does not wait for the disk."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._batch = bytearray()
        self._file: AudioFile | None = None
        self.size = 0
        """Bytes written."""

    async def write(self, chunk: bytes) -> None:
        """Write all of ``chunk``, now or with later ones."""
        self._batch += chunk
        self.size += len(chunk)
        if len(self._batch) >= BATCH:
            await self._write()

    async def _write(self) -> None:
        import asyncio

        if self._file is not None:
            batch, self._batch = bytes(self._batch), bytearray()
            await asyncio.to_thread(self._file.write, batch)

    async def __aenter__(self) -> Self:
        import asyncio

        self._file = await asyncio.to_thread(AudioFile, self._path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import asyncio

        assert self._file is not None
        try:
            if kind is None:
                await self._write()
                await asyncio.to_thread(self._file.finish)
        finally:
            self._file.discard()


def _is_regular(path: str) -> bool:
    """Tell whether ``path`` is a regular file, or will be one."""
    try:
        return S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return True
