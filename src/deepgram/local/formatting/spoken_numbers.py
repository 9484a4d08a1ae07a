"""Where numbers are spoken, and what they are in digits.

The words are understood by the library text2num; around it stands what it leaves open: years said as two numbers
("nineteen eighty four"), "oh" for zero, and words that only look like numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from text_to_num import find_numbers

from .phrases import word_set
from .token import Token

LANGUAGES = frozenset({"en", "fr", "es", "pt", "de", "it", "nl"})
"""Primary language tags in which numbers are understood."""

# s. Numbers with a longer silence between them are different numbers.
_PAUSE = 1.0
_UNITS = word_set("zero one two three four five six seven eight nine")
_TENS = word_set("twenty thirty forty fifty sixty seventy eighty ninety")
_TEENS = word_set("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
_SCALES = word_set("hundred thousand million billion trillion")
_WORDS = _UNITS | _TENS | _TEENS | _SCALES
_REPEATS: Mapping[str, int] = {"double": 2, "triple": 3}
_BETWEEN_DIGITS = frozenset({"dash", "hyphen", "slash"})
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that spans the tokens from ``start`` up to ``end``."""

    start: int
    end: int
    text: str
    """In digits: ``23``, ``1.5``, ``21st``."""
    value: float | None
    """None for digits that the engine wrote itself, whatever they mean."""
    ordinal: bool = False

    @property
    def whole(self) -> int | None:
        """The value of a spoken cardinal number without decimals; None for more digits than a quantity has."""
        counts = self.value is not None and not self.ordinal and self.text.isdigit() and len(self.text) <= 15
        return int(self.text) if counts else None

    @property
    def spelt(self) -> bool:
        """Whether each of its words is one digit: "zero zero seven"."""
        digits = self.value is not None and self.text.isdigit() and len(self.text) == self.end - self.start
        return digits and (len(self.text) == 1 or self.text.startswith("0"))

    @property
    def digits(self) -> str:
        """All digits of it, one after the other."""
        return "".join(_DIGIT.findall(self.text))


@dataclass(frozen=True, slots=True)
class DigitRun:
    """Numbers that follow each other directly, as digits: a card number, a telephone number."""

    start: int
    end: int
    digits: str
    numbers: tuple[Number, ...]

    @property
    def dictated(self) -> bool:
        """Whether it is read out in pieces or was written as digits, and so is no quantity."""
        return len(self.numbers) > 2 or any(
            number.value is None or (len(number.text) > 1 and number.text.startswith("0")) for number in self.numbers
        )


class _Heard:
    """A token as text2num wants it."""

    __slots__ = ("_is_number", "_separated", "_text")

    def __init__(self, text: str, separated: bool, is_number: bool) -> None:
        self._text = text
        self._separated = separated
        self._is_number = is_number

    def text(self) -> str:
        return self._text

    def nt_separated(self, previous: _Heard) -> bool:
        return self._separated

    def not_a_number_part(self) -> bool:
        return not self._is_number


def primary(language: str) -> str:
    """Return the primary part of a language tag: ``en`` of ``en-GB``."""
    return language.replace("_", "-").partition("-")[0].lower()


def find(tokens: Sequence[Token], language: str = "en") -> list[Number]:
    """Return the numbers among tokens, small ones included, in order; results of earlier formatting are left out."""
    language = primary(language)
    found: list[Number] = []
    if language in LANGUAGES:
        heard = list(_heard(tokens, english=language == "en"))
        found = [
            Number(one.start, one.end, one.text, float(one.value), bool(one.is_ordinal))
            for one in find_numbers(heard, language, 0.0)
        ]
        if language == "en":
            found = list(_with_years(found))
    spoken = {place for number in found for place in range(number.start, number.end)}
    written = [
        Number(place, place + 1, token.written, None)
        for place, token in enumerate(tokens)
        if not token.fixed and place not in spoken and _DIGIT.search(token.text)
    ]
    return sorted(found + written, key=lambda number: number.start) if written else found


def _heard(tokens: Sequence[Token], *, english: bool) -> Iterator[_Heard]:
    texts = ["" if token.fixed else token.text.lower() for token in tokens]
    for place, text in enumerate(texts):
        previous = tokens[place - 1] if place else None
        separated = previous is not None and (
            bool(previous.after) or bool(previous.line_break) or tokens[place].start - previous.end > _PAUSE
        )
        is_number = text != ""
        if english and is_number:
            before = texts[place - 1] if place else ""
            if text in ("o", "oh"):
                is_number = before in _WORDS or before in ("o", "oh")
                text = "o" if is_number else text
            elif text == "second" and before in _TENS:
                # "a thirty second clock", but "the thirty second floor".
                is_number = not (place > 1 and texts[place - 2] in ("a", "an", "every", "each", "another"))
        yield _Heard(text, separated, is_number)


def _with_years(numbers: Sequence[Number]) -> Iterator[Number]:
    """Join "nineteen" and "eighty four" to 1984, where both stand alone and not in a longer row of numbers."""
    index = 0
    while index < len(numbers):
        century = numbers[index]
        years = numbers[index + 1] if index + 1 < len(numbers) else None
        if (
            years is not None
            and years.start == century.end
            and (index == 0 or numbers[index - 1].end != century.start or numbers[index - 1].ordinal)
            and (index + 2 == len(numbers) or numbers[index + 2].start != years.end)
            and (century.whole or 0) in range(13, 21)
            and century.end - century.start == 1
            and years.whole is not None
            and len(years.text) == 2
            and (years.text[0] != "0" or years.text[1] != "0")
        ):
            text = century.text + years.text
            yield Number(century.start, years.end, text, float(text))
            index += 2
        else:
            yield century
            index += 1


def digit_runs(tokens: Sequence[Token], numbers: Sequence[Number]) -> list[DigitRun]:
    """Join numbers that follow each other directly, or with "dash" between, to the digits they spell.

    A pause does not part them: whoever reads out a card number pauses between its groups.
    """
    groups: list[list[tuple[int, str, Number]]] = []
    for number in numbers:
        start, digits = number.start, number.digits
        repeats = _REPEATS.get(tokens[start - 1].text, 1) if start else 1
        if repeats > 1 and len(digits) == 1:
            start, digits = start - 1, digits * repeats
        end = groups[-1][-1][2].end if groups else -1
        if groups and (end == start or (end == start - 1 and tokens[end].text in _BETWEEN_DIGITS)):
            groups[-1].append((start, digits, number))
        else:
            groups.append([(start, digits, number)])
    return [
        DigitRun(
            group[0][0],
            group[-1][2].end,
            "".join(digits for _, digits, _ in group),
            tuple(number for _, _, number in group),
        )
        for group in groups
    ]
