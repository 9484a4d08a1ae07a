"""Audio in any codec or container to linear16, piece by piece, in constant memory.

PyAV decodes and soxr resamples. Nothing but the given file is ever opened: formats come from an allow-list
(no playlists, no devices), no protocol is allowed, and a format that wants a second file does not get it.
This module blocks; it runs in worker processes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import av
import av.container
import av.error
import numpy as np
import soxr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

SAMPLE_RATE = 16000
"""Hz of what comes out."""
MAX_CHANNELS = 20
"""Channels that can be transcribed one by one (https://developers.deepgram.com/docs/multichannel)."""
MAX_MIXED_CHANNELS = 64
"""Channels that can be mixed to one."""
LOWEST_RATE, HIGHEST_RATE = 1000, 768_000
"""Hz. Below is no speech, and a low rate would make a small file very long."""

_CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,loas,matroska,webm,mov,mp4,m4a,mp3,mpc,mpc8,mpeg,mpegts,"
    "nistsphere,nut,ogg,qcp,sox,tta,voc,w64,wav,wv"
)
"""Demuxers that read one file and nothing else."""
_RAW: dict[str, tuple[str, int | None]] = {
    "linear16": ("s16le", None),
    "linear32": ("f32le", None),
    "mulaw": ("mulaw", None),
    "alaw": ("alaw", None),
    "flac": ("flac", None),
    "amr-nb": ("amrnb", 8000),
    "amr-wb": ("amrwb", 16000),
    "g729": ("g729", 8000),
}
"""``encoding`` of audio without a header: the demuxer, and the rate (Hz) where the codec has only one
(https://developers.deepgram.com/docs/encoding; linear32 is floating point there)."""
_ONLY_IN_CONTAINERS = {"opus": "Ogg or WebM", "ogg-opus": "Ogg", "speex": "Ogg"}
_RATE_NEEDED = frozenset({"s16le", "f32le", "mulaw", "alaw"})
_HEAD = 8192
_BLOCK_SECONDS = 1.0


class AudioError(ValueError):
    """Audio that cannot be decoded, is empty, or is longer than allowed. The message is for the caller."""

    def __init__(self, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter
        """Parameter of the request that is at fault, if it is one."""


@dataclass(frozen=True)
class Piece:
    """A stretch of decoded audio."""

    channels: int
    """Channels of the audio as it was sent."""
    pcm: tuple[bytes, ...]
    """linear16 at ``SAMPLE_RATE``: one item for each channel, or one for the mix of all."""


def decode(
    source: BinaryIO,
    *,
    encoding: str | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
    multichannel: bool = False,
    max_seconds: float = float("inf"),
    max_bytes: float = float("inf"),
) -> Iterator[Piece]:
    """Decode ``source`` (seekable) and yield about a second at a time.

    ``encoding``, ``sample_rate`` (Hz) and ``channels`` describe audio without a header and are ignored where the bytes
    have one, as the service does. Damaged parts are skipped, so what can be heard of a torn file is heard.

    Raises :class:`AudioError` when nothing can be decoded, or beyond ``max_seconds`` of audio or ``max_bytes`` of PCM.
    """
    head = source.read(_HEAD)
    source.seek(0)
    if not head:
        raise AudioError("the audio is empty: no bytes were received")
    container = _open(source, head, encoding, sample_rate, channels)
    with contextlib.closing(container):
        written = 0
        most = min(max_seconds * SAMPLE_RATE * 2, max_bytes)
        for piece in _resampled(_blocks(container), multichannel):
            written += sum(map(len, piece.pcm))
            if len(piece.pcm) * max_seconds * SAMPLE_RATE * 2 < written:
                raise AudioError(f"the audio is longer than {max_seconds:g} seconds, the most that this server accepts")
            if written > most and written > max_bytes:
                raise AudioError(f"the decoded audio is larger than {max_bytes:g} bytes, the most this server accepts")
            yield piece
        if not written:
            raise AudioError("the audio has no samples: it is empty, or its only content is damaged")


def has_magic(head: bytes) -> bool:
    """Say whether ``head``, at least 12 bytes, begin with the mark of a container or of a codec."""
    return head.startswith(_MAGIC) or head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free")


def has_header(head: bytes) -> bool:
    """Say whether ``head``, the first bytes of a file, begin a container or a codec that describes itself."""
    if has_magic(head):
        return True
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:  # an MPEG transport stream
        return True
    return _mpeg_frames(head) >= 4


_MAGIC = (
    *(b"RIFF", b"RF64", b"RIFX", b"riff", b"OggS", b"fLaC", b"ID3", b"#!AMR", b"FORM", b".snd", b"caff", b"wvpk"),
    *(b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"FLV\x01", b"MAC ", b"TTA1", b"MPCK", b"MP+"),
    *(b"NIST_1A", b"Creative Voice File", b".SoX", b"XoS.", b"\x00\x00\x01\xba", b"nut/multimedia"),
)
_MP3_KBPS = {
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_HZ = (44100, 48000, 32000)


def _mpeg_frames(head: bytes) -> int:
    """Count the MP3 or ADTS frames that follow one another from the start.

    These have no header of the file, only one of each frame, which raw samples can resemble once but not in a row.
    """
    count = at = 0
    while at + 6 <= len(head) and head[at] == 0xFF and head[at + 1] & 0xE0 == 0xE0:
        second, third = head[at + 1], head[at + 2]
        if second & 0xF6 == 0xF0:  # ADTS carries the length
            size = (head[at + 3] & 3) << 11 | head[at + 4] << 3 | head[at + 5] >> 5
        else:
            version, layer, kbps, rate = second >> 3 & 3, second >> 1 & 3, third >> 4, third >> 2 & 3
            if version == 1 or layer != 1 or kbps in (0, 15) or rate == 3:
                return count
            halved = {3: 1, 2: 2, 0: 4}[version]
            bits = 144_000 if version == 3 else 72_000
            size = bits * _MP3_KBPS[min(halved, 2)][kbps - 1] // (_MP3_HZ[rate] // halved) + (third >> 1 & 1)
        if size < 7:
            return count
        count += 1
        at += size
    # A file of few frames ends in the middle of this count; that they fill it exactly says the same.
    return count if at < len(head) or not count else max(count, 4)


class _OneFile:
    """What FFmpeg may see of a file: its bytes, not its name, whose ending would steer the recognition."""

    def __init__(self, source: BinaryIO) -> None:
        self.read = source.read
        if source.seekable():
            self.seek = source.seek
            self.tell = source.tell


def _no_second_file(*_: object) -> NoReturn:
    raise PermissionError("audio may not open other files")


# Tags in a wrong encoding are no reason to refuse audio. PyAV 19 leaves them alone by itself.
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}


def _open(
    source: BinaryIO,
    head: bytes,
    encoding: str | None,
    sample_rate: int | None,
    channels: int | None,
    **options: str,
) -> av.container.InputContainer:
    """Open by the header of the bytes, else as the raw audio that the parameters describe. ``options`` are FFmpeg's."""
    if head[:4] in (b"RIFF", b"RF64") and (field := _wav_nonsense(head)):
        raise AudioError(f"the WAV header is wrong: it says {field}")
    demuxer: str | None = None
    options |= {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
    if encoding is not None and not has_header(head):
        demuxer, extra = _raw(encoding, sample_rate, channels)
        options |= {"format_whitelist": demuxer, **extra}
    try:
        container: av.container.InputContainer = av.open(
            _OneFile(source),
            "r",
            format=demuxer,
            container_options=options,
            io_open=_no_second_file,
            **_LENIENT,
        )
        return container
    except (av.error.FFmpegError, ValueError, OSError) as error:
        hint = "" if encoding else "; raw audio needs the parameters encoding and sample_rate"
        raise AudioError(f"the bytes are not audio in a form that can be decoded{hint}") from error


def _raw(encoding: str, sample_rate: int | None, channels: int | None) -> tuple[str, dict[str, str]]:
    name = encoding.lower()
    if name in _ONLY_IN_CONTAINERS:
        raise AudioError(
            f"{name} packets in one file cannot be told apart; send them in {_ONLY_IN_CONTAINERS[name]}", "encoding"
        )
    if name not in _RAW:
        known = ", ".join(sorted({*_RAW, *_ONLY_IN_CONTAINERS}))
        raise AudioError(f"the encoding {encoding[:40]!r} is not known; known are {known}", "encoding")
    demuxer, only_rate = _RAW[name]
    if demuxer not in av.formats_available:
        raise AudioError(f"this build of FFmpeg cannot read {name}", "encoding")
    if only_rate and sample_rate not in (None, only_rate):
        raise AudioError(f"{name} has a sample rate of {only_rate} Hz, not {sample_rate}", "sample_rate")
    if demuxer not in _RATE_NEEDED:
        return demuxer, {}
    if sample_rate is None:
        raise AudioError(f"audio in {name} without a header needs the parameter sample_rate", "sample_rate")
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise AudioError(
            f"a sample rate of {sample_rate} Hz cannot be used; it must be {LOWEST_RATE} to {HIGHEST_RATE}",
            "sample_rate",
        )
    if channels is not None and not 1 <= channels <= MAX_MIXED_CHANNELS:
        raise AudioError(f"{channels} channels cannot be used; give 1 to {MAX_MIXED_CHANNELS}", "channels")
    return demuxer, {"sample_rate": str(sample_rate), "ch_layout": f"{channels or 1}c"}


def _wav_nonsense(head: bytes) -> str | None:
    """Name what a WAV header says that cannot be, for FFmpeg only says that it is invalid."""
    at = head.find(b"fmt ")
    if at < 0 or len(head) < at + 24:
        return None
    channels, rate = (
        int.from_bytes(head[at + 10 : at + 12], "little"),
        int.from_bytes(head[at + 12 : at + 16], "little"),
    )
    if not rate:
        return "0 Hz"
    return "0 channels" if not channels else None


def _frames(container: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    """Decode the first audio track. A packet that is damaged costs its own sound and no more."""
    if not container.streams.audio:
        raise AudioError("the file has no audio track")
    try:
        for packet in container.demux(container.streams.audio[0]):
            try:
                yield from packet.decode()  # pyright: ignore[reportReturnType]  # of an audio track
            except (av.error.InvalidDataError, EOFError):
                continue
            except (av.error.FFmpegError, NotImplementedError) as error:
                raise AudioError("the audio cannot be decoded: its codec is not supported") from error
    except av.error.FFmpegError:
        return  # the file is torn here; what came before stands


def _blocks(container: av.container.InputContainer, seconds: float = _BLOCK_SECONDS) -> Iterator[tuple[int, Samples]]:
    """Join frames to blocks of about so many seconds: rate (Hz) and samples, one column for each channel."""
    waiting: list[av.AudioFrame] = []
    samples = 0
    form: tuple[int, int, str] | None = None
    for frame in _frames(container):
        now = (frame.sample_rate, frame.layout.nb_channels, frame.format.name)
        if waiting and now != form:
            yield waiting[0].sample_rate, _joined(waiting)
            waiting, samples = [], 0
        form = now
        waiting.append(frame)
        samples += frame.samples
        if samples >= frame.sample_rate * seconds:
            yield frame.sample_rate, _joined(waiting)
            waiting, samples = [], 0
    if waiting:
        yield waiting[0].sample_rate, _joined(waiting)


def _joined(frames: Sequence[av.AudioFrame]) -> Samples:
    """Samples from -1 to 1."""
    try:
        data = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
    except ValueError as error:
        raise AudioError(f"the sample format {frames[0].format.name} is not supported") from error
    # Planar formats have a row for each channel, the others one row with the channels in turn.
    columns = data.T if frames[0].format.is_planar else data.reshape(-1, frames[0].layout.nb_channels)
    samples: Samples = columns.astype(np.float32)
    if columns.dtype == np.uint8:
        return np.divide(samples - 128, 128, dtype=np.float32)
    if np.issubdtype(columns.dtype, np.integer):
        full_scale = 2.0 ** (8 * columns.dtype.itemsize - 1)
        return np.divide(samples, full_scale, dtype=np.float32)
    return np.nan_to_num(samples, copy=False, posinf=1.0, neginf=-1.0)


def _resampled(blocks: Iterator[tuple[int, Samples]], multichannel: bool) -> Iterator[Piece]:
    resampling = Resampling(multichannel)
    for rate, block in blocks:
        yield from resampling.feed(rate, block)
    yield from resampling.finish()


class Resampling:
    """Brings blocks of samples to ``SAMPLE_RATE``, as they are or mixed to one channel."""

    def __init__(self, multichannel: bool) -> None:
        self._multichannel = multichannel
        self._resampler: soxr.ResampleStream | None = None
        self._rate = self._channels = 0

    def feed(self, rate: int, block: Samples) -> Iterator[Piece]:
        """Yield what ``block``, samples from -1 to 1 at ``rate`` Hz with a column for each channel, makes audible."""
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise AudioError(f"the audio says {rate} Hz; it must be {LOWEST_RATE} to {HIGHEST_RATE}")
        width = block.shape[1]
        if self._multichannel and self._channels and width != self._channels:
            raise AudioError("the number of channels changes within the audio; it cannot be transcribed by channel")
        if width > (MAX_CHANNELS if self._multichannel else MAX_MIXED_CHANNELS):
            raise AudioError(
                f"the audio has {width} channels; {MAX_CHANNELS} can be transcribed each for itself, "
                f"{MAX_MIXED_CHANNELS} mixed",
                "multichannel" if self._multichannel else None,
            )
        self._channels = self._channels or width
        if not self._multichannel and width > 1:
            block = block.mean(axis=1, keepdims=True)
        if rate != self._rate:
            yield from self.finish()
            self._rate = rate
            if rate != SAMPLE_RATE:
                self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, block.shape[1])
        yield _piece(self._channels, block if self._resampler is None else self._resampler.resample_chunk(block))

    def finish(self) -> Iterator[Piece]:
        """Yield what the resampler still holds. Audio of another rate may follow."""
        if self._resampler is not None:
            tail = np.zeros((0, self._channels if self._multichannel else 1), np.float32)
            yield _piece(self._channels, self._resampler.resample_chunk(tail, last=True))
        self._resampler, self._rate = None, 0


def _piece(channels: int, block: Samples) -> Piece:
    pcm = np.clip(np.rint(block * 32768), -32768, 32767).astype("<i2")
    return Piece(channels, tuple(np.ascontiguousarray(column).tobytes() for column in pcm.T))
