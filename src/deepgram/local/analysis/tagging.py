"""Parts of speech and base forms, by HanTa (`docs/decisions/0023-text-analysis.md`).

Tags are those of its English model, C5 of the British National Corpus: ``NN1`` is a noun, ``VVI`` an infinitive.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from HanTa import HanoverTagger

LONGEST_WORD = 20
"""Characters. The time to analyse a word that the model does not know grows with the cube of its length."""
MOST_UNKNOWN = 1000
"""Words unknown to the model that are analysed for one text; further ones are taken for nouns."""

_CONTRACTION = re.compile(r"(.+?)(n't|'(?:s|m|d|ll|re|ve))\Z", re.IGNORECASE)
_PIECE = re.compile(r"\w(?:[\w'./@&-]*\w)?|[!-/:-@\[-`{-~\u2013\u2014\u2026]")
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc", "'''")


class Tagged(NamedTuple):
    """A word, or a mark, and what it is."""

    text: str
    tag: str

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def is_noun(self) -> bool:
        return self.tag.startswith("N")

    @property
    def is_name(self) -> bool:
        return self.tag == "NP0"

    @property
    def is_adjective(self) -> bool:
        return self.tag.startswith("AJ")

    @property
    def is_verb(self) -> bool:
        return self.tag.startswith("V")


class Tagger:
    """Tags the sentences of one text. Further texts are given taggers of their own, which share the model."""

    def __init__(self) -> None:
        self._model = _model()
        self._unknown: set[str] = set()

    def tagged(self, words: Sequence[str]) -> list[Tagged]:
        """Return the words of a sentence with their tags; contractions and marks are on their own."""
        pieces = _pieces(words)
        if not pieces:
            return []
        shouted = sum(len(piece) > 1 and piece.isupper() for piece in pieces) > len(pieces) // 2
        if shouted:
            pieces = [piece.lower() for piece in pieces]
        try:
            tags: list[str] = self._model.tagger.tag_sent([self._known(piece) for piece in pieces], taglevel=0)
        except (KeyError, IndexError):  # HanTa finds no way through a sentence of which it makes nothing
            tags = ["UNC"] * len(pieces)
        return [Tagged(piece, tag) for piece, tag in zip(pieces, tags, strict=True)]

    def _known(self, piece: str) -> str:
        """Return the piece, or a word that stands for it if analysing it would take long."""
        lower = piece.lower()
        if lower in self._model.vocabulary or lower in self._unknown:
            return piece
        if len(piece) > LONGEST_WORD or len(self._unknown) == MOST_UNKNOWN or not piece.isascii():
            return "London" if piece[0].isupper() else "thing"
        self._unknown.add(lower)
        self._model.learn(lower)
        return piece


def base(word: Tagged) -> str:
    """Return the base form, in lower case: ``orders`` is ``order``, ``cancelled`` is ``cancel``."""
    return _base(word.lower, word.tag)


@lru_cache(maxsize=50_000)
def _base(word: str, tag: str) -> str:
    if not word[0].isalpha() or tag in ("NP0", "UNC") or word.endswith("ss"):
        return word
    if word not in _model().vocabulary:
        return word[:-1] if tag == "NN2" and word.endswith("s") else word
    found: str = _model().tagger.analyze(word, tag)[0]
    return found.lower()


class _Model:
    """HanTa's English model, and the unknown words that were analysed so far: it would analyse them at each use."""

    MOST_LEARNED = 100_000

    def __init__(self) -> None:
        self.tagger: Any = HanoverTagger.HanoverTagger("morphmodel_en.pgz")
        self.vocabulary = frozenset(self.tagger.cache)

    def learn(self, word: str) -> None:
        """Analyse an unknown word, in lower case, once and for all."""
        cache = self.tagger.cache
        if word not in cache and len(cache) < len(self.vocabulary) + self.MOST_LEARNED:
            cache[word] = list(self.tagger.analyze_forward(word))


@lru_cache(maxsize=1)
def _model() -> _Model:
    return _Model()


def _pieces(words: Sequence[str]) -> list[str]:
    """Take words apart as the model has learned them: ``don't`` is ``do`` and ``n't``."""
    pieces: list[str] = []
    for word in words:
        for match in _PIECE.finditer(word.translate(_APOSTROPHES)):
            piece = match.group()
            contraction = _CONTRACTION.match(piece) if "'" in piece else None
            if pieces and piece == pieces[-1] and not piece[0].isalnum():
                continue  # "!!!" says as much as "!"
            if contraction:
                pieces += contraction.groups()
            elif piece.lower() == "cannot":
                pieces += (piece[:3], piece[3:])
            else:
                pieces.append(piece)
    return pieces
