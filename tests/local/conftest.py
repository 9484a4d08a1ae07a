"""Audio for the tests of the embedded server."""

from __future__ import annotations

import importlib.util
import io
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from deepgram.local import engines

MakeWav = Callable[..., bytes]


def needs(engine: str) -> None:
    """Fail without ``engine``, which the extra dev brings; skip where its library has no wheels yet."""
    reason = engines.missing(engine)
    if reason is not None and sys.version_info >= (3, 14):
        pytest.skip(reason)
    assert reason is None, reason


@pytest.fixture(scope="session")
def two_cities() -> Path:
    """44 s of read speech (48 kHz, mono) that the wheel of moonshine-voice brings."""
    spec = importlib.util.find_spec("moonshine_voice")
    if spec is None or not spec.submodule_search_locations:
        pytest.fail("moonshine-voice, whose wheel brings the recording, is not installed: it is part of the extra dev")
    return Path(spec.submodule_search_locations[0]) / "assets" / "two_cities.wav"


@pytest.fixture(scope="session")
def wav() -> MakeWav:
    """Make a WAV of a tone per channel: ``wav(seconds, rate=16000, channels=1)``."""

    def make(seconds: float, rate: int = 16000, channels: int = 1) -> bytes:
        times = np.arange(int(seconds * rate)) / rate
        tones = [np.sin(2 * np.pi * 200 * (index + 1) * times) for index in range(channels)]
        samples = (np.stack(tones, axis=1) * 12000).astype("<i2")
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(samples.tobytes())
        return buffer.getvalue()

    return make


@pytest.fixture(scope="session")
def encoded(wav: MakeWav) -> Callable[..., bytes]:
    """Make audio in another codec: ``encoded("mp3", "libmp3lame", seconds=2, rate=44100)``."""

    def make(container: str, codec: str, seconds: float = 2.0, rate: int = 48000) -> bytes:
        target = io.BytesIO()
        with av.open(io.BytesIO(wav(seconds, rate)), "r") as source, av.open(target, "w", format=container) as out:
            stream = out.add_stream(codec, rate=rate, layout="mono")
            assert isinstance(stream, av.AudioStream)
            for frame in source.decode(audio=0):
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        return target.getvalue()

    return make
