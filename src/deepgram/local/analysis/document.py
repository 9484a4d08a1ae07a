"""A text as its analyses see it: words between white space, counted from 0, in sentences of bounded length.

What is not meant for reading is gone: control characters are spaces, halves of surrogate pairs replacement characters.
Everything here takes time in proportion to the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .vocabulary import CONJUNCTIONS, NEVER_LAST, SELDOM_LAST

LONGEST_SENTENCE = 80
"""Words. A longer stretch is cut, at a comma if there is one."""
LONGEST_STRETCH = 40
"""Words of a sentence without any mark in it: speech without punctuation, which is cut before a conjunction."""
MOST_TOKENS = 150_000
"""Tokens of a text that the service takes (its page "Text Intelligence", "Token Limit")."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# The service counts the tokens of its own vocabulary; words, the parts of long ones, and punctuation marks are the
# nearest to that.
_TOKEN = re.compile(r"\w{1,12}|[^\w\s]")
_WORD = re.compile(r"\S+")

_MARKS = frozenset(",;:")
_ENDS = frozenset(".!?")
_CLOSING = "\"'\u201d\u2019\u00bb)]}*_"
_OPENING = "\"'\u201c\u2018\u00ab([{*_"
_LABEL = re.compile(r"[A-Z][\w .'-]{0,30}:\Z")
_BULLETS = "-*\u2022\u2013\u2014#>"
_SHORT_LINE = 50
"""Characters of a line that was not wrapped but ended on purpose: a heading, an entry of a list."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Consecutive words of a text."""

    words: tuple[str, ...]
    start: int
    """Number of the first word in the text."""

    @property
    def end(self) -> int:
        """Number of the last word in the text."""
        return self.start + len(self.words) - 1

    @property
    def text(self) -> str:
        """The words, one space between them."""
        return " ".join(self.words)


def cleaned(text: str) -> str:
    """Return the text without what cannot be shown."""
    return _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", text))


def tokens_in(text: str) -> int:
    """Return roughly how many tokens the service would count."""
    return sum(1 for _ in _TOKEN.finditer(text))


def numbered(sentences: Iterable[Sequence[str]]) -> list[Sentence]:
    """Number the words of sentences that somebody else has found, and cut those that are too long."""
    found: list[Sentence] = []
    start = 0
    for words in sentences:
        for piece in _pieces(tuple(words)):
            found.append(Sentence(piece, start))
            start += len(piece)
    return found


def _pieces(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Cut a sentence that is too long; nothing is yielded for one without words."""
    start = 0
    while start < len(words):
        window = words[start : start + LONGEST_SENTENCE + 1]
        marks = [place + 1 for place, word in enumerate(window) if word[-1:] in _MARKS]
        longest = LONGEST_SENTENCE if marks or words[-1][-1:] in _ENDS else LONGEST_STRETCH
        if len(window) <= longest:
            yield window
            return
        middle = longest // 2
        places = marks or [place for place, word in enumerate(window) if word.lower() in CONJUNCTIONS]
        near = [place for place in places if middle // 2 <= place <= middle + middle // 2]
        cut = min(near, key=lambda place: abs(place - middle), default=middle)
        if cut > LONGEST_STRETCH:  # what is before a mark may be without any itself
            yield from _pieces(window[:cut])
        else:
            yield window[:cut]
        start += cut


def sentences_of(text: str) -> list[Sentence]:
    """Split a text into sentences, by its punctuation and its lines. No word is lost."""
    words: list[str] = []
    gaps: list[str] = []
    """What is between a word and the next one."""
    previous = 0
    for match in _WORD.finditer(text):
        if words:
            gaps.append(text[previous : match.start()])
        words.append(match.group())
        previous = match.end()
    gaps.append("\n\n")
    capitals = any(character.isupper() for character in text)
    sentences: list[list[str]] = []
    current: list[str] = []
    line = 0  # characters of the line so far
    for place, word in enumerate(words):
        current.append(word)
        line += len(word) + 1
        following = words[place + 1] if place + 1 < len(words) else ""
        lines = gaps[place].count("\n")
        if _ends(word, following, capitals) or lines > 1 or (lines and _line_ends(line, following)):
            sentences.append(current)
            current = []
        if lines:
            line = 0
    return numbered([*sentences, current])


def _ends(word: str, following: str, capitals: bool) -> bool:
    """Tell whether a sentence ends with this word, by its punctuation and what comes after it."""
    core = word.rstrip(_CLOSING)
    if not core.endswith((".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f")):
        return False
    upper = not following.lstrip(_OPENING)[:1].islower()
    if not core.endswith(".") or core.endswith(".."):
        return upper or not capitals
    stem = core[:-1].lstrip(_OPENING).lower()
    if stem in NEVER_LAST:
        return False
    if len(stem) == 1 and stem.isalpha() and stem != "i":
        return False  # an initial
    return upper if stem in SELDOM_LAST or "." in stem or capitals else True


def _line_ends(length: int, following: str) -> bool:
    """Tell whether a line of so many characters ended on purpose, rather than at the margin."""
    if following[:1] in _BULLETS or _LABEL.match(following):
        return True
    return length < _SHORT_LINE and not following[:1].islower()
