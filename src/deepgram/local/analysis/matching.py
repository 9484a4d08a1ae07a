"""The caller's own topics and intents: which of them a sentence is about, by the stems of its words.

Stems join what base forms do not: ``cancellation`` and ``cancelled`` both are ``cancel``. What words mean is not known:
``refund`` is not found in "I want my money back".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import snowballstemmer

from .vocabulary import SMALL_WORDS

_STEMMER = snowballstemmer.stemmer("english")
_WORD = re.compile(r"\w+(?:'\w+)?")
_LONGEST = 40


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of a word in lower case."""
    found: str = _STEMMER.stemWord(word[:_LONGEST])
    return found


def stems_of(text: str) -> list[str]:
    """Return the stems of the words of a text."""
    return [stem(word) for word in _WORD.findall(text.lower().replace("\u2019", "'"))]


class CustomList:
    """Topics or intents that a caller has named."""

    def __init__(self, names: Sequence[str]) -> None:
        self._stems: dict[str, tuple[str, ...]] = {}
        self._with: defaultdict[str, list[str]] = defaultdict(list)
        self._order = {name: place for place, name in enumerate(names)}
        for name in names:
            words = _WORD.findall(name.lower().replace("\u2019", "'"))
            kept = [word for word in words if word not in SMALL_WORDS] or words
            self._stems[name] = tuple(dict.fromkeys(stem(word) for word in kept))
            for one in self._stems[name]:
                self._with[one].append(name)

    def found_in(self, stems: Sequence[str]) -> list[tuple[str, float]]:
        """Return what a sentence is about, with the confidence that it is, in the order of the list.

        All words of a name must occur; of three and more, two thirds.
        """
        present = set(stems)
        met: dict[str, int] = defaultdict(int)
        for one in present:
            for name in self._with.get(one, ()):
                met[name] += 1
        found: list[tuple[str, float]] = []
        for name in sorted(met, key=self._order.__getitem__):
            wanted = self._stems[name]
            share = met[name] / len(wanted)
            if share == 1.0:
                found.append((name, 0.95 if _adjacent(wanted, stems) else 0.75))
            elif len(wanted) > 2 and share >= 2 / 3:
                found.append((name, round(0.5 * share, 6)))
        return found


def _adjacent(wanted: Sequence[str], stems: Sequence[str]) -> bool:
    """Tell whether the words stand together, in any order, with at most one other word of weight between two."""
    stems = [one for one in stems if one in wanted or one not in SMALL_WORDS]
    places = [place for place, one in enumerate(stems) if one in wanted]
    span = 2 * len(wanted) - 1
    for first, place in enumerate(places):
        within = {stems[other] for other in places[first : first + span] if other - place < span}
        if len(within) == len(wanted):
            return True
    return False
