"""The forms in which spoken audio goes out: what a caller may ask for, and making it as the audio comes.

Sources: developers.deepgram.com/docs/tts-media-output-settings ("Audio Format Combinations"), /docs/errors
("Unsupported Output Audio Format"), and the enumerations of the service's API, which gives ``/v2/speak`` more rates
than ``/v1/speak``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy
    from av.container import OutputContainer
    from numpy.typing import NDArray

Version: TypeAlias = Literal["v1", "v2"]

UNKNOWN_LENGTH = 0xFFFFFFFF
"""What a WAV header says of audio whose length is not known yet."""
LARGEST_OPUS_BIT_RATE = 256_000
"""Bits per second that the codec takes for one channel; the service accepts more."""


class BadFormat(ValueError):
    """A combination that the service refuses."""


class BadValue(ValueError):
    """A value that means nothing: no number, or a name that does not exist."""


@dataclass(frozen=True)
class _Codec:
    containers: tuple[str, ...]
    """The first is the default; none: the parameter does not apply."""
    rates: tuple[int, ...]
    """Hz; the first is the default; a single one cannot be changed."""
    bit_rates: tuple[int, ...] | range = ()
    bit_rate: int | None = None
    """Bits per second, if none is asked for."""


_G711 = _Codec(("wav", "none"), (8000, 16000))
_V1 = {
    "linear16": _Codec(("wav", "none"), (24000, 8000, 16000, 32000, 48000)),
    "mulaw": _G711,
    "alaw": _G711,
    "mp3": _Codec((), (22050,), (32000, 48000), 48000),
    "opus": _Codec(("ogg",), (48000,), range(4000, 650_001), 12000),
    "flac": _Codec((), (22050, 8000, 16000, 32000, 48000)),
    "aac": _Codec((), (22050,), range(4000, 192_001), 48000),
}
_V2 = {
    **_V1,
    "linear16": _Codec(("wav", "none"), (24000, 8000, 16000, 32000, 44100, 48000)),
    "mp3": _Codec((), (22050,), (8000, 16000, 24000, 32000, 40000, 48000), 48000),
}
LIVE_ENCODINGS = ("linear16", "mulaw", "alaw")


@dataclass(frozen=True)
class SpeechFormat:
    """A form of audio: always one channel."""

    encoding: str = "mp3"
    container: str = "none"
    """``wav``, ``ogg`` or ``none``."""
    sample_rate: int = 22050
    """Hz."""
    bit_rate: int | None = 48000
    """Bits per second, of encodings that have one."""

    @classmethod
    def read(cls, query: Mapping[str, Sequence[str]], version: Version = "v1") -> SpeechFormat:
        """Return the form that the query of a whole text asks for.

        Raises :class:`BadFormat` for what does not go together, :class:`BadValue` for what is no value.
        """
        codecs = _V1 if version == "v1" else _V2
        encoding = _given(query, "encoding") or "mp3"
        codec = codecs.get(encoding)
        if codec is None:
            raise BadValue(f"encoding: unknown variant `{encoding[:40]}`, expected one of {_listed(codecs)}")
        container = _container(query, encoding, codec)
        return cls(encoding, container, _rate(query, encoding, codec), _bit_rate(query, encoding, codec))

    @classmethod
    def read_live(cls, query: Mapping[str, Sequence[str]], version: Version = "v1") -> SpeechFormat:
        """Return the form that the query of a conversation asks for: no container, no compression.

        Raises as :meth:`read` does.
        """
        codecs = _V1 if version == "v1" else _V2
        encoding = _given(query, "encoding") or "linear16"
        if encoding not in LIVE_ENCODINGS:
            raise BadValue(f"encoding: unknown variant `{encoding[:40]}`, expected one of {_listed(LIVE_ENCODINGS)}")
        container = _given(query, "container")
        if container not in (None, "none"):
            raise BadFormat("`container` is not applicable: live audio has none")
        return cls(encoding, "none", _rate(query, encoding, codecs[encoding]), None)

    @property
    def content_type(self) -> str:
        """The media type of the audio."""
        if self.container == "wav":
            return "audio/wav"
        if self.encoding == "linear16":
            return f"audio/l16;rate={self.sample_rate};channels=1"
        return _CONTENT_TYPES[self.encoding]


_CONTENT_TYPES = {
    "mulaw": "audio/mulaw",
    "alaw": "audio/alaw",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg;codecs=opus",
    "flac": "audio/flac",
    "aac": "audio/aac",
}


def _given(query: Mapping[str, Sequence[str]], name: str) -> str | None:
    """Return the value of a parameter; nothing stands for not given."""
    values = query.get(name)
    return values[-1].strip().lower() or None if values else None


def number(query: Mapping[str, Sequence[str]], name: str) -> int | None:
    """Return a whole number, which clients also write as ``24000.0``; raise :class:`BadValue`."""
    value = _given(query, name)
    if value is None:
        return None
    try:
        found = float(value[:40])
        if found == int(found):
            return int(found)
    except (ValueError, OverflowError):
        pass
    raise BadValue(f"{name}: `{value[:40]}` is no whole number")


def _container(query: Mapping[str, Sequence[str]], encoding: str, codec: _Codec) -> str:
    container = _given(query, "container")
    if container is None:
        return codec.containers[0] if codec.containers else "none"
    if container not in ("wav", "ogg", "none"):
        raise BadValue(f"container: unknown variant `{container[:40]}`, expected one of `none`, `wav`, `ogg`")
    if not codec.containers:
        raise BadFormat(f"`container` is not applicable when `encoding={encoding}`")
    if container not in codec.containers:
        raise BadFormat(f"`container={container}` is invalid when `encoding={encoding}`")
    return container


def _rate(query: Mapping[str, Sequence[str]], encoding: str, codec: _Codec) -> int:
    rate = number(query, "sample_rate")
    if rate is None or rate in codec.rates:
        return rate or codec.rates[0]
    if len(codec.rates) == 1:
        raise BadFormat(f"`sample_rate` is not applicable when `encoding={encoding}`")
    raise BadFormat(f"`sample_rate` must be {_either(sorted(codec.rates))} when `encoding={encoding}`")


def _bit_rate(query: Mapping[str, Sequence[str]], encoding: str, codec: _Codec) -> int | None:
    rate = number(query, "bit_rate")
    if rate is None:
        return codec.bit_rate
    if codec.bit_rate is None:
        raise BadFormat(f"`bit_rate` is not applicable when `encoding={encoding}`")
    if rate not in codec.bit_rates:
        allowed = codec.bit_rates
        words = f"from {allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else _either(allowed)
        raise BadFormat(f"`bit_rate` must be {words} when `encoding={encoding}`")
    return rate


def _listed(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _either(numbers: Sequence[int]) -> str:
    *others, last = map(str, numbers)
    return f"{', '.join(others)} or {last}" if others else last


# --- Making it --------------------------------------------------------------------------------------------------------


class Encoder:
    """Brings linear16 into a form, piece by piece: what comes out of a call can be sent at once."""

    def __init__(self, form: SpeechFormat) -> None:
        self._form = form
        self._header = _wav_header(form) if form.container == "wav" else b""
        self._compressed = None if form.encoding in LIVE_ENCODINGS else _Compressed(form)

    @property
    def light(self) -> bool:
        """Whether this costs next to nothing; compression does not."""
        return self._compressed is None

    def encode(self, pcm: bytes) -> bytes:
        """Take linear16 (whole samples) at the rate of the form; return what is ready."""
        header, self._header = self._header, b""
        if self._compressed is not None:
            return self._compressed.encode(pcm)
        return header + (pcm if self._form.encoding == "linear16" else companded(pcm, self._form.encoding))

    def finish(self) -> bytes:
        """Return the rest."""
        return self.encode(b"") if self._compressed is None else self._compressed.finish()


def companded(pcm: bytes, encoding: str) -> bytes:
    """Return linear16 as G.711: ``mulaw`` or ``alaw``, a byte for each sample."""
    import numpy

    codes: NDArray[numpy.uint8] = _companding(encoding)[numpy.frombuffer(pcm, "<u2")]
    return codes.tobytes()


@cache
def _companding(encoding: str) -> NDArray[numpy.uint8]:
    """Return the code of each sample, by its value as an unsigned number (ITU-T G.711)."""
    import numpy

    samples = numpy.arange(65536, dtype=numpy.uint16).view(numpy.int16).astype(numpy.int32)
    negative = samples < 0
    if encoding == "mulaw":
        magnitude = numpy.minimum(numpy.abs(samples), 32635) + 132
        exponent = numpy.frexp(magnitude.astype(numpy.float32))[1] - 8  # of the highest bit, counted from the eighth
        code = ~((negative << 7) | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0F))
    else:
        magnitude = numpy.where(negative, -samples - 1, samples) >> 4
        exponent = numpy.maximum(numpy.frexp(magnitude.astype(numpy.float32))[1] - 4, 0)
        mantissa = (magnitude >> numpy.maximum(exponent - 1, 0)) & 0x0F
        code = ((exponent << 4) | mantissa | (~negative << 7)) ^ 0x55
    codes: NDArray[numpy.uint8] = (code & 0xFF).astype(numpy.uint8)
    return codes


def _wav_header(form: SpeechFormat) -> bytes:
    """Return the header of a WAV file whose length is not known: readers then go on to the end."""
    tag, width = {"linear16": (1, 2), "alaw": (6, 1), "mulaw": (7, 1)}[form.encoding]
    fmt = struct.pack("<HHIIHH", tag, 1, form.sample_rate, form.sample_rate * width, width, 8 * width)
    if tag != 1:
        fmt += b"\0\0"  # the size of an extension there is none of: required beside PCM
    chunks = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    return b"RIFF" + struct.pack("<I", UNKNOWN_LENGTH) + chunks + b"data" + struct.pack("<I", UNKNOWN_LENGTH)


# Codec and container of FFmpeg, their options, and those of the codec.
_LIBRARIES: Mapping[str, tuple[str, str, dict[str, str], dict[str, str]]] = {
    # Without what can only be written at the end (the Xing header) and what streams have no use for (tags).
    "mp3": ("libmp3lame", "mp3", {"write_xing": "0", "id3v2_version": "0"}, {"compression_level": "7"}),
    "aac": ("aac", "adts", {}, {}),
    "flac": ("flac", "flac", {}, {}),
    # A page for each tenth of a second: by default it is a whole one, and so long until the first byte.
    "opus": ("libopus", "ogg", {"page_duration": "100000"}, {"application": "voip"}),
}


class _Compressed:
    """A codec of FFmpeg that writes into memory."""

    def __init__(self, form: SpeechFormat) -> None:
        import av

        codec, container, muxing, options = _LIBRARIES[form.encoding]
        self._av = av
        self._rate = form.sample_rate
        self._written = _Written()
        # Every packet goes on at once; nothing is gone back to, as what was written is on its way already.
        self._container: OutputContainer = av.open(
            self._written, "w", format=container, options={**muxing, "flush_packets": "1"}, buffer_size=4096
        )
        stream = self._container.add_stream(codec, rate=form.sample_rate, options=options, layout="mono")
        assert isinstance(stream, av.AudioStream)
        self._stream = stream
        if form.bit_rate is not None:
            self._stream.bit_rate = min(form.bit_rate, LARGEST_OPUS_BIT_RATE)
        self._time = 0

    def encode(self, pcm: bytes) -> bytes:
        if pcm:
            import numpy

            frame = self._av.AudioFrame.from_ndarray(numpy.frombuffer(pcm, "<i2").reshape(1, -1), "s16", "mono")
            frame.sample_rate = self._rate
            frame.time_base = Fraction(1, self._rate)
            frame.pts = self._time
            self._time += frame.samples
            self._container.mux(self._stream.encode(frame))
        return self._written.take()

    def finish(self) -> bytes:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._written.take()


class _Written:
    """A file that cannot be gone back in."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data
