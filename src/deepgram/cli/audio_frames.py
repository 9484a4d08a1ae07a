"""MP3 and AAC (ADTS) as the frames that they consist of: streams of them can be put together, and cut between two.

Sources: ISO/IEC 11172-3 and 13818-3 (header of an audio frame), ISO/IEC 13818-7 (adts_frame).
"""

from __future__ import annotations

from typing import Literal

_MPEG_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Hz, by the version's number in the header: MPEG 1, 2 and 2.5."""
_KBIT = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Of layer III, for MPEG 1 or later ones."""
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
HEADER = 7
"""Bytes from which the size of a frame can be told."""


class Frames:
    """Takes a stream as it comes, and gives out whole frames; tags and whatever else is between them is left out."""

    def __init__(self, encoding: Literal["mp3", "aac"]) -> None:
        self._size_of = _mp3 if encoding == "mp3" else _aac
        self._rest = b""
        self._skip = 0
        self.seconds = 0.0
        """Of audio that was given out."""

    def add(self, data: bytes) -> bytes:
        """Return the frames that are complete with ``data``."""
        data = self._rest + data
        whole: list[bytes] = []
        at = 0
        while True:
            if self._skip:
                skipped = min(self._skip, len(data) - at)
                at, self._skip = at + skipped, self._skip - skipped
            head = data[at : at + 10]
            if len(head) < 10:
                break
            if head.startswith(b"ID3"):
                self._skip = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0)))  # noqa: B905
                continue
            size, seconds = self._size_of(head)
            if not size:
                at += 1
                continue
            if len(data) - at < size:
                break
            whole.append(data[at : at + size])
            self.seconds += seconds
            at += size
        self._rest = data[at:]
        return b"".join(whole)

    def end(self) -> bytes:
        """The stream has ended: return a last frame that is shorter than what was waited for, and forget the rest."""
        rest, self._rest, self._skip = self._rest, b"", 0
        size, seconds = self._size_of(rest) if len(rest) >= HEADER else (0, 0.0)
        if not size or size > len(rest):
            return b""
        self.seconds += seconds
        return rest[:size]


def _mp3(head: bytes) -> tuple[int, float]:
    """Return the bytes and seconds of the frame of MPEG layer III that begins here; 0 bytes if none does."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bits, rates = head[2] >> 4, _MPEG_RATES.get(version)
    if head[0] != 0xFF or head[1] < 0xE0 or layer != 1 or rates is None or not 0 < bits < 15 or head[2] >> 2 & 3 == 3:
        return 0, 0.0
    rate = rates[head[2] >> 2 & 3]
    first = version == 3
    samples = 1152 if first else 576
    return samples // 8 * _KBIT[first][bits] * 1000 // rate + (head[2] >> 1 & 1), samples / rate


def _aac(head: bytes) -> tuple[int, float]:
    """Return the bytes and seconds of the ADTS frame that begins here; 0 bytes if none does."""
    rate = head[2] >> 2 & 15
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or rate >= len(_AAC_RATES) or size < HEADER:
        return 0, 0.0
    return size, 1024 * ((head[6] & 3) + 1) / _AAC_RATES[rate]
