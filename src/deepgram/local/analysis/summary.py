"""Summaries: the sentences that say most of what a text says, in their order and in their words.

A sentence is rated by how near its words are to those of the whole text (the centroid of TF-IDF vectors); what is
chosen already is not said again (maximal marginal relevance). Time grows with the length of the text, not its square.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from .document import Sentence
from .matching import stem
from .vocabulary import PRONOUNS, STOP_WORDS

SHORTEST = 50
"""Words. The service returns what is shorter as it is (its page "Summarization")."""
FEWEST_WORDS = 40
MOST_WORDS = 110
"""Words of a summary, roughly: sentences are not cut."""
MOST_SENTENCES = 6
_CANDIDATES = 60
"""Sentences among which the choice is made."""
_SHARE = 0.35
"""Part of the words of a text that its summary has, between those bounds."""
_SHORT_SENTENCE = 5
"""Words. Anything shorter says little out of its context."""

_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_LABEL = re.compile(r"\A(?:[A-Z][\w.'-]*\s){0,2}[A-Z][\w.'-]*:\s+")
_OPENER = re.compile(
    r"\A(?:(?:and|but|so|well|yeah|yes|no|okay|ok|oh|now|then|also|plus|right|hi|hello|hey|um+|uh+|er+|you know|i mean)"
    r"\b,?\s+)+",
    re.IGNORECASE,
)
_FILLER = re.compile(r",?\s*\b(?:um+|uh+|erm?|you know|i mean)\b,?(?=\s|[.!?])", re.IGNORECASE)
_REPEATED = re.compile(r"\b(\w+)(?: \1\b)+", re.IGNORECASE)

Vector = Mapping[str, float]


def summary_of(sentences: Sequence[Sentence]) -> str:
    """Return the summary of a text; of a text of up to 50 words, the text."""
    length = sum(len(sentence.words) for sentence in sentences)
    if length <= SHORTEST:
        return " ".join(sentence.text for sentence in sentences)
    room = min(MOST_WORDS, max(FEWEST_WORDS, round(length * _SHARE)))
    counts = [Counter(_stems(sentence)) for sentence in sentences]
    rarity = _rarity(counts)
    vectors = [_unit({word: number * rarity[word] for word, number in count.items()}) for count in counts]
    whole: Counter[str] = Counter()
    for vector in vectors:
        whole.update(vector)
    centroid = _unit(whole)
    rated = {place: _rating(place, sentences, vectors[place], centroid) for place in range(len(sentences))}
    candidates = sorted(rated, key=lambda place: (-rated[place], place))[:_CANDIDATES]
    chosen = _chosen(candidates, rated, vectors, sentences, room)
    return " ".join(_readable(sentences[place].text) for place in sorted(chosen))


def _chosen(
    candidates: list[int],
    rated: Mapping[int, float],
    vectors: Sequence[Vector],
    sentences: Sequence[Sentence],
    room: int,
) -> list[int]:
    chosen: list[int] = []
    used = 0
    while candidates and len(chosen) < MOST_SENTENCES:
        best = max(
            candidates,
            key=lambda place: (
                rated[place] - 0.5 * max((_likeness(vectors[place], vectors[one]) for one in chosen), default=0.0)
            ),
        )
        candidates.remove(best)
        words = len(sentences[best].words)
        if chosen and (used + words > room or words < _SHORT_SENTENCE):
            continue
        chosen.append(best)
        used += words
        if used >= room:
            break
    return chosen


def _rating(place: int, sentences: Sequence[Sentence], vector: Vector, centroid: Vector) -> float:
    sentence = sentences[place]
    rating = _likeness(vector, centroid)
    words = len(sentence.words)
    if words < 6 or len(vector) < 3:
        rating *= 0.3
    elif words > 45:
        rating *= 0.7
    if sentence.text.rstrip("\"')").endswith("?"):
        rating *= 0.5
    if _OPENER.sub("", sentence.text).split(" ", 1)[0].lower().rstrip(",") in PRONOUNS:
        rating *= 0.75  # of whom or what is not said
    # What matters tends to stand at the beginning, and a little at the end.
    if place == 0:
        rating *= 1.25
    elif place == len(sentences) - 1:
        rating *= 1.05
    return rating * (1 + 0.15 * (1 - place / len(sentences)))


def _rarity(counts: Sequence[Counter[str]]) -> dict[str, float]:
    occurs: Counter[str] = Counter()
    for count in counts:
        occurs.update(count.keys())
    return {word: math.log(1 + len(counts) / number) for word, number in occurs.items()}


def _stems(sentence: Sentence) -> list[str]:
    words = (word.lower().replace("\u2019", "'") for word in _WORD.findall(sentence.text))
    return [stem(word) for word in words if word not in STOP_WORDS and len(word) > 1]


def _unit(vector: Mapping[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(value * value for value in vector.values()))
    return {word: value / length for word, value in vector.items()} if length else {}


def _likeness(one: Vector, other: Vector) -> float:
    if len(one) > len(other):
        one, other = other, one
    return sum(value * other.get(word, 0.0) for word, value in one.items())


def _readable(text: str) -> str:
    """Return a sentence without what only helps to speak, with a capital and a full stop."""
    text = _LABEL.sub("", text)
    text = _FILLER.sub("", text)
    text = _OPENER.sub("", text) or text
    text = _REPEATED.sub(r"\1", text).strip(" ,;-\u2013\u2014")
    if not text:
        return text
    text = text[:1].upper() + text[1:]
    return text if text[-1] in ".!?\u2026\"')\u201d\u2019" else f"{text}."
