"""Codecs of live audio that need no demuxer: samples as they are, and packets that come one to a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import av
import av.error
import numpy as np

from . import audio
from .audio import SAMPLE_RATE, AudioError, Piece, Resampling
from .live import LiveOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

PCM = {"linear16": 2, "linear32": 4, "mulaw": 1, "alaw": 1}
"""Encodings without packets: bytes of a sample."""
PACKETS = {"opus": ("libopus", 48000), "speex": ("speex", None)}
"""Encodings in packets: the decoder, and the rate (Hz) at which it decodes whatever the packets have."""
_BAD_PACKETS = 10
"""Packets that cannot be decoded, one after another, with which it is clear that these are none."""


class Pcm:
    """Samples as they are. What is less than a sample of each channel waits for the rest of it."""

    def __init__(self, options: LiveOptions) -> None:
        self._name = (options.encoding or "").lower()
        self._rate = options.sample_rate or SAMPLE_RATE
        self._channels = options.channels
        self._width = PCM[self._name] * options.channels
        self._rest = b""
        self._resampling = Resampling(options.multichannel)
        self._as_it_is = self._name == "linear16" and self._rate == SAMPLE_RATE and options.channels == 1

    def decode(self, data: bytes) -> Iterator[Piece]:
        if self._rest:
            data = self._rest + data
        spare = len(data) % self._width
        self._rest = data[len(data) - spare :] if spare else b""
        if spare:
            data = data[:-spare]
        if not data:
            return
        if self._as_it_is:
            yield Piece(1, (data,))
        else:
            yield from self._resampling.feed(self._rate, _samples(self._name, data).reshape(-1, self._channels))

    def finish(self) -> Iterator[Piece]:
        return self._resampling.finish()


def _samples(name: str, data: bytes) -> Samples:
    samples: Samples
    if name == "linear16":
        samples = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
    elif name == "linear32":
        samples = np.nan_to_num(np.frombuffer(data, "<f4"), posinf=1.0, neginf=-1.0)
    else:
        samples = (_MULAW if name == "mulaw" else _ALAW)[np.frombuffer(data, np.uint8)]
    return samples


def _mulaw() -> Samples:
    """Sample of each mu-law byte (ITU-T G.711)."""
    code = ~np.arange(256) & 0xFF
    size = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return (np.where(code & 0x80, -size, size) / 32768).astype(np.float32)


def _alaw() -> Samples:
    """Sample of each A-law byte (ITU-T G.711)."""
    code = np.arange(256) ^ 0x55
    step, mantissa = code >> 4 & 7, code & 0x0F
    size = np.where(step == 0, (mantissa << 4) + 8, (mantissa << 4) + 0x108 << np.maximum(step - 1, 0))
    return (np.where(code & 0x80, size, -size) / 32768).astype(np.float32)


_MULAW, _ALAW = _mulaw(), _alaw()


class Packets:
    """Packets of a codec, each in a message of its own."""

    def __init__(self, options: LiveOptions) -> None:
        self._name = (options.encoding or "").lower()
        codec, rate = PACKETS[self._name]
        self._bad = 0
        self._resampling = Resampling(options.multichannel)
        try:
            self._codec = cast("av.AudioCodecContext", av.CodecContext.create(codec, "r"))
            self._codec.sample_rate = rate or options.sample_rate or 8000
            self._codec.layout = f"{options.channels}c"
            self._codec.open()
        except (av.error.FFmpegError, ValueError) as error:
            raise AudioError(f"{self._name} packets cannot be decoded with these parameters", "encoding") from error

    def decode(self, data: bytes) -> Iterator[Piece]:
        try:
            frames = self._codec.decode(av.Packet(data))
        except (av.error.FFmpegError, ValueError) as error:
            self._bad += 1
            if self._bad < _BAD_PACKETS:
                return
            raise AudioError(f"the messages are not {self._name} packets, one to a message") from error
        self._bad = 0
        if frames:
            yield from self._resampling.feed(frames[0].sample_rate, audio._joined(frames))

    def finish(self) -> Iterator[Piece]:
        return self._resampling.finish()
