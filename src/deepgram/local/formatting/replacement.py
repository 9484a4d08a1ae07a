"""Find and replace, with literal words (documentation: "Find and Replace").

A term in lower case is found in any case; a term with a capital is found only as it is spelt, and goes before. Without
a replacement the term is removed. The words of a replacement share the time of what they replace evenly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .phrases import Phrases
from .token import Token


def replaced(tokens: Sequence[Token], replacements: Iterable[tuple[str, str]]) -> list[Token]:
    """Apply all replacements in one pass: what was put in is not searched again."""
    spelt: Phrases[str] = Phrases()
    any_case: Phrases[str] = Phrases()
    for find, instead in replacements:
        phrases = any_case if find == find.lower() else spelt
        phrases.add(find.split(), instead)
    texts = [token.text.lower() for token in tokens]
    written = [token.written for token in tokens]
    result: list[Token] = []
    index = 0
    while index < len(tokens):
        found = spelt.longest(written, index) or any_case.longest(texts, index)
        if found is None:
            result.append(tokens[index])
            index += 1
            continue
        end, instead = found
        words = instead.split()
        if words:
            result.extend(_shared(tokens[index:end], words))
        elif result:
            _take_over(result, tokens[end - 1])
        index = end
    return result


def _shared(tokens: Sequence[Token], words: Sequence[str]) -> list[Token]:
    first, last = tokens[0], tokens[-1]
    length = (last.end - first.start) / len(words)
    confidence = sum(token.confidence for token in tokens) / len(tokens)
    return [
        Token(
            text=word,
            start=first.start + number * length,
            end=last.end if number == len(words) - 1 else first.start + (number + 1) * length,
            confidence=confidence,
            written=word,
            before=first.before if number == 0 else "",
            after=last.after if number == len(words) - 1 else "",
            line_break=last.line_break if number == len(words) - 1 else "",
            fixed=True,
        )
        for number, word in enumerate(words)
    ]


def _take_over(result: list[Token], removed: Token) -> None:
    """Give the punctuation after a removed word to the word before it, so that the sentence still ends."""
    before = result[-1]
    if (removed.after and not before.after) or removed.line_break:
        result[-1] = replace(
            before, after=before.after or removed.after, line_break=removed.line_break or before.line_break
        )
