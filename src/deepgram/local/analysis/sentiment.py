"""Sentiment of sentences, by VADER: a lexicon of rated words, and rules for negation, emphasis and contrast."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from .document import Sentence

_LONGEST_WORD = 50
"""Characters. No word of the lexicon is longer."""


def scores(sentences: Iterable[Sentence]) -> list[float]:
    """Return the sentiment of each sentence, from -1 to 1: VADER's compound score."""
    analyzer = _analyzer()
    return [
        float(analyzer.polarity_scores(" ".join(word[:_LONGEST_WORD] for word in sentence.words))["compound"])
        for sentence in sentences
    ]


@lru_cache(maxsize=1)
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()
