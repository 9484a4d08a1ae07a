"""Sound devices by way of PortAudio: opening streams, errors that say what to do, waiting for PortAudio's thread.

``sounddevice`` is imported when the first stream is opened. Its raw streams hand over plain buffers, so that numpy is
not needed. Source of its interface: python-sounddevice.readthedocs.io/en/latest/api/raw-streams.html
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Literal, Protocol, cast

PATIENCE = 5.0
"""Seconds without a sign of life after which a device counts as gone."""


class DeviceError(RuntimeError):
    """A sound device cannot be used, or has stopped. The message says what to do."""


class Stream(Protocol):
    """What is used of a stream of ``sounddevice``."""

    latency: float
    """Seconds between PortAudio's thread and the air."""

    def start(self) -> None: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


class _Library(Protocol):
    """What is used of the module ``sounddevice``."""

    RawInputStream: Callable[..., Stream]
    RawOutputStream: Callable[..., Stream]
    PortAudioError: type[Exception]

    def query_devices(self) -> Any: ...


Kind = Literal["input", "output"]


def open_stream(
    kind: Kind,
    callback: Callable[[Any, int, Any, Any], None],
    ended: Callable[[], None],
    *,
    sample_rate: int,
    channels: int,
    frames: int = 0,
    device: int | str | None = None,
    latency: float | None = None,
) -> Stream:
    """Return a running stream of 16-bit samples.

    PortAudio's thread calls ``callback`` for each buffer, and ``ended`` when the stream has stopped for any reason.
    ``frames`` is the size of a buffer, 0 leaves it to the device. Raises :class:`DeviceError`.
    """
    library = _library()
    make = library.RawInputStream if kind == "input" else library.RawOutputStream
    try:
        stream = make(
            samplerate=sample_rate,
            blocksize=frames,
            device=device,
            channels=channels,
            dtype="int16",
            latency=latency,
            callback=callback,
            finished_callback=ended,
        )
        try:
            stream.start()
        except BaseException:
            stream.close()
            raise
    except (library.PortAudioError, ValueError) as error:
        raise DeviceError(_not_opened(library, kind, device, sample_rate, channels, error)) from error
    return stream


def close_stream(stream: Stream) -> None:
    """End a stream at once; PortAudio's thread is gone when this returns."""
    with suppress(_library().PortAudioError):  # a device that was unplugged
        stream.abort()
    with suppress(_library().PortAudioError):
        stream.close()


def _library() -> _Library:
    try:
        return cast("_Library", import_module("sounddevice"))
    except ModuleNotFoundError as missing:
        raise DeviceError('Sound devices need the extra "audio": pip install "deepgram-sdk[audio]"') from missing
    except OSError as missing:  # the wheels for macOS and Windows bring PortAudio along
        raise DeviceError(
            "Sound devices need the library PortAudio: apt install libportaudio2 (Debian, Ubuntu), "
            f"dnf install portaudio (Fedora), brew install portaudio (macOS). {missing}"
        ) from missing


def _not_opened(
    library: _Library, kind: Kind, device: int | str | None, sample_rate: int, channels: int, error: Exception
) -> str:
    present: list[tuple[int, str]] = []
    with suppress(library.PortAudioError):
        for number, found in enumerate(library.query_devices()):
            if found[f"max_{kind}_channels"] > 0:
                present.append((number, found["name"]))
    if not present:
        thing = "microphone" if kind == "input" else "speaker or headphones"
        return f"There is no {kind} device on this machine: connect a {thing}."
    named = ", ".join(f"{number} {name!r}" for number, name in present)
    chosen = f"The {kind} device" if device is None else f"The {kind} device {device!r}"
    return (
        f"{chosen} cannot be opened with {channels} channel(s) at {sample_rate} Hz ({error}). Choose another device, "
        f"by number or name, or other values. There are: {named}."
    )


class Changes:
    """Wakes whoever waits, in threads and in event loops, for what PortAudio's thread does. ``lock`` guards it all."""

    def __init__(self) -> None:
        self.lock = threading.Condition()
        self._tasks: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def tell(self) -> None:
        """Say that something has changed. The caller holds the lock."""
        self.lock.notify_all()
        for loop, changed in self._tasks:
            with suppress(RuntimeError):  # a loop that was closed while its task waited
                loop.call_soon_threadsafe(changed.set)

    def wait(self, ready: Callable[[], bool]) -> bool:
        """Wait until ``ready()``; False if nothing changes for too long. The caller holds the lock."""
        while not ready():
            if not self.lock.wait(PATIENCE):
                return ready()
        return True

    async def wait_async(self, ready: Callable[[], bool]) -> bool:
        """Do the same in an event loop. The caller does not hold the lock."""
        waiting = (asyncio.get_running_loop(), asyncio.Event())
        changed = waiting[1]
        with self.lock:
            self._tasks.append(waiting)
        try:
            while True:
                changed.clear()
                with self.lock:
                    if ready():
                        return True
                await asyncio.wait_for(changed.wait(), PATIENCE)
        except asyncio.TimeoutError:
            return ready()
        finally:
            with self.lock:
                self._tasks.remove(waiting)
