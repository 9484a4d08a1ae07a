"""A deterministic engine for tests: what it hears is a function of the audio, or a given script.

Without a script each 0.4 s of audio that is loud enough is one word, chosen from ``VOCABULARY`` by a hash of its
samples: the same audio always gives the same words, other audio gives others. A script is a file: plain text, whose
words are spread evenly over the loud parts; or JSON, ``{"words": [{"word": ..., "start": s, "end": s,
"confidence": 0..1}]}``, which is told as it stands as far as the audio lasts.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ValidationError

from .recognizer import EngineError, EngineInfo, Hints, Recognizer, RecognizerStream, Word

VOCABULARY = (
    *("amber", "anchor", "autumn", "basket", "bridge", "candle", "castle", "cedar", "copper", "dragon", "echo"),
    *("ember", "falcon", "feather", "forest", "garden", "harbor", "hollow", "island", "jasper", "kettle", "lantern"),
    *("maple", "marble", "meadow", "mirror", "needle", "orchard", "paper", "pepper", "quartz", "raven", "river"),
    *("saddle", "silver", "thunder", "timber", "velvet", "violet", "willow", "window", "winter", "yellow", "zephyr"),
)
RATE = 16000
BLOCK_SECONDS = 0.4
LOUD = 100.0
"""Root mean square of samples above which a block is heard as a word (about -50 dB of full scale)."""
_BLOCK = int(RATE * BLOCK_SECONDS) * 2


class _ScriptWord(BaseModel):
    word: str
    start: float
    end: float
    confidence: float = 1.0


class _Script(BaseModel):
    words: list[_ScriptWord]


class Scripted(Recognizer):
    """Tells a script, or words chosen by the audio."""

    def __init__(self, script: Path | None = None) -> None:
        self._timed: Sequence[Word] | None = None
        self._text: Sequence[str] | None = None
        if script is not None:
            self._timed, self._text = _read(script)
        spoken = self._text or tuple(word.text for word in self._timed or ())
        self.info = EngineInfo(
            name="scripted",
            version="1",
            model=script.name if script else "hash",
            languages=("*",),
            # A script with capitals or full stops is told as it is written.
            punctuates=any(word != word.lower() or word[-1:] in tuple(".,?!") for word in spoken),
            longest_piece=float("inf"),
            light=True,
        )

    def recognize(self, pcm: bytes, hints: Hints) -> Sequence[Word]:
        """Return the script, or a word for each loud block."""
        loud = [_word(block, start) for start, block in _loud_blocks(pcm)]
        return self.told(len(pcm) / (2 * RATE), loud, complete=True)

    def find(self, pcm: bytes, terms: Sequence[str]) -> Sequence[Word]:
        """Return where the words that were heard are those of a term."""
        heard = self.recognize(pcm, Hints())
        found: list[Word] = []
        for term in terms:
            wanted = term.lower().split()
            for at in range(len(heard) - len(wanted) + 1 if wanted else 0):
                part = heard[at : at + len(wanted)]
                if [word.text.lower().strip(".,?!;:") for word in part] == wanted:
                    found.append(Word(term, part[0].start, part[-1].end, 1.0))
        return found

    def stream(self, hints: Hints) -> RecognizerStream:
        """Hear an utterance; a script begins anew with each one. Of a text each loud block adds a word at first."""
        return _Stream(self)

    def told(self, length: float, loud: Sequence[Word], *, complete: bool) -> Sequence[Word]:
        """Return the words of ``length`` seconds of audio whose loud blocks are ``loud``."""
        if self._timed is not None:
            return [
                Word(word.text, word.start, min(word.end, length), word.confidence)
                for word in self._timed
                if word.start < length
            ]
        if self._text is None:
            return loud
        if complete:
            return _spread(self._text, [word.start for word in loud])
        return [Word(text, at.start, at.end, 1.0) for text, at in zip(self._text, loud, strict=False)]


class _Stream(RecognizerStream):
    """Keeps the words and not the audio: a server carries hundreds of these."""

    def __init__(self, engine: Scripted) -> None:
        self._engine = engine
        self._rest = b""
        self._bytes = 0
        self._loud: list[Word] = []

    def feed(self, pcm: bytes) -> None:
        self._rest += pcm
        whole = len(self._rest) - len(self._rest) % _BLOCK
        if whole:
            self._loud += self._heard(self._rest[:whole])
            self._bytes += whole
            self._rest = self._rest[whole:]

    def _heard(self, pcm: bytes) -> list[Word]:
        before = self._bytes / (2 * RATE)
        return [_word(block, before + start) for start, block in _loud_blocks(pcm)]

    def interim(self) -> Sequence[Word]:
        return self._told(complete=False)

    def finish(self) -> Sequence[Word]:
        return self._told(complete=True)

    def _told(self, *, complete: bool) -> Sequence[Word]:
        length = (self._bytes + len(self._rest)) / (2 * RATE)
        return self._engine.told(length, [*self._loud, *self._heard(self._rest)], complete=complete)


def _read(script: Path) -> tuple[Sequence[Word] | None, Sequence[str] | None]:
    """Return the words of a script with their times, or its text."""
    try:
        text = script.read_text("utf-8")
        if not text.lstrip().startswith("{"):
            return None, text.split()
        told = _Script.model_validate_json(text).words
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise EngineError(f"the script {script} cannot be read: {error}") from error
    return [Word(word.word, word.start, max(word.start, word.end), word.confidence) for word in told], None


def _loud_blocks(pcm: bytes) -> Iterator[tuple[float, bytes]]:
    """Yield start (s) and samples of each loud block; one that is not full is heard from half its length."""
    for at in range(0, len(pcm) - _BLOCK // 2 + 1, _BLOCK):
        block = pcm[at : at + _BLOCK]
        samples = np.frombuffer(block, "<i2").astype(np.float64)
        if float(samples @ samples) > LOUD * LOUD * len(samples):
            yield at / (2 * RATE), block


def _word(block: bytes, start: float) -> Word:
    digest = zlib.crc32(block)
    length = len(block) / (2 * RATE)
    return Word(VOCABULARY[digest % len(VOCABULARY)], start, start + length * 0.9, 0.5 + (digest >> 8) % 50 / 100)


def _spread(text: Sequence[str], blocks: Sequence[float]) -> list[Word]:
    """Give the words of a text times within the loud blocks, in order and evenly."""
    if not text or not blocks:
        return []
    share = len(blocks) * BLOCK_SECONDS / len(text)
    words: list[Word] = []
    for index, word in enumerate(text):
        first, last = index * share, (index + 0.9) * share
        start, end = (_at(blocks, loud) for loud in (first, last))
        words.append(Word(word, start, max(start, end), 1.0))
    return words


def _at(blocks: Sequence[float], loud_seconds: float) -> float:
    """Return the time at which so much loud audio has passed."""
    index = min(int(loud_seconds / BLOCK_SECONDS), len(blocks) - 1)
    return blocks[index] + (loud_seconds - index * BLOCK_SECONDS)


def engine(model: str | None, script: Path | None) -> Recognizer:
    """Make the engine; it has no models."""
    return Scripted(script)
