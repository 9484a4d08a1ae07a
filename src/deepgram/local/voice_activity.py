"""Where somebody speaks: segments of speech in linear16, without I/O. Time is counted in samples.

A detector judges 20 ms frames; this module makes segments of them: it waits for a pause, pads, and cuts long speech at
its quietest place. Audio arrives in pieces of any size, so it serves recordings and live streams alike.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from .audio import SAMPLE_RATE
from .speech_detectors import FRAME, SpeechDetector

FRAME_SECONDS = FRAME / SAMPLE_RATE
_ONSET, _ONSET_OF = 4, 6
"""Voiced frames among the last ones that begin a segment: a click is no speech."""
_QUIET_FRAMES = 5
"""Frames over which loudness is averaged where speech is cut: a stop consonant is no pause."""


@dataclass(frozen=True)
class Segment:
    """A stretch of speech with its padding, in samples from the start of the audio."""

    start: int
    end: int


class VoiceActivity:
    """Finds speech in linear16, mono, at 16 kHz.

    ``detector``: judges the frames of this audio, and of no other.
    ``pause``: seconds without voice that end a segment. ``padding``: seconds kept before and after it.
    ``longest``: seconds after which speech that goes on is cut.
    """

    def __init__(
        self,
        detector: SpeechDetector,
        *,
        pause: float = 0.5,
        padding: float = 0.25,
        longest: float = 15.0,
    ) -> None:
        self._detector = detector
        self._pause = max(1, round(pause / FRAME_SECONDS))
        self._padding = round(padding / FRAME_SECONDS)
        self._longest = max(2 * _QUIET_FRAMES, round(longest / FRAME_SECONDS)) if math.isfinite(longest) else None
        self._rest = b""
        self._frame = 0  # frames judged
        self._heard = 0  # samples received
        self._recent: deque[bool] = deque(maxlen=_ONSET_OF)
        self._floor = 0  # frame before which no segment may begin any more
        self._start: int | None = None
        self._last_voiced = 0
        self._levels: list[float] = []  # loudness of each frame since _start

    @property
    def speaking(self) -> bool:
        """Whether a segment has begun and not ended."""
        return self._start is not None

    @property
    def silence(self) -> float:
        """Seconds since the last voiced frame."""
        return (self._frame - self._last_voiced) * FRAME_SECONDS

    def feed(self, pcm: bytes) -> list[Segment]:
        """Hear more audio and return the segments that ended in it."""
        self._heard += len(pcm) // 2
        data = self._rest + pcm
        step = FRAME * 2
        whole = len(data) - len(data) % step
        self._rest = data[whole:]
        found: list[Segment] = []
        for index, voiced in enumerate(self._detector.judge(data[:whole])):
            segment = self._judge(data[index * step : (index + 1) * step], voiced)
            if segment is not None:
                found.append(segment)
        return found

    def finish(self) -> list[Segment]:
        """Return the segment that the end of the audio cuts off, if there is one."""
        if self._start is None:
            return []
        return [self._end(min(self._last_voiced + self._padding, self._frame), to_the_end=True)]

    def _judge(self, frame: bytes, voiced: bool) -> Segment | None:
        self._recent.append(voiced)
        self._frame += 1
        if voiced:
            self._last_voiced = self._frame
        if self._start is None:
            if sum(self._recent) < _ONSET:
                return None
            self._start = max(self._floor, self._frame - len(self._recent) - self._padding)
            # The loudness of what was before is not kept: a cut is made in the second half of a segment only.
            self._levels = [math.inf] * (self._frame - 1 - self._start)
        self._levels.append(_loudness(frame) if self._longest else 0.0)
        if self._frame - self._last_voiced >= self._pause:
            return self._end(min(self._last_voiced + self._padding, self._frame))
        if self._longest and self._frame - self._start >= self._longest:
            return self._cut()
        return None

    def _end(self, frame: int, *, to_the_end: bool = False) -> Segment:
        start = (self._start or 0) * FRAME
        end = frame * FRAME
        if to_the_end and self._heard - end <= self._padding * FRAME:
            end = self._heard  # less than a frame is left, or only padding
        self._floor = frame
        self._start, self._levels = None, []
        self._recent.clear()
        return Segment(start, min(end, self._heard))

    def _cut(self) -> Segment:
        start, count = self._start or 0, len(self._levels)
        half = count // 2
        smooth = np.convolve(self._levels[half:], np.ones(_QUIET_FRAMES), "valid")
        at = half + int(np.argmin(smooth)) + _QUIET_FRAMES // 2 + 1
        self._start = self._floor = start + at
        self._levels = self._levels[at:]
        return Segment(start * FRAME, (start + at) * FRAME)


def _loudness(frame: bytes) -> float:
    """Energy of a frame (dB)."""
    samples = np.frombuffer(frame, "<i2").astype(np.float32)
    return 10 * math.log10(float(samples @ samples) / len(samples) + 1)
