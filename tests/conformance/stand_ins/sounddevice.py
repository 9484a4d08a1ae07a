"""Stands in for the library of sound devices where there are none: it hears silence, and takes what is played."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

PERIOD = 0.02  # s


class PortAudioError(Exception):
    """What the library raises."""


class Stream:
    """A raw stream of 16-bit samples, whose callback a thread calls as a device would."""

    latency = 0.0

    def __init__(
        self,
        *,
        samplerate: int,
        channels: int,
        callback: Callable[[Any, int, Any, Any], None],
        finished_callback: Callable[[], None],
        **_: Any,
    ) -> None:
        self._frames = int(samplerate * PERIOD)
        self._size = self._frames * channels * 2
        self._callback = callback
        self._finished = finished_callback
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def abort(self) -> None:
        self._stopped.set()
        self._thread.join()

    def close(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        flags = SimpleNamespace(input_overflow=False, output_underflow=False)
        while not self._stopped.wait(PERIOD):
            self._callback(memoryview(bytearray(self._size)), self._frames, None, flags)
        self._finished()


RawInputStream = RawOutputStream = Stream


def query_devices() -> list[dict[str, Any]]:
    """Return what there is."""
    return [{"name": "Stand-in", "max_input_channels": 1, "max_output_channels": 1}]
