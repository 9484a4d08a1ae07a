"""The microphone: chunks of linear16, as they are recorded, for threads and for event loops."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import AsyncIterator, Iterator
from math import sqrt
from operator import mul
from types import TracebackType
from typing import Any

from typing_extensions import Self

from .device import Changes, DeviceError, Stream, close_stream, open_stream

LOUDEST = 32768
"""Amplitude of the loudest sample."""


class Microphone:
    """Records while its ``with`` block runs; iterating over it yields the audio, in a thread or in an event loop.

        with Microphone() as microphone:
            for chunk in microphone:
                connection.send_media(chunk)

    What nobody takes is kept for a while; then the oldest chunks are dropped and counted, so that a slow program hears
    what is said now rather than what was said long ago.
    """

    encoding = "linear16"
    """The ``encoding`` to tell the service."""

    def __init__(
        self,
        *,
        sample_rate: int = 16_000,
        channels: int = 1,
        chunk_ms: int = 50,
        device: int | str | None = None,
        buffer_seconds: float = 10.0,
    ) -> None:
        """Describe a recording; nothing is opened yet.

        Args:
            sample_rate: Samples per second and channel (Hz); devices convert as far as their drivers can.
            channels: Number of channels, which come interleaved.
            chunk_ms: Length of a chunk (ms).
            device: Number of a device or part of its name; the system's choice if not given.
            buffer_seconds: How much audio is kept if nobody takes it.
        """
        if min(sample_rate, channels, chunk_ms, buffer_seconds) <= 0:
            raise ValueError("sample_rate, channels, chunk_ms and buffer_seconds must be greater than 0")
        self.sample_rate = sample_rate
        self.channels = channels
        self.chunk_ms = chunk_ms
        self.device = device
        self.dropped = 0
        """Chunks that were lost because nobody took them in time."""
        self._kept = max(1, round(buffer_seconds * 1000 / chunk_ms))
        self._chunks: deque[bytes] = deque()
        self._last = b""
        self._changes = Changes()
        self._stream: Stream | None = None
        self._over = True
        self._failed = False

    def __enter__(self) -> Self:
        """Begin to record. Raises :class:`DeviceError` if there is no device, or it cannot be opened."""
        if self._stream is not None:
            raise RuntimeError("this microphone is open already")
        self._over = self._failed = False
        self._chunks.clear()
        self._last = b""
        self._stream = open_stream(
            "input",
            self._record,
            self._end,
            sample_rate=self.sample_rate,
            channels=self.channels,
            frames=max(1, self.sample_rate * self.chunk_ms // 1000),
            device=self.device,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop recording."""
        self.close()

    def close(self) -> None:
        """Stop recording, from any thread: those who iterate get what was recorded so far, and come to the end."""
        with self._changes.lock:
            self._over = True
            stream, self._stream = self._stream, None
            self._changes.tell()
        if stream is not None:
            close_stream(stream)

    @property
    def level(self) -> float:
        """How loud the last chunk is: its root mean square, from 0 (silence) to 1."""
        samples = array("h", self._last)
        if not samples:
            return 0.0
        return sqrt(sum(map(mul, samples, samples)) / len(samples)) / LOUDEST

    def __iter__(self) -> Iterator[bytes]:
        """Yield chunks until the microphone is closed. Raises :class:`DeviceError` if the device stops by itself."""
        while True:
            with self._changes.lock:
                alive = self._changes.wait(self._due)
                chunk = self._next(alive)
            if chunk is None:
                return
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Do the same in an event loop."""
        while True:
            alive = await self._changes.wait_async(self._due)
            with self._changes.lock:
                chunk = self._next(alive)
            if chunk is None:
                return
            yield chunk

    def _due(self) -> bool:
        return bool(self._chunks) or self._over

    def _next(self, alive: bool) -> bytes | None:
        if self._chunks:
            return self._chunks.popleft()
        if self._failed or not alive:
            raise DeviceError("The microphone has stopped: check that it is connected, then open it again.")
        return None

    # --- In PortAudio's thread ----------------------------------------------------------------------------------------

    def _record(self, data: Any, frames: int, time: Any, status: Any) -> None:
        chunk = bytes(data)
        with self._changes.lock:
            if self._over:
                return
            self._last = chunk
            if status.input_overflow:  # lost on the way to us
                self.dropped += 1
            if len(self._chunks) == self._kept:
                self._chunks.popleft()
                self.dropped += 1
            self._chunks.append(chunk)
            self._changes.tell()

    def _end(self) -> None:
        with self._changes.lock:
            self._failed = not self._over  # nobody asked for it
            self._over = True
            self._changes.tell()
