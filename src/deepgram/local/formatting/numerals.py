"""Numerals: "nine hundred" becomes 900, "nine hundredth" 900th (documentation: "Numerals").

Digits that are read out one by one stay apart, and there are no thousands separators, as on that page. What is not
counted stays in words: a lone "one", "two" or "zero" ("one of the best", "no one"), ordinals below the tenth ("the
first time", "wait a second"), fractions ("two thirds"), decades ("the nineteen eighties"), and a scale without its
number ("a million").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .phrases import word_set
from .spoken_numbers import Number, find
from .token import Edit, Token, edited, merged

_SCALES = word_set("hundred thousand million billion trillion")
# After a number: fractions and decades.
_NOT_COUNTED = word_set(
    "half halves quarter quarters thirds fourths fifths sixths sevenths eighths ninths tenths "
    "hundreds tens twenties thirties forties fifties sixties seventies eighties nineties"
)


def with_numerals(tokens: Sequence[Token], language: str = "en") -> list[Token]:
    """Write spoken numbers in digits."""
    return edited(tokens, _edits(tokens, find(tokens, language)))


def _edits(tokens: Sequence[Token], numbers: Sequence[Number]) -> Iterator[Edit]:
    for index, number in enumerate(numbers):
        if number.value is None:
            continue
        first = tokens[number.start].text
        previous = numbers[index - 1] if index else None
        following = numbers[index + 1] if index + 1 < len(numbers) else None
        in_row = (previous is not None and previous.end == number.start and not previous.ordinal) or (
            following is not None and following.start == number.end and not following.ordinal
        )
        before = tokens[number.start - 1].text if number.start else ""
        after = tokens[number.end].text if number.end < len(tokens) else ""
        start = number.start
        if number.ordinal:
            if number.value < 10 or before in ("a", "an"):
                continue
        elif after in _NOT_COUNTED or (following is not None and following.ordinal and following.start == number.end):
            continue
        elif first in _SCALES:
            # "a hundred and five" is 105; "a hundred times", "half a million" are no counts.
            if before != "a" or number.end - start == 1:
                continue
            start -= 1
        elif number.value < 3 and "." not in number.text and not in_row:
            continue
        if number.spelt:  # "zero zero seven": digits stay apart here as well
            digits = zip(tokens[start : number.end], number.text, strict=True)
            yield Edit(start, number.end, [merged([token], digit) for token, digit in digits])
        else:
            yield Edit(start, number.end, [merged(tokens[start : number.end], number.text)])
