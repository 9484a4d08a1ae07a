"""What `deepgram speak` says in tests, what a service answers, and how files of speech are read."""

from __future__ import annotations

import wave
from pathlib import Path

from deepgram.cli import spoken_audio

from .conftest import Service

SENTENCES = [f"This is sentence number {number}, and it says nothing at all. " for number in range(2000)]
BOOK = "".join(SENTENCES)[:100_000]
LONG = "".join(SENTENCES[:90])
"""5 kB: three requests."""
AUDIO = {"content-type": "audio/l16;rate=24000;channels=1", "dg-model-name": "aura-asteria-en"}
PCM = b"\1\2" * 24000
"""A second."""
GAP = round(24000 * spoken_audio.PAUSE) * 2
RAW = {"raw": ("s16le", 24000), "mulaw": ("mulaw", 8000), "alaw": ("alaw", 8000)}
MP3 = bytes.fromhex("fff360c4") + bytes(152)  # MPEG 2, 48 kbit/s, 22050 Hz: 156 bytes
ADTS = bytes.fromhex("fff15c40057ffc") + bytes(36)  # 22050 Hz, 43 bytes


def wav(path: Path) -> bytes:
    """Return the samples of a WAV file; its header must say how many there are."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24000)
        samples: bytes = file.readframes(file.getnframes())
    return samples


def asked(service: Service) -> list[dict[str, str]]:
    return [{name: values[0] for name, values in came.query.items()} for came in service.came]


def told_length(path: Path) -> float:
    import av

    with av.open(str(path)) as file:
        assert file.duration is not None
        seconds: float = file.duration / 1_000_000
    return seconds
