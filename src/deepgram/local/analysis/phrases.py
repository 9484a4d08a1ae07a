"""Noun phrases: what a sentence speaks of, and how salient each is in the text.

A phrase is adjectives and nouns in a row that end with a noun. Its salience grows with the number of its words, with
how often they and the phrase occur (after RAKE and TF-IDF, but that there is only one document), and is larger for
names and for what comes early.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .tagging import Tagged, base
from .vocabulary import EMPTY_NOUNS, TIMES, TITLES, VAGUE_ADJECTIVES

LONGEST_PHRASE = 4
"""Words."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase as it stands in a sentence."""

    key: tuple[str, ...]
    """Base forms of its words, by which its occurrences are counted."""
    words: tuple[Tagged, ...]
    opens: bool = False
    """Whether it begins a sentence."""

    @property
    def text(self) -> str:
        """The words as they were written, but for the capital that begins a sentence."""
        return " ".join(
            word.lower if place == 0 and self.opens and not word.is_name and word.text[1:].islower() else word.text
            for place, word in enumerate(self.words)
        )

    @property
    def is_name(self) -> bool:
        return any(word.is_name for word in self.words)


def phrases_in(sentence: Sequence[Tagged]) -> list[Phrase]:
    """Return the noun phrases of a sentence that speak of something, in order."""
    first = sentence[0] if sentence else None
    return [phrase for run in _runs(sentence) if (phrase := _phrase(run, first)) is not None]


def object_of(sentence: Sequence[Tagged], start: int) -> Phrase | None:
    """Return the noun phrase that begins at ``start``, or there after articles, pronouns and numbers.

    Times are left out: "I bought it two months ago" is not about months.
    """
    place = start
    while place < len(sentence) and sentence[place].tag in ("AT0", "DPS", "DT0", "CRD", "ORD", "PNI", "AV0"):
        place += 1
        if place < len(sentence) and sentence[place].lower == "of":
            place += 1  # "some of that money"
    run: list[Tagged] = []
    for word in sentence[place:]:
        if not _belongs(word, bool(run)):
            break
        run.append(word)
    while run and not run[-1].is_noun:
        run.pop()
    while len(run) > 1 and run[0].lower in VAGUE_ADJECTIVES:
        run.pop(0)
    if not run or run[-1].lower in TIMES:
        return None
    run = run[-LONGEST_PHRASE:]
    return Phrase(tuple(base(word) for word in run), tuple(run))


def _runs(sentence: Sequence[Tagged]) -> Iterator[list[Tagged]]:
    run: list[Tagged] = []
    for word in sentence:
        if _belongs(word, bool(run)):
            run.append(word)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _belongs(word: Tagged, within: bool) -> bool:
    if not word.text[0].isalnum() or (word.tag == "NN0" and not word.text[0].isalpha()):
        return False
    return (
        word.is_noun or word.tag == "AJ0" or word.tag == "UNC" or (within and word.tag == "CRD" and word.text.isdigit())
    )


def _phrase(run: list[Tagged], first: Tagged | None) -> Phrase | None:
    while run and not run[-1].is_noun and run[-1].tag != "CRD":
        run = run[:-1]
    while run and (
        run[0].lower in VAGUE_ADJECTIVES
        or run[0].lower in TIMES
        or run[0].lower in TITLES
        or (run[0].lower in EMPTY_NOUNS and not run[0].is_name)
    ):
        run = run[1:]
    if run and (
        run[-1].lower in TIMES or (run[-1].lower in EMPTY_NOUNS and not any(word.is_noun for word in run[:-1]))
    ):
        return None
    run = run[-LONGEST_PHRASE:]
    letters = sum(character.isalpha() for word in run for character in word.text)
    if letters < 3 or not any(word.is_noun for word in run):
        return None
    return Phrase(tuple(base(word) for word in run), tuple(run), run[0] is first)


class Salience:
    """How salient the phrases of a text are, from 0 to 1."""

    def __init__(self, sentences: Iterable[Sequence[Phrase]]) -> None:
        self._phrases: Counter[tuple[str, ...]] = Counter()
        self._words: Counter[str] = Counter()
        self._first: dict[tuple[str, ...], int] = {}
        self._names: set[tuple[str, ...]] = set()
        self._spelt: dict[tuple[str, ...], Counter[str]] = {}
        self._sentences = 0
        for place, phrases in enumerate(sentences):
            self._sentences += 1
            for phrase in phrases:
                self._phrases[phrase.key] += 1
                self._words.update(phrase.key)
                self._first.setdefault(phrase.key, place)
                self._spelt.setdefault(phrase.key, Counter())[phrase.text] += 1
                if phrase.is_name:
                    self._names.add(phrase.key)
        self._of = {key: self._rated(key) for key in self._phrases}
        self._fuller: dict[str, tuple[str, ...]] = {}
        for key in sorted(self._of, key=lambda key: self._of[key]):
            if len(key) > 1:
                self._fuller[key[-1]] = key

    def __getitem__(self, key: tuple[str, ...]) -> float:
        return self._of[key]

    def fuller(self, key: tuple[str, ...]) -> tuple[str, ...]:
        """Return the longer phrase that a single word stands for: after "the bus lane", "the lane" is the bus lane."""
        return self._fuller.get(key[0], key) if len(key) == 1 else key

    def best(self, most: int) -> set[tuple[str, ...]]:
        """Return the keys of the most salient phrases."""
        ranked = sorted(self._of, key=lambda key: (-self._of[key], self._first[key], key))
        return set(ranked[:most])

    def label(self, key: tuple[str, ...]) -> str:
        """Return the phrase as it is mostly written, with a capital first letter."""
        text = self._spelt[key].most_common(1)[0][0]
        return text[:1].upper() + text[1:]

    def _rated(self, key: tuple[str, ...]) -> float:
        words = sum(math.log2(1 + self._words[word]) for word in key) / len(key)
        score = words * (1 + 0.35 * (min(len(key), 3) - 1)) * (1 + 0.5 * math.log(1 + self._phrases[key]))
        score *= 1.2 if key in self._names else 1.0
        score *= 1 + 0.2 * math.exp(-3 * self._first[key] / max(self._sentences, 1))
        return score / (score + 2.0)
