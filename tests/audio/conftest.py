"""A `sounddevice` without PortAudio: tests play the part of its thread."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest


class PortAudioError(Exception):
    """What the library raises."""


@dataclass
class Stream:
    """A raw stream; tests call its callback."""

    options: dict[str, Any]
    latency: float = 0.0
    calls: list[str] = field(default_factory=list[str])

    def start(self) -> None:
        self.calls.append("start")

    def abort(self) -> None:
        self.calls.append("abort")
        self.options["finished_callback"]()

    def close(self) -> None:
        self.calls.append("close")

    def hear(self, audio: bytes, *, overflow: bool = False) -> None:
        """Deliver what was recorded."""
        self.options["callback"](memoryview(audio), len(audio) // 2, None, SimpleNamespace(input_overflow=overflow))

    def take(self, size: int) -> bytes:
        """Take what is to be played."""
        out = bytearray(size)
        view = memoryview(out)
        self.options["callback"](view, size // 2, None, SimpleNamespace())
        return bytes(out)

    def vanish(self) -> None:
        """Stop as a device does that is unplugged."""
        self.options["finished_callback"]()


@dataclass
class Library:
    """The module."""

    opened: list[Stream] = field(default_factory=list[Stream])
    devices: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refusal: Exception | None = None
    PortAudioError: type[Exception] = PortAudioError

    def query_devices(self) -> list[dict[str, Any]]:
        return self.devices

    def open(self, **options: Any) -> Stream:
        if self.refusal is not None:
            raise self.refusal
        stream = Stream(options)
        self.opened.append(stream)
        return stream

    @property
    def RawInputStream(self) -> Callable[..., Stream]:
        return self.open

    RawOutputStream = RawInputStream

    @property
    def stream(self) -> Stream:
        return self.opened[-1]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library(devices=[{"name": "Laptop", "max_input_channels": 1, "max_output_channels": 2}])
    monkeypatch.setitem(sys.modules, "sounddevice", made)
    return made
