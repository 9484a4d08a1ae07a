"""Where the caller's search terms are spoken (documentation: "Search").

Evidence comes from the engine's keyword spotting, which hears, and from the transcript, which is read. The service
lists what it is unsure of too, by falling confidence; so it is here with what the engine spotted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ..engines.recognizer import Word
from .token import Token

_MOST_HITS = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a term was found."""

    confidence: float
    start: float
    """Seconds."""
    end: float
    """Seconds."""


class Transcript:
    """A channel's words, prepared for many searches."""

    def __init__(self, words: Sequence[Token]) -> None:
        self._words = words
        # One string and substring search: linear, however a term repeats itself.
        self._text = " " + " ".join(word.text.lower() for word in words) + " "
        self._places: list[int] = []
        place = 0
        for word in words:
            self._places.append(place)
            place += len(word.text.lower()) + 1

    def hits(self, term: str) -> list[Hit]:
        """Return where the words of ``term`` follow each other; its confidence is that of its least certain word."""
        phrase = " ".join(term.lower().split())
        hits: list[Hit] = []
        place = self._text.find(f" {phrase} ") if phrase else -1
        while place >= 0 and len(hits) < _MOST_HITS:
            first = bisect_left(self._places, place)
            last = bisect_left(self._places, place + len(phrase) + 1)
            words = self._words[first:last]
            hits.append(Hit(min(word.confidence for word in words), words[0].start, words[-1].end))
            place = self._text.find(f" {phrase} ", place + len(phrase) + 1)
        return hits


def search(term: str, transcript: Transcript, spotted: Sequence[Word]) -> list[Hit]:
    """Return the hits of a term, most certain first. What was both read and spotted in one place counts once."""
    phrase = term.lower().split()
    hits = transcript.hits(term)
    read = sorted(hits, key=lambda hit: hit.start)
    starts = [hit.start for hit in read]
    for word in spotted:
        if word.text.lower().split() != phrase:
            continue
        # Hits of one term in the transcript do not overlap, so only the neighbours can overlap this one.
        near = bisect_right(starts, word.end)
        if not any(hit.end > word.start for hit in read[max(0, near - 2) : near]):
            hits.append(Hit(word.confidence, word.start, word.end))
    return sorted(hits, key=lambda hit: (-hit.confidence, hit.start))[:_MOST_HITS]


def snippet(tokens: Sequence[Token], starts: Sequence[float], hit: Hit) -> str:
    """Return the words of the answer that are spoken during a hit; ``starts`` are the times they start at."""
    first = max(0, bisect_right(starts, hit.start) - 1)
    last = bisect_left(starts, hit.end)
    return " ".join(token.text for token in tokens[first:last] if token.end > hit.start)
