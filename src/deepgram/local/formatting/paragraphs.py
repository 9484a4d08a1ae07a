"""Sentences and paragraphs of a transcript, by its punctuation (documentation: "Paragraphs").

A paragraph ends with a sentence: after five of them, after a long pause, or where "new paragraph" was dictated.
"""

from __future__ import annotations

from collections.abc import Sequence

from .punctuation import ends_sentence
from .token import Token

_MOST_SENTENCES = 5
_PAUSE = 3.0  # s


def sentences_of(tokens: Sequence[Token]) -> list[list[Token]]:
    """Split tokens after the punctuation that ends a sentence; none is lost."""
    sentences: list[list[Token]] = []
    current: list[Token] = []
    for token in tokens:
        current.append(token)
        if ends_sentence(token):
            sentences.append(current)
            current = []
    return [*sentences, current] if current else sentences


def paragraphs_of(tokens: Sequence[Token]) -> list[list[list[Token]]]:
    """Return paragraphs, as lists of sentences."""
    paragraphs: list[list[list[Token]]] = []
    for sentence in sentences_of(tokens):
        last = paragraphs[-1][-1][-1] if paragraphs else None
        if (
            last is None
            or len(paragraphs[-1]) == _MOST_SENTENCES
            or last.line_break == "\n\n"
            or sentence[0].start - last.end >= _PAUSE
        ):
            paragraphs.append([])
        paragraphs[-1].append(sentence)
    return paragraphs
