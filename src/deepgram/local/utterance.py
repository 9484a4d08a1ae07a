"""Speech that is being recognised: the engine's stream, with the times of the live stream and a way to cut it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .audio import SAMPLE_RATE
from .engines.recognizer import Hints, Recognizer, Word

_QUIET_FRAMES = 5
"""Frames over which loudness is averaged where speech is cut: a stop consonant is no pause."""


class Utterance:
    """An utterance that begins at sample ``start`` of the stream. From ``keep_from`` on its audio is kept for a cut."""

    def __init__(self, recognizer: Recognizer, hints: Hints, start: int, keep_from: int) -> None:
        self.start = start
        self._stream = recognizer.stream(hints)
        self._end = start
        self._keep_from = keep_from
        self._kept = bytearray()
        self._told: Sequence[Word] = ()  # by the engine, the last time
        self._where: tuple[Word, ...] = ()  # the same with their places
        self._until = 0.0  # where the audio ended then (s): what ends there may have been cut short

    def feed(self, pcm: bytes) -> None:
        """Hear more."""
        self._stream.feed(pcm)
        self._end += len(pcm) // 2
        if self._end > self._keep_from:
            self._kept += pcm[max(0, len(pcm) - (self._end - self._keep_from) * 2) :]

    def interim(self) -> tuple[Word, ...]:
        """Return the words so far; they may still change."""
        return self._placed(self._stream.interim())

    def finish(self) -> tuple[Word, ...]:
        """Return the words."""
        return self._placed(self._stream.finish())

    def cut(self, frame: int) -> tuple[tuple[Word, ...], int, bytes]:
        """End the utterance at the quietest place of the audio that was kept, between two words.

        Returns the words before it, its sample (whole frames of the stream), and the audio after it, which was heard
        but is not in the words: the next utterance begins with it.
        """
        words = self.finish()
        at = self._quietest(frame)
        kept = [word for word in words if (word.start + word.end) / 2 * SAMPLE_RATE < at]
        if kept:
            at = max(at, round(kept[-1].end * SAMPLE_RATE))
        if len(kept) < len(words):
            at = min(at, max(self._keep_from, round(words[len(kept)].start * SAMPLE_RATE)))
        at = min(at, self._end) // frame * frame
        first = self._end - len(self._kept) // 2
        return tuple(kept), at, bytes(self._kept[max(0, at - first) * 2 :])

    def close(self) -> None:
        """Give it up."""
        self._stream.close()

    def _quietest(self, frame: int) -> int:
        samples = np.frombuffer(self._kept, "<i2").astype(np.float32)
        frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
        if len(frames) < _QUIET_FRAMES:
            return self._end
        energy = np.convolve(np.einsum("ij,ij->i", frames, frames), np.ones(_QUIET_FRAMES), "valid")
        return self._end - len(samples) + (int(np.argmin(energy)) + _QUIET_FRAMES // 2 + 1) * frame

    def _placed(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Shift the times of words to those of the stream, and keep them in order and within the utterance.

        Words that the engine tells again keep their places: an utterance is looked at several times a second.
        """
        earliest, end = self.start / SAMPLE_RATE, self._end / SAMPLE_RATE
        begin = earliest
        placed: list[Word] = []
        for word, told, where in zip(words, self._told, self._where, strict=False):
            if word is not told or where.end >= self._until:
                break
            placed.append(where)
            earliest = where.end
        for word in words[len(placed) :]:
            first = min(max(begin + float(word.start), earliest), end)
            earliest = min(max(begin + float(word.end), first), end)
            confidence = min(max(float(word.confidence), 0.0), 1.0)
            placed.append(Word(word.text, round(first, 4), round(earliest, 4), confidence))
        self._told, self._where, self._until = tuple(words), tuple(placed), round(end, 4)
        return self._where
