"""The speaker: plays linear16 as it arrives, and falls silent at once when it is told to."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any

from typing_extensions import Self

from .device import Changes, DeviceError, Stream, close_stream, open_stream

LATENCY = 0.05
"""Seconds of audio that the device is asked to hold: what :meth:`Speaker.clear` cannot take back."""


class Speaker:
    """Plays audio while its ``with`` block runs.

        with Speaker(sample_rate=24_000) as speaker:
            for chunk in audio:
                speaker.play(chunk)

    Leaving the block waits until everything is played; after an exception playing stops at once.
    """

    def __init__(
        self,
        *,
        sample_rate: int = 24_000,
        channels: int = 1,
        device: int | str | None = None,
        buffer_seconds: float = 30.0,
    ) -> None:
        """Describe the audio; nothing is opened yet.

        Args:
            sample_rate: Samples per second and channel (Hz).
            channels: Number of channels, which come interleaved.
            device: Number of a device or part of its name; the system's choice if not given.
            buffer_seconds: How much audio may wait to be played before :meth:`play` waits too.
        """
        if min(sample_rate, channels, buffer_seconds) <= 0:
            raise ValueError("sample_rate, channels and buffer_seconds must be greater than 0")
        self.sample_rate = sample_rate
        self.channels = channels
        self.device = device
        self._frame = 2 * channels
        self._limit = max(1, round(buffer_seconds * sample_rate)) * self._frame
        self._waiting = bytearray()
        self._taken = 0
        self._cleared = 0
        self._changes = Changes()
        self._stream: Stream | None = None
        self._latency = LATENCY
        self._over = True
        self._failed = False

    def __enter__(self) -> Self:
        """Open the device. Raises :class:`DeviceError` if there is none, or it cannot be opened."""
        if self._stream is not None:
            raise RuntimeError("this speaker is open already")
        self._waiting.clear()
        self._taken = 0
        self._over = self._failed = False
        self._stream = open_stream(
            "output",
            self._fill,
            self._end,
            sample_rate=self.sample_rate,
            channels=self.channels,
            device=self.device,
            latency=LATENCY,
        )
        self._latency = min(self._stream.latency, 1.0)  # what drivers say of themselves is not always true
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Play what is left, then close the device; after an exception close it at once."""
        try:
            if kind is None and not self._over:
                self.wait()
        finally:
            self.close()

    def close(self) -> None:
        """Stop at once, from any thread. Whoever waits in :meth:`play` or :meth:`wait` returns."""
        with self._changes.lock:
            self._over = True
            self._forget()
            stream, self._stream = self._stream, None
        if stream is not None:
            close_stream(stream)

    @property
    def played(self) -> float:
        """Seconds of audio given to the device since the block was entered; the last 50 ms are still on their way."""
        return self._taken / self._frame / self.sample_rate

    @property
    def waiting(self) -> float:
        """Seconds of audio that wait to be played."""
        return len(self._waiting) / self._frame / self.sample_rate

    def play(self, audio: bytes | bytearray | memoryview) -> None:
        """Play linear16 after what was given before; wait while the buffer is full.

        Pieces may end anywhere, within a sample too. If :meth:`clear` is called meanwhile, the rest is not played.
        Raises :class:`DeviceError` if the speaker is not open or the device has stopped.
        """
        rest = memoryview(audio).cast("B")
        cleared = self._cleared
        while True:
            with self._changes.lock:
                if self._cleared != cleared and rest:
                    return
                rest = self._put(rest)
                if not rest:
                    return
                self._check(self._changes.wait(lambda: self._has_room(cleared)))

    async def play_async(self, audio: bytes | bytearray | memoryview) -> None:
        """Do what :meth:`play` does in an event loop."""
        rest = memoryview(audio).cast("B")
        cleared = self._cleared
        while True:
            with self._changes.lock:
                if self._cleared != cleared and rest:
                    return
                rest = self._put(rest)
            if not rest:
                return
            self._check(await self._changes.wait_async(lambda: self._has_room(cleared)))

    def clear(self) -> None:
        """Fall silent and forget what waits, at once: somebody has begun to speak (barge-in).

        What the device holds already is heard still: 50 ms, or what its driver makes of it.
        """
        with self._changes.lock:
            self._forget()

    def wait(self) -> None:
        """Wait until everything is played, cleared or closed. Raises :class:`DeviceError` if the device has stopped."""
        with self._changes.lock:
            self._check(self._changes.wait(self._is_idle))
        time.sleep(self._latency)

    async def wait_async(self) -> None:
        """Do what :meth:`wait` does in an event loop."""
        self._check(await self._changes.wait_async(self._is_idle))
        await asyncio.sleep(self._latency)

    def _put(self, audio: memoryview) -> memoryview:
        """Keep what there is room for, and return the rest. The caller holds the lock."""
        if self._over:
            self._check(True)
            raise DeviceError("The speaker is not open: use it in a `with` block.")
        room = max(0, self._limit - len(self._waiting))
        self._waiting += audio[:room]
        return audio[room:]

    def _forget(self) -> None:
        self._waiting.clear()
        self._cleared += 1
        self._changes.tell()

    def _has_room(self, cleared: int) -> bool:
        return len(self._waiting) < self._limit or self._over or self._cleared != cleared

    def _is_idle(self) -> bool:
        return len(self._waiting) < self._frame or self._over

    def _check(self, alive: bool) -> None:
        if self._failed or not alive:
            raise DeviceError("The speaker has stopped: check that it is connected, then open it again.")

    # --- In PortAudio's thread ----------------------------------------------------------------------------------------

    def _fill(self, out: Any, frames: int, time: Any, status: Any) -> None:
        size = len(out)
        with self._changes.lock:
            taken = min(size, len(self._waiting) // self._frame * self._frame)
            if taken:
                with memoryview(self._waiting) as waiting:
                    out[:taken] = waiting[:taken]
                del self._waiting[:taken]
                self._taken += taken
                self._changes.tell()
        if taken < size:
            out[taken:] = bytes(size - taken)

    def _end(self) -> None:
        with self._changes.lock:
            self._failed = not self._over  # nobody asked for it
            self._over = True
            self._changes.tell()
