"""Sentiment scores in words, joined and averaged.

The service calls what lies within a third of 0 neutral (its page "Sentiment Analysis"), and so do we.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from .document import Sentence

THRESHOLD = 1 / 3


@dataclass(frozen=True, slots=True)
class Mood:
    """Sentences in a row with the same sentiment."""

    sentences: Sequence[Sentence]
    score: float


def label(score: float) -> str:
    """Return the service's word for a score."""
    return "positive" if score >= THRESHOLD else "negative" if score <= -THRESHOLD else "neutral"


def moods(sentences: Sequence[Sentence], scored: Sequence[float]) -> list[Mood]:
    """Join neighbours of the same sentiment: a segment ends where the sentiment shifts."""
    found: list[Mood] = []
    for _, group in groupby(zip(sentences, scored, strict=True), key=lambda pair: label(pair[1])):
        joined = list(group)
        found.append(Mood([sentence for sentence, _ in joined], mean(joined)))
    return found


def mean(scored: Iterable[tuple[Sentence, float]]) -> float:
    """Return the mean score, in which long sentences count for more."""
    pairs = list(scored)
    words = sum(len(sentence.words) for sentence, _ in pairs)
    return sum(score * len(sentence.words) for sentence, score in pairs) / words if words else 0.0
