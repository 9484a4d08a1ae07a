"""Where live audio comes from: a file at the pace at which it was spoken, standard input, the microphone."""

from __future__ import annotations

import asyncio
import struct
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from . import mp4
from .failures import Failure, WrongUse, complain

PIECE = 0.08
"""Seconds of audio in a message: what suits turns best (developers.deepgram.com/docs/flux/quickstart)."""
AT_MOST = 32 * 1024
"""Bytes in a message."""
AHEAD = 16
"""Pieces that are read before they are sent."""
GUESSED = 16_000
"""Bytes per second of a file that does not tell: compressed speech and music have up to 128 kbit/s."""
SAMPLE_SIZES = {"linear16": 2, "linear32": 4, "mulaw": 1, "alaw": 1}
"""Bytes per sample of raw audio."""


class Source(Protocol):
    """Audio that arrives."""

    parameters: Mapping[str, object]
    """What the source knows about its audio, as parameters of the API."""

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield the audio as it is to be sent."""
        ...

    def close(self) -> None:
        """End it; nothing that was started goes on."""


class Recording:
    """A file, or standard input."""

    parameters: Mapping[str, object] = {}

    def __init__(
        self, open_input: Callable[[], AbstractContextManager[BinaryIO]], size: int, rate: float | None
    ) -> None:
        self._open = open_input
        self._size = size
        """Bytes in a piece."""
        self._rate = rate
        """Bytes per second; None for as fast as they come."""
        self._over = threading.Event()
        self._room = threading.Semaphore(AHEAD)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[bytes | Exception] = asyncio.Queue()  # never more than AHEAD
        # A thread of our own: one of the event loop's pool would keep the process until somebody presses Enter.
        args = (loop, arrived)
        threading.Thread(target=self._read, args=args, name="deepgram-reading", daemon=True).start()
        began, sent = loop.time(), 0
        while piece := await arrived.get():
            self._room.release()
            if isinstance(piece, Exception):
                raise piece
            if self._rate is not None:
                await asyncio.sleep(began + sent / self._rate - loop.time())
            sent += len(piece)
            yield piece

    def close(self) -> None:
        self._over.set()
        self._room.release()

    def _read(self, loop: asyncio.AbstractEventLoop, arrived: asyncio.Queue[bytes | Exception]) -> None:
        try:
            with self._open() as audio:
                while self._room.acquire() and not self._over.is_set():
                    piece = audio.read(self._size)
                    loop.call_soon_threadsafe(arrived.put_nowait, piece)
                    if not piece:
                        return
        except Exception as error:
            with suppress(RuntimeError):  # the loop is closed: nobody reads on
                loop.call_soon_threadsafe(arrived.put_nowait, error)


class Dictation:
    """The microphone."""

    def __init__(self, *, sample_rate: int, channels: int, device: str | None) -> None:
        from ..audio import Microphone

        number = int(device) if device is not None and device.isdecimal() else device
        self._microphone = Microphone(
            sample_rate=sample_rate, channels=channels, chunk_ms=round(PIECE * 1000), device=number
        )
        self.parameters: Mapping[str, object] = {
            "encoding": self._microphone.encoding,
            "sample_rate": sample_rate,
            "channels": channels,
        }

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        from ..audio import DeviceError

        try:
            with self._microphone as microphone:
                async for chunk in microphone:
                    yield chunk
        except DeviceError as error:
            raise Failure(str(error)) from error

    def close(self) -> None:
        self._microphone.close()
        if self._microphone.dropped:
            complain(
                f"{self._microphone.dropped} pieces of {PIECE:g} s were lost: the way out was blocked.", kind="note"
            )


def from_file(path: Path, speed: float, options: Mapping[str, object]) -> Source:
    """Return the audio of a file, ``speed`` times as fast as it was spoken, or at once if that is 0."""
    remade = "encoding" not in options and mp4.index_comes_late(path)
    rate = mp4.bytes_per_second(path) if remade else bytes_per_second(path, options)
    if rate is None and speed:
        rate = GUESSED
        finds_out = "" if find_spec("av") else ' pip install "deepgram-sdk[local]" finds out,'
        complain(
            f"{path.name} does not tell how long it is, so it is sent at {GUESSED // 1000} kB per second."
            f"{finds_out} --speed 0 sends everything at once.",
            kind="note",
        )
    return Recording(
        lambda: mp4.fragmented(path) if remade else path.open("rb"),
        _size(rate),
        rate * speed if rate and speed else None,
    )


def from_stdin(speed: float | None, options: Mapping[str, object]) -> Source:
    """Return what comes from standard input: as it comes, or paced if it is raw audio and ``speed`` is given."""
    if sys.stdin.isatty():
        raise WrongUse("Nothing comes from standard input: use a pipe, name a file, or speak with --mic.")
    rate = _raw_rate(options)
    if speed and rate is None:
        raise WrongUse(
            "--speed of standard input needs --encoding and --sample-rate: nothing else tells how long it is."
        )
    # Without a buffer, a read returns what is there; and a thread that waits in it keeps no lock at the end.
    raw = cast("BinaryIO", getattr(sys.stdin.buffer, "raw", sys.stdin.buffer))
    return Recording(lambda: nullcontext(raw), _size(rate), rate * speed if rate and speed else None)


def _size(rate: float | None) -> int:
    """Return how many bytes of audio to send at a time: whole samples."""
    return AT_MOST if rate is None else min(AT_MOST, max(8, int(rate * PIECE) // 8 * 8))


def bytes_per_second(path: Path, options: Mapping[str, object]) -> float | None:
    """Return how many bytes of a file one second of its audio takes; None if the file does not tell.

    Raw audio is known by its ``encoding`` and ``sample_rate``, WAV by its header, the rest by its duration (PyAV).
    """
    if "encoding" in options:
        return _raw_rate(options)
    with path.open("rb") as audio:
        rate = _wav_rate(audio)
    return rate or _average_rate(path)


def _raw_rate(options: Mapping[str, object]) -> float | None:
    sample = SAMPLE_SIZES.get(str(options.get("encoding")))
    try:
        rate = int(str(options.get("sample_rate"))) * int(str(options.get("channels", 1)))
    except ValueError:
        return None
    return float(sample * rate) if sample and rate > 0 else None


def _wav_rate(audio: BinaryIO) -> float | None:
    """Return what the format chunk says, whatever the codec; the module ``wave`` knows PCM alone."""
    head = audio.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    for _ in range(100):  # chunks before the format are rare, and few
        name, size = struct.unpack("<4sI", audio.read(8).ljust(8, b"\0"))
        if name == b"fmt ":
            rate: int = struct.unpack("<HHII", audio.read(12).ljust(12, b"\0"))[3]
            return float(rate) or None
        if size == 0:
            return None
        audio.seek(size + size % 2, 1)
    return None


def _average_rate(path: Path) -> float | None:
    try:
        import av
        from av.error import FFmpegError
    except ModuleNotFoundError:
        return None
    with suppress(FFmpegError, OSError), av.open(str(path)) as container:
        if container.duration:
            return float(path.stat().st_size * 1_000_000 / container.duration)
    return None
