"""The forms in which `deepgram speak` writes audio: what is asked of the service, and one valid file of all answers.

- **linear16, mulaw, alaw**: asked for without a container, one after the other, in a WAV file or as they are.
- **mp3, aac**: consist of frames that stand for themselves, so answers are put together frame by frame.
- **opus, flac**: streams of these cannot be put together without breaking some players. They are encoded here, of
  linear16, by PyAV (extra ``local``). Without PyAV a text that fits into one request is written as the service sent it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, cast

from .audio_frames import Frames
from .failures import Failure, WrongUse

ENDINGS = {
    "wav": ("linear16", "wav"),
    "mp3": ("mp3", "none"),
    "ogg": ("opus", "ogg"),
    "oga": ("opus", "ogg"),
    "opus": ("opus", "ogg"),
    "flac": ("flac", "none"),
    "aac": ("aac", "none"),
    "raw": ("linear16", "none"),
    "pcm": ("linear16", "none"),
    "mulaw": ("mulaw", "none"),
    "ulaw": ("mulaw", "none"),
    "alaw": ("alaw", "none"),
}
"""Encoding and container that the ending of a file stands for."""
SILENCE = {"linear16": b"\0\0", "mulaw": b"\xff", "alaw": b"\xd5"}
"""Encodings that are a row of samples, with a sample of silence."""
RATES = {"linear16": 24000, "mulaw": 8000, "alaw": 8000, "opus": 48000}
"""Hz, if none is asked for."""
VOICE_RATE = 24000
"""Hz of anything else that is made of linear16."""
UNKNOWN = 0xFFFFFFFF
"""What a WAV header says of a length that is not known, or does not fit: readers then go on to the end."""
PAUSE = 0.25
"""Seconds between two answers that are put together: none of them has the pause after its last sentence."""
NEEDS_PYAV = 'it is encoded here, by PyAV: pip install "deepgram-sdk[local]"'
"""What to say where PyAV is missing."""

How = Literal["samples", "frames", "encoded", "as it comes"]


@dataclass(frozen=True)
class Form:
    """A form of audio, and how it is come by."""

    encoding: str
    container: str
    sample_rate: int | None
    """Hz; None is the service's choice."""
    bit_rate: int | None
    how: How

    @property
    def asks(self) -> dict[str, Any]:
        """What to ask of the service."""
        if self.how == "encoded":
            return {"encoding": "linear16", "container": "none", "sample_rate": self.sample_rate}
        if self.how == "samples":
            return {"encoding": self.encoding, "container": "none", "sample_rate": self.sample_rate}
        given = {"container": self.container, "sample_rate": self.sample_rate, "bit_rate": self.bit_rate}
        applies = self.how == "as it comes" and self.container != "none"
        left_out = () if applies else ("container",)
        return {"encoding": self.encoding} | {
            name: value for name, value in given.items() if value is not None and name not in left_out
        }

    def writer(self, out: BinaryIO, *, rewritable: bool) -> Writer:
        """Return what writes this form into ``out``; ``rewritable``: its beginning can be written again."""
        if self.how == "samples" or (self.how == "encoded" and self.encoding in SILENCE):
            return Samples(out, self, rewritable=rewritable)
        if self.how == "frames":
            return FrameByFrame(out, cast("Literal['mp3', 'aac']", self.encoding))
        return Encoded(out, self, rewritable=rewritable) if self.how == "encoded" else AsItComes(out)


def form_of(output: Path | None, given: dict[str, Any], *, played: bool) -> Form:
    """Return the form for a file (``-``: standard output; None: only the speaker). Takes its options out of ``given``.

    ``played``: it is heard as well, which takes linear16. Raises ``WrongUse``.
    """
    encoding, container, rate, bits = (given.pop(name, None) for name in _OPTIONS)
    if output is None:
        if encoding not in (None, "linear16") or container not in (None, "none") or bits is not None:
            raise WrongUse("What is only played has no encoding: leave --encoding, --container and --bit-rate out.")
        return Form("linear16", "none", _whole("sample-rate", rate) or VOICE_RATE, None, "samples")
    ending = output.suffix[1:].lower()
    meant = ENDINGS.get(ending)
    if meant is None and encoding is None:
        if str(output) != "-":
            known = ", ".join(f".{name}" for name in ENDINGS)
            raise WrongUse(f"{output} does not tell a format: use one of {known}, or say --encoding.")
        meant = (
            ("linear16", "wav") if container == "wav" else ("opus", "ogg") if container == "ogg" else ("mp3", "none")
        )
    if meant and encoding not in (None, meant[0]) and not (ending == "wav" and encoding in SILENCE):
        raise WrongUse(f"-o {output} means {meant[0]}, and --encoding {encoding}: leave one of them out.")
    encoding = str(encoding or (meant or ("",))[0])
    container = str(container or (meant[1] if meant else {"opus": "ogg"}.get(encoding, "none")))
    return _form(encoding, container, _whole("sample-rate", rate), _whole("bit-rate", bits), played=played)


_OPTIONS = ("encoding", "container", "sample_rate", "bit_rate")


def _form(encoding: str, container: str, rate: int | None, bits: int | None, *, played: bool) -> Form:
    here = find_spec("av") is not None
    if encoding in SILENCE and container in ("none", "wav") and bits is None and (encoding == "linear16" or not played):
        return Form(encoding, container, rate or RATES[encoding], None, "samples")
    usual = container in ("none", "ogg" if encoding == "opus" else "none")
    if encoding in ("mp3", "aac") and usual and not played:
        return Form(encoding, container, rate, bits, "frames")
    if played and not here:
        raise WrongUse(f"To play {encoding} and write it too, {NEEDS_PYAV}. Or write a WAV file.")
    if (encoding in ("opus", "flac") and usual and here) or played:
        from ..local.speech_formats import BadFormat, BadValue, SpeechFormat

        asked = {"encoding": encoding, "container": container, "bit_rate": bits}
        try:  # the limits of the service, in its words; the rate is free, as the encoders take any
            form = SpeechFormat.read(
                {name: [str(value)] for name, value in asked.items() if value not in (None, "none")}
            )
        except (BadFormat, BadValue) as error:
            raise WrongUse(f"{error}.") from None
        return Form(encoding, form.container, rate or RATES.get(encoding, VOICE_RATE), form.bit_rate, "encoded")
    return Form(encoding, container, rate, bits, "as it comes")


def _whole(name: str, value: object) -> int | None:
    if value is None:
        return None
    number = float(str(value))
    if number != number // 1 or not 0 < number < 1e9:
        raise WrongUse(f"--{name} must be a whole number greater than 0.")
    return int(number)


# --- Writing ----------------------------------------------------------------------------------------------------------


class Writer(Protocol):
    """Makes one file of all answers. What is written so far can be played at any time."""

    @property
    def seconds(self) -> float | None:
        """How much audio was written; None if that is not known."""
        ...

    def write(self, audio: bytes) -> None:
        """Add what came."""
        ...

    def pause(self) -> None:
        """An answer has ended, and another one follows."""
        ...

    def finish(self) -> None:
        """Complete the file; nothing is closed."""
        ...


class Samples:
    """A row of samples: a WAV file, or nothing but the samples."""

    def __init__(self, out: BinaryIO, form: Form, *, rewritable: bool) -> None:
        assert form.sample_rate is not None
        self._out = out
        self._rewritable = rewritable
        self._form = form
        self._companding = form.how == "encoded" and form.encoding != "linear16"
        self._silence = SILENCE[form.encoding]
        self._rate = form.sample_rate
        self._size = 0
        self._odd = b""
        self._header = b""
        if form.container == "wav":
            self._header = self._head(UNKNOWN)
            out.write(self._header)

    @property
    def seconds(self) -> float:
        return self._size / len(self._silence) / self._rate

    def write(self, audio: bytes) -> None:
        audio = self._odd + audio
        width = 2 if self._companding else len(self._silence)
        whole = len(audio) // width * width
        self._odd, audio = audio[whole:], audio[:whole]
        if self._companding:
            from ..local.speech_formats import companded

            audio = companded(audio, self._form.encoding)
        self._out.write(audio)
        self._size += len(audio)

    def pause(self) -> None:
        self._odd = b""
        silence = self._silence * int(PAUSE * self._rate)
        self._out.write(silence)
        self._size += len(silence)

    def finish(self) -> None:
        """Write the true length into the header, where that can be gone back to."""
        if not self._header:
            return
        if self._size % 2:
            self._out.write(b"\0")  # chunks of a WAV file are of even length
        if self._rewritable and len(self._header) + self._size < UNKNOWN:
            self._out.seek(0)
            self._out.write(self._head(self._size))
            self._out.seek(0, 2)

    def _head(self, size: int) -> bytes:
        width = len(self._silence)
        tag = {"linear16": 1, "alaw": 6, "mulaw": 7}[self._form.encoding]
        fmt = struct.pack("<HHIIHH", tag, 1, self._rate, self._rate * width, width, 8 * width)
        if tag != 1:
            fmt += b"\0\0"  # the size of an extension there is none of: required beside PCM
        around = 4 + 8 + len(fmt) + 8
        whole = UNKNOWN if size == UNKNOWN else around + size + size % 2
        head = b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
        return head + b"data" + struct.pack("<I", size)


class FrameByFrame:
    """MP3 or AAC: whole frames only, so that the file is valid wherever it ends."""

    def __init__(self, out: BinaryIO, encoding: Literal["mp3", "aac"]) -> None:
        self._out = out
        self._frames = Frames(encoding)
        self._encoding = encoding

    @property
    def seconds(self) -> float:
        return self._frames.seconds

    def write(self, audio: bytes) -> None:
        self._out.write(self._frames.add(audio))

    def pause(self) -> None:
        """There is one: a stream of frames begins and ends with some silence."""
        self._out.write(self._frames.end())

    def finish(self) -> None:
        """Raise ``Failure`` if nothing that came was a frame: an empty file must not look like success."""
        self._out.write(self._frames.end())
        if not self.seconds:
            raise Failure(f"What the service sent is not {self._encoding}: nothing of it was written.")


class Encoded:
    """Anything that PyAV makes of linear16."""

    def __init__(self, out: BinaryIO, form: Form, *, rewritable: bool) -> None:
        from ..local.speech_formats import Encoder, SpeechFormat

        assert form.sample_rate is not None
        self._out = out
        self._rewritable = rewritable
        self._form = form
        self._rate = form.sample_rate
        self._encoder = Encoder(SpeechFormat(form.encoding, form.container, form.sample_rate, form.bit_rate))
        self._samples = 0
        self._odd = b""

    @property
    def seconds(self) -> float:
        return self._samples / self._rate

    def write(self, audio: bytes) -> None:
        audio = self._odd + audio
        whole = len(audio) // 2 * 2
        self._odd = audio[whole:]
        self._samples += whole // 2
        self._out.write(self._encoder.encode(audio[:whole]))

    def pause(self) -> None:
        self._odd = b""
        self.write(b"\0\0" * int(PAUSE * self._rate))

    def finish(self) -> None:
        self._out.write(self._encoder.finish())
        if self._form.encoding == "flac" and self._rewritable:
            self._tell_flac_its_length()

    def _tell_flac_its_length(self) -> None:
        """Write the number of samples into the last 36 bits before the checksum of STREAMINFO (RFC 9639, 8.2)."""
        place = 4 + 4 + 13
        self._out.seek(place)
        first = self._out.read(1)[0]
        self._out.seek(place)
        self._out.write(bytes([first & 0xF0 | self._samples >> 32 & 0x0F]) + struct.pack(">I", self._samples & UNKNOWN))
        self._out.seek(0, 2)


class AsItComes:
    """What the service sends, in one answer."""

    seconds = None

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, audio: bytes) -> None:
        self._out.write(audio)

    def pause(self) -> None:
        """There is none: only one answer is asked for."""

    def finish(self) -> None:
        """It is complete as it is."""
