"""Codecs of live audio that need no demuxer: samples as they are, and packets that come one to a message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import av
import av.error
import numpy as np

from . import audio
from .audio import HIGHEST_RATE, LOWEST_RATE, MAX_MIXED_CHANNELS, SAMPLE_RATE, AudioError, Piece, Resampling
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


@dataclass(frozen=True)
class Form:
    """What samples look like."""

    name: str
    """Encoding: one of ``PCM``, or ``u8``, ``s24``, ``s32``, ``f64`` of WAV."""
    rate: int
    """Hz."""
    channels: int
    skip: int = 0
    """Bytes of a header before them."""
    size: int | None = None
    """Bytes of samples; ``None``: all that come."""

    @classmethod
    def of(cls, options: LiveOptions) -> Form:
        """Return the form that options describe."""
        return cls((options.encoding or "").lower(), options.sample_rate or SAMPLE_RATE, options.channels)


class Pcm:
    """Samples as they are. What is less than a sample of each channel waits for the rest of it."""

    def __init__(self, form: Form, multichannel: bool) -> None:
        self._form = form
        self._width = _WIDTH[form.name] * form.channels
        self._skip = form.skip
        self._left = form.size
        self._rest = b""
        self._resampling = Resampling(multichannel)
        self._as_it_is = form.name == "linear16" and form.rate == SAMPLE_RATE and form.channels == 1

    def decode(self, data: bytes) -> Iterator[Piece]:
        """Yield what these bytes complete."""
        if self._skip:
            data, self._skip = data[self._skip :], max(0, self._skip - len(data))
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
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
            samples = _samples(self._form.name, data).reshape(-1, self._form.channels)
            yield from self._resampling.feed(self._form.rate, samples)

    def finish(self) -> Iterator[Piece]:
        """Yield what is left at the end."""
        return self._resampling.finish()


def wav_form(head: bytes) -> Form | None:
    """Return the form of the samples of a WAV file that begins with ``head``; ``None`` if it must be left to FFmpeg.

    FFmpeg wants 64 kB of a WAV file before it lets anything be heard: 2 s at 16 kHz, 8 s of telephone audio.
    """
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        return None
    at, form = 12, None
    while at + 8 <= len(head):
        name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if name == b"data":
            # Programs that write to a pipe do not know the size: they say 0, or about the most that can be said.
            known = size if 0 < size < 0x7FFF0000 and head[:4] == b"RIFF" else None
            return replace(form, skip=at + 8, size=known) if form else None
        if name == b"fmt ":
            form = _wav_samples(head[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return None


def _wav_samples(field: bytes) -> Form | None:
    kind, channels, rate = (int.from_bytes(field[at : at + n], "little") for at, n in ((0, 2), (2, 2), (4, 4)))
    if kind == 0xFFFE:  # "extensible": the kind stands behind
        kind = int.from_bytes(field[24:26], "little")
    name = _WAV_SAMPLES.get((kind, int.from_bytes(field[14:16], "little")))
    possible = LOWEST_RATE <= rate <= HIGHEST_RATE and 1 <= channels <= MAX_MIXED_CHANNELS
    return Form(name, rate, channels) if name and possible else None


_WAV_SAMPLES = {
    **{(1, 8): "u8", (1, 16): "linear16", (1, 24): "s24", (1, 32): "s32"},
    **{(3, 32): "linear32", (3, 64): "f64", (6, 8): "alaw", (7, 8): "mulaw"},
}
"""Encoding by WAV's kind and bits of a sample."""
_WIDTH = {**PCM, "u8": 1, "s24": 3, "s32": 4, "f64": 8}
_SCALED = {"u8": ("u1", 128.0), "linear16": ("<i2", 2.0**15), "s32": ("<i4", 2.0**31)}
_FLOATS = {"linear32": "<f4", "f64": "<f8"}


def _samples(name: str, data: bytes) -> Samples:
    """Return samples from -1 to 1."""
    if name in ("mulaw", "alaw"):
        coded: Samples = (_MULAW if name == "mulaw" else _ALAW)[np.frombuffer(data, np.uint8)]
        return coded
    if name in _FLOATS:
        floats = np.nan_to_num(np.frombuffer(data, _FLOATS[name]), posinf=1.0, neginf=-1.0)
        clipped: Samples = np.clip(floats, -1, 1).astype(np.float32)
        return clipped
    if name == "s24":
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        name, data = "s32", wide.tobytes()
    dtype, scale = _SCALED[name]
    integers = np.frombuffer(data, dtype).astype(np.float32)
    scaled: Samples = np.divide(integers - (128 if name == "u8" else 0), scale, dtype=np.float32)
    return scaled


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
